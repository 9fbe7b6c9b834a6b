#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index on a server that stops: whoever waits for it can be interrupted, others are answered, and
# when it goes on, so does everything. THROUGH: the program that is the server.
# The daemon leaves threads behind that wait for storage for ever.
export TSAN_OPTIONS="${TSAN_OPTIONS:-} report_thread_leaks=0"
. "$(dirname "$0")/lib.sh"

[ -x "${THROUGH:-}" ] || skip "THROUGH must be set"
python3 - <<'PYTHON'
import random
rng = random.Random(3)
# Of many bytes, so that each question needs pages that none before has read.
with open("noise", "wb") as out:
    for i in range(3000):
        out.write(bytes(rng.choices(range(97, 123), k=2000)) + b"\n")
PYTHON
mkdir remote served
build remote/noise.ngram --format=lines noise
make_corpus
build near.ngram corpus.jsonl
"$THROUGH" "$PWD/remote" "$PWD/served" -f &
server=$!
wait_for test -d served/noise.ngram || fail "no server"
attach -o timeout=60 served/noise.ngram near.ngram mnt

asks() { # FILE: in the background, to be interrupted; its process is $!
	env --default-signal=INT cat "$1" >out 2>said &
}
is_dead() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

word() { # N: eight letters of document N
	sed -n "$(($1 + 1))p" noise | cut -c 1000-1007
}
n=0
for file in count docs doc kwic find next; do
	for ((i = 0; i < 4; i++)); do
		n=$((n + 1))
		name="$file/$(word $((n * 100)))"
		[ $file = doc ] && name=doc/$((n * 100)).txt
		kill -STOP $server
		asks "mnt/noise/$name"
		reader=$!
		sleep 0.3
		# What needs no page that is not there is answered meanwhile.
		if is_dead $reader; then
			echo "$name: answered from pages that were there"
		else
			waited=$((${waited:-0} + 1))
			is 0 "$(cat "mnt/near/count/nowhere $n")" "another index meanwhile"
			kill -INT $reader
			wait_for is_dead $reader || fail "$name: not interrupted"
		fi
		wait $reader
		kill -CONT $server
	done
done
[ "${waited:-0}" -ge 6 ] || fail "only ${waited:-0} questions had to wait, so nothing was shown"
echo "$waited questions waited for the server and were interrupted"
for ((i = 0; i < 3000; i += 500)); do
	is "$(grep -c "$(word $i)" noise)" "$(cat "mnt/noise/count/$(word $i)")" "a count after that"
	is "$(sed -n "$((i + 1))p" noise | md5sum)" "$( (cat "mnt/noise/doc/$i.txt"; echo) | md5sum)" "a document after that"
done

# ---- the mount ends although a question still waits ----
kill -STOP $server
for ((i = 0; i < 20; i++)); do
	asks "mnt/noise/doc/$((i * 140 + 55)).txt"
	reader=$!
	sleep 0.1
	is_dead $reader || break
done
is_dead $reader && fail "no question has to wait"
kill -INT $reader
wait $reader
detach mnt "still waits"
kill -CONT $server
umount served || umount -l served
wait $server
finish
