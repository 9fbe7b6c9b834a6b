#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Documents that are removed from an index, as a person would do it: what a mount says afterwards,
# compared with one of an index that never had them; what becomes of them by merging, joining,
# appending, and by a run that is killed. KILLS: how many (default 10, in brief 4).
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-$([ "${NG_TEST_BRIEF:-0}" = 1 ] && echo 4 || echo 10)}
mk() {
	"$MKNGRAMFS" --quiet "$@"
}
check() { # INDEX OPTION...: sound, and nothing noted; what it says is in said
	"$NGRAMFSCK" "$@" >said 2>&1 || fail "ngramfsck $*: $(cat said)"
	! grep -q note said || fail "ngramfsck $*: $(cat said)"
}

# Documents 0 to 239, of which two in three are by ann; some are there twice.
awk 'BEGIN { srand(5); n = split("red blue fish cat one two three Fish RED", w)
	for (d = 0; d < 240; d++) {
		text = d % 5 == 4 ? text : "document " d " "
		if (d % 5 != 4) for (k = 0; k < 25; k++) text = text " " w[int(rand() * n) + 1]
		printf "{\"text\": \"%s\", \"by\": \"%s\", \"year\": %d, \"id\": %d}\n",
			text, d % 3 ? "ann" : "bob", 1900 + d % 50, d } }' >all.jsonl
