# SPDX-License-Identifier: Apache-2.0
"""Memory that runs out in the daemon, at each of its allocations in turn, while questions are asked: the
answer is the right one or there is an error, and the same question asked again is answered.

usage: faults_mount.py DIR: in an empty directory. NGRAMFS, MKNGRAMFS, FAULTS: as of faults.py."""
import errno
import json
import os
import subprocess
import sys
import time

import faults

NGRAMFS = os.path.abspath(os.environ["NGRAMFS"])
POINTS = faults.POINTS * 2
WORDS = ("some more words", "and some more", "fish number 1", "number 12 and")


def spelled(word, number):
    """The word, with those bytes as escapes that the bits of the number say: a name that nobody has asked for."""
    return "".join(f"%{ord(c):02X}" if number >> i & 1 else c for i, c in enumerate(word))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def said_back(path, lines):
    """What a file answers to what is written into it."""
    fd = os.open(path, os.O_RDWR)
    try:
        os.write(fd, lines)
        parts = []
        while part := os.read(fd, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


def first(path):
    names = sorted(os.listdir(path))
    return read(path + "/" + names[0])


QUESTIONS = {
    "count": lambda w: read(f"mnt/count/{w}"),
    "df": lambda w: read(f"mnt/df/{w}"),
    "find": lambda w: read(f"mnt/find/{w}"),
    "next": lambda w: read(f"mnt/next/{w}"),
    "prev": lambda w: read(f"mnt/prev/{w}"),
    "kwic": lambda w: read(f"mnt/kwic/{w}"),
    "docs": lambda w: sorted(os.listdir(f"mnt/docs/{w}")),
    "a document": lambda w: first(f"mnt/docs/{w}"),
    "metadata": lambda w: first(f"mnt/meta/{w}"),
    "match": lambda w: first(f"mnt/match/{w}"),
    "lines": lambda w: read(f"mnt/lines/{w}"),
    "facet": lambda w: read(f"mnt/facet/kind/{w}"),
    "facet without a column": lambda w: read(f"mnt/facet/serial/{w}"),
    "nextword": lambda w: read(f"mnt/nextword/{w}"),
    "prevword": lambda w: read(f"mnt/prevword/{w}"),
    "where": lambda w: read(f"mnt/with/where=kind:b|c/count/{w}"),
    "folds": lambda w: read(f"mnt/with/case=fold,space=fold,form=fold/count/{w}"),
    "whole words": lambda w: read(f"mnt/with/word=yes/count/{w}"),
    "batch facet": lambda w: said_back("mnt/batch/facet/kind", f"{w}\nfish\n".encode()),
    "with": lambda w: read(f"mnt/with/context=5,case=fold/kwic/{w}"),
    "batch": lambda w: said_back("mnt/batch/count", f"{w}\nfish\n".encode()),
    "grep": lambda w: read(f"mnt/grep/{w}"),
    # A stream, made anew by whoever opens it.
    "wordlist": lambda w: read("mnt/with/min=2/wordlist"),
    "trace": lambda w: said_back("mnt/trace", f"{w} and a fish number 12 some more words".encode()),
}


# What is asked by what is written or read, and not by a name.
SESSIONS = ("batch", "batch facet", "trace", "wordlist")


def main():
    os.chdir(sys.argv[1])
    shared = faults.Shared("control")
    with open("text", "w", encoding="ascii") as f:
        for i in range(700):
            fields = {"text": f"fish number {i} and some more words", "kind": "abcd"[i % 4], "serial": f"s{i % 500}"}
            f.write(json.dumps(fields) + "\n")
    subprocess.run([faults.MKNGRAMFS, "--quiet", "--format=jsonl", "--shard-size=9K", "-o", "i", "text"], check=True)
    os.mkdir("mnt")
    with open("log", "wb") as log:
        daemon = subprocess.Popen([NGRAMFS, "-f", "-o", "threads=1", "i", "mnt"], env=shared.environment(), stdout=log,
                                  stderr=subprocess.STDOUT)
    while not os.path.ismount("mnt"):
        assert daemon.poll() is None, read("log")
        time.sleep(0.02)
    tried = errors = same = 0
    wrong = []
    for name, ask in QUESTIONS.items():
        for word in WORDS[:4 if faults.ALL else 2]:
            want = ask(word)
            number = 1

            def fresh():
                nonlocal number
                number += 1
                return word if name in SESSIONS else spelled(word, number)

            shared.arm("memory", 0, 0, errno.ENOMEM)
            assert ask(fresh()) == want
            calls = shared.control.calls
            step = 1 if faults.ALL else max(1, calls // POINTS)
            for at in range(1, calls + 1, step):
                asked = fresh()
                shared.arm("memory", at, 0, errno.ENOMEM)
                try:
                    got = ask(asked)
                except OSError as error:
                    got = error
                failed = shared.control.failed
                shared.arm("memory", 0, 0, 0)
                if not failed:
                    continue
                tried += 1
                if daemon.poll() is not None:
                    sys.exit(f"FAILED: {name} {asked}: call {at}: the daemon has ended: {daemon.returncode}")
                if isinstance(got, OSError):
                    errors += 1
                    if got.errno == errno.ENOENT:
                        wrong.append(f"{name} {asked}: call {at}: it says that it isn't there")
                elif got == want:
                    same += 1
                else:
                    wrong.append(f"{name} {asked}: call {at}: {got[:200]!r} instead of {want[:200]!r}")
                if ask(asked) != want:
                    wrong.append(f"{name} {asked}: call {at}: wrong when it is asked again")
    subprocess.run(["umount", "mnt"] if os.geteuid() == 0 else ["fusermount3", "-u", "mnt"], check=True)
    status = daemon.wait(timeout=600)
    print(f"{tried} failed calls: {errors} errors, {same} the right answer all the same, {len(wrong)} wrong")
    for line in wrong[:50]:
        print("FAILED:", line, file=sys.stderr)
    sys.exit(bool(wrong) or status != 0 or not errors)


if __name__ == "__main__":
    main()
