#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files and directories that no build has made, where builds work: never removed, never written to.
. "$(dirname "$0")/lib.sh"

echo 'some text' >in.txt
echo 'other text' >more.txt
mk() { "$MKNGRAMFS" --quiet "$@"; }
same() { # PATH: what was written into it is still there
	is precious "$(cat "$1")" "$1"
}

# ---- the directory in which a build works ----
mkdir i.ngram.building
echo precious >i.ngram.building/thesis.tex
refuses "i.ngram.building: is in the way" mk -o i.ngram in.txt
refuses "i.ngram.building: is in the way" mk --force -o i.ngram in.txt
refuses "i.ngram.building: is in the way" mk --resume -o i.ngram in.txt
same i.ngram.building/thesis.tex
# What a build has begun, and somebody has put something to.
echo '{"options":"x"}' >i.ngram.building/journal
for option in --force --resume ""; do
	refuses "i.ngram.building: holds thesis.tex" mk $option -o i.ngram in.txt
done
same i.ngram.building/thesis.tex
rm i.ngram.building/*
# A directory by the name of a file of ours.
echo '{"options":"x"}' >i.ngram.building/journal
mkdir i.ngram.building/text-00000
refuses "holds text-00000" mk --force -o i.ngram in.txt
rm -r i.ngram.building
# A link to a directory of such files, and one to a file.
mkdir elsewhere
for name in journal shard-00000.ngs index.json; do echo precious >elsewhere/$name; done
ln -s elsewhere i.ngram.building
refuses "no directory" mk --force -o i.ngram in.txt
same elsewhere/journal
same elsewhere/shard-00000.ngs
rm i.ngram.building
echo precious >i.ngram.building
refuses "no directory" mk -o i.ngram in.txt
same i.ngram.building
rm i.ngram.building
if [ "$(id -u)" = 0 ]; then
	mkdir i.ngram.building
	chown 12345 i.ngram.building
	refuses "belongs to somebody else" mk -o i.ngram in.txt
	rmdir i.ngram.building
fi
[ ! -e i.ngram ] || fail "an index all the same"
# One that is empty is in nobody's way, nor is what a killed build has left.
mkdir i.ngram.building
mk -o i.ngram in.txt || fail "beside an empty directory"
mkdir i.ngram.building
echo '{"options":"x"}' >i.ngram.building/journal
: >i.ngram.building/text-00000
: >i.ngram.building/segment-00000-0-1
mk --force -o i.ngram in.txt || fail "beside what a build has left"
is "i.ngram" "$(ls -d i.ngram*)" "left behind"

# ---- an index that is replaced ----
echo precious >i.ngram/notes.txt
refuses "i.ngram: holds notes.txt" mk --force -o i.ngram more.txt
same i.ngram/notes.txt
mkdir i.ngram/sub
rm i.ngram/notes.txt
refuses "i.ngram: holds sub" mk --force -o i.ngram more.txt
rmdir i.ngram/sub
# What comes there meanwhile stays, beside the new one.
mkfifo pipe
mk --force -o i.ngram pipe &
builder=$!
exec 9>pipe
echo precious >i.ngram/notes.txt
echo 'from a pipe' >&9
exec 9>&-
wait $builder || fail "replacing"
is "notes.txt" "$(ls i.ngram.building)" "what came meanwhile"
same i.ngram.building/notes.txt
rm -r i.ngram.building

# ---- an index that is appended to, and merged ----
foreign=(notes.txt text-notes segment-of-mine shard-old.ngs shard-.ngs frames-abcdef merge-it journal)
for name in "${foreign[@]}"; do echo precious >"i.ngram/$name"; done
ln -s ../elsewhere/journal i.ngram/text-00009
: >i.ngram/text-00000
mk --append -o i.ngram more.txt || fail "appending"
mk --merge i.ngram || fail "merging"
[ ! -e i.ngram/text-00000 ] || fail "what a killed run has left stays"
for name in "${foreign[@]}"; do same "i.ngram/$name"; done
[ -L i.ngram/text-00009 ] || fail "a link was removed"
rm i.ngram/text-00009
# Links in the places of files that are written.
for name in index.json.tmp text-00001 text-00002 text-00003; do
	ln -sf ../elsewhere/index.json "i.ngram/$name"
done
mk --append -o i.ngram more.txt
same elsewhere/index.json
mk --merge i.ngram
same elsewhere/index.json
rm -f i.ngram/text-*
for name in index.json.tmp text-00001 text-00002 text-00003; do
	ln -f elsewhere/index.json "i.ngram/$name"
done
mk --append -o i.ngram more.txt
same elsewhere/index.json
finish
