# SPDX-License-Identifier: Apache-2.0
"""usage: programs.py MOUNT

Each program that is here copies each kind of file of a mount of corpus.ngram and long.ngram, and
what comes out is compared with what the file holds. A program that changes the bytes, or leaves some
out, and succeeds, is at fault, save for those named in PADS. Prints the table."""

import collections
import hashlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile

mount = os.path.abspath(sys.argv[1])

# Small and large, ordinary files and streams (those that end in "+").
FILES = {
    "README": "corpus/README", "stats": "corpus/stats", "count": "corpus/count/the",
    "find": "corpus/find/the", "doc": "corpus/doc/{plain}.txt", "meta": "corpus/doc/1234.json",
    "match": "corpus/match/rare/0.json", "kwic": "corpus/kwic/gamma", "df": "corpus/df/the",
    "next": "corpus/next/a", "prev": "corpus/prev/a", "with": "corpus/with/case=fold/kwic/gamma",
    "kwic+": "long/kwic/b", "df+": "long/df/a", "with+": "long/with/order=random/kwic/b",
}

# One of each sort, unless all are asked for.
if not os.environ.get("NG_TEST_ALL"):
    FILES = {name: FILES[name] for name in ("stats", "doc", "kwic", "kwic+", "df+")}

PYTHON = [sys.executable, "-c"]
NODE = ["node", "-e"]
COPY = {
    # What is written to standard output,
    "cat": ["cat", "{}"],
    "busybox cat": ["busybox", "cat", "{}"],
    "uutils cat": ["{uutils}", "cat", "{}"],
    "awk": ["awk", "1", "{}"],
    "mawk": ["mawk", "1", "{}"],
    "busybox awk": ["busybox", "awk", "1", "{}"],
    "sed": ["sed", "", "{}"],
    "perl": ["perl", "-pe", "", "{}"],
    "grep": ["grep", "-a", "", "{}"],
    "head": ["head", "-n", "1000000000", "{}"],
    "tail": ["tail", "-n", "+1", "{}"],
    "less": ["less", "-f", "{}"],
    "rg": ["rg", "--no-filename", "--no-line-number", "--color=never", "-a", "^", "{}"],
    "rg --mmap": ["rg", "--mmap", "--no-filename", "-N", "--color=never", "-a", "^", "{}"],
    "rg --no-mmap": ["rg", "--no-mmap", "--no-filename", "-N", "--color=never", "-a", "^", "{}"],
    "gzip": ["bash", "-c", "set -o pipefail; gzip -c \"$1\" | gzip -dc", "sh", "{}"],
    "xz": ["bash", "-c", "set -o pipefail; xz -0c \"$1\" | xz -dc", "sh", "{}"],
    "zstd": ["bash", "-c", "set -o pipefail; zstd -qc \"$1\" | zstd -dqc", "sh", "{}"],
    "lz4": ["bash", "-c", "set -o pipefail; lz4 -qc \"$1\" | lz4 -dqc", "sh", "{}"],
    "tar": ["bash", "-c", "set -o pipefail; tar -cf - \"$1\" | tar -xOf -", "sh", "{}"],
    "bsdtar": ["bash", "-c", "set -o pipefail; bsdtar -cf - \"$1\" | bsdtar -xOf -", "sh", "{}"],
    "busybox tar": ["bash", "-c", "set -o pipefail; busybox tar -cf - \"$1\" | tar -xOf -", "sh",
                    "{}"],
    "bash read": ["bash", "-c", "while IFS= read -r l; do printf '%s\\n' \"$l\"; done <\"$1\"; "
                  "[ \"${l:-}\" ] && printf %s \"$l\"; true", "sh", "{}"],
    "bash $(<)": ["bash", "-c", "printf '%s\\n' \"$(<\"$1\")\"", "sh", "{}"],
    "node readFile": NODE + ["process.stdout.write(require('fs').readFileSync(process.argv[1]))",
                             "{}"],
    "node stream": NODE + ["require('fs').createReadStream(process.argv[1]).pipe(process.stdout)",
                           "{}"],
    "python read": PYTHON + ["import sys; sys.stdout.buffer.write(open(sys.argv[1],'rb').read())",
                             "{}"],
    "python mmap": PYTHON + ["import mmap, sys; f = open(sys.argv[1], 'rb'); sys.stdout.buffer."
                             "write(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ))", "{}"],
    "python pathlib": PYTHON + ["import pathlib, sys; sys.stdout.buffer.write(pathlib.Path("
                                "sys.argv[1]).read_bytes())", "{}"],
    "python size": PYTHON + ["import os, sys; f = os.open(sys.argv[1], 0); n = os.fstat(f).st_size; "
                             "d = os.read(f, n); b = os.read(f, n);\n"
                             "while b: d += b; b = os.read(f, n)\n"
                             "sys.stdout.buffer.write(d)", "{}"],
    # or to the file that comes second.
    "cp": ["cp", "{}", "{to}"],
    "cp -a": ["cp", "-a", "{}", "{to}"],
    "cp --sparse": ["cp", "--sparse=always", "{}", "{to}"],
    "busybox cp": ["busybox", "cp", "{}", "{to}"],
    "uutils cp": ["{uutils}", "cp", "{}", "{to}"],
    "install": ["install", "-m", "644", "{}", "{to}"],
    "dd": ["dd", "status=none", "bs=64k", "if={}", "of={to}"],
    "rsync": ["rsync", "{}", "{to}"],
    "rsync -I": ["rsync", "-aI", "--inplace", "{}", "{to}"],
    "sort": ["sort", "-o", "{to}", "{}"],
    "zip": ["bash", "-c", "zip -q \"$2.zip\" \"$1\" && unzip -p \"$2.zip\" >\"$2\"", "sh", "{}",
            "{to}"],
    "7z": ["bash", "-c", "7z a -bso0 -bsp0 \"$2.7z\" \"$1\" && 7z e -so \"$2.7z\" >\"$2\"", "sh",
           "{}", "{to}"],
    "split": ["bash", "-c", "split -b 5000 -a 6 \"$1\" \"$2.\" && cat \"$2\".* >\"$2\"", "sh", "{}",
              "{to}"],
    "copyfile": PYTHON + ["import shutil, sys; shutil.copyfile(*sys.argv[1:])", "{}", "{to}"],
    "shutil.copy": PYTHON + ["import shutil, sys; shutil.copy2(*sys.argv[1:])", "{}", "{to}"],
    "sendfile": PYTHON + ["import os, sys; i = os.open(sys.argv[1], 0); o = os.open(sys.argv[2], "
                          "os.O_WRONLY | os.O_CREAT)\nwhile os.sendfile(o, i, None, 30000): pass",
                          "{}", "{to}"],
    "copy_file_range": PYTHON + ["import os, sys; i = os.open(sys.argv[1], 0); o = os.open("
                                 "sys.argv[2], os.O_WRONLY | os.O_CREAT)\n"
                                 "while os.copy_file_range(i, o, 30000): pass", "{}", "{to}"],
    "tarfile": PYTHON + ["import sys, tarfile; n = sys.argv[2]; t = tarfile.open(n + '.tar', 'w'); "
                         "t.add(sys.argv[1], 'x'); t.close(); open(n, 'wb').write("
                         "tarfile.open(n + '.tar').extractfile('x').read())", "{}", "{to}"],
    "node copyFile": NODE + ["require('fs').copyFileSync(...process.argv.slice(1))", "{}", "{to}"],
}
# And those that tell something about it.
SAYS = {
    "wc -c": (["wc", "-c"], lambda data: b"%d" % len(data)),
    "wc -l": (["wc", "-l"], lambda data: b"%d" % data.count(b"\n")),
    "sha256sum": (["sha256sum"], lambda data: hashlib.sha256(data).hexdigest().encode()),
    "git hash-object": (["git", "hash-object"], lambda data: hashlib.sha1(
        b"blob %d\0" % len(data) + data).hexdigest().encode()),
    "grep -c": (["grep", "-ac", ""], lambda data: b"%d" % len(data.splitlines())),
    "rg -c": (["rg", "-ac", "^"], lambda data: b"%d" % len(data.splitlines())),
    "tail -c 20": (["tail", "-c", "20"], lambda data: data[-20:].rstrip(b"\n")),
    "tail -n 1": (["tail", "-n", "1"], lambda data: data.rstrip(b"\n").split(b"\n")[-1]),
}
# They fill up with zeroes to the size that was told, and succeed. ngramfs(1) names them.
PADS = {"bsdtar"}

