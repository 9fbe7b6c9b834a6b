#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# /repeats: what several documents have in common, against a naive search.
repeats=$(realpath "$(dirname "$0")/repeats.py")
man=$(realpath "$(dirname "$0")/../../fs/ngramfs-queries.7")
. "$(dirname "$0")/lib.sh"

python3 "$repeats" corpus >corpus.jsonl
build one.ngram corpus.jsonl
build several.ngram --text-store --shard-size=8K corpus.jsonl
[ "$(ls several.ngram | wc -l)" -gt 4 ] || fail "too few shards"
build removed.ngram --shard-size=8K corpus.jsonl
"$MKNGRAMFS" --quiet --remove removed.ngram --documents=3,20-29,77 || fail "--remove"
attach one.ngram several.ngram removed.ngram mnt

all=(- min=30 atleast=3 max=2 keep=first word=yes)
# Names of settings with commas between.
# shellcheck disable=SC2054
pairs=(min=24,atleast=4 min=30,keep=first min=20,word=yes atleast=3,keep=first atleast=3,word=yes keep=first,word=yes
	min=9,atleast=12,keep=first,word=yes min=20,max=3,word=yes atleast=3,max=4,keep=first min=1000000)
[ -z "${NG_TEST_BRIEF:-}" ] || pairs=("${pairs[@]:0:6}")
python3 "$repeats" check one corpus.jsonl "" "${all[@]}" "${pairs[@]}" || fail "one shard"
python3 "$repeats" check several corpus.jsonl "" "${all[@]}" "${pairs[@]}" || fail "several shards"
removed=3,77,$(seq -s , 20 29)
python3 "$repeats" check removed corpus.jsonl "$removed" - "${pairs[@]}" || fail "documents removed"

# ---- a text of several blocks, twice but for its end ----
python3 -c '
import json, random
random.seed(4)
text = "".join(random.choices("abcdefghij klmnop", k=200000))
for end in "qr":
    print(json.dumps({"text": text + end}))' >long.jsonl
build long.ngram long.jsonl
attach long.ngram long
is '{"document":0,"begin":0,"end":200000,"count":2,"first":{"document":0,"offset":0}}
{"document":1,"begin":0,"end":200000,"count":2,"first":{"document":0,"offset":0}}' "$(cat long/repeats)" "a long one"
detach long

# ---- the example of ngramfs-queries(7) ----
sed -n '/^\.Sh WHAT REPEATS/,/^\.Sh SEE ALSO/p' "$man" >section
grep '^{"text"' section >docs.jsonl
build docs.ngram docs.jsonl
attach docs.ngram docs
asked=0
while read -r path; do
	awk -v of="\$ cat $path" '/^[$.]/ { on = $0 == of; next } on' section >want
	cmp want "${path/mnt/docs}" || fail "the manual's $path"
	asked=$((asked + 1))
done < <(sed -n 's/^\$ cat \(mnt.*\)/\1/p' section)
is 3 $asked "questions of the manual"
detach docs

# ---- what isn't there under which settings ----
for setting in case=fold space=fold form=fold keep=first,case=fold where=x:y; do
	refuses "No such file" cat "mnt/one/with/$setting/repeats"
done
is $'repeats\ntrace' "$(ls mnt/one/with/atleast=2)" "what is there under atleast=2"
is repeats "$(ls mnt/one/with/keep=first,atleast=2)" "what is there under keep=first"
for setting in atleast=2 keep=first; do
	refuses "No such file" cat "mnt/one/with/$setting/count/whale"
	refuses "No such file" cat "mnt/one/with/$setting/wordlist"
done
for setting in atleast=0 atleast=1 atleast=x keep=last keep= atleast=2,atleast=3; do
	refuses "No such file" ls "mnt/one/with/$setting"
done
[ -d mnt/one/with/keep=all/count ] || fail "keep=all is as without it"

# ---- a stream: its beginning is there soon, and nothing is done after that ----
is "$(head -n 3 mnt/one/repeats 2>/dev/null)" "$(cat mnt/one/repeats | head -n 3)" "the beginning"
refuses "Permission denied" sh -c 'setpriv --reuid=1 --clear-groups sh -c "echo x >mnt/one/repeats"'
detach mnt
attach -o nostreams one.ngram mnt
refuses "Operation not supported" cat mnt/repeats
detach mnt
finish
