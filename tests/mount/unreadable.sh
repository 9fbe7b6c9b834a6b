#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index of which a part cannot be read for a while: questions that need it fail and say so, others
# are answered, and when it is there again, all are.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
cp -r corpus.ngram other.ngram
attach corpus.ngram other.ngram mnt
shard=corpus.ngram/shard-00000.ngs
cp $shard whole
want=$(naive_count gamma)
is "$want" "$(cat mnt/corpus/count/gamma)" "before"

# By batch, whose answers the kernel doesn't know.
answers_again() {
	local said
	exec 3<>mnt/corpus/batch/count || return 1
	printf 'gamma\n' >&3
	said=$(cat <&3 2>/dev/null)
	exec 3>&-
	[ "$said" = "$want	gamma" ]
}
# Of queries never asked, and documents never read, which the kernel has no pages of.
read=1
fails() { # NAME
	read=$((read + 1))
	refuses "Input/output error" cat "mnt/corpus/count/mma a$1"
	refuses "Input/output error" cat "mnt/corpus/docs/gamma/$(ls mnt/other/docs/gamma | sed -n ${read}p)"
}

for way in alone hangup; do
	# In place, as a disk that fails, or a server that is stopped, shows it.
	truncate -s 4096 $shard
	fails $way
	fails "$way, again"
	answers_again && fail "$way: an answer without its shard"
	# Others go on.
	is "$want" "$(cat "mnt/other/count/gamma")" "$way: another index"
	is "$(naive_count "a$way")" "$(cat "mnt/other/count/a$way")" "$way: another index, a new question"
	cat whole >$shard
	[ $way = alone ] || kill -HUP "${daemons[mnt]}"
	wait_for answers_again || fail "$way: no answer though all is there again"
	is "$(naive_count "mma b$way")" "$(cat "mnt/corpus/count/mma b$way")" "$way: a count"
	number=$(ls mnt/corpus/docs/gamma | head -n 1)
	cmp mnt/corpus/docs/gamma/$number text/$number || fail "$way: a document"
done

# ---- a shard that is written over, at full length ----
# Nothing of it is cached in the daemon, and pages that were compared are not compared again.
cp $shard before
python3 - <<'PYTHON'
import random
random.seed(5)
data = bytearray(open("before", "rb").read())
for at in range(4096, len(data)):
    data[at] = random.randrange(256)
open("noise", "wb").write(data)
PYTHON
exec 4<>mnt/corpus/batch/count
for way in a b c; do
	printf 'gamma\n' >&4
	is "$want	gamma" "$(cat <&4)" "a session, before it is written over"
	dd if=noise of=$shard conv=notrunc status=none
	printf 'gamma\n' >&4
	said=$(cat <&4 2>&1) && fail "an answer of a shard that was written over: $said"
	fails "over $way"
	refuses "Input/output error" ls mnt/corpus/docs/alpha
	is "$(cat mnt/other/README)" "$(cat mnt/corpus/README)" "what needs no shard"
	dd if=before of=$shard conv=notrunc status=none
	wait_for answers_again || fail "no answer though it is as it was"
	exec 4>&-
	exec 4<>mnt/corpus/batch/count
done
exec 4>&-

# What comes back as something else isn't taken for it: that is for SIGHUP to say.
truncate -s 4096 $shard
fails changed
build small.ngram --shard-size=64K --format=lines whole
cat small.ngram/shard-00000.ngs >$shard
sleep 2
refuses "Input/output error" cat "mnt/corpus/count/mma c"
grep -q "cannot be read; a request failed.*the next one tries again" mnt.log || fail "the log: $(tail -n 3 mnt.log)"
detach mnt "cannot be read|damaged|cannot open again"
finish
