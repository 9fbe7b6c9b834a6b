#!/bin/bash
# /facet, and where= of /with, against a program that reads the metadata: with columns, without them, and with some
# of them in some shards only.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

python3 -B "$here/facets.py" make || { fail "no corpus"; finish; }
facets=(--facet=date:4 --facet=id)
build shards.ngram --shard-size=64K corpus.jsonl
build none.ngram --no-facets corpus.jsonl
build store.ngram --text-store "${facets[@]}" corpus.jsonl
build mixed.ngram --no-facets first.jsonl
is "" "$("$MKNGRAMFS" -q --append --force --facet=date:4 -o mixed.ngram rest.jsonl 2>&1)" "other facets are appended"
attach shards.ngram none.ngram store.ngram mixed.ngram mnt
for index in shards none store mixed; do
	python3 -B "$here/facets.py" ask mnt/$index $index || fail "$index: an answer is wrong"
done
detach mnt

# What is appended has the facets of the index, and shards that were merged are those of one build.
build whole.ngram "${facets[@]}" corpus.jsonl
build parts.ngram "${facets[@]}" first.jsonl
refuses "other facets" "$MKNGRAMFS" -q --append --facet=date -o parts.ngram rest.jsonl
refuses "other facets" "$MKNGRAMFS" -q --append --no-facets -o parts.ngram rest.jsonl
"$MKNGRAMFS" -q --append -o parts.ngram rest.jsonl || fail "nothing was appended"
refuses "keeps the facets" "$MKNGRAMFS" --merge --no-facets parts.ngram
"$MKNGRAMFS" -q --merge parts.ngram || fail "nothing was merged"
# By the same paths and lines.
build again.ngram "${facets[@]}" first.jsonl rest.jsonl
cmp again.ngram/shard-00000.ngs parts.ngram/*.ngs || fail "merged facets are not those of one build"
build one.ngram --threads=1 "${facets[@]}" corpus.jsonl
cmp whole.ngram/shard-00000.ngs one.ngram/shard-00000.ngs || fail "facets depend on the threads"
for index in shards none store mixed parts; do
	"$NGRAMFSCK" -q --full $index.ngram || fail "$index: not sound"
done

# Options.
refuses "exclude each other" "$MKNGRAMFS" -o x.ngram --no-facets --facet=a corpus.jsonl
refuses "names no field" "$MKNGRAMFS" -o x.ngram --facet= corpus.jsonl
refuses "characters at most" "$MKNGRAMFS" -o x.ngram --facet=date:99999 corpus.jsonl
finish
