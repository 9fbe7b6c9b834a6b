#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# space=, form=, case= and word= of /with, alone and together: every file that a query names, against a
# naive search.
words=$(realpath "$(dirname "$0")/words.py")
. "$(dirname "$0")/lib.sh"

python3 "$words" corpus >corpus.jsonl
build corpus.ngram --shard-size=16K corpus.jsonl
build store.ngram --text-store corpus.jsonl
# White space thrown like dice, in runs of some length: too many of them.
python3 -c '
import json, random
random.seed(16)
print(json.dumps({"text": "".join("a" + "".join(random.choice(" \n") for _ in range(18)) + "b" for _ in range(90000))}))' >dice.jsonl
build dice.ngram dice.jsonl
attach corpus.ngram store.ngram dice.ngram mnt

queries=(whale "of  the" " the" " " OFFICE "don't" well-known '"whale"' "ไทย" "rare rare" 1/2)
for settings in word=yes space=fold form=fold case=fold,space=fold,form=fold word=yes,case=fold,space=fold,form=fold; do
	python3 "$words" check corpus corpus.jsonl "$settings" "${queries[@]}" || fail "$settings"
done
[ -n "${NG_TEST_BRIEF:-}" ] || for settings in word=yes,space=fold word=yes,form=fold space=fold,case=fold; do
	python3 "$words" check corpus corpus.jsonl "$settings" whale "of the" שלום " " -- ½ "the whale" "مرحبا" || fail "$settings"
done
# One name, whose settings have commas between.
# shellcheck disable=SC2042
for settings in word=yes,case=fold,space=fold,form=fold; do
	python3 "$words" check store corpus.jsonl "$settings" "${queries[@]:0:6}" || fail "store: $settings"
done

# ---- all words ----
for index in corpus store; do
	python3 "$words" check $index corpus.jsonl list || fail "wordlist"
done
is "$(cat mnt/corpus/wordlist | head -n 3)" "$(head -n 3 mnt/corpus/wordlist 2>/dev/null)" "the beginning"
refuses "No such file" cat mnt/corpus/with/word=yes/wordlist
is "" "$(cat mnt/corpus/nextword/nonesuch)" "no such word"
[ -n "$(cat mnt/dice/prevword/b)" ] || fail "a hundred thousand occurrences"

# ---- what has no such setting ----
for setting in word=yes space=fold form=fold; do
	refuses "No such file" cat "mnt/corpus/with/$setting/wordlist"
	ls "mnt/corpus/with/$setting" | grep -qx wordlist && fail "wordlist is listed under $setting"
	grep -q "${setting%%=*}=" mnt/corpus/README || fail "README doesn't know $setting"
done
is "$(cat mnt/corpus/count/whale)" "$(cat mnt/corpus/with/word=no,space=exact,form=exact/count/whale)" "the defaults"
is 4 "$(stat -c %i mnt/corpus/with/{word=yes,space=fold,form=fold,case=fold}/docs/whale | sort -u | wc -l)" "inodes"

# ---- too many runs ----
for path in count docs find kwic df next match prev; do
	refuses "Value too large" cat "mnt/dice/with/space=fold/$path/a b"
done
is 90000 "$(cat "mnt/dice/with/space=fold/count/ b")" "one of them"
exec 3<>mnt/dice/with/space=fold/batch/count
printf '%s\n' a "a b" b >&3
is "90000	a
error: too many spellings	a b
90000	b" "$(cat <&3)" "batch"
exec 3>&-
detach mnt
finish
