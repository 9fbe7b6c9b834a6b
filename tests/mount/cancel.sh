#!/bin/bash
# Ctrl-C ends a long question, and the daemon's work on it.
. "$(dirname "$0")/lib.sh"

# One document with millions of occurrences: listing the documents that hold "a" locates each.
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    out.write("".join(random.choices("ab", k=4000000)) + "\n" + "b\n" * 3 + "ba\n")'
build long.ngram --format lines long
attach long.ngram mnt

cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/${daemons[mnt]}/stat"
}

started=$(date +%s%N)
env --default-signal=INT timeout --signal=INT 1 ls mnt/docs/a >out 2>&1
status=$?
took_ms=$((($(date +%s%N) - started) / 1000000))
if [ $status != 124 ]; then
	# A machine on which that takes less than a second.
	is "0.txt 4.txt " "$(ls mnt/docs/a | tr '\n' ' ')" "documents"
else
	echo "interrupted after $took_ms ms"
	[ $took_ms -lt 3000 ] || fail "it took $took_ms ms to interrupt"
	sleep 0.3
	before=$(cpu_ticks)
	sleep 0.5
	after=$(cpu_ticks)
	[ $((after - before)) -lt 10 ] || fail "the daemon works on: $((after - before)) ticks"
fi
is 4000000 "$(($(cat mnt/count/a) + $(cat mnt/count/b) - 5))" "counts after that"
detach mnt
finish
