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
WORDS = ("some more words", "fish number 1", "number 13 and")
# More of a question are those of one line after the other, and tried in samples: the words that occur less
# often have each of them.
CALLS_MAX = 600


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


def names(path):
    return sorted(os.listdir(path))


# What is asked of mnt/, or of a directory of mnt/with/.
QUESTIONS = {
    "count": lambda at, w: read(f"{at}/count/{w}"),
    "df": lambda at, w: read(f"{at}/df/{w}"),
    "find": lambda at, w: read(f"{at}/find/{w}"),
    "next": lambda at, w: read(f"{at}/next/{w}"),
    "prev": lambda at, w: read(f"{at}/prev/{w}"),
    "kwic": lambda at, w: read(f"{at}/kwic/{w}"),
    "docs": lambda at, w: names(f"{at}/docs/{w}"),
    "a document": lambda at, w: first(f"{at}/docs/{w}"),
    "metadata": lambda at, w: first(f"{at}/meta/{w}"),
    "match": lambda at, w: first(f"{at}/match/{w}"),
    "lines": lambda at, w: read(f"{at}/lines/{w}"),
    "facet": lambda at, w: read(f"{at}/facet/kind/{w}"),
    "facet without a column": lambda at, w: read(f"{at}/facet/serial/{w}"),
    "nextword": lambda at, w: read(f"{at}/nextword/{w}"),
    "prevword": lambda at, w: read(f"{at}/prevword/{w}"),
    "grep": lambda at, w: read(f"{at}/grep/{w}"),
    "grep, an expression": lambda at, w: read(f"{at}/grep/(so|an)[a-z] *{w}?"),
    "batch count": lambda at, w: said_back(f"{at}/batch/count", f"{w}\nfish\n".encode()),
    "batch df": lambda at, w: said_back(f"{at}/batch/df", f"{w}\nfish\n".encode()),
    "batch find": lambda at, w: said_back(f"{at}/batch/find", f"{w}\nfish\n".encode()),
    "batch next": lambda at, w: said_back(f"{at}/batch/next", f"{w}\nfish\n".encode()),
    "batch prev": lambda at, w: said_back(f"{at}/batch/prev", f"{w}\nfish\n".encode()),
    "batch kwic": lambda at, w: said_back(f"{at}/batch/kwic", f"{w}\nfish\n".encode()),
    "batch lines": lambda at, w: said_back(f"{at}/batch/lines", f"{w}\nfish\n".encode()),
    "batch match": lambda at, w: said_back(f"{at}/batch/match", f"{w}\nfish\n".encode()),
    "batch facet": lambda at, w: said_back(f"{at}/batch/facet/kind", f"{w}\nfish\n".encode()),
    "trace": lambda at, w: said_back(f"{at}/trace", f"{w} and a fish number 12 some more words".encode()),
    "a document by number": lambda at, w: TEXTS[int(w)] == read(f"{at}/doc/{w}.txt").decode(),
    "metadata by number": lambda at, w: str(int(w) % 500) == json.loads(read(f"{at}/doc/{w}.json"))["metadata"]["serial"][1:],
    # Streams, made anew by whoever opens them.
    "wordlist": lambda at, w: read(f"{at}/wordlist"),
    "repeats": lambda at, w: read(f"{at}/repeats"),
    "files": lambda at, w: names(f"{at}/files"),
    "stats": lambda at, w: json.loads(read(f"{at}/stats"))["documents"],
    "README": lambda at, w: len(read(f"{at}/README")) > 1000,
}
TEXTS = [f"fish number {i} and some more words" for i in range(700)]

# What is asked by what is written or read, and not by a name.
SESSIONS = tuple(name for name in QUESTIONS if name.startswith("batch")) + ("trace", "wordlist", "repeats")
NUMBERS = ("a document by number", "metadata by number")
# Of these there is one: it is made anew only under other settings.
ONES = ("files", "stats", "README")

FOLDS = "case=fold,space=fold,form=fold"
WHERE = "where=kind:b|c,where=serial:<s3"
ALSO = "also=number 1,not=9"
NEAR = "also=number,near=30,any=zebra"
UNDER = {
    FOLDS: ("count", "df", "find", "next", "kwic", "docs", "match", "lines", "facet", "nextword", "prevword",
            "batch count", "batch lines", "trace"),
    "word=yes": ("count", "docs", "kwic", "nextword", "batch count"),
    WHERE: ("count", "df", "kwic", "docs", "metadata", "match", "lines", "facet", "grep", "batch count", "batch kwic",
            "files"),
    ALSO: ("count", "df", "kwic", "docs", "match", "lines", "facet", "grep", "batch count", "batch match"),
    NEAR: ("count", "kwic", "docs", "batch lines"),
    f"{FOLDS},{WHERE},{ALSO}": ("count", "docs", "kwic", "lines", "facet", "batch count"),
    "context=5,case=fold": ("kwic", "grep"),
    "order=random,seed=5": ("kwic", "match"),
    "scan=all": ("lines", "grep, an expression"),
    "min=5,docs=3,context=8": ("trace",),
    "min=2": ("wordlist",),
    "min=25,keep=first": ("repeats",),
    "context=3": ("stats", "README"),
}


