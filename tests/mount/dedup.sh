#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/repeats: what it drops stands elsewhere before, and all of what two corpora share is found.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
programs=$(realpath "$here/../../examples/repeats")
dedup=$programs/dedup between=$programs/between

python3 "$here/dedup.py" make || { fail "no corpora"; finish; }
build one.ngram --shard-size=8K --text-store one.jsonl
build other.ngram other.jsonl
attach one.ngram other.ngram mnt

# ---- within one ----
for options in --min=40 "--min=30 --word" "--min=25 --atleast=3"; do
	# Words.
	# shellcheck disable=SC2086
	"$dedup" stretches $options mnt/one >stretches || fail "$options: status $?"
	# shellcheck disable=SC2086
	"$dedup" clean $options --jobs=3 mnt/one >clean.jsonl 2>left || fail "$options: status $?"
	# shellcheck disable=SC2086
	"$dedup" documents $options --percent=60 mnt/one >documents || fail "$options: status $?"
	# shellcheck disable=SC2086
	"$dedup" clean $options --percent=60 mnt/one >most.jsonl 2>>left || fail "$options: status $?"
	python3 "$here/dedup.py" check "$options" || fail "$options"
done
build clean.ngram clean.jsonl
is "$("$dedup" stretches --min=40 mnt/one | head -n 2)" "$("$dedup" stretches --min=40 mnt/one 2>/dev/null | sed -n 1,2p)" "the beginning"

# ---- documents removed ----
"$MKNGRAMFS" --quiet --remove one.ngram --documents=2,5 || fail "--remove"
attach one.ngram removed
"$dedup" clean --min=40 removed 2>left | sed 's/.*"id": \([0-9]*\).*/\1/' >ids
is "" "$(grep -x -e 2 -e 5 ids)" "what was removed"
is "$(($(wc -l <one.jsonl) - 2))" "$(sed 's/.* of \(.*\) documents.*/\1/' left)" "what is left"
detach removed

# ---- between two ----
for settings in "min=20" "min=24 case=fold docs=2" "word=yes max=5 min=20"; do
	flags=()
	for setting in $settings; do flags+=(--set "$setting"); done
	"$between" "${flags[@]}" --jobs=3 mnt/other mnt/one >found || fail "$settings: status $?"
	python3 "$here/dedup.py" between "$settings" || fail "$settings"
done
is "$("$between" --jobs=1 mnt/other mnt/one | cksum)" "$("$between" --jobs=4 mnt/other mnt/one | cksum)" "by one and by four"

# In pieces as at once.
for settings in min=5 "min=2 docs=0" "min=12 word=yes" "min=3 case=fold space=fold context=9" "min=6 max=4" \
	"min=4 word=yes case=fold space=fold form=fold max=9 docs=2" "min=8 atleast=3 word=yes"; do
	python3 "$here/dedup.py" pieces "$programs/../python" "$settings" || fail "in pieces: $settings"
done

# Ctrl-C ends all of its processes, while they have more to say than is read, and without a word.
python3 - "$between" --set min=1 --set docs=100 mnt/one mnt/one <<'PYTHON' || fail "between, interrupted"
import os, signal, subprocess, sys
of = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
assert of.stdout.readline(), "it says nothing"
os.killpg(of.pid, signal.SIGINT)
said = of.stderr.read()
assert (of.wait(), said) == (130, b""), (of.returncode, said[-500:])
PYTHON

# ---- errors ----
refuses "no index is mounted here" "$dedup" stretches .
refuses "No such file" "$dedup" stretches --min=0 mnt/one
refuses "there is no trace under where=id:1" "$between" --set where=id:1 mnt/other mnt/one
refuses "half a MiB" "$between" --set min=1000000 mnt/other mnt/one
printf '\xff\xfe and no text at all' >bytes
build bytes.ngram --format=text bytes
attach bytes.ngram bytes-mnt
refuses "document 0 isn't UTF-8" "$dedup" clean bytes-mnt
detach bytes-mnt
detach mnt
attach -o nostreams one.ngram mnt
refuses "Operation not supported" "$between" mnt mnt
detach mnt
finish
