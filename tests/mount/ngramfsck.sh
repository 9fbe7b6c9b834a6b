#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ngramfsck as a user meets it: options, messages, exit status, on sound and on damaged indexes.
# MKNGRAMFS, NGRAMFSCK: the tools. Exit status: 0 passed, 1 failed, 77 skipped.
set -u
export LC_ALL=C.UTF-8

for tool in "${MKNGRAMFS:-}" "${NGRAMFSCK:-}"; do
	[ -n "$tool" ] && [ -x "$tool" ] || { echo "MKNGRAMFS or NGRAMFSCK is no program"; exit 77; }
done
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
MKNGRAMFS=$(realpath "$MKNGRAMFS")
NGRAMFSCK=$(realpath "$NGRAMFSCK")
work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-test-XXXXXX") || exit 77
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 77
failures=0

fail() {
	echo "FAILED: $*" >&2
	sed 's/^/    | /' out err >&2
	failures=$((failures + 1))
}

# run STATUS ARGUMENT...: the tool must exit with STATUS; what it says is in out and err
run() {
	local want=$1 status
	shift
	"$NGRAMFSCK" "$@" >out 2>err </dev/null
	status=$?
	[ $status = "$want" ] || fail "exit status $status, not $want: ngramfsck $*"
}

says() { # TEXT: on stdout
	grep -qF -e "$1" out || fail "it should say: $1"
}

silent() { # FILE: out or err
	[ ! -s "$1" ] || fail "it should say nothing on std$1"
}

build() { # INDEX ARGUMENT...
	"$MKNGRAMFS" -q -o "$@" || { echo "FAILED: mkngramfs -o $*" >&2; exit 1; }
}

python3 - <<'PYTHON'
import json, random
random.seed(3)
words = ["the", "of", "alpha", "beta", "naïve", "中文", "a/b", "x\ny", "\u0000", "and", "tab\ther"]
with open("corpus.jsonl", "w", encoding="utf-8") as out:
    for i in range(800):
        n = 0 if i % 100 == 50 else random.randint(1, 40)
        out.write(json.dumps({"text": " ".join(random.choice(words) for _ in range(n)), "id": i}) + "\n")
PYTHON
build one corpus.jsonl
build many --shard-size=16K --text-store --sa-sampling=16 corpus.jsonl
: >nothing.jsonl
build empty --allow-empty nothing.jsonl

# ---- usage ----
run 0 --help
grep -q '^Usage: ngramfsck' out || fail "--help prints no usage"
silent err
run 0 -V
grep -q '^ngramfsck [0-9]' out || fail "-V prints no version"
while IFS='|' read -r arguments message; do
	read -ra words <<<"$arguments"
	run 2 "${words[@]}"
	silent out
	grep -qF -e "$message" err || fail "it should say: $message"
	grep -qF "Try 'ngramfsck --help'" err || fail "no hint: $arguments"
done <<'END'
|no INDEX named
--full|no INDEX named
--bogus one|bogus
--threads=0 one|--threads: '0' is no number
--threads=x one|--threads: 'x' is no number
--threads=99999999999999999999 one|--threads:
--seed=-1 one|--seed: '-1' is no number
--progress=loud one|--progress: 'loud' is none of auto, plain, json, none
END

# ---- sound ----
run 0 one
says "one: sound; 1 shard of "
says " 800 documents, "
[ "$(wc -l <out)" = 1 ] || fail "more than a line about a sound index"
silent err
run 0 -q one many empty
silent out
silent err
run 0 one many empty
says "many: sound; "
says "empty: sound; 0 shards"
run 0 --full --seed=12 --threads=1 one many empty
says "seed 12"
says "one: sound; 1 shard of "
says ", 1000 substrings recounted"
run 0 --full --tmp=. one
[ -z "$(find . -name 'ngramfsck-*')" ] || fail "a temporary file is left"
run 1 --full --tmp=nowhere one
grep -qF "nowhere: cannot make a temporary file" err || fail "nothing about --tmp"
run 0 ./one/
says "./one/: sound"