def questions():
    """All of them: name, settings or None, whether each is tried with every word."""
    by_name = {name: None for name in QUESTIONS if name not in ("wordlist", "repeats", *ONES)}
    for name in by_name:
        yield name, None
    for settings, asked in UNDER.items():
        for name in asked:
            yield name, settings


class Asked:
    """A question, spelled as none before where that makes it a new one."""
    number = 1

    def __init__(self, name, settings, word):
        Asked.number += 1
        self.ask = QUESTIONS[name]
        self.settings, self.word = settings, word
        if name in NUMBERS:
            self.word = str(Asked.number * 7 % len(TEXTS))
        elif name in ONES:
            self.settings = f"{settings},where=kind:b|c|{Asked.number}"
        elif name not in SESSIONS:
            self.word = spelled(word, Asked.number)
        self.name = f"{settings or ''} {name} {self.word}"

    def __call__(self):
        return self.ask(f"mnt/with/{self.settings}" if self.settings else "mnt", self.word)


class Tries:
    def __init__(self, daemon, shared):
        self.daemon, self.shared = daemon, shared
        self.tried = self.errors = self.same = 0
        self.wrong = []

    def one(self, asked, want, at, all_after):
        """Call `at`, or all from there on, fail while it is asked. False: there are no more calls."""
        self.shared.arm("memory", at, all_after, errno.ENOMEM)
        try:
            got = asked()
        except OSError as error:
            got = error
        failed = self.shared.control.failed
        self.shared.arm("memory", 0, 0, 0)
        if not failed:
            return False
        self.tried += 1
        said = f"{asked.name}: {'all from ' if all_after else ''}call {at}"
        if self.daemon.poll() is not None:
            sys.exit(f"FAILED: {said}: the daemon has ended: {self.daemon.returncode}")
        if isinstance(got, OSError):
            self.errors += 1
            if got.errno == errno.ENOENT:
                self.wrong.append(f"{said}: it says that it isn't there")
            elif got.errno in (errno.EIO, errno.EUCLEAN):
                self.wrong.append(f"{said}: it says that the index is damaged")
        elif got == want:
            self.same += 1
        else:
            self.wrong.append(f"{said}: {got[:200]!r} instead of {want[:200]!r}")
        if asked() != want:
            self.wrong.append(f"{said}: wrong when it is asked again")
        return True

    def question(self, name, settings, word):
        want = Asked(name, settings, word)()
        self.shared.arm("memory", 0, 0, errno.ENOMEM)
        again = Asked(name, settings, word)
        assert again() == want, again.name
        calls = self.shared.control.calls
        tried = self.tried
        if faults.ALL and calls <= CALLS_MAX:
            for all_after in 0, 1:
                at = 1
                while self.one(Asked(name, settings, word), want, at, all_after) or at < calls:
                    at += 1
            print(f"{name} {word}{' under ' + settings if settings else ''}: {calls} calls, {self.tried - tried} failed",
                  flush=True)
        else:
            for at in range(1, calls + 1, max(1, calls // POINTS)):
                self.one(Asked(name, settings, word), want, at, 0)


def main():
    os.chdir(sys.argv[1])
    shared = faults.Shared("control")
    with open("text", "w", encoding="ascii") as f:
        for i, text in enumerate(TEXTS):
            f.write(json.dumps({"text": text, "kind": "abcd"[i % 4], "serial": f"s{i % 500}"}) + "\n")
    subprocess.run([faults.MKNGRAMFS, "--quiet", "--format=jsonl", "--shard-size=9K", "-o", "i", "text"], check=True)
    os.mkdir("mnt")
    with open("log", "wb") as log:
        daemon = subprocess.Popen([NGRAMFS, "-f", "-o", "threads=1", "i", "mnt"], env=shared.environment(), stdout=log,
                                  stderr=subprocess.STDOUT)
    while not os.path.ismount("mnt"):
        assert daemon.poll() is None, read("log")
        time.sleep(0.02)
    tries = Tries(daemon, shared)
    for name, settings in questions():
        for word in WORDS[:3 if faults.ALL else 1]:
            tries.question(name, settings, word)
    subprocess.run(["umount", "mnt"] if os.geteuid() == 0 else ["fusermount3", "-u", "mnt"], check=True)
    status = daemon.wait(timeout=600)
    print(f"{tries.tried} failed calls: {tries.errors} errors, {tries.same} the right answer all the same, "
          f"{len(tries.wrong)} wrong")
    for line in tries.wrong[:50]:
        print("FAILED:", line, file=sys.stderr)
    sys.exit(bool(tries.wrong) or status != 0 or not tries.errors)


if __name__ == "__main__":
    main()
