#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Texts written to /trace, and the stretches of them that are read back, against naive ones.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
# Of what Python programs share.
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1

mkdir bytes
python3 - <<'PYTHON'
import random
random.seed(3)
words = [b"the", b"of", b"alpha beta", "中文检索".encode(), "naïve".encode(), b"\0", b"\xff\xfe", b"\xe4\xb8", b'"\\',
         b"a\nb\tc", "😀".encode()]
for i in range(300):
    n = 0 if i % 50 == 7 else random.randint(1, 60)
    open(f"bytes/{i:03}.txt", "wb").write(b" ".join(random.choice(words) for _ in range(n)))
PYTHON
build bytes.ngram --format=text --shard-size=16K bytes
build one.ngram --format=text bytes
[ "$(ls bytes.ngram | wc -l)" -gt 3 ] || fail "one shard only"
attach bytes.ngram one.ngram mnt

cat >trace.py <<'PYTHON'
import glob, json, os, random, sys
from characters import cuts_character
MIN = 32
docs = [open(f, "rb").read() for f in sorted(glob.glob("bytes/*.txt"))]
# Bytes as characters, and something between the documents that no byte is.
joined = "\u0100".join(d.decode("latin-1") for d in docs)

def count(s):
    n, at = 0, joined.find(s)
    while at >= 0:
        n, at = n + 1, joined.find(s, at + 1)
    return n

def naive(of):
    text, end, before, out = of.decode("latin-1"), 0, 0, []
    for begin in range(len(text)):
        end = max(end, begin)
        while end < len(text) and text[begin:end + 1] in joined:
            end += 1
        whole = end
        while cuts_character(of, whole):
            whole -= 1
        if cuts_character(of, begin):
            continue
        if whole > before and whole - begin >= MIN:
            out.append((begin, whole, count(text[begin:whole])))
        before = max(before, whole)
    return out

def check(text, line, want):
    got = json.loads(line)
    piece = text[got["begin"]:got["end"]]
    assert (got["begin"], got["end"], got["count"]) == want, (got, want)
    assert got["text"] == piece.decode(errors="replace"), got
    found = [d["document"] for d in got["documents"]]
    held = sum(piece in d for d in docs)
    assert len(set(found)) == len(found) and 1 <= len(found) <= 10, got
    if got["count"] <= 64:
        assert len(found) == min(10, held), (got, held)
    for d in got["documents"]:
        assert docs[d["document"]].startswith(piece, d["offset"]), got

class Session:
    def __init__(self, index="bytes"):
        self.file = open(f"mnt/{index}/trace", "r+b", buffering=0)
    def write(self, text):
        at = 0
        while at < len(text):
            at += self.file.write(text[at:])
    def read(self, size=1 << 16):
        got = b""
        while data := self.file.read(size):
            got += data
        return got

def trace(session, text, size=1 << 16):
    session.write(text)
    lines = session.read(size).split(b"\n")
    assert lines.pop() == b""
    want = naive(text)
    assert len(lines) == len(want), (len(lines), len(want), text)
    for line, w in zip(lines, want):
        check(text, line, w)
    return len(want)

random.seed(8)
def half_copied():
    out = b""
    while len(out) < 1500:
        d = random.choice(docs)
        at = random.randrange(len(d) + 1)
        out += d[at:at + random.randint(1, 300)]
        if random.random() < .4:
            out += bytes(random.choices(range(256), k=random.randint(1, 30)))
    return out

