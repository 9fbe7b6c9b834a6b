# SPDX-License-Identifier: Apache-2.0
"""Calls that fail, one by one: memory that runs out, and a disk that is full or broken, under builds,
appends, merges and checks. Whatever fails, the result is the right one byte for byte, or there is an
error, the index is what it was, and the same command gives the right one afterwards.

usage: faults.py KIND DIR: memory; disk, with errors and with writes that come only half to pass; killed,
before a call; or swapped, where somebody else puts a link into the place of the directory that is worked
in, before a call. In an empty directory DIR. FAULTS: the library that makes
calls fail (faults.c). By default some of all calls are tried; NG_TEST_ALL=1 tries each."""
import ctypes
import errno
import gzip
import io
import json
import lzma
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile

MKNGRAMFS, NGRAMFSCK, FAULTS = (os.path.abspath(os.environ[name]) for name in ("MKNGRAMFS", "NGRAMFSCK", "FAULTS"))
ALL = bool(os.environ.get("NG_TEST_ALL"))
KINDS = {"memory": 1, "disk": 2, "short": 3, "killed": 2, "swapped": 2}
# That are tried of each case and way.
POINTS = int(os.environ.get("POINTS") or (4 if os.environ.get("NG_TEST_BRIEF") else 12))


class Control(ctypes.Structure):
    """struct control of faults.c"""
    _fields_ = [(name, ctypes.c_int64) for name in ("kind", "at", "all", "error", "calls", "failed")]


class Shared:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        with open(path, "wb") as f:
            f.write(bytes(4096))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)
        self.control = Control.from_buffer(self.map)

    def arm(self, kind, at, all_after, error):
        c = self.control
        c.kind, c.at, c.all, c.error, c.calls, c.failed = KINDS[kind], at, all_after, error, 0, 0

    def environment(self):
        return dict(os.environ, LD_PRELOAD=FAULTS, FAULTS=self.path, LC_ALL="C.UTF-8")


def tree(path):
    """Everything below a directory: name -> bytes."""
    found = {}
    for top, dirs, files in os.walk(path):
        for name in dirs:
            found[os.path.relpath(os.path.join(top, name), path)] = None
        for name in files:
            with open(os.path.join(top, name), "rb") as f:
                found[os.path.relpath(os.path.join(top, name), path)] = f.read()
    return found


def index_of(files, name):
    """Of a tree, the index of that name: its manifest, and what that names. None: there is none."""
    manifest = files.get(name + "/index.json")
    if manifest is None:
        return None
    shards = json.loads(manifest)["shards"]
    names = [shard["file"] for shard in shards] + [shard["removed"]["file"] for shard in shards if "removed" in shard]
    return manifest, [files.get(os.path.normpath(name + "/" + shard)) for shard in names]


