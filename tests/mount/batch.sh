#!/bin/bash
# Queries written to files, and their answers. QUERIES: how many are written before the first answer
# is read (default 300000, in brief 120000).
. "$(dirname "$0")/lib.sh"

brief=${NG_TEST_BRIEF:+120000}
queries=${QUERIES:-${brief:-300000}}
make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
export TMPDIR=$work/tmp
mkdir tmp
attach corpus.ngram mnt

# ---- from a shell ----
is "count df find next prev" "$(ls mnt/batch | tr '\n' ' ' | sed 's/ $//')" "the directory"
is 666 "$(stat -c %a mnt/batch/count)" "mode"
refuses "No such file" cat mnt/batch/nonesuch
printf '%s\n' the 'alpha beta' nonesuch 100%25 a%2Fb '中文' >asked
for q in the 'alpha beta' nonesuch '100%' a/b '中文'; do naive_count "$q"; done | paste - asked >want
exec 3<>mnt/batch/count || fail "exec"
cat asked >&3
cat <&3 >out
cmp want out || fail "answers"
is "" "$(cat <&3)" "at the end"
printf 'the\nof' >&3
is "$(naive_count the)	the" "$(cat <&3)" "one more, and a line that isn't complete"
printf ' the\n\n%%\n%%zz\n' >&3
is "$(naive_count 'of the')	of the
error: an empty query	
error: a % without two hexadecimal digits	%
error: a % without two hexadecimal digits	%zz" "$(cat <&3)" "the rest of it, and bad ones"
exec 3>&-
exec 3<>mnt/batch/find
printf 'the\nnone%%73uch\n' >&3
is "$(cat mnt/find/the)	the
$(cat mnt/find/nonesuch)	none%73uch" "$(cat <&3)" "find"
exec 3>&-
is "" "$(cat mnt/batch/count)" "nothing was asked"
echo the >mnt/batch/count || fail "truncating"
echo the >>mnt/batch/count || fail "appending"

# ---- from Python: sessions of their own, interleaved, in all lengths ----
cat >ask.py <<'PYTHON'
import glob, os, random, re
random.seed(5)
texts = [open(f, "rb").read() for f in sorted(glob.glob("text/*.txt"))]

def some():
    text = random.choice([t for t in texts if t])
    at = random.randrange(len(text))
    return text[at:at + random.randint(1, 12)]

def spell(q):
    return b"".join(b"%%%02X" % c if c in b"%\n" or random.random() < .1 else bytes([c]) for c in q)

def count(q):
    return sum(len(re.findall(b"(?=" + re.escape(q) + b")", t)) for t in texts)

questions = [some() for _ in range(60)]
known = {q: count(q) for q in questions}

class Session:
    def __init__(self):
        self.file = open("mnt/batch/count", "r+b", buffering=0)
        self.want = self.got = b""
    def ask(self, n):
        lines = []
        for q in random.choices(questions, k=n):
            line = spell(q)
            lines.append(line)
            self.want += b"%d\t%s\n" % (known[q], line)
        self.file.write(b"".join(l + b"\n" for l in lines))
    def take(self, n):
        data = self.file.read(n)
        self.got += data
        assert self.want.startswith(self.got), (self.got[-200:], len(self.got))
        return data

sessions = [Session() for _ in range(4)]
for _ in range(1500):
    s = random.choice(sessions)
    if random.random() < .5:
        s.ask(random.choice([1, 2, 30, 300]))
    else:
        s.take(random.choice([1, 2, 7, 100, 5000, 100000]))
for s in sessions:
    while s.take(1 << 16):
        pass
    assert s.got == s.want
    s.file.close()

# Long queries, and lines that are no more.
s = open("mnt/batch/count", "r+b", buffering=0)
text = max(texts, key=len)
long = b"q" * (1 << 20)
for line, want in ((text.replace(b"%", b"%25").replace(b"\n", b"%0A"), b"1"), (long, b"0"),
                   (b"%71" * (1 << 20), b"0"), (long + b"q", b"error: a query longer than 1 MiB"),
                   (long * 5, b"error: a query longer than 1 MiB")):
    at = 0
    while at < len(line):
        at += s.write(line[at:])
    s.write(b"\nthe\n")
    got = b""
    while data := s.read(1 << 20):
        got += data
    answers = got.split(b"\n")
    assert len(answers) == 3 and answers[2] == b"", [a[:50] for a in answers]
    assert answers[0] == want + b"\t" + line[:3 << 20], answers[0][:100]
    assert answers[1] == b"%d\tthe" % count(b"the")
PYTHON
python3 ask.py || fail "from Python"

# ---- many written before the first answer is read ----
memory_kb() {
	awk '/^RssAnon/ { print $2 }' "/proc/${daemons[mnt]}/status"
}
spools() {
	find "/proc/${daemons[mnt]}/fd" -lname "$TMPDIR/*" | wc -l
}
awk -v n="$queries" 'BEGIN { for (i = 0; i < n; i++) print "alpha beta" i % 7 }' >asked
exec 3<>mnt/batch/count
cat asked >&3 || fail "writing many"
[ "$(spools)" -gt 0 ] || fail "no spool"
is "" "$(ls tmp)" "names of spools"
cat <&3 >out
is 0 "$(cut -f 2 out | cmp - asked >&2; echo $?)" "order of many"
for i in 0 1 2 3 4 5 6; do naive_count "alpha beta$i"; done | sort -u >want
is "$(cat want)" "$(cut -f 1 out | sort -u)" "answers to many"
if ! grep -qaE '__(asan|tsan)_init' "$NGRAMFS"; then
	echo "memory: $(memory_kb) KB"
	[ "$(memory_kb)" -le 32768 ] || fail "memory: $(memory_kb) KB"
fi
exec 3>&-
# One that nobody reads goes when it is closed.
exec 3<>mnt/batch/count
cat asked >&3
[ "$(spools)" -gt 0 ] || fail "no spool"
exec 3>&-
no_spools() { [ "$(spools)" = 0 ]; }
wait_for no_spools || fail "the spool of a closed file stays"

# ---- nothing else can be written ----
python3 - <<'PYTHON' || fail "mmap"
import mmap, os
f = os.open("mnt/batch/count", os.O_RDWR)
os.write(f, b"the\n")
size = len(os.read(f, 100)) + 4
try:
    mmap.mmap(f, size)
    raise SystemExit("mapped")
except OSError:
    pass
PYTHON
refuses "Read-only file system" chmod 600 mnt/batch/count
refuses "" rm -f mnt/batch/count
[ -e mnt/batch/count ] || fail "removed"
detach mnt
attach -o ro corpus.ngram mnt
refuses "Read-only file system" sh -c 'echo the >>mnt/batch/count'
is "$(naive_count the)" "$(cat mnt/count/the)" "count, read-only"
detach mnt
finish
