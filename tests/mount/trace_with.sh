#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# /trace under settings, each alone and in pairs, against a naive search.
naive=$(realpath "$(dirname "$0")/trace_with.py")
. "$(dirname "$0")/lib.sh"

python3 "$naive" corpus >corpus.jsonl
build one.ngram --text-store corpus.jsonl
build several.ngram --shard-size=4K corpus.jsonl
[ "$(ls several.ngram | wc -l)" -gt 3 ] || fail "too few shards"
attach one.ngram several.ngram mnt

settings=(min=14 atleast=3 max=2 docs=2 context=15 word=yes case=fold space=fold form=fold)
alone=(-) pairs=()
for i in "${!settings[@]}"; do
	alone+=("${settings[i]}")
	for other in "${settings[@]:i+1}"; do
		pairs+=("${settings[i]},$other")
	done
done
# Of three occurrences at least no two are left.
pairs=("${pairs[@]/#atleast=3,max=2/atleast=2,max=2}")
python3 "$naive" check one corpus.jsonl "${alone[@]}" || fail "one shard"
if [ -n "${NG_TEST_BRIEF:-}" ]; then
	pairs=("${pairs[@]: -6}")
fi
python3 "$naive" check several corpus.jsonl "${pairs[@]}" \
	min=12,word=yes,case=fold,space=fold,form=fold,atleast=2,max=9,docs=100,context=7 || fail "several shards"

# ---- what isn't there under which settings ----
for setting in where=id:1 also=a not=a near=3,also=a any=a keep=first; do
	refuses "No such file" cat "mnt/one/with/$setting/trace"
	ls "mnt/one/with/$setting" | grep -qx trace && fail "trace is listed under $setting"
done
for setting in max=1 max=7 atleast=2,max=3; do
	for path in count/a wordlist batch/count doc/0.txt; do
		refuses "No such file" cat "mnt/one/with/$setting/$path"
	done
done
is $'repeats\ntrace' "$(ls mnt/one/with/max=2)" "what is there under max=2"
is trace "$(ls mnt/one/with/max=1)" "what is there under max=1, which no repeat has"
for setting in max=0 max=x max=1,max=2 atleast=3,max=2 docs=1001 docs=-1 docs=; do
	refuses "No such file" ls "mnt/one/with/$setting"
done
[ -d mnt/one/with/docs=3/count ] || fail "docs= is of trace only"

# ---- no documents, and as many as are asked for ----
text="All human beings are born free and equal"
exec 3<>mnt/one/with/docs=0,min=6/trace
printf %s "$text" >&3
is '"documents":[]}' "$(cat <&3 | head -n 1 | grep -o '"documents".*')" "no documents"
exec 3>&-
detach mnt
finish
