#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Indexes that are joined: one of many, whose shards stay where they are. It answers as one build of
# everything does, and becomes that build, byte for byte, when it is merged; the parts stay as they
# are. What is gone, changed or not to be reached is an error that names it.
. "$(dirname "$0")/lib.sh"

unset NGRAMFS_OUTSIDE
mk() {
	"$MKNGRAMFS" --quiet --format lines "$@"
}
join() { # ARGUMENT...: nothing may be noted
	"$MKNGRAMFS" --quiet --join "$@" || fail "mkngramfs --join $*"
}
check() { # INDEX OPTION...
	"$NGRAMFSCK" --quiet "${@:2}" "$1" || fail "ngramfsck $1"
}
# Everything about some queries, by numbers: that is, of all shards together.
snapshot() { # DIR
	(
		cd "$1" || exit
		for query in fish red cat 'blue fish' nothing; do
			echo "$query: $(cat "count/$query") $(cat "df/$query") $(cat "next/$query")"
			for dir in docs meta; do
				[ ! -e "$dir/$query" ] ||
					find "$dir/$query" -type f | sort | xargs -d '\n' cat -- /dev/null
			done
			sort "kwic/$query"
		done
		for id in 000 001 199 200 399 400 599; do cat doc/$id.txt doc/$id.json 2>&1; done
		ls doc | wc -l
		jq 'del(.shards, .index_bytes, .bwt_bytes, .sample_bytes, .metadata_bytes, .doc_bytes,
			.text_store_bytes, .sizes, .disk)' stats | grep -E 'documents|text|sampling'
	)
}

for i in 0 1 2; do
	awk -v i=$i 'BEGIN { srand(7 + i); split("red blue fish cat one two three", w)
		for (d = 0; d < 200; d++) {
			line = "part " i " document " d
			for (k = 0; k < 15; k++) line = line " " w[int(rand() * 7) + 1]
			print line } }' >in$i
	mkdir -p parts/deep
	mk -o parts/p$i.ngram in$i || fail "a part"
