#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon's own memory: after mounting, after many different counts, and after a flood of queries
# that it has to remember. COUNTS: how many (default 50000). And that of a build whose documents are
# so short that what is kept of each takes more than their text.
. "$(dirname "$0")/lib.sh"

grep -qaE '__(asan|tsan)_init' "$NGRAMFS" && skip "a sanitizer's memory says nothing"
counts=${COUNTS:-50000}
make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
attach corpus.ngram mnt

anonymous_kb() {
	awk '/^RssAnon/ { print $2 }' "/proc/${daemons[mnt]}/status"
}
at_most() { # KB WHAT
	local kb
	kb=$(anonymous_kb)
	echo "$2: $kb KB"
	[ "$kb" -le "$1" ] || fail "$2: $kb KB instead of at most $1"
}

cat mnt/count/the mnt/README >/dev/null
at_most 10240 "after mounting"
python3 - "$counts" <<'PYTHON' || fail "counts"
import os, sys
root = os.open("mnt/count", os.O_RDONLY)
for i in range(int(sys.argv[1])):
    f = os.open(f"a{i:x}", os.O_RDONLY, dir_fd=root)
    os.read(f, 100)
    os.close(f)
PYTHON
at_most 10240 "after $counts counts"

# Unique queries of every kind that takes memory, and one query in many spellings.
python3 - <<'PYTHON' || fail "flood"
import os
for i in range(15000):
    os.stat(f"mnt/find/a{i:x}")
query = "the alpha beta"[:11]
for i in range(1 << 11):
    name = "".join("%%%02x" % ord(c) if i >> k & 1 else c for k, c in enumerate(query))
    for d in ("docs", "meta", "match"):
        try:
            os.stat(f"mnt/{d}/{name}")
            os.stat(f"mnt/match/{name}/0.json")
        except FileNotFoundError:
            pass
for page in ("", "/more", "/more/more"):
    for name in os.listdir("mnt/match/the" + page):
        os.stat(f"mnt/match/the{page}/{name}")
PYTHON
at_most 65536 "after a flood of queries"
is "$(naive_count the)" "$(cat mnt/count/the)" "count after all that"
is "$(naive_docs rare)" "$(ls mnt/docs/rare)" "documents after all that"
detach mnt

# Lines so short that the text read at a time has millions of them, asked for by several at once.
yes x | head -n 2000000 >lines
build lines.ngram --text-store lines
attach lines.ngram mnt
python3 - "${daemons[mnt]}" <<'PYTHON' >peak || fail "short lines"
import subprocess, sys

def anonymous_kb():
    for line in open(f"/proc/{sys.argv[1]}/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1])

files = [f"mnt/with/scan=all/grep/{regex}" for regex in ("x", "%2E", "^x")] + ["mnt/with/scan=all/lines/x"]
sums = [subprocess.Popen(f"cut -d : -f 3 '{file}' | cmp - lines", shell=True) for file in files]
peak = 0
while any(s.poll() is None for s in sums):
    peak = max(peak, anonymous_kb())
    try:
        sums[-1].wait(0.01)
    except subprocess.TimeoutExpired:
        pass
assert not any(s.returncode for s in sums)
print(peak)
PYTHON
echo "short lines: $(<peak) KB"
[ "$(<peak)" -le 131072 ] || fail "short lines take $(<peak) KB"
detach mnt

seq 1 2500000 >short
"$MKNGRAMFS" -o short.ngram --format=lines --memory=256M --progress=none short 2>summary ||
	fail "short documents: $(cat summary)"
grep -E 'documents|peak' summary
mib=$(awk '/peak memory/ { printf "%d", $3 }' summary)
[ "$mib" -le 256 ] || fail "the build took $mib MiB"
"$NGRAMFSCK" --quiet short.ngram || fail "ngramfsck of short documents"
attach short.ngram mnt
is "$(grep -o 123 short | wc -l)" "$(cat mnt/count/123)" "count of short documents"
is 2500000 "$(cat mnt/doc/2499999.txt)" "the last short document"
detach mnt
finish