# They are run with a file and with a pipe behind them.
BOTH = {"cat", "busybox cat", "uutils cat", "head", "tail", "less", "rg", "node stream"}

# Written first, and read through the same descriptor.
SESSION = {
    "cat": ["cat"], "busybox cat": ["busybox", "cat"], "uutils cat": ["{uutils}", "cat"],
    "head": ["head", "-n", "1000000000"], "dd": ["dd", "status=none"], "awk": ["awk", "1"],
    "grep": ["grep", "-a", ""], "sed": ["sed", ""], "perl": ["perl", "-pe", ""],
    "busybox awk": ["busybox", "awk", "1"],
    "rg": ["rg", "-aN", "--color=never", "^", "-"], "python": PYTHON + [
        "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"],
    "splice": PYTHON + ["import os\nr, w = os.pipe()\nwhile n := os.splice(0, w, 65536): "
                        "os.write(1, os.read(r, n))"],
    "sendfile": PYTHON + ["import os\nwhile os.sendfile(1, 0, None, 65536): pass"],
    "node": NODE + ["process.stdin.pipe(process.stdout)"],
}

uutils = next((p for p in ("/usr/lib/cargo/bin/coreutils", "/usr/bin/coreutils")
               if os.path.exists(p)), None)
faults = []
table = collections.defaultdict(dict)


