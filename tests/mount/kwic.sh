#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Concordances: against naive ones, and as files that are made while they are read.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
build store.ngram --text-store corpus.jsonl
attach corpus.ngram store.ngram mnt

cat >naive.py <<'PYTHON'
import glob, os, re, sys
from urllib.parse import quote_from_bytes

CONTEXT = 40

def shown(text):
    def one(m):
        c = m.group()[0]
        return {9: b"\\t", 10: b"\\n", 92: b"\\\\"}.get(c, b"\\x%02x" % c)
    return re.sub(rb"[\x00-\x1f\x7f\\]", one, text)

# The corpus is UTF-8, so what was cut can be told by decoding.
def lines(query):
    out = []
    pattern = re.compile(b"(?=" + re.escape(query) + b")")
    for number, path in enumerate(sorted(glob.glob("text/*.txt"))):
        text = open(path, "rb").read()
        for m in pattern.finditer(text):
            at, end = m.start(), m.start() + len(query)
            left, right = text[max(at - CONTEXT, 0):at], text[end:end + CONTEXT]
            if at > CONTEXT:
                left = left.decode(errors="ignore").encode()
            if end + CONTEXT < len(text):
                right = right.decode(errors="ignore").encode()
            out.append(b"\t".join([b"%d" % number, b"%d" % at, shown(left), shown(query), shown(right)]))
    return out

bad = 0
for query in (b"rare", b"the", b"alpha beta", "中文".encode(), "ï".encode(), b"x\ny", b"tab\t",
              b"\0", b"100%", b"a/b", b"..", b" ", b"nonesuch"):
    name = quote_from_bytes(query, safe=" ")
    if name == "..":
        name = "%2E%2E"
    want = sorted(lines(query))
    for index in ("corpus", "store"):
        path = f"mnt/{index}/kwic/{name}"
        data = open(path, "rb").read()
        got = data.split(b"\n")
        if got.pop() != b"" or sorted(got) != want:
            print("FAILED:", path, len(got), len(want), file=sys.stderr)
            bad += 1
        if not (data == open(path, "rb").read()
                and data.startswith(open(path, "rb", buffering=0).read(1000))):
            print("FAILED: not the same again:", path, file=sys.stderr)
            bad += 1
sys.exit(bad > 0)
PYTHON
python3 naive.py || fail "lines"
first=$(head -n 1 mnt/corpus/kwic/alpha)
number=$(ls mnt/corpus/match/alpha | head -n 1)
is "$(python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); print(m["document"], m["offset"], sep="\t")' \
	"mnt/corpus/match/alpha/$number")" "$(cut -f 1,2 <<<"$first")" "the first line is the first match"

# ---- tools ----
kwic=mnt/corpus/kwic
cat $kwic/the >all || fail "cat"
is "$(cat mnt/corpus/count/the)" "$(wc -l <all)" "lines"
[ "$(wc -c <all)" -gt 200000 ] || fail "too short to be more than a piece"
is "$(wc -c <all)" "$(wc -c <$kwic/the)" "wc -c"
cp $kwic/the copy && cmp copy all || fail "cp"
dd if=$kwic/the bs=777 2>/dev/null | cmp - all || fail "dd"
grep -c gamma $kwic/the >out; is "$(grep -c gamma all)" "$(cat out)" "grep"
tail -n 3 $kwic/rare | cmp - <(cat $kwic/rare | tail -n 3) || fail "tail of a short one"
tail -n 3 $kwic/the >out 2>&1 && ! cmp -s out <(tail -n 3 all) && fail "tail must be right or fail: $(cut -c 1-80 out)"
is "$(head -n 7 all)" "$(head -n 7 $kwic/the)" "head"
is 0 "$(wc -c <$kwic/nonesuch)" "a query that doesn't occur"
is "$(wc -c <all)" "$(stat -c %s $kwic/the)" "size of a short one"
is "$(stat -c %i $kwic/the)" "$(stat -c %i $kwic/th%65)" "inodes"
is "" "$(ls $kwic)" "listing"
refuses "Invalid argument" cat $kwic/%zz
readers=()
for i in 1 2 3 4; do
	cat $kwic/the >all.$i &
	readers+=($!)
done
wait "${readers[@]}"
for i in 1 2 3 4; do cmp all all.$i || fail "readers side by side"; done
python3 - <<'PYTHON' || fail "reading piece by piece"
import os
all = open("all", "rb").read()
f = os.open("mnt/corpus/kwic/the", os.O_RDONLY)
got = b""
while True:
    assert os.fstat(f).st_size == len(all)
    data = os.read(f, 1 + len(got) % 5000)
    if not data:
        break
    got += data
assert got == all
for at in (0, 1, 4096, 100000, len(all) - 10):
    assert os.pread(f, 70000, at) == all[at:at + 70000], at
PYTHON
detach mnt

# ---- a long one: interrupted, and what it leaves ----
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    out.write("".join(random.choices("ab", k=1000000)) + "\nba\n")'
build long.ngram --format lines long
attach long.ngram mnt
n=$(grep -o ba long | wc -l)
before=$(cpu_ticks "${daemons[mnt]}")
cat mnt/kwic/a >/dev/null &
reader=$!
is "$n" "$(cat mnt/count/ba)" "a count beside it"
interrupt mnt "$before" $reader
[ "$(stat -c %s mnt/kwic/a)" -gt 40000000 ] || fail "size before it is read: a bound"
refuses "Illegal seek" python3 -c 'import os; os.pread(os.open("mnt/kwic/a", os.O_RDONLY), 10, 100)'
head -c 5000000 mnt/kwic/a | wc -l >out
[ "$(cat out)" -gt 30000 ] || fail "lines of a long one"
if ! grep -qaE '__(asan|tsan)_init' "$NGRAMFS"; then
	kb=$(awk '/^RssAnon/ { print $2 }' "/proc/${daemons[mnt]}/status")
	echo "memory: $kb KB"
	[ "$kb" -le 32768 ] || fail "memory: $kb KB"
fi
detach mnt
finish