done
mk -o one.ngram in0 in1 in2
echo "a last red fish" >more
parts=(parts/p0.ngram parts/p1.ngram parts/p2.ngram)
# What was removed from a part isn't among the documents of the union.
cp -r parts/p1.ngram few.ngram
"$MKNGRAMFS" -q --remove few.ngram --documents=0,7 || fail "--remove"
"$MKNGRAMFS" --progress=json --join -o fewer.ngram parts/p0.ngram few.ngram 2>said || fail "a part without some"
is 398 "$(jq 'select(.phase == "done").documents' said)" "documents that joining says"
rm -r few.ngram fewer.ngram
md5sum parts/*/* >parts.md5
untouched() { # WHAT
	md5sum --quiet -c parts.md5 || fail "$1: a part has changed"
	is 6 "$(find parts -type f | wc -l)" "$1: files in the parts"
}

# ---- the union answers as one index, from manifests alone ----
join -o all.ngram "${parts[@]}"
is index.json "$(ls all.ngram)" "what joining makes"
is "../parts/p0.ngram/shard-00000.ngs" "$(jq -r .shards[0].file all.ngram/index.json)" "a shard's path"
is '["outside"]' "$(jq -c .requires all.ngram/index.json)" "what is required"
is null "$(jq -c .requires parts/p0.ngram/index.json)" "what a plain index requires"
is "$(jq -c .x_options one.ngram/index.json)" "$(jq -c .x_options all.ngram/index.json)" "options"
check all.ngram --full
attach all.ngram mnt
attach one.ngram mnt1
snapshot mnt >got
snapshot mnt1 >want
grep -q 'document 199' want && [ "$(cat mnt1/count/fish)" -gt 100 ] || fail "there is little to compare"
cmp got want >&2 || { diff got want | head >&2; fail "the union answers otherwise"; }
detach mnt
detach mnt1
# Moved together, and reached by a link.
mkdir elsewhere
mv all.ngram parts elsewhere
ln -s elsewhere/all.ngram link
attach link mnt
snapshot mnt | cmp - want >&2 || fail "moved: answers otherwise"
detach mnt
mv elsewhere/all.ngram elsewhere/parts .
rm link

# ---- done once more ----
inode=$(stat -c %i all.ngram)
"$MKNGRAMFS" --quiet --join --resume -o all.ngram "${parts[@]}" || fail "a joining that is done"
is "$inode" "$(stat -c %i all.ngram)" "what a joining that is done leaves"
refuses "exists; use --force" "$MKNGRAMFS" --join -o all.ngram "${parts[@]}"
refuses "another index than these parts make" "$MKNGRAMFS" --join --resume -o all.ngram parts/p0.ngram
"$MKNGRAMFS" --quiet --join --force -o all.ngram parts/p0.ngram parts/p2.ngram || fail "--force"
is 2 "$(jq '.shards|length' all.ngram/index.json)" "parts of the one that replaces it"
join --force -o all.ngram "${parts[@]}"
# What a joining that was killed leaves is no hindrance.
mkdir killed.ngram.building
printf '{"journal":"ngramfs","options":"join"}\n' >killed.ngram.building/journal
echo '{' >killed.ngram.building/index.json.tmp
join -o killed.ngram "${parts[@]}"
[ ! -e killed.ngram.building ] || fail "the work directory stays"
rm -r killed.ngram

# A build that had finished is done, too; not by other options, nor while another is unfinished.
sum=$(md5sum one.ngram/*)
echo unread >rejected
"$MKNGRAMFS" --resume --skip-bad rejected --format lines -o one.ngram in0 in1 in2 2>said || fail "resume"
grep -q 'one.ngram is there already' said || fail "resume says $(cat said)"
is unread "$(cat rejected)" "a report that was there"
for options in "--text-store" "--sa-sampling 64" "--format text" "--shard-size 1M"; do
	refuses "was made with another" "$MKNGRAMFS" --resume --format lines $options -o one.ngram in0
done
mkdir one.ngram.building
refuses "exists; use --force" mk --resume -o one.ngram in0 in1 in2
rmdir one.ngram.building
is "$sum" "$(md5sum one.ngram/*)" "an index that was to be resumed"

# ---- joined indexes joined, by absolute paths, and links ----
join -o parts/deep/two.ngram parts/p1.ngram parts/p2.ngram --outside="$PWD"
join -o nested.ngram parts/p0.ngram parts/deep/two.ngram --outside="$PWD"
cmp nested.ngram/index.json all.ngram/index.json >&2 || fail "parts that are joined themselves"
rm -r parts/deep
mkdir parts/deep
ln -s parts links
join -o by-link.ngram links/p0.ngram links/p1.ngram/ links/../parts/p2.ngram
cmp by-link.ngram/index.json all.ngram/index.json >&2 || fail "parts by links"
join --absolute -o absolute.ngram "${parts[@]}"
is "$PWD/parts/p1.ngram/shard-00000.ngs" "$(jq -r .shards[1].file absolute.ngram/index.json)" "absolute"
check absolute.ngram
join -o again.ngram absolute.ngram
is "$PWD/parts/p1.ngram/shard-00000.ngs" "$(jq -r .shards[1].file again.ngram/index.json)" \
	"a path that was absolute"
mkdir 'a [b], ümlaut'
cp -r parts/p0.ngram 'a [b], ümlaut/p'
join -o names.ngram 'a [b], ümlaut/p'
check names.ngram
untouched "joining"

# ---- appended to and merged; the parts stay ----
cp -r all.ngram grown.ngram
mk --append -o grown.ngram more
is "shard-00003.ngs" "$(jq -r .shards[3].file grown.ngram/index.json)" "a shard of its own"
check grown.ngram
attach grown.ngram mnt
is "$(grep -c fish in0 in1 in2 more | awk -F: '{ n += $2 } END { print n }')" \
	"$(cat mnt/df/fish)" "documents with what was appended"
is "a last red fish" "$(cat mnt/doc/600.txt)" "what was appended"
mk --merge grown.ngram || fail "merging what was appended to"
mk -o one-more.ngram in0 in1 in2 more
cmp one-more.ngram/*.ngs grown.ngram/*.ngs >&2 || fail "the merged one is not one build"
kill -HUP "${daemons[mnt]}"
wait_for grep -q 'opened again' mnt.log
is "a last red fish" "$(cat mnt/doc/600.txt)" "after merging"
detach mnt
mk --merge all.ngram || fail "merging"
cmp one.ngram/*.ngs all.ngram/*.ngs >&2 || fail "the merged union is not one build"
is null "$(jq -c .requires all.ngram/index.json)" "what a merged one requires"
is 2 "$(find all.ngram -type f | wc -l)" "files of a merged one"
untouched "merging and appending"
join --force -o all.ngram "${parts[@]}"

# ---- what can't be joined, and why ----
mk --text-store -o store.ngram in1
mk --sa-sampling 64 -o dense.ngram in1
"$MKNGRAMFS" --quiet --format text -o text.ngram in1
cp -r parts/p1.ngram copied.ngram
nothing_made() {
	[ ! -e x.ngram ] && [ ! -e x.ngram.building ] || fail "$1: something was left"
}
while IFS='|' read -r arguments text; do
	refuses "$text" "$MKNGRAMFS" --join -o x.ngram $arguments
	nothing_made "$arguments"
done <<END
parts/p0.ngram store.ngram|store.ngram: was made with --text-store, and parts/p0.ngram without
parts/p0.ngram dense.ngram|dense.ngram: was made with --sa-sampling=64, and parts/p0.ngram with 112
parts/p0.ngram parts/p0.ngram|parts/p0.ngram: the same shard twice
parts/p0.ngram links/p0.ngram|links/p0.ngram: the same shard twice
all.ngram parts/p1.ngram|parts/p1.ngram: the same shard twice
parts/p1.ngram copied.ngram|copied.ngram: the same shard twice
parts/p0.ngram missing.ngram|missing.ngram: cannot open
parts/p0.ngram parts|parts: not an index
|no PART named
END
refuses "cannot be joined into itself" "$MKNGRAMFS" --join --force -o one.ngram parts/p0.ngram one.ngram
# Nor by way of another one.
"$MKNGRAMFS" --join -o by.ngram parts/p0.ngram parts/p1.ngram || fail "a union"
"$MKNGRAMFS" --join -o of.ngram by.ngram || fail "a union of one"
cp -r parts/p0.ngram own.ngram && "$MKNGRAMFS" --join -o over.ngram own.ngram || fail "a union over it"
refuses "cannot be joined into itself" "$MKNGRAMFS" --join --force -o own.ngram over.ngram
"$NGRAMFSCK" --quiet own.ngram over.ngram || fail "they are not what they were"
rm -r by.ngram of.ngram own.ngram over.ngram
refuses "Try" "$MKNGRAMFS" --join --append -o one.ngram parts/p0.ngram
refuses "--absolute is for --join" mk --absolute -o x.ngram in0
"$MKNGRAMFS" --join -o x.ngram parts/p0.ngram text.ngram 2>said || fail "parts read otherwise"
grep -q "note: the parts were not all made with --format=lines" said || fail "it says $(cat said)"
is null "$(jq -c '.x_options // [] | index("--format=lines")' x.ngram/index.json)" "an option of some"
is '--text-field=text' "$(jq -r '.x_options[]' x.ngram/index.json | grep text-field)" "an option of all"
rm -r x.ngram
awkward=$(printf 'c\033[7m')
mkdir "$awkward"
cp -r parts/p0.ngram "$awkward/p"
refuses "cannot hold the path" "$MKNGRAMFS" --join -o x.ngram "$awkward/p"
nothing_made "a path with control characters"

# ---- a manifest reaches no further than whoever opens it allows ----
mkdir -p far/below
join --outside="$PWD" -o far/below/all.ngram "${parts[@]}"
"$MKNGRAMFS" --join --force -o far/below/all.ngram "${parts[@]}" 2>said || fail "far"
grep -q "note: .*allow it with outside=$PWD/parts " said || fail "joining says $(cat said)"
mkdir -p mnt
for command in "$NGRAMFS far/below/all.ngram mnt" "$NGRAMFSCK far/below/all.ngram" \
	"$MKNGRAMFS --merge far/below/all.ngram" "$NGRAMFSCK --outside=$PWD/par far/below/all.ngram" \
	"$NGRAMFS far/below/all.ngram mnt -o outside=$PWD/far:$PWD/missing"; do
	refuses "allow it with outside=$PWD/parts" $command
done
refuses "no list of absolute paths" "$NGRAMFS" -o outside=parts far/below/all.ngram mnt
refuses "no list of absolute paths" "$NGRAMFSCK" --outside=/a:b far/below/all.ngram
refuses "no list of absolute paths" "$MKNGRAMFS" --outside= --merge --outside=b far/below/all.ngram
check far/below/all.ngram --outside="$PWD/missing:$PWD/links"
NGRAMFS_OUTSIDE=$PWD/parts check far/below/all.ngram
attach -o outside="$PWD/parts" far/below/all.ngram mnt
snapshot mnt | cmp - want >&2 || fail "from far: answers otherwise"
detach mnt
# A link leads where it leads.
cp -r parts/p0.ngram far/below/p0.ngram
join --force -o far/below/all.ngram far/below/p0.ngram
check far/below/all.ngram
rm -r far/below/p0.ngram
ln -s "$PWD/parts/p0.ngram" far/below/p0.ngram
refuses "allow it with outside=$PWD/parts" "$NGRAMFSCK" far/below/all.ngram
check far/below/all.ngram --outside="$PWD/parts"

# ---- a part that is gone, another, or merged meanwhile ----
says() { # TEXT INDEX: at mounting, checking and merging
	refuses "$1" "$NGRAMFS" "$2" mnt
	refuses "$1" "$NGRAMFSCK" "$2"
	refuses "$1" "$MKNGRAMFS" --merge "$2"
	is "index.json" "$(ls "$2")" "an index that was not merged"
}
cp -r parts kept
mk --append -o parts/p1.ngram more
check all.ngram # an appended part is the one that was joined
mk --merge parts/p1.ngram
says "parts/p1.ngram/shard-00000.ngs" all.ngram
refuses "join them again" "$NGRAMFS" all.ngram mnt
refuses "is gone" "$MKNGRAMFS" --join -o x.ngram all.ngram
mk --force -o parts/p1.ngram in2
says "parts/p1.ngram" all.ngram
refuses "join them again" "$NGRAMFS" all.ngram mnt
refuses "is not the shard" "$MKNGRAMFS" --join -o x.ngram all.ngram
rm -r parts/p1.ngram
says "parts/p1.ngram" all.ngram
cp -r kept/p1.ngram parts/p1.ngram
check all.ngram
mv parts parted
says "parts/p0.ngram" all.ngram
mv parted parts
attach all.ngram mnt
snapshot mnt | cmp - want >&2 || fail "after all: answers otherwise"
detach mnt
finish