def main():
    n = 0
    for index in ("bytes", "one"):
        one = Session(index)
        for _ in range(6):
            n += trace(one, half_copied(), random.choice([1000, 1 << 16]))
        # A session of its own each time, and several texts in one.
        for d in [max(docs, key=len), min((d for d in docs if len(d) > MIN), key=len)] + docs[:4]:
            n += trace(Session(index), d)
            trace(one, d)
        assert trace(one, b"z" * 5000) == 0
        assert trace(one, bytes(range(256)) * 4) == 0
        assert trace(one, "中文检索 中文检索 ".encode()[1:] * 3) >= 0
        assert one.read() == b""
    assert n > 30, n
    assert Session().read() == b""
    # Two at once, written and read in turns.
    a, b = Session(), Session("one")
    ta, tb = half_copied(), half_copied()
    wa, wb = naive(ta), naive(tb)
    a.write(ta[:700])
    b.write(tb)
    first = b.file.read(100)
    a.write(ta[700:])
    la, lb = a.read(150).splitlines(), (first + b.read(77)).splitlines()
    assert len(la) == len(wa) and len(lb) == len(wb)
    for line, w in zip(la, wa):
        check(ta, line, w)
    for line, w in zip(lb, wb):
        check(tb, line, w)
    # What is written after the first read is another text, whose lines follow those of the first.
    s = Session()
    s.write(ta)
    part = s.file.read(10)
    s.write(tb)
    lines = (part + s.read()).splitlines()
    assert len(lines) == len(wa) + len(wb)
    for line, w in zip(lines, wa):
        check(ta, line, w)
    for line, w in zip(lines[len(wa):], wb):
        check(tb, line, w)
    # The longest text, and longer ones.
    s = Session()
    s.write(b"q" * (1 << 20))
    try:
        s.write(b"q")
        raise SystemExit("more than 1 MiB")
    except OSError as e:
        assert e.errno == 27, e
    assert s.read() == b""
    long = max(docs, key=len)
    s.write(b"q" * ((1 << 20) - len(long)) + long)
    got = json.loads(s.read())
    assert (got["begin"], got["end"]) == ((1 << 20) - len(long), 1 << 20), got

main()
PYTHON
python3 trace.py || fail "stretches"

# ---- from a shell ----
text=$(ls -S bytes | head -n 1)
exec 3<>mnt/one/trace || fail "exec"
cat "bytes/$text" >&3
is "{\"begin\":0,\"end\":$(stat -c %s "bytes/$text")," "$(cut -d, -f1,2 <&3)," "a whole document"
is "" "$(cat <&3)" "at the end"
exec 3>&-
is "" "$(cat mnt/one/trace)" "nothing was written"
is 666 "$(stat -c %a mnt/one/trace)" "mode"
is 0 "$(stat -c %s mnt/one/trace)" "size before it is read"
echo the >mnt/one/trace || fail "truncating"
refuses "File too large" dd if=/dev/zero of=mnt/one/trace bs=1M count=2
refuses "Not a directory" cat mnt/one/trace/x
ls mnt/one | grep -qx trace || fail "not listed"
detach mnt
attach -o ro one.ngram mnt
refuses "Read-only file system" sh -c 'echo the >>mnt/trace'
detach mnt

# ---- a long answer: head ends it, and so does a signal ----
python3 -c '
import random
random.seed(1)
def text(n):
    return "".join(random.choices("ab", k=n))
with open("long", "w") as out:
    for _ in range(4000):
        out.write(text(1000) + "\n")
random.seed(2)
open("foreign", "w").write(text(1000000))'
head -n 1 long | head -c 999 >piece
for _ in $(seq 1000); do cat piece; done >repeated
build long.ngram --format=lines long
attach long.ngram mnt
exec 3<>mnt/trace
cat repeated >&3
before=$(cpu_ticks "${daemons[mnt]}")
is 5 "$(head -n 5 <&3 | grep -c '^{"begin":[0-9]*,"end":[0-9]*,"text":"[ab]*","count":1,')" "head"
exec 3>&-
rests mnt "$before" "head"
exec 3<>mnt/trace
cat foreign >&3
n=$(grep -o ba long | wc -l)
before=$(cpu_ticks "${daemons[mnt]}")
cat <&3 >/dev/null &
reader=$!
is "$n" "$(cat mnt/count/ba)" "a count beside it"
interrupt mnt "$before" $reader
exec 3>&-
detach mnt
finish
