#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds that don't come to their end: killed at any moment, interrupted, out of room, resumed. The
# index is byte for byte that of a build that nobody disturbed, whatever memory it had. KILLS: how
# many (default 6, in brief 3).
. "$(dirname "$0")/lib.sh"

awk -v n=20000 'BEGIN { for (i = 1; i <= n; i++) print "document number", i, "some words, and a number again", i * 7919 % 10007 }' >many
awk 'BEGIN { for (i = 1; i <= 9000; i++) print "{\"text\": \"story " i " of many\", \"n\": " i "}" }' >stories.jsonl
options=(--quiet --shard-size 900K --batch-size 150K --text-store)
build=("$MKNGRAMFS" "${options[@]}" -o i stories.jsonl tree)

make_it() { # MORE OPTIONS
	"${build[@]}" "$@"
}

# A build in the background, in the midst of it: two steps are finished. Leaves its pid.
begin_it() {
	for _ in $(seq 20); do
		"${build[@]}" &
		pid=$!
		until [ "$(wc -l 2>/dev/null <i.building/journal || echo 0)" -ge 3 ]; do
			[ ! -d i ] || break
			sleep 0.005
		done
		[ -d i ] || return
		wait $pid
		rm -r i
	done
	fail "a build is too fast to be interrupted"
}

mkdir tree
split -l 20 -d -a 4 many tree/part

# ---- undisturbed ----
started=$(date +%s%N)
make_it || fail "a build"
lasts=$((($(date +%s%N) - started) / 1000000))
mv i want
"$NGRAMFSCK" --quiet --full want || fail "the index is not sound"
# Merged from batches as it is, it is what one batch a shard gives.
"$MKNGRAMFS" --quiet -o i --shard-size 900K --text-store stories.jsonl tree || fail "without batches"
diff -r i want >&2 || fail "batches make another index"
rm -r i
memories=(256M)
[ -n "${NG_TEST_BRIEF:-}" ] || memories+=(700M)
for memory in "${memories[@]}"; do
	make_it --memory $memory --threads 1 || fail "a build in $memory"
	diff -r i want >&2 || fail "another index in $memory"
	rm -r i
done

# ---- killed, many times ----
kills=0 builds=0
brief=${NG_TEST_BRIEF:+3}
while [ $kills -lt "${KILLS:-${brief:-6}}" ]; do
	"${build[@]}" --resume &
	pid=$!
	delay=$((RANDOM * lasts * 3 / 4 / 32768)) # milliseconds
	sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
	if kill -KILL $pid 2>/dev/null; then
		kills=$((kills + 1))
	fi
	wait $pid 2>/dev/null
	[ -d i ] || continue
	diff -r i want >&2 || fail "another index after $kills kills"
	[ ! -e i.building ] || fail "something was left beside the index"
	rm -r i
	builds=$((builds + 1))
done
if [ ! -d i ]; then
	make_it --resume || fail "the last build"
fi
diff -r i want >&2 || fail "another index in the end"
"$NGRAMFSCK" --quiet --full i || fail "the index is not sound"
rm -r i
echo "$kills kills, $builds builds came to their end meanwhile"

# ---- there is something to resume ----
# Without --resume it is named; other options and other input are refused, and harm nothing.
begin_it
refuses "another build is at work" make_it --resume
kill -KILL $pid
wait $pid 2>/dev/null
refuses "holds what an interrupted build has finished; --resume" make_it
refuses "was begun with other options" make_it --resume --sa-sampling 64
refuses "the input is not what it was" "$MKNGRAMFS" "${options[@]}" --resume -o i tree stories.jsonl
make_it --resume || fail "resuming after refusals"
diff -r i want >&2 || fail "another index after refusals"
rm -r i

# Ended by a signal: what is finished stays, and is named.
begin_it
kill -TERM $pid
wait $pid && fail "an interrupted build ended well"
[ -s i.building/journal ] || fail "what was finished is gone"
make_it --force || fail "--force begins anew"
diff -r i want >&2 || fail "another index with --force"
rm -r i

# ---- no room, and then some ----
# What is known to be too little is said before anything is done; of a pipe nothing is known.
"$MKNGRAMFS" "${options[@]}" --format lines -o lines - <many || fail "lines"
mkdir full
if mount -t tmpfs -o size=1M none full 2>/dev/null; then
	refuses "1 MiB are free; make room" "$MKNGRAMFS" -o full/i --batch-size 150K many
	[ -z "$(ls -A full)" ] || fail "something is left without room"
	short=0
	for size in 2M 3M 5M 40M; do
		cat many | "$MKNGRAMFS" "${options[@]}" --resume --format lines -o full/i - 2>said && break
		short=$((short + 1))
		grep -q "No space left" said || fail "no room: $(cat said)"
		[ ! -d full/i ] || fail "an index without room"
		mount -o remount,size=$size full || fail "more room"
	done
	[ $short -gt 0 ] || fail "a build that found room in 1 MiB"
	diff -r full/i lines >&2 || fail "another index once there was room"
	umount full
fi
rmdir full

# ---- small shards become large ones ----
"$MKNGRAMFS" --quiet -o small --shard-size 100K --text-store stories.jsonl tree || fail "small shards"
"$MKNGRAMFS" --quiet --merge --shard-size 900K small || fail "--merge"
"$NGRAMFSCK" --quiet --full small || fail "merged shards are not sound"
"$MKNGRAMFS" --quiet -o one --text-store stories.jsonl tree || fail "one shard"
"$MKNGRAMFS" --quiet --merge small || fail "--merge into one"
cmp small/shard-*.ngs one/shard-*.ngs >&2 || fail "a merged shard is another one"
attach small mnt
is "$(grep -c 'story 1' stories.jsonl)" "$(cat 'mnt/count/story 1')" "a count in merged shards"
is "$(head -c 300 tree/part0007)" "$(head -c 300 mnt/doc/9007.txt)" "a document keeps its number"
detach mnt
refuses "takes one INDEX and no SOURCE" "$MKNGRAMFS" --merge small one
refuses "none: there is no such index" "$MKNGRAMFS" --merge none
refuses "none: there is no such index" "$MKNGRAMFS" --remove none --documents=1
finish