def make_sources():
    """One file of each format, every one with bad input among the good where the format can."""
    os.mkdir("in")
    words = "the quick brown fox jumps over the lazy dog again and again".split()
    rng = random.Random(7)

    def text(n):
        return " ".join(rng.choice(words) for _ in range(n))

    def lines(n, bad):
        rows = [json.dumps({"text": text(9), "n": i, "tags": ["a", {"b": 'q"\u00fc'}]}) for i in range(n)]
        return "".join(row + "\n" for row in rows + (['{"text": 5}', "{oops"] if bad else [])).encode()

    def put(name, data):
        with open("in/" + name, "wb") as f:
            f.write(data)

    put("a.jsonl", lines(6, True))
    put("b.jsonl.zst", subprocess.run(["zstd", "-qc"], input=lines(3, True), stdout=subprocess.PIPE, check=True).stdout)
    put("c.jsonl.gz", gzip.compress(lines(3, False), mtime=0))
    put("d.jsonl.xz", lzma.compress(lines(3, False)))
    put("e.jsonl.lz4", subprocess.run(["lz4", "-qc"], input=lines(2, False), stdout=subprocess.PIPE, check=True).stdout)
    put("f.csv", b'text,n\n"one, two",3\nshort\n"three\nfour",4\n')
    put("g.json", json.dumps([{"text": text(5)}, {"text": text(4), "x": None}]).encode())
    put("h.txt", text(20).encode())
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nfrom the web"
    put("i.warc", b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(response), response))
    with tarfile.open("in/j.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in ("x.txt", b"text of x"), ("\u00fc.jsonl", lines(2, False)), ("z.txt", b"text of z"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with zipfile.ZipFile("in/k.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(zipfile.ZipInfo("one.txt"), "text of one, one, one")
        z.writestr(zipfile.ZipInfo("two.txt"), "text of two")
    put("l.txt.gz", gzip.compress(text(30).encode(), mtime=0))
    # Enough for batches to be merged.
    os.mkdir("more")
    with open("more/lines", "w") as f:
        for i in range(1500):
            f.write(f"{text(6)} {i}\n")
    with open("few", "w") as f:
        f.write("one\ntwo\n")


COMMON = ["--quiet", "--threads=1", "--memory=256M"]
SKIP = ["--skip-bad=bad", "--list-passed=passed"]
BATCHES = ["--format=lines", "--batch-size=12K", "--shard-size=30K", "--text-store"]


class Case:
    """begin: commands that make what there is before; command: the one under test, in a directory `run`;
    sources are in its parent. index: its name there. again: what to add to the command when an
    interrupted build is left."""

    def __init__(self, name, begin, command, index="i", again=("--resume",)):
        self.name, self.begin, self.command, self.index, self.again = name, begin, command, index, list(again)
        self.adds = not again  # works in the index itself


def mk(*arguments):
    return [MKNGRAMFS, *COMMON, *arguments]


LINES = mk("--format=lines", "--text-store", "-o", "i", "../few")
CASES = [
    Case("every format, --skip-bad", [], mk(*SKIP, "-o", "i", "../in")),
    Case("every format, a text store", [], mk("--text-store", *SKIP, "-o", "i", "../in")),
    Case("from batches", [], mk(*BATCHES, "-o", "i", "../more")),
    Case("a resumed build", ["INTERRUPTED"], mk(*BATCHES, "--resume", "-o", "i", "../more")),
    Case("--append", [LINES], mk("--append", "--batch-size=12K", "-o", "i", "../more/lines"), again=[]),
    Case("--merge", [LINES, mk("--append", "-o", "i", "../few"), mk("--append", "-o", "i", "../few")],
         mk("--merge", "i"), again=[]),
    Case("--remove", [LINES, mk("--append", "-o", "i", "../more/lines")], mk("--remove", "i", "--documents=0,3-40"),
         again=[]),
    Case("--merge of what was removed", [LINES, mk("--append", "-o", "i", "../more/lines"),
                                       mk("--remove", "i", "--documents=1,9-30"), mk("--append", "-o", "i", "../few")],
         mk("--merge", "i"), again=[]),
    Case("--join", [mk("--format=lines", "-o", "p", "../few"), mk("--format=lines", "-o", "q", "../more/lines")],
         mk("--join", "-o", "i", "p", "q")),
    Case("--force", [LINES], mk("--force", "--format=lines", "-o", "i", "../more/lines")),
    # Bad input where nothing may be left out is an error that must be this one.
]
MESSAGES = {"memory": "memory|temporarily unavailable", "disk": "Input/output error|No space left", "short": "never",
            "killed": "", "swapped": ""}


class Sweep:
    def __init__(self, kind):
        self.kind = kind
        self.shared = Shared("control")
        self.tried = self.errors = self.same = 0
        self.failures = []
        self.said = {}
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
        self.rng = random.Random(self.seed)

    def run(self, command, kind=None, at=0, all_after=0, error=0):
        """The command in `run`. Returns its status and what it said."""
        self.shared.arm(kind or self.kind, at, all_after, error)
        done = subprocess.run(command, cwd="run", env=self.shared.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        return done.returncode, done.stdout.decode(errors="replace")

    def begin(self, case):
        """What there is before, in `before`."""
        shutil.rmtree("run", ignore_errors=True)
        os.mkdir("run")
        for command in case.begin:
            if command == "INTERRUPTED":
                # Where the disk ends, so that what is finished is kept.
                status, said = self.run(case.command, "disk", 40, 1, errno.ENOSPC)
                assert status == 1 and os.path.getsize("run/i.building/journal"), said
            else:
                status, said = self.run(command)
                assert status == 0, said
        shutil.rmtree("before", ignore_errors=True)
        os.rename("run", "before")

    def restore(self):
        shutil.rmtree("run", ignore_errors=True)
        shutil.copytree("before", "run")

    def fail(self, case, at, all_after, error, why, said):
        self.failures.append(f"{case.name}: {'all from ' if all_after else ''}{self.kind} call {at}"
                             f"{f' ({errno.errorcode.get(error, error)})' if error else ''}: {why}: {said.strip()[:400]}")

    def after_error(self, case, before, want, said, whole):
        """What is wrong with what an error has left, or None."""
        is_now = tree("run")
        # Once all writes fail, what was done cannot be taken back, and is whole. Who is killed may have
        # come to the end.
        may_be = [index_of(before, case.index)] + [want] * (whole and self.kind == "disk" or self.kind == "killed")
        if index_of(is_now, case.index) not in may_be:
            return "the index isn't what it was"
        if not re.search(MESSAGES[self.kind], said):
            return "it doesn't say what was wrong"
        if self.kind == "disk" and not re.search(r"mkngramfs: \S*(i|i\.building|\.|bad|passed|segment-\S*)[:/]", said):
            return "it doesn't name the file"
        reports = ("bad", "passed")
        # Some of what libarchive lacks memory for makes it end the program.
        died = "Fatal Internal Error in libarchive" in said
        left = {name for name in is_now if name not in before and name not in reports}
        # Without any memory the manifest cannot be asked what to remove. The next run does.
        if self.kind == "memory" and any("building" not in name for name in left) and not (whole and case.adds):
            return f"it leaves {sorted(left)}"
        interrupted = os.path.isdir("run/i.building")
        if interrupted and "building" not in "".join(before) and self.kind == "memory" and \
                "--resume" not in said and not died:
            return "it leaves i.building and doesn't say so"
        if self.kind == "memory" and is_now == before:
            return None
        for report in reports:
            if os.path.exists("run/" + report):
                os.unlink("run/" + report)
        again = case.again if interrupted or self.kind != "memory" else []
        # What is there already needs no going on.
        if index_of(is_now, case.index) == want and not interrupted:
            return None
        status, said = self.run(case.command + again)
        if status != 0 or index_of(tree("run"), case.index) != want:
            return f"the same again: {status}: {said.strip()[:300]}"
        return None

    def one(self, case, before, after, at, all_after, error):
        self.restore()
        status, said = self.run(case.command, None, at, all_after, error)
        if not self.shared.control.failed:
            return
        self.tried += 1
        is_now = tree("run")
        why = None
        if status == 0:
            self.same += 1
            if index_of(is_now, case.index) != index_of(after, case.index):
                why = "exit status 0, and another index"
            elif self.kind == "memory" and is_now != after and not (all_after and case.adds):
                why = "exit status 0, and other files: " + str(sorted(set(is_now.items()) ^ set(after.items())))[:300]
        elif status == 1 or status == -signal.SIGKILL and self.kind == "killed":
            self.errors += 1
            first = re.sub(r"[0-9]+", "N", said.split("\n")[0])
            self.said[first] = self.said.get(first, 0) + 1
            why = self.after_error(case, before, index_of(after, case.index), said,
                                   bool(all_after))
        else:
            why = f"exit status {status}"
        if why:
            self.fail(case, at, all_after, error, why, said)

    def points(self, calls, some):
        if ALL or calls <= some:
            return range(1, calls + 1)
        return sorted(self.rng.sample(range(1, calls + 1), some))

    def case(self, case):
        self.begin(case)
        before = tree("before")
        self.restore()
        status, said = self.run(case.command)
        calls = self.shared.control.calls
        after = tree("run")
        assert status == 0 and calls > (1 if self.kind == "short" else 8), f"{case.name}: {status}: {said}"
        tried = self.tried
        errors = {"memory": [errno.ENOMEM], "disk": [errno.EIO, errno.ENOSPC], "short": [0],
                  "killed": [-signal.SIGKILL]}[self.kind]
        for error in errors:
            for at in self.points(calls, POINTS):
                self.one(case, before, after, at, 0, error)
            for at in self.points(calls, POINTS // 3) if self.kind in ("memory", "disk") else []:
                self.one(case, before, after, at, 1, error)
        print(f"{case.name}: {calls} calls, {self.tried - tried} failed", flush=True)

    def swap(self, case):
        """Before each call, somebody else moves the directory that is worked in away, and puts a link to one
        of the user's there, in which everything has a name of ours."""
        self.begin(case)
        self.restore()
        status, said = self.run(case.command)
        calls = self.shared.control.calls
        after = index_of(tree("run"), case.index)
        assert status == 0, said
        swapped = 0
        names = {name.split("/")[-1] for name in tree("run")} | {
            "journal", "index.json.tmp", "text-00000", "text-00001", "mkngramfs.lock", "segment-00000-0-1",
            "segment-00000-1-2", "segment-00000-0-2", "shard-00001.ngs"}
        for at in self.points(calls, 3 * POINTS):
            self.restore()
            shutil.rmtree("victim", ignore_errors=True)
            os.mkdir("victim")
            for name in names:
                with open("victim/" + name, "w") as f:
                    f.write("precious")
            precious = tree("victim")
            self.shared.arm("swapped", at, 0, -signal.SIGSTOP)
            run = subprocess.Popen(case.command, cwd="run", env=self.shared.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            stopped = os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            worked_in = "run/i" if case.adds else "run/i.building"
            if stopped.si_code == os.CLD_STOPPED:
                if os.path.lexists(worked_in):
                    os.rename(worked_in, "run/moved")
                    swapped += 1
                # Otherwise it comes in the way of mkdir(2).
                os.symlink("../victim", worked_in)
                os.kill(run.pid, signal.SIGCONT)
            said = run.communicate(timeout=600)[0].decode(errors="replace")
            self.tried += 1
            self.errors += run.returncode == 1
            if run.returncode not in (0, 1):
                self.fail(case, at, 0, 0, f"exit status {run.returncode}", said)
            if tree("victim") != precious:
                self.fail(case, at, 0, 0, "it wrote through a link", said)
            if run.returncode == 0 and index_of(tree("run"), case.index) != after and \
                    index_of(tree("run"), "moved") != after:
                self.fail(case, at, 0, 0, "exit status 0, and no index", said)
        print(f"{case.name}: {calls} calls, swapped before {swapped}", flush=True)
        assert swapped, "nothing was swapped"

    def check(self):
        """ngramfsck finds no damage where there is none, and says when it could not look."""
        self.begin(Case("", [mk(*BATCHES, "-o", "i", "../more")], []))
        self.restore()
        command = [NGRAMFSCK, "--quiet", "--full", "i"]
        status, said = self.run(command)
        calls = self.shared.control.calls
        assert status == 0, said
        case = Case("ngramfsck --full", [], command)
        for all_after in 0, 1:
            for at in self.points(calls, POINTS):
                status, said = self.run(command, None, at, all_after, errno.ENOMEM)
                self.tried += 1
                if status not in (0, 1) or (status == 1 and not re.search(MESSAGES["memory"], said)):
                    self.fail(case, at, all_after, errno.ENOMEM, f"exit status {status}", said)
                if re.search("damage", said):
                    self.fail(case, at, all_after, errno.ENOMEM, "it finds damage", said)
        print(f"{case.name}: {calls} calls", flush=True)


def main():
    kind, directory = sys.argv[1:]
    os.chdir(directory)
    make_sources()
    sweep = Sweep(kind)
    print(f"SEED={sweep.seed}")
    only = os.environ.get("ONLY", "")
    for case in CASES:
        if only not in case.name:
            continue
        if kind == "swapped":
            sweep.swap(case)
        else:
            sweep.case(case)
    if kind == "disk":
        sweep.kind = "short"
        for case in CASES:
            if only in case.name:
                sweep.case(case)
    if kind == "memory" and only in "ngramfsck":
        sweep.check()
    print(f"{sweep.tried} failed calls: {sweep.errors} errors, {sweep.same} the right result all the same, "
          f"{len(sweep.failures)} wrong")
    if os.environ.get("SAID"):
        for said, n in sorted(sweep.said.items(), key=lambda item: -item[1]):
            print(n, said)
    for failure in sweep.failures[:200]:
        print("FAILED:", failure, file=sys.stderr)
    sys.exit(bool(sweep.failures) or sweep.tried == 0 or sweep.errors == 0)


if __name__ == "__main__":
    main()
