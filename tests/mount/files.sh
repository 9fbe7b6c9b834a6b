#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# /files gives back what was indexed: trees, archives, records of files; and names that no file can
# have, or that several documents have, lose nothing.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
command -v jq >/dev/null || skip "no jq"
files="$here/files.py"

python3 "$files" make || { fail "no sources"; finish; }

# ---- a tree comes back the same, by whatever copies it ----
build tree.ngram --text-store --no-follow tree
attach tree.ngram mnt
diff -r tree mnt/files/tree || fail "diff -r"
is "$(cd tree && ls -RA)" "$(cd mnt/files/tree && ls -RA)" "ls -R"
cp -a mnt/files/tree copy && diff -r tree copy || fail "cp -a"
mkdir untarred
tar -C mnt/files -c tree | tar -C untarred -x --no-same-permissions && diff -r tree untarred/tree || fail "tar"
is "tree" "$(ls mnt/files)" "the root"
is "$(find tree -type f | LC_ALL=C sort)" "$(cd mnt/files && find tree -type f | LC_ALL=C sort)" "find"
# Directories larger than one read of them, also in the midst.
is 1200 "$(find mnt/files/tree/many -type f | wc -l)" "a large directory"
is 1200 "$(find mnt/files/tree/dirs -type f | wc -l)" "a large directory of directories"
# One inode, however a document is reached.
doc=$(jq -r .document "mnt/match/text of sub%2Fb /0.json")
is "$(stat -c %i "mnt/doc/$doc.txt")" "$(stat -c %i mnt/files/tree/sub/b)" "the inode"
is "$(stat -c %y tree.ngram/index.json)" "$(stat -c %y mnt/files/tree/sub/b)" "mtime of a file"
refuses "No such file" cat mnt/files/tree/nonesuch
refuses "No such file" ls mnt/files/nonesuch
refuses "Not a directory" ls mnt/files/tree/a/x
refuses "Is a directory" cat mnt/files/tree
refuses "Read-only" touch mnt/files/tree/new
refuses "Read-only" mkdir mnt/files/tree/new
# Settings: documents that count, and directories of none are absent.
where=$(find tree -name '*.md' -type f | LC_ALL=C sort)
[ -n "$where" ] || fail "no such files"
is "$where" "$(cd mnt/with/where=ext:md/files && find . -type f | sed 's,^./,,' | LC_ALL=C sort)" "where="
refuses "No such file" ls mnt/with/where=ext:md/files/tree/many
is "$(cd tree && find . -type d -print0 | while IFS= read -rd '' d; do [ -z "$(find "$d" -name '*.md')" ] || echo "$d"; done | LC_ALL=C sort)" \
	"$(cd mnt/with/where=ext:md/files/tree && find . -type d | LC_ALL=C sort)" "directories under where="
detach mnt
chmod -R u+w copy untarred
rm -rf copy untarred mnt

# ---- files of many documents, archives, standard input, links of names to nothing ----
build mixed.ngram rec.jsonl table.csv lines.txt.gz pack.tar pack.zip ./../"$(basename "$work")"/one.txt "$work/two.txt" --format=auto
build stdin.ngram --format=lines - <lines.txt
attach mixed.ngram stdin.ngram mnt
python3 "$files" check mnt/mixed || fail "mixed"
python3 "$files" check mnt/stdin || fail "stdin"
is "$(cat mnt/mixed/files/rec.jsonl/00000002.txt)" "$(cat mnt/mixed/files/rec.jsonl/2.txt)" "a number without zeroes"
is "inner" "$(cat mnt/mixed/files/pack.tar/d/inner)" "a member"
detach mnt
rm -rf mnt

# ---- names that no file can have, and those that several have ----
python3 "$files" hostile || fail "no such sources"
build hostile.ngram hostile.tar again.tar
"$MKNGRAMFS" --quiet --append -o hostile.ngram again.tar || fail "append"
attach hostile.ngram mnt
python3 "$files" check mnt || fail "hostile names"
# Removed documents are absent, and their names are free.
"$MKNGRAMFS" --quiet --remove -o hostile.ngram --documents=0,3,5 || fail "remove"
kill -HUP "${daemons[mnt]}"
wait_for grep -q opened mnt.log
python3 "$files" check mnt || fail "after removing"
detach mnt

# ---- little room: a table on disk, and what comes of it where there is none ----
rm -rf mnt
TMPDIR=$work/nowhere attach tree.ngram mnt
diff -r tree mnt/files/tree || fail "a small one needs no disk"
detach mnt
finish
