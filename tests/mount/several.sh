#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several indexes in one mount, one index in several mounts, and other ways to name them.
. "$(dirname "$0")/lib.sh"

printf 'one fish\ntwo fish\n' >fish
printf 'a cat\nno fish\nthree cats\n' >cats.txt
build fish.ngram --format lines fish
build cats --format lines cats.txt
mkdir other
cp -r fish.ngram "other/blue, fish.ngram"
: >none.jsonl
build none.ngram --format jsonl --allow-empty none.jsonl

attach fish.ngram ./cats/ "other/blue, fish.ngram" none.ngram mnt
is "blue, fish cats fish none " "$(ls mnt | tr '\n' ' ')" "the root"
is 2 "$(cat mnt/fish/count/fish)" "count in one"
is 1 "$(cat mnt/cats/count/fish)" "count in the other"
is 0 "$(cat mnt/fish/count/cat)" "count of what only the other has"
is "two fish" "$(cat "mnt/blue, fish/doc/1.txt")" "a document"
is "no fish" "$(cat mnt/cats/docs/fish/*.txt)" "a document of the other"
is 2 "$(stat -c %i mnt/{fish,cats}/doc/1.txt | sort -u | wc -l)" "inodes of documents of the same number"
is 2 "$(stat -c %i mnt/{fish,cats}/docs/fish | sort -u | wc -l)" "inodes of the same query"
# An index of nothing.
is 0 "$(cat mnt/none/count/fish)" "count in an empty index"
[ ! -e mnt/none/docs/a ] && [ ! -e mnt/none/doc/0.txt ] || fail "documents of an empty index"
is 0 "$(python3 -c 'import json; print(json.load(open("mnt/none/stats"))["documents"])')" "stats of an empty index"
[ ! -e mnt/count ] && [ ! -e mnt/nonesuch ] || fail "the root of several"
is 7 "$(stat -f -c %c mnt)" "documents in all"

# The same index twice more, at the same time.
attach fish.ngram mnt2
attach fish.ngram mnt3
is 2 "$(cat mnt2/count/fish)" "count in the second mount"
is "$(stat -c %i mnt2/docs/fish mnt2/count/fish)" "$(stat -c %i mnt3/docs/fish mnt3/count/fish)" \
	"inodes in two mounts"
detach mnt2
is "two fish" "$(cat mnt3/doc/1.txt)" "the third after the second was unmounted"
detach mnt3
is "one fish" "$(cat mnt/fish/doc/0.txt)" "the first after that"
detach mnt

mkdir empty
refuses '"fish"' "$NGRAMFS" fish.ngram "other/../fish.ngram" empty
cp -r fish.ngram other/fish
refuses '"fish"' "$NGRAMFS" fish.ngram cats other/fish empty
(cd fish.ngram && attach . "$work/mnt4" && is 2 "$(cat "$work/mnt4/count/fish")" "index ." &&
	detach "$work/mnt4" && [ $failures = 0 ]) || fail "an index named ."
(cd fish.ngram && attach . ../cats "$work/mnt5" && is "cats fish " "$(ls "$work/mnt5" | tr '\n' ' ')" "names" &&
	detach "$work/mnt5" && [ $failures = 0 ]) || fail "an index named . among others"
finish
