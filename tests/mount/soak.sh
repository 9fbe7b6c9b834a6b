#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount under mixed clients that are killed at random, beside mounts that come and go, for as long as
# NG_SOAK_SECONDS says (300); or, `soak.sh mounts [NUMBER]`, so many mounts one after the other (1000): no
# answer is wrong, and nothing is kept of what is over. soak.py says more.
test=$(realpath "$0")
. "$(dirname "$0")/lib.sh"

export NGRAMFS
python3 -B "${test%.sh}.py" corpus corpus.jsonl
build corpus.ngram --shard-size=120K --sa-sampling=16 corpus.jsonl
if [ "${1:-}" = mounts ]; then
	python3 -B "${test%.sh}.py" mounts corpus.ngram "${2:-1000}" || fail "mounts: $(tail -n 3 elsewhere.log)"
	finish
fi
attach -o memory=16M corpus.ngram mnt
python3 -B "${test%.sh}.py" clients mnt "${daemons[mnt]}" corpus.ngram || fail "clients"
# The mounts' own messages are of those that were killed.
detach mnt
finish
