#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
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
is "count df facet find kwic lines match next prev" "$(ls mnt/batch | tr '\n' ' ' | sed 's/ $//')" "the directory"
is 666 "$(stat -c %a mnt/batch/count)" "mode"
refuses "No such file" cat mnt/batch/nonesuch
printf '%s\n' the 'alpha beta' nonesuch 100% 100%25 a/b a%2Fb %41lpha '%' '%zz' ' ' ' the ' '中文' >asked
while IFS= read -r q; do naive_count "$q"; done <asked | paste - asked >want
[ "$(grep -c '^0' want)" -lt 7 ] || fail "too few of them occur"
exec 3<>mnt/batch/count || fail "exec"
cat asked >&3
cat <&3 >out
cmp want out || fail "answers"
is "" "$(cat <&3)" "at the end"
printf 'the\nof' >&3
is "$(naive_count the)	the" "$(cat <&3)" "one more, and a line that isn't complete"
printf ' the\n\nthe\r\n\r\na\rb\n%%\n' >&3
windows="error: a carriage return ends the line (a Windows line end?); where it is meant, it is %0D below with/escape=percent"
is "$(naive_count 'of the')	of the
error: an empty query	
$windows	the"$'\r'"
$windows	"$'\r'"
0	a"$'\r'"b
$(naive_count %)	%" "$(cat <&3)" "the rest of it, and bad ones"
exec 3>&-
for what in count find df next prev; do
	exec 3<>mnt/batch/$what
	printf '%s\n' %74he 'the ' 100% >&3
	text=$(cat <&3)
	exec 3>&-
	exec 3<>mnt/with/escape=percent/batch/$what
	printf '%s\n' %2574he the%20 100%25 %74he >&3
	escaped=$(cat <&3)
	exec 3>&-
	is "$(cut -f 1 <<<"$text")" "$(head -n 3 <<<"$escaped" | cut -f 1)" "$what, with escapes and without"
	[ "$(sed -n 1p <<<"$text" | cut -f 1)" != "$(sed -n 4p <<<"$escaped" | cut -f 1)" ] ||
		fail "$what: %74he is taken for the"
done
exec 3<>mnt/batch/find
printf 'the\nnonesuch\n' >&3
is "$(cat mnt/find/the)	the
$(cat mnt/find/nonesuch)	nonesuch" "$(cat <&3)" "find"
exec 3>&-
# With escapes: what a line cannot hold otherwise, and bad ones.
exec 3<>mnt/with/escape=percent/batch/count
printf '%s\n' %74he x%0Ay %00 %0D %0d%0A % %zz 100% $'the\r' '' >&3
is "$(naive_count the)	%74he
$(naive_count $'x\ny')	x%0Ay
$(cat text/*.txt | tr -dc '\0' | wc -c)	%00
0	%0D
0	%0d%0A
error: a % without two hexadecimal digits	%
error: a % without two hexadecimal digits	%zz
error: a % without two hexadecimal digits	100%
$windows	the"$'\r'"
error: an empty query	" "$(cat <&3)" "with escapes"
exec 3>&-
# Settings go together; none leaves lines as they are.
exec 3<>mnt/with/case=fold,escape=percent/batch/count
printf '%%61LPHA\n' >&3
is "$(($(naive_count alpha) + $(naive_count Alpha)))	%61LPHA" "$(cat <&3)" "case and escapes"
exec 3>&-
exec 3<>mnt/with/escape=none/batch/count
printf '%%61lpha\n100%%\n' >&3
is "0	%61lpha
$(naive_count 100%)	100%" "$(cat <&3)" "escape=none"
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

def is_line(q):
    return b"\n" not in q and not q.endswith(b"\r")

def count(q):
    return sum(len(re.findall(b"(?=" + re.escape(q) + b")", t)) for t in texts)

questions = [some() for _ in range(60)]
known = {q: count(q) for q in questions}

class Session:
    def __init__(self, escaped):
        self.escaped = escaped
        self.file = open(f"mnt/{'with/escape=percent/' * escaped}batch/count", "r+b", buffering=0)
        self.want = self.got = b""
    def ask(self, n):
        lines = []
        for q in random.choices(questions, k=n):
            line = q if not self.escaped and is_line(q) else spell(q)
            if not self.escaped and line != q:
                continue
            lines.append(line)
            self.want += b"%d\t%s\n" % (known[q], line)
        self.file.write(b"".join(l + b"\n" for l in lines))
    def take(self, n):
        data = self.file.read(n)
        self.got += data
        assert self.want.startswith(self.got), (self.got[-200:], len(self.got))
        return data

sessions = [Session(i % 2 == 0) for i in range(4)]
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
s = open("mnt/with/escape=percent/batch/count", "r+b", buffering=0)
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
