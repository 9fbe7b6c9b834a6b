#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pages of documents and matches, and more/ in them.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl

walk() { # DIR: every page's number of names, more not counted
	local dir=$1
	while [ -d "$dir" ]; do
		find "$dir" -maxdepth 1 -type f | wc -l
		dir=$dir/more
	done | tr '\n' ' '
}

for page in 1 40 100 ""; do
	attach ${page:+-o page=$page} corpus.ngram mnt
	page=${page:-1000}
	for q in rare 中文 nonesuch the; do
		[ $page != 1 ] || [ $q = rare ] || [ $q = nonesuch ] || continue
		docs=$(naive_docs "$q")
		n=$(grep -c . <<<"$docs")
		is "$docs" "$([ ! -e "mnt/docs/$q" ] || find "mnt/docs/$q" -type f -printf '%f\n' | sort)" "page=$page: docs of $q"
		sizes=
		for ((left = n; left > 0; left -= page)); do
			sizes+="$((left < page ? left : page)) "
		done
		is "$sizes" "$(walk "mnt/docs/$q")" "page=$page: pages of $q"
		is "$sizes" "$(walk "mnt/meta/$q")" "page=$page: metadata pages of $q"
		is "${docs//.txt/.json}" "$([ ! -e "mnt/meta/$q" ] || find "mnt/meta/$q" -type f -printf '%f\n' | sort)" "page=$page: metadata of $q"
		n=$(naive_count "$q")
		sizes=
		for ((left = n; left > 0; left -= page)); do
			sizes+="$((left < page ? left : page)) "
		done
		is "$sizes" "$(walk "mnt/match/$q")" "page=$page: match pages of $q"
	done
	# Sorted by number within a page, and names of one width.
	is "$(ls -U mnt/docs/the | grep -v more | sort)" "$(ls -U mnt/docs/the | grep -v more)" "page=$page: order"
	is 1 "$(ls mnt/match/the | grep -v more | awk '{ print length }' | sort -u | wc -l)" "page=$page: width of matches"
	# Exactly a page: no more.
	[ $page != 1 ] || [ "$(ls mnt/docs/rare/more/more/more/more)" = "$(naive_docs rare | tail -n 1)" ] ||
		fail "the last page"
	detach mnt
done

# A page far down by its path alone, in a daemon that has listed nothing yet.
attach -o page=10 corpus.ngram mnt
is 10 "$(ls mnt/docs/the/more/more/more/more | grep -vc more)" "a page far down"
ls mnt/docs/the/more/more >pages.1
for q in a b e g l o p t x y of and alpha beta gamma Alpha tab here 100 naïve; do
	ls mnt/docs/$q/more >/dev/null || fail "docs/$q/more"
done
is "$(cat pages.1)" "$(ls mnt/docs/the/more/more)" "the same page after many others"
# A document can be opened wherever the query is, but only if it holds it.
last=$(naive_docs the | tail -n 1)
cmp "mnt/docs/the/$last" "text/$last" || fail "a document of a later page"
none=$(comm -13 <(naive_docs the) <(ls text) | sed -n 1p)
[ ! -e "mnt/docs/the/$none" ] && [ -e "mnt/doc/$none" ] || fail "a document that doesn't hold the query"
detach mnt
finish
