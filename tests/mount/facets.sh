#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
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

# ---- a damaged page: an error, and never documents that have another value ----
for i in $(seq 300); do
	echo "{\"text\":\"word $i\",\"s\":\"$([ $((i % 3)) = 0 ] && echo a || echo b)\"}"
done >two.jsonl
build two.ngram two.jsonl
pages=$(($(stat -c %s two.ngram/shard-00000.ngs) / 4096))
wrong=0 errors=0
for ((page = 1; page < pages; page++)); do
	rm -rf bad.ngram && cp -r two.ngram bad.ngram
	python3 - $page <<'PYTHON'
import sys
at = int(sys.argv[1]) * 4096 + 7
with open("bad.ngram/shard-00000.ngs", "r+b") as file:
    file.seek(at)
    byte = file.read(1)[0]
    file.seek(at)
    file.write(bytes([byte ^ 4]))
PYTHON
	# Where what opening reads is damaged there is no mount.
	mkdir -p bad
	"$NGRAMFS" bad.ngram bad 2>/dev/null || { errors=$((errors + 1)); continue; }
	for value in a:100 b:200; do
		got=$(cat "bad/with/where=s:${value%:*}/count/word" 2>/dev/null) || errors=$((errors + 1))
		[ -z "$got" ] || [ "$got" = "${value#*:}" ] || wrong=$((wrong + 1))
	done
	release bad
done
is 0 $wrong "wrong counts of $pages damaged pages, with $errors errors"
[ $errors -gt 2 ] || fail "a premise: $errors errors"
finish