def whole(path):
    """What the file holds, by read(2) alone, as long as it gives something."""
    file = os.open(path, os.O_RDONLY)
    data = b""
    while piece := os.read(file, 1 << 20):
        data += piece
    os.close(file)
    return data


def argv(template, path="", to=""):
    """None if the program isn't here."""
    if template[0] in ("{uutils}", ):
        if not uutils:
            return None
        applet = os.path.join(uutils, template[1])
        template = ([applet] if os.path.exists(applet) else [uutils, template[1]]) + template[2:]
    if not shutil.which(template[0]):
        return None
    needs = [word for word in ("zip", "7z", "lz4", "busybox", "bsdtar", "unzip")
             if template[0] == "bash" and f"{word} " in template[2].replace("-", " ")]
    if any(not shutil.which(word) for word in needs):
        return None
    return [word.replace("{to}", to).replace("{}", path) for word in template]


def judge(kind, program, ok, status, said):
    verdict = "ok" if ok else "loud" if status else "pads" if program in PADS else "SILENT"
    table[program][kind] = verdict
    if verdict == "SILENT":
        faults.append(f"{program} of {kind}: status 0, and {said}")


def run(command, stdin=None, pipe=False):
    """Standard output is a file or a pipe: some programs hand on bytes in another way to each."""
    with tempfile.TemporaryFile() as out:
        try:
            done = subprocess.run(command, stdin=stdin or subprocess.DEVNULL,
                                  stdout=subprocess.PIPE if pipe else out,
                                  stderr=subprocess.DEVNULL, timeout=100, check=False)
            if pipe:
                return done.returncode, done.stdout
        except subprocess.TimeoutExpired:
            return -1, b""
        out.seek(0)
        return done.returncode, out.read()


