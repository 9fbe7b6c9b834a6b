#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every format and compression: read right, or named with what makes text of it. The tables are in
# formats.py.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# meson has malloc(3) fill what it gives out: a window of 2 GiB, too.
unset MALLOC_PERTURB_
mkdir in mnt
python3 -B "$here/formats.py" make in || { fail "no samples"; finish; }
MKNGRAMFS=$MKNGRAMFS python3 -B "$here/formats.py" index in all.ngram || fail "indexing"
attach all.ngram mnt
python3 -B "$here/formats.py" check in mnt || fail "documents"
detach mnt
MKNGRAMFS=$MKNGRAMFS python3 -B "$here/formats.py" refuse in || fail "what is not read"

# In a directory what is no text is counted, by name.
mkdir tree
cp in/utf16.txt in/x.parquet in/ascii.pdf in/second.pdf in/deflated.zip in/page.warc in/rfc.csv tree
printf 'a,b\n1,2\n' >tree/no-text.csv
printf '\n\r\ntext,b\n1,2\n3,4\n' >tree/blank-first.csv
"$MKNGRAMFS" -o tree.ngram tree 2>said || fail "a directory: $(cat said)"
for line in "binary files 5, passed over" "1 x UTF-16 text" "2 x PDF document" "1 x Parquet file" \
	"CSV as text  1 files"; do
	grep -qF "$line" said || fail "of a directory it should say '$line': $(cat said)"
done
is 10 "$(sed -n 's/^  documents *\([0-9]*\).*/\1/p' said)" "documents of a directory"
"$MKNGRAMFS" -o zips.ngram --format=zip in/deflated.zip 2>said || fail "--format=zip: $(cat said)"
refuses "not a zip archive" "$MKNGRAMFS" -o no.ngram --format=zip in/plain.txt

# Zeros behind a compressed stream are told.
"$MKNGRAMFS" -o padded.ngram in/zeros.gz in/newline.gz 2>said || fail "padding: $(cat said)"
grep -q '^  padding      2 files' said || fail "padding is not told: $(cat said)"
"$MKNGRAMFS" -o clean.ngram in/plain.gz 2>said || fail "no padding: $(cat said)"
grep -q '^  padding' said && fail "padding that is not there is told"

# A pipe has no end to seek to: zip from its beginning.
"$MKNGRAMFS" -q -o pipe.ngram - < <(cat in/deflated.zip) || fail "zip from a pipe"

# Bad records are left out, the others are read.
for name in bad.warc bad.csv; do
	"$MKNGRAMFS" -o $name.ngram --skip-bad=$name.bad in/$name 2>said || fail "$name: $(cat said)"
	is 2 "$(sed -n 's/^  documents *\([0-9]*\).*/\1/p' said)" "documents of $name"
	is 2 "$(wc -l <$name.bad)" "records left out of $name: $(cat $name.bad)"
done

# The list has all that the program says it reads, and nothing without a remedy.
"$MKNGRAMFS" --list-formats >list || fail "--list-formats"
awk -F '\t' 'NF != 4 || $3 == "" || $4 == "" { exit 1 }' list || fail "--list-formats: not four columns"
for name in gzip xz zstd lz4 'zip archive' 'tar archive' csv 'Parquet file' 'UTF-16 text'; do
	cut -f 2 list | grep -qxF "$name" || fail "--list-formats lacks $name"
done
finish