# ---- damaged ----
# flip FILE OFFSET: one bit of one byte
flip() {
	python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2])); b = f.read(1)[0] ^ 4
    f.seek(int(sys.argv[2])); f.write(bytes([b]))' "$@"
}

# sections SHARD: name, offset and length of each, as the table at its end has them
sections() {
	python3 - "$1" <<'PYTHON'
import struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack_from("<I", data, 12)
table, = struct.unpack_from("<Q", data, 24)
for i in range(n):
    kind, _, offset, size, _ = struct.unpack_from("<IIQQQ", data, table + 32 * i)
    print(kind, offset, size)
print("table", table, 32 * n)
PYTHON
}

shard=many/shard-00001.ngs
cp $shard saved
n=0
while read -r kind offset size; do
	[ "$size" != 0 ] || continue
	n=$((n + 1))
	places=($((offset + size / 2)))
	[ -n "${NG_TEST_BRIEF:-}" ] || places+=("$offset" $((offset + size - 1)))
	for at in "${places[@]}"; do
		flip $shard $at
		run 1 many
		if [ "$kind" = table ]; then
			grep -q "^$shard: section table: offset $offset: " out ||
				fail "nothing about the table"
		else
			page=$((at / 4096 * 4096))
			[ "$(grep -c "^$shard: section .*: offset $page: .*checksum" out)" = 1 ] ||
				fail "not one checksum of section $kind is wrong at $page"
			[ "$(grep -c "checksum" out)" = 1 ] || fail "other checksums are wrong, too"
		fi
		says "many: "
		grep -q '^many: [0-9]* damages\?; ' out || fail "damages are not counted"
		run 1 -q many
		grep -v "^$shard: " out && fail "more than damages with -q"
		cp saved $shard
	done
done < <(sections $shard)
[ $n -gt 12 ] || fail "only $n sections"
flip $shard 3
run 1 many one
says "$shard: header: offset 0: "
says "one: sound"
cp saved $shard
flip $shard 100
run 1 --full many
says "$shard: padding: offset 100: "
says "not rebuilt, since damaged: 1"
cp saved $shard
run 0 many

truncate -s -1 $shard
run 1 many
says "$shard: offset $(stat -c %s $shard): "
truncate -s 0 $shard
run 1 many
rm $shard
run 1 --full many
says "$shard: cannot open: No such file or directory"
says "substrings recounted"
mkdir $shard
run 1 many
says "not a regular file"
rmdir $shard
mkfifo $shard
run 1 many
rm $shard
cp saved $shard

cp -r one other
sed -i 's/"docs": 800/"docs": 801/' other/index.json
run 1 other
says 'other/index.json: its checksum is '
sed -i 's/"docs": 801/"docs": many/' other/index.json
run 1 --full other
says "other/index.json: line "
says "1000 substrings recounted"
rm other/index.json
run 1 other
grep -qF "other: not an index" err || fail "a directory without a manifest"
run 1 nowhere one
grep -qF "ngramfsck: nowhere: " err || fail "an index that is not there"
says "one: sound"
touch one/stranger
run 0 one
grep -qF "note: one/stranger is no part of the index" err || fail "no note of a strange file"
run 0 -q one
silent err
rm one/stranger
"$NGRAMFSCK" one >/dev/full 2>err && fail "a full disk is no error"

# ---- interrupted ----
# In the midst of it: the first of many is done. A shell without job control lets its background jobs
# ignore SIGINT.
mapfile -t indexes < <(yes one | head -n 2000)
env --default-signal=INT "$NGRAMFSCK" --full --threads=1 "${indexes[@]}" >out 2>err &
pid=$!
until grep -q 'one: sound' out || ! kill -0 $pid; do sleep 0.005; done
kill -INT $pid
wait $pid
status=$?
[ $status = 1 ] || fail "exit status $status when interrupted"
grep -qF "ngramfsck: interrupted; one was not checked to the end" err ||
	fail "no message when interrupted"

[ $failures = 0 ] && echo passed && exit 0
echo "$failures failures" >&2
exit 1