def copies(kind, path, data, scratch):
    for program, template in COPY.items():
        to = os.path.join(scratch, "to")
        command = argv(template, path, to)
        if not command:
            continue
        status, out = run(command)
        if program in BOTH:
            piped_status, piped = run(command, pipe=True)
            status, out = (status, out) if out != data else (piped_status, piped)
        if any("{to}" in word for word in template):
            out = open(to, "rb").read() if os.path.exists(to) else b""
            for name in os.listdir(scratch):
                os.unlink(os.path.join(scratch, name))
        want = data
        if program == "sort":
            out, want = sorted(out.splitlines()), sorted(data.splitlines())
        elif not data.endswith(b"\n"):
            # Programs of lines may end the last one.
            out = out.removesuffix(b"\n")
        judge(kind, program, out == want, status, f"{len(out)} of {len(want)}")


def sayings(kind, path, data):
    for program, (words, want) in SAYS.items():
        if not shutil.which(words[0]):
            continue
        status, out = run(words + [path])
        told = want(data)
        judge(kind, program, out.rstrip(b"\n").startswith(told), status,
              f"{out[:60]} instead of {told[:60]}")


def sessions(kind, path, written, want):
    """Twice, since what has been read once must not hide what comes then."""
    for (program, template), pipe in itertools.product(SESSION.items(), (False, True)):
        command = argv(template)
        if not command:
            continue
        file = os.open(path, os.O_RDWR)
        got, status = b"", 0
        for _ in range(2):
            for at in range(0, len(written), 1 << 16):
                os.write(file, written[at:at + (1 << 16)])
            now, out = run(command, stdin=file, pipe=pipe)
            status = status or now
            got += out
        os.close(file)
        judge(kind, program + (" <&3 |" if pipe else " <&3"), got == want * 2, status, f"{len(got)} of {2 * len(want)}")


plain = next(f"{i:04}" for i in range(1000) if len(t := whole(f"{mount}/corpus/doc/{i:04}.txt")) > 100
             and b"\0" not in t)
with tempfile.TemporaryDirectory(prefix="ngramfs-programs-") as made:
    for name, below in FILES.items():
        # A document of some length that programs of text can take: without a NUL.
        where = f"{mount}/{below}".replace("{plain}", plain)
        holds = whole(where)
        is_stream = name.endswith("+")
        # What the test is about: streams tell no right size, all others do.
        size = os.stat(where).st_size
        assert holds and (size > len(holds) if is_stream else size == len(holds)), (name, size)
        copies(name, where, holds, made)
        sayings(name, where, holds)

text = [l.split(b"\t")[2] for l in whole(f"{mount}/corpus/kwic/gamma").splitlines()]
# More than 32 KiB are written, and more than a piece is answered.
lines = [b"w%dq" % i for i in range(8000)] + [b"alpha", b"rare"]
counts = {q: whole(f"{mount}/corpus/count/" + q.decode()).strip() for q in (b"alpha", b"rare")}
sessions("batch", f"{mount}/corpus/batch/count", b"".join(l + b"\n" for l in lines),
         b"".join(b"%s\t%s\n" % (counts.get(l, b"0"), l) for l in lines))
traced = whole(f"{mount}/corpus/doc/1234.txt")[:400]
with open(f"{mount}/corpus/trace", "r+b", buffering=0) as trace:
    trace.write(traced)
    stretches = b"".join(iter(lambda: trace.read(1 << 16), b""))
assert stretches.count(b"\n") >= 1
sessions("trace", f"{mount}/corpus/trace", traced, stretches)

kinds = list(FILES) + ["batch", "trace"]
width = max(map(len, table))
print(" " * width, *(f"{kind:>6}" for kind in kinds))
for program, row in table.items():
    print(f"{program:{width}}", *(f"{row.get(kind, ''):>6}" for kind in kinds))
missing = [p for p, t in {**COPY, **SESSION}.items() if not argv(t)]
print(f"{len(table)} programs; not here: {', '.join(missing) or 'none'}")
for fault in faults:
    print("FAILED:", fault, file=sys.stderr)
assert any(v == "loud" for row in table.values() for v in row.values())
sys.exit(bool(faults))
