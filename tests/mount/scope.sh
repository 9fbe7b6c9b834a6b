#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# also=, not=, near= and any= of /with in every file, against a program that reads the documents.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

python3 -B "$here/scope.py" make || { fail "no corpus"; finish; }
build one.ngram corpus.jsonl
build shards.ngram --shard-size=64K --text-store corpus.jsonl
build removed.ngram --shard-size=64K corpus.jsonl
"$MKNGRAMFS" -q --remove --where drop:true removed.ngram || fail "nothing was removed"
attach one.ngram shards.ngram removed.ngram mnt
for index in one shards removed; do
	python3 -B "$here/scope.py" ask mnt/$index $index || fail "$index: an answer is wrong"
done
with=mnt/one/with
for name in also= also=%2 not=%zz any= near=5 near=5,not=x near=x,also=a near=1073741825,also=a near=1,near=2,also=a \
	"$(printf 'also=a,%.0s' {1..16})also=b"; do
	[ -e "$with/$name" ] && fail "there is with/$name"
done
is 1 "$(stat -c %i $with/also=a%2Cb,near=5/count $with/near=05,also=%61%2cb/count | sort -u | wc -l)" "one inode"
is 3 "$(stat -c %i $with/also=a/count $with/near=5,also=a/count $with/not=a/count | sort -u | wc -l)" "others"
refuses "No such file" cat $with/near=5,also=the/facet/lang/%
refuses "Value too large" cat $with/any=of,scan=3/lines/the
detach mnt ": .*would have to be read"
finish