[ "$(sort all.jsonl | grep -o '"text": "[^"]*"' | uniq -d | wc -l)" -gt 20 ] || fail "nothing is there twice"

# Numbers of documents, and the lines of a file that they stood on, are others in the other index.
ids() {
	sed -E 's/"(path|line|document|doc|match|rank|n)":("[^"]*"|[0-9]+),?//g'
}
# Everything that a mount says of documents, which are told by their field id. With numbers: those
# are compared, too.
snapshot() { # DIR
	(
		cd "$1" || exit
		for query in fish red cat 'blue fish' 'document 1' 'document 17 ' nothing; do
			for kind in count df next prev; do
				echo "$kind $query: $(cat "$kind/$query" 2>&1)"
				echo "$kind $query: $(cat "with/case=fold/$kind/$query" 2>&1)"
			done
			jq -c .cnt "find/$query"
			for where in by:bob 'by:ann,where=year:>=1930' 'id:1*'; do
				for kind in count df facet/year; do
					echo "$where $kind $query: $(cat "with/where=$where/$kind/$query" 2>&1)"
				done
				cut -f 3- "with/where=$where,word=yes/kwic/$query" | sort
			done
			echo "facets $query: $(cat "facet/by/$query" "facet/year/$query" "facet/id/$query" 2>&1)"
			cut -f 3- "kwic/$query" | sort
			cut -f 3- "with/case=fold,context=30/kwic/$query" | sort
			for kind in docs meta match; do
				[ ! -e "$kind/$query" ] || find "$kind/$query" -type f -exec cat {} + | ids | sort
			done
		done
		cat facet/by/% facet/year/% facet/id/% with/where=year:19*/facet/by/%
		exec 8<>batch/count
		printf 'fish\nred\ndocument 17 \n' >&8
		timeout 60 head -n 3 <&8
		exec 8<&-
		exec 8<>trace
		sed -n 's/.*"text": "\([^"]*\)".*/\1/p' ../all.jsonl | sed -n '18p;24p;30p' >&8
		timeout 60 head -n 3 <&8 | ids
		exec 8<&-
	) 2>&1
}
# What is left when the documents whose ids are in FILE are gone.
without() { # FILE
	jq -c --slurpfile gone "$1" 'select(.id as $i | $gone | index($i) | not)' all.jsonl
}
compare() { # INDEX FILE WHAT: the index is as one without the documents of FILE
	without "$2" >left.jsonl
	mk --force -o left left.jsonl
	attach "$1" mnt
	attach left other
	snapshot mnt >got
	snapshot other >want
	grep -q 'kwic\|fish' want || fail "$3: there is nothing to compare"
	diff got want >diff.out || fail "$3: $(head -n 5 diff.out)"
	is "$(jq -c '[.documents, .text_bytes]' other/stats)" "$(jq -c '[.documents, .text_bytes]' mnt/stats)" \
		"$3: sizes"
	is "$(wc -l <"$2")" "$(jq .removed_documents mnt/stats)" "$3: removed, as /stats has it"
	while read -r id; do
		[ ! -e "mnt/doc/$(printf %03d "$id").txt" ] && [ ! -e "mnt/doc/$(printf %03d "$id").json" ] ||
			fail "$3: document $id is there"
	done <"$2"
	for id in 000 001 002 100 238 239; do
		grep -qx "$((10#$id))" "$2" || is "$((10#$id))" "$(jq .metadata.id "mnt/doc/$id.json")" "$3: a number"
	done
	detach mnt
	detach other
	check "$1"
	is "$(wc -l <"$2") documents removed" "$(grep -o '[0-9]* documents removed' said)" "$3: ngramfsck"
}

# ---- by number, at once under a mount that is asked to look ----
mk --shard-size 6K -o i all.jsonl
[ "$(jq '.shards | length' i/index.json)" -ge 4 ] || fail "too few shards"
md5sum i/*.ngs >shards.md5
cp -r i kept
attach i mnt
before=$(cat mnt/count/fish)
cat mnt/doc/017.txt >document17
"$MKNGRAMFS" --remove i --documents=17,3,100-119 2>said || fail "--remove"
grep -q '^mkngramfs: i: 22 documents removed (.*; 218 left; the bytes stay' said || fail "it says $(cat said)"
is "$before" "$(cat mnt/count/fish)" "before it was asked to look"
kill -HUP "${daemons[mnt]}"
wait_for grep -q 'opened again' mnt.log || fail "not opened again"
[ "$(cat mnt/count/fish)" -lt "$before" ] || fail "nothing is removed under the mount"
is 0 "$(cat "mnt/count/$(cut -c 1-60 document17)")" "what only a removed document had"
[ ! -e mnt/doc/017.txt ] || fail "a removed document is there"
[ -e mnt/doc/018.txt ] || fail "another document is not"
detach mnt
printf '%s\n' 3 17 {100..119} >gone
compare i gone "by number"
md5sum --quiet -c shards.md5 || fail "a shard has changed"
is '["removed"]' "$(jq -c .requires i/index.json)" "what is required"
grep -q '22 of them held until mkngramfs --merge' said || fail "ngramfsck says $(cat said)"

# ---- again, from a file, standard input, and by what the metadata says ----
printf '# a list\n3\n40-42, 44\n' >list
"$MKNGRAMFS" --remove -o i --documents-from=list 2>said || fail "from a file"
grep -q ' 4 documents removed .*, 1 were before' said || fail "it says $(cat said)"
echo 239 | mk --remove i --documents-from=- || fail "from standard input"
"$MKNGRAMFS" --remove i --where=year:1907 --where=id:0 2>said || fail "--where"
{ printf '%s\n' 40 41 42 44 239 0; jq 'select(.year == 1907).id' all.jsonl; } >>gone
sort -nu gone -o gone
compare i gone "again"
mk --remove i --where=id:0 || fail "what is removed already"
"$MKNGRAMFS" --remove i --progress=json --documents=0 2>said || fail "as JSON"
is '[0,1]' "$(jq -c '[.removed_documents, .removed_before]' said)" "as JSON"

# ---- refused, with the index as it was ----
sum=$(cat i/* | md5sum)
while IFS='|' read -r arguments text status; do
	refuses "$text" "$MKNGRAMFS" $arguments
	"$MKNGRAMFS" $arguments >/dev/null 2>&1
	is "$status" $? "exit status of $arguments"
	is "$sum" "$(cat i/* | md5sum)" "$arguments: the index"
done <<END
--remove i --documents=240|there never was a document 240: it has numbers below 240|1
--remove i --where=by:nobody|no document has such a field with that value|1
--remove i --where=nothing:1|no document has such a field|1
--remove i --documents=5-|'5-' is neither a document's number nor N-M|2
--remove i --documents=x|'x' is neither|2
--remove i --where=by|'by' is not FIELD:VALUE|2
--remove i --documents-from=missing|missing: cannot open|1
--remove i --documents-from=all.jsonl|all.jsonl:1: |1
--remove i|which documents|2
--remove missing --documents=1|missing: |1
--remove --merge i --documents=1|one after the other|2
--remove --append i --documents=1|are others|2
--remove i other --documents=1|takes one INDEX|2
--documents=1 -o x all.jsonl|are for --remove|2
END
mkfifo pipe
"$MKNGRAMFS" --quiet --append -o i - <pipe &
pid=$!
exec 9>pipe
is_locked() {
	grep -q "OFDLCK .*WRITE .*:$(stat -c %i i/mkngramfs.lock) " /proc/locks
}
wait_for is_locked || fail "no lock is held"
refuses "another mkngramfs is at work" "$MKNGRAMFS" --remove i --documents=1
kill -TERM $pid
exec 9>&-
wait $pid

# ---- appended to, joined, merged ----
tail -n 20 all.jsonl | jq -c '.id += 1000 | .text += " appended"' >more.jsonl
cp -r i grown
mk --append -o grown more.jsonl || fail "append"
check grown
mk -o part more.jsonl
md5sum i/* part/* >parts.md5
mk --join -o joined i part || fail "join"
check joined
mk --remove joined --documents=1,250 || fail "removing from what was joined"
check joined
grep -q "$(($(wc -l <gone) + 2)) documents removed" said || fail "the joined one: $(cat said)"
attach joined mnt
[ ! -e mnt/doc/250.json ] && is 1231 "$(jq .metadata.id mnt/doc/251.json)" "a document of the joined one"
detach mnt
mk --merge joined || fail "merging what was joined"
check joined --full
! grep -q held said || fail "merged: $(cat said)"
md5sum --quiet -c parts.md5 || fail "a part has changed"
mk --merge i || fail "merge"
compare i gone "merged"
! grep -q held said || fail "merged: $(cat said)"
is 3 "$(ls i | wc -l)" "files of what was merged"
# Its shard is the one that empty documents in their place would have given, but for what there is
# to know of those: the text is in none of it.
mk --remove i --where=by:bob || fail "removing from what was merged"
{ cat gone; jq 'select(.by == "bob").id' all.jsonl; } | sort -nu >gone2
mv gone2 gone
compare i gone "removed from what was merged"
mk --merge i
compare i gone "merged again"
mk --remove i --documents=0-239 || fail "removing everything"
seq 0 239 >everything
attach i mnt
is "0 0" "$(cat mnt/count/fish) $(jq .documents mnt/stats)" "when all is removed"
[ ! -e mnt/docs/fish ] && [ ! -e mnt/doc/005.txt ] || fail "documents when all is removed"
is "" "$(cat mnt/kwic/fish)" "kwic when all is removed"
detach mnt
mk --merge i
check i --full

# ---- killed: removed or not, never in between ----
rm -r i
killed=0
for i in $(seq "$kills"); do
	rm -rf i
	cp -r kept i
	"$MKNGRAMFS" --quiet --remove i --where=by:ann &
	pid=$!
	# Half of them within the first hundredth of a second.
	sleep "0.0$([ $((i % 2)) = 0 ] || echo 0)$(printf %03d $((i * 37 % 100)))"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ $? != 137 ] || killed=$((killed + 1))
	"$NGRAMFSCK" --quiet i >said 2>&1 || fail "killed: $(cat said)"
	removed=$(jq '[.shards[].removed.docs // 0] | add' i/index.json)
	[ "$removed" = 0 ] || [ "$removed" = 160 ] || fail "killed: $removed are removed"
	mk --remove i --where=by:ann || fail "removing once more"
	check i
	is 160 "$(jq '[.shards[].removed.docs] | add' i/index.json)" "removed once more"
	is 0 "$(find i -name '*.tmp' | wc -l)" "left behind"
done
echo "$killed of $kills killed"
[ "$killed" -gt 0 ] || fail "none was killed in its midst"
# Something that is left behind is removed by the next run, and is none of the index until then.
touch i/removed-00077.ngr
mk --remove i --documents=0
[ ! -e i/removed-00077.ngr ] || fail "what an earlier run left stays"
finish
