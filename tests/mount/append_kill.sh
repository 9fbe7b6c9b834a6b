#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Appends that don't come to their end: killed at any moment, refused, out of room. The index is
# whole, the same as before or with all that was appended, and another append works. KILLS: how many
# (default 10, in brief 5).
. "$(dirname "$0")/lib.sh"

printf 'one fish\ntwo fish\n' >fish
seq -f 'fish number %.0f and some more words' 12000 >many
printf 'a last fish\n' >last
build i --format lines --text-store fish

append() {
	"$MKNGRAMFS" --quiet --append --format lines "$@"
}

documents() {
	python3 -c 'import json; print(sum(s["docs"] for s in json.load(open("i/index.json"))["shards"]))'
}

# Only what the manifest names is there.
tidy() { # WHAT
	python3 - <<'PYTHON' >want
import json
print("\n".join(sorted(["index.json"] + [s["file"] for s in json.load(open("i/index.json"))["shards"]])))
PYTHON
	ls -A i | sort | diff - want >&2 || fail "$1: other files in the index"
}

# ---- killed ----
started=$(date +%s%N)
append -o i --shard-size 128K many || fail "append"
lasts=$((($(date +%s%N) - started) / 1000000))
is 12002 "$(documents)" "documents"
tidy "after an append"
count=12002 whole=0
brief=${NG_TEST_BRIEF:+5}
kills=${KILLS:-${brief:-10}}
for k in $(seq "$kills"); do
	"$MKNGRAMFS" --quiet --append --format lines -o i --shard-size 128K many &
	pid=$!
	delay=$((RANDOM * lasts / 32768)) # milliseconds
	sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	now=$(documents)
	[ "$now" = $count ] || [ "$now" = $((count + 12000)) ] || fail "$now documents after $count, kill $k"
	[ "$now" = $count ] || whole=$((whole + 1))
	count=$now
	if [ $((k % 5)) = 0 ]; then
		attach i mnt
		is "$count" "$(cat mnt/count/fish)" "count after kill $k"
		is "$count" "$(stat -f -c %c mnt)" "documents after kill $k"
		is "two fish" "$(cat mnt/doc/1.txt)" "a document"
		detach mnt
		append -o i last || fail "append after kill $k"
		count=$((count + 1))
		is $count "$(documents)" "documents after an append after kill $k"
		tidy "an append after kill $k"
	fi
done
echo "$whole of $kills came to their end"
[ "$whole" -lt "$kills" ] || fail "none of $kills was killed in the midst of it"

# ---- refused, and nothing is different ----
append -o i last || fail "append"
md5sum i/* >sums
same() { # WHAT
	md5sum i/* | cmp - sums >&2 || fail "$1: the index has changed"
	tidy "$1"
}
refuses "no index to append to" append -o none last
[ ! -e none ] || fail "an append made something"
mkdir empty
refuses "not an index" append -o empty last
refuses "fish: not an index, which is a directory" append -o fish last
refuses "made with --sa-sampling=16" append --sa-sampling 32 -o i last
refuses "made with --format=lines, not text" "$MKNGRAMFS" --append --format=text -o i last
refuses "made with --text-field=text, not t" append --text-field=t -o i last
refuses "made with --bad-unicode=refuse, not replace" append --bad-unicode=replace -o i last
refuses "made with --no-follow=no, not yes" append --no-follow -o i last
refuses "made with --sa-sampling=16" append --sa-sampling 32 --force -o i last
build plain --format lines fish
refuses "made without --text-store" append --text-store -o plain last
append --sa-sampling 16 -o plain last || fail "the same option again"
refuses "within the source" append -o i i
printf '{"text": "x"}\n{"no": 1}\n' >bad.jsonl
refuses "bad.jsonl:2: " "$MKNGRAMFS" --append --force --format=auto -o i bad.jsonl
refuses "nothing was appended" "$MKNGRAMFS" --append --force --format=auto -o i bad.jsonl
refuses "No such file" append -o i missing
same "refused"
: >nothing.jsonl
refuses "no document in it" "$MKNGRAMFS" --append -o i nothing.jsonl
"$MKNGRAMFS" --append --allow-empty -o i nothing.jsonl 2>err || fail "appending nothing"
grep -q 'i is as it was' err || fail "appending nothing says: $(cat err)"
same "nothing appended"
"$MKNGRAMFS" --append -o i last 2>err || fail "append"
grep -q '^  added        1 (11 bytes' err && grep -q "^  documents    $(documents) " err ||
	fail "the summary: $(cat err)"
md5sum i/* >sums

# ---- two at once: the second is refused; so is one that would replace it, and the other way ----
# By a lock on a regular file that network filesystems share, as flock(2) locks may not be.
is_locked() { # INDEX
	grep -q "OFDLCK .*WRITE .*:$(stat -c %i "$1/mkngramfs.lock") " /proc/locks
}

mkfifo pipe
for first in --append --force; do
	"$MKNGRAMFS" --quiet $first --format lines -o i - <pipe &
	pid=$!
	exec 9>pipe
	echo 'from the pipe, a fish' >&9
	wait_for is_locked i || fail "no lock is held"
	refuses "another mkngramfs is at work" append -o i last
	refuses "another mkngramfs is at work" "$MKNGRAMFS" --quiet --force --format lines -o i last
	md5sum i/[!m]* | cmp - sums >&2 || fail "while $first is at work: the index has changed"
	# The first one is interrupted.
	kill -TERM $pid
	exec 9>&-
	wait $pid && fail "an interrupted $first succeeds"
	same "an interrupted $first"
done
ls -d i.building* 2>/dev/null && fail "something was left beside the index"

# ---- no room ----
if mkdir full && mount -t tmpfs -o size=256k tmpfs full 2>/dev/null; then
	build full/i --format lines fish
	head -c 3000000 /dev/urandom | base64 >random
	md5sum full/i/* >full.sums
	refuses "no room on the disk" append -o full/i random
	md5sum full/i/* | cmp - full.sums >&2 || fail "a full disk has changed the index"
	append -o full/i last || fail "an append that has room"
	umount full
fi
finish
