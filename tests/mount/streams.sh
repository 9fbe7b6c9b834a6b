#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many streams at once: they say what they say alone, and take bounded memory. STREAMS: how many are
# held open (default 1000, in brief 200).
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
brief=${NG_TEST_BRIEF:+200}
streams=${STREAMS:-${brief:-1000}}
python3 - <<'PYTHON'
import random
rng = random.Random(5)
words = [f"w{i:03}" for i in range(300)]
with open("corpus", "w") as out:
    for i in range(800):
        line = rng.choices(words, k=rng.randint(5, 30))
        # Some say again what others have said.
        out.write(" ".join(line * (1 + i % 7 // 6)) + "\n")
PYTHON
build corpus.ngram --format=lines --sa-sampling=16 --shard-size=100K corpus
attach corpus.ngram high
attach -o memory=64K corpus.ngram low
python3 "$here/streams.py" compare low high || fail "streams that have little memory"
deleted() { # DIR: files without a name that the daemon has open
	find "/proc/${daemons[$1]}/fd" -lname '* (deleted)' -printf '%l\n' | grep -vc memfd
}
fds() { # DIR
	find "/proc/${daemons[$1]}/fd" -type l | wc -l
}
# A closing is told to the daemon when it is done.
few_fds() { [ "$(fds low)" -le $(($(fds high) + 1)) ]; }
wait_for few_fds || fail "$(fds low) descriptors are open, after $(fds high)"
[ "$(deleted low)" -le 1 ] || fail "temporary files are left"
detach low
if ! grep -qaE '__(asan|tsan)_init' "$NGRAMFS"; then
	mapfile -t kb < <(python3 "$here/streams.py" hold high "$streams" "${daemons[high]}")
	is 2 ${#kb[@]} "figures of $streams streams"
	echo "$streams streams: ${kb[0]} KB, after that ${kb[1]} KB"
	[ "${kb[0]}" -le 131072 ] || fail "$streams streams take ${kb[0]} KB"
	[ "${kb[1]}" -le 49152 ] || fail "${kb[1]} KB are kept of $streams streams"
fi
detach high
finish
