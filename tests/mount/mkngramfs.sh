#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mkngramfs as a user meets it: options, messages, exit status, and what it leaves on the disk.
# MKNGRAMFS: the tool. Exit status: 0 passed, 1 failed, 77 skipped.
set -u

[ -n "${MKNGRAMFS:-}" ] && [ -x "$MKNGRAMFS" ] || { echo "MKNGRAMFS is no program"; exit 77; }
MKNGRAMFS=$(realpath "$MKNGRAMFS")
work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-test-XXXXXX") || exit 77
small=
clean() {
	[ -z "$small" ] || umount "$small"
	rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 77
failures=0

fail() {
	echo "FAILED: $*" >&2
	sed 's/^/    | /' err >&2
	failures=$((failures + 1))
}

# run STATUS ARGUMENT...: the tool must exit with STATUS; what it says is in out and err
run() {
	local want=$1 status
	shift
	"$MKNGRAMFS" "$@" >out 2>err </dev/null
	status=$?
	[ $status = "$want" ] || fail "exit status $status, not $want: mkngramfs $*"
}

# says TEXT: the last run said so on stderr
says() {
	grep -qF -e "$1" err || fail "it should say: $1"
}

# leaves NAME...: besides the test's own files, these are in the directory, and nothing else
leaves() {
	local found
	found=$(find . -mindepth 1 -maxdepth 1 ! -name in ! -name out ! -name err -printf '%P\n' |
		LC_ALL=C sort | tr '\n' ' ')
	[ "$found" = "${*:+$* }" ] || fail "there is '$found' instead of '${*:-}'"
	rm -rf "$@"
}

is_index() {
	[ -f "$1/index.json" ] || fail "$1 is no index"
}

mkdir in in/tree in/tree/sub
printf '{"text": "one", "id": 1}\n{"text": "two", "id": 2}\n' >in/good.jsonl
printf '{"text": "one"}\n{"text": "\\ud800"}\n{"no": 1}\n{"text": 5}\n{"text": "six\n' >in/bad.jsonl
printf 'hello' >in/tree/a.txt
printf 'world' >in/tree/sub/b.txt
printf 'bin\0ary' >in/tree/binary
: >in/empty.jsonl

# ---- usage ----
run 0 --help
grep -q '^Usage: mkngramfs' out || fail "--help prints no usage"
[ ! -s err ] || fail "--help writes to stderr"
run 0 -V
grep -q '^mkngramfs [0-9]' out || fail "-V prints no version"
while IFS='|' read -r arguments message; do
	read -ra words <<<"$arguments"
	run 2 "${words[@]}"
	says "$message"
	says "Try 'mkngramfs --help'"
	[ "$(wc -l <err)" = 2 ] || fail "a usage error is not one line and a hint: $arguments"
	leaves
done <<'END'
|no index named
in/good.jsonl|no index named
-o i|no SOURCE named
-o i --bogus in/good.jsonl|bogus
-o i --format=xml in/good.jsonl|--format: 'xml' is none of auto, jsonl
-o i --append --resume in/good.jsonl|--resume goes on with a build
-o i --merge --force|--merge changes an index
-o i --bad-unicode=keep in/good.jsonl|--bad-unicode: 'keep' is none of refuse, replace
-o i --progress=json5 in/good.jsonl|--progress: 'json5' is none of auto, plain, json, none
-o i --memory=lots in/good.jsonl|--memory: 'lots' is no size
-o i --memory=-1 in/good.jsonl|--memory: '-1' is no size
-o i --shard-size=1X in/good.jsonl|--shard-size: '1X' is no size
-o i --shard-size=99999999999T in/good.jsonl|--shard-size: '99999999999T' is too large
-o i --threads=0 in/good.jsonl|--threads: '0'
-o i --sa-sampling=3 in/good.jsonl|--sa-sampling: '3' is no number from 4 to 1024
-o i --sa-sampling=1025 in/good.jsonl|--sa-sampling: '1025' is no number from 4 to 1024
-o i --isa-sampling=256 in/good.jsonl|isa-sampling
END

# ---- what works ----
run 0 -o i in/good.jsonl
says "documents    2 (6 bytes of text"
says "1 shard"
says "peak memory"
[ ! -s out ] || fail "it writes to standard output"
is_index i
leaves i
run 0 -q -o i in/good.jsonl
[ ! -s err ] || fail "--quiet says something"
leaves i
run 0 -o i in/tree
says "documents    2 (10 bytes of text"
says "binary files 1"
leaves i
for tool in gzip bzip2 xz zstd lz4; do
	command -v $tool >/dev/null || continue
	$tool -c in/good.jsonl >in/packed 2>err
	run 0 -o i in/packed
	says "documents    2 (6 bytes of text"
	leaves i
	head -c $(($(stat -c %s in/packed) - 3)) in/packed >in/cut
	run 1 -o i in/cut
	says "in/cut: truncated"
	leaves
done
tar -C in -cf in/tree.tar tree
run 0 -o i in/tree.tar
says "documents    2 (10 bytes of text"
leaves i
run 1 -o i in/empty.jsonl
says "in/empty.jsonl: no document in it"
leaves
run 0 -o i --allow-empty in/empty.jsonl
says "no document in the sources"
is_index i
leaves i
"$MKNGRAMFS" -o i - <in/good.jsonl >out 2>err || fail "standard input"
says "documents    2 (6 bytes of text"
leaves i
mkfifo in/fifo
cat in/good.jsonl >in/fifo &
run 0 -o i in/fifo
says "documents    2 (6 bytes of text"
leaves i
run 0 -o i --format=lines --text-store --threads=1 --memory=256M --shard-size=16M \
	--sa-sampling=33 --progress=plain in/good.jsonl
says "documents    2 (48 bytes of text"
leaves i
run 0 -o i --text-field=id in/good.jsonl --format=text
leaves i

# ---- progress: for people, and for scripts ----
run 0 -o i --progress=json in/good.jsonl
python3 - err <<'PYTHON' || fail "--progress=json"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert lines[0]["phase"] == "reading" and lines[0]["shard"] is None
for line in lines[:-1]:
    assert set(line) == {"phase", "shard", "done_bytes", "total_bytes", "percent", "bytes_per_second",
                         "seconds_left", "memory_bytes", "elapsed_seconds", "work_percent", "work_seconds_left",
                         "cpu_seconds"}, line
    assert line["memory_bytes"] > 100000 and 0 <= line["percent"] <= 100
assert lines[-1]["phase"] == "done" and lines[-1]["documents"] == lines[-1]["added_documents"] == 2
assert lines[-1]["peak_memory_bytes"] > 100000
PYTHON
run 0 --append --progress=json -o i in/tree
tail -n 1 err | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert (d["documents"], d["added_documents"], d["shards"], d["added_shards"]) == (4, 2, 2, 1), d' ||
	fail "--append --progress=json"
leaves i
# Long enough for a phase to be measured, also in brief with a sanitizer; the terminal is that of script(1).
brief=${NG_TEST_BRIEF:+2000000}
head -c "${brief:-6000000}" /dev/urandom | base64 >in/long
run 0 -o i --progress=json --threads=1 in/long
python3 - err <<'PYTHON' || fail "--progress=json, all phases"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert {"reading", "sorting"} <= {line["phase"] for line in lines}, lines
assert {line.get("shard") for line in lines if line["phase"] == "sorting"} == {0}
work = [line["work_percent"] for line in lines if line.get("work_percent") is not None]
assert len(work) > len(lines) // 2 and 0 <= min(work) and work[-1] > 50 and max(work) <= 100, work
# The input is one file that is read evenly: what is foretold doesn't shrink much.
assert all(b > a - 10 for a, b in zip(work, work[1:])), work
assert all(line["work_seconds_left"] >= 0 for line in lines if line.get("work_percent") is not None)
PYTHON
leaves i
if command -v script >/dev/null; then
	TERM=xterm script -qec "$MKNGRAMFS -o i --threads=1 in/long" out </dev/null >err
	tr '\r' '\n' <out | sed 's/\x1b.*//' >lines
	grep -E '^\[=* *\] [0-9]+ %, [0-9]+:[0-9:]{5} left; sorting shard 0: [0-9]+ %.*, [0-9.]+ [KMG]iB of memory$' lines >/dev/null ||
		fail "no progress of the whole with the memory in use on a terminal"
	awk '/ left; / && length > 79 { exit 1 }' lines || fail "a line of progress is wider than the terminal"
	rm lines
	leaves i
fi

# ---- the same bytes, however many threads ----
run 0 -o one --threads=1 in/tree in/good.jsonl
run 0 -o two --threads=2 in/tree in/good.jsonl
diff -r one two >err || fail "another number of threads gives other bytes"
leaves one two

# ---- bad input ----
run 1 -o i in/bad.jsonl
says "in/bad.jsonl:2: lone surrogate"
says "--skip-bad"
leaves
run 1 -o i --text-field=id in/good.jsonl
says 'in/good.jsonl:1: field "id" is a number, not a string'
leaves
run 1 -o i in/tree/binary
says "in/tree/binary: a binary file"
leaves
run 1 -o i in/missing
says "in/missing: No such file or directory"
run 1 -o nowhere/i in/good.jsonl
says "nowhere/i: cannot be made: nowhere: No such file or directory"
leaves
run 0 -o i --skip-bad=rejected in/bad.jsonl
says "documents    1 (3 bytes of text"
says "rejected     4"
cut -s -f 2- rejected | cmp -s - <(tail -n +2 in/bad.jsonl) || fail "rejected lines are not as they were"
cp rejected in/kept
run 1 -o j --skip-bad=rejected in/bad.jsonl
says "rejected: exists"
cmp -s rejected in/kept || fail "rejected lines were overwritten"
leaves i rejected

# ---- an index that is there ----
run 0 -o i in/good.jsonl
find i -type f -exec md5sum {} + | sort >in/sums
run 1 -o i in/tree
says "--force"
find i -type f -exec md5sum {} + | sort | cmp -s - in/sums || fail "the index was touched"
run 0 --force -o i in/tree
is_index i
leaves i
mkdir i
echo mine >i/file
run 1 --force -o i in/good.jsonl
[ "$(cat i/file)" = mine ] || fail "--force replaced a directory that is no index"
leaves i
run 1 -o none/i in/good.jsonl
leaves
run 1 -o in/tree/i in/tree
says "within the source"
[ ! -e in/tree/i ] || fail "an index within its source"
leaves

# ---- interrupted: from a silent pipe, and by each signal ----
for signal in INT TERM HUP; do
	# A shell without job control starts background jobs with SIGINT ignored.
	(exec env --default-signal=INT,HUP "$MKNGRAMFS" -o i in/fifo >out 2>err) &
	tool=$!
	# Opened once there is a reader.
	exec 9>in/fifo
	printf '{"text": "and then nothing' >&9
	sleep 0.2
	kill -$signal $tool
	wait $tool
	status=$?
	exec 9>&-
	[ $status = 1 ] || fail "exit status $status after SIG$signal"
	says "interrupted; nothing was left behind"
	leaves
done

# ---- a full disk ----
if mkdir full && mount -t tmpfs -o size=64k tmpfs full 2>err; then
	small=$work/full
	head -c 3000000 /dev/urandom | base64 >in/random
	run 1 -o full/i in/random
	says "no room on the disk"
	[ -z "$(ls -A full)" ] || fail "a full disk is left with $(ls -A full)"
	umount "$small" && small=
fi
rmdir full
leaves

[ $failures = 0 ] || { echo "$failures failures" >&2; exit 1; }
