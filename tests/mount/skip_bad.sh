#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is too large for memory is one bad record, wherever it stands, and what follows it is read.
. "$(dirname "$0")/lib.sh"

# Documents of 22 MB and lines of 45 MB are what 256 MiB allow.
python3 - <<'PYTHON' || finish
import io, tarfile
huge = b"lorem ipsum dolor " * 2_600_000  # 47 MB: a line that is too long
large = b"x" * 24_000_000                 # a text that is too large, in a line that is not
nul = b"y\\u0000" + b"z" * 15_000_000     # the builder's bound, as NUL bytes double it
lines = [b'{"text":"one"}', b'{"text":"' + huge + b'"}', b'{"text":"two"}', b'{"text":"' + large + b'"}',
         b'{"text":"three"}', b'{"text":"' + nul + b'"}', b'{"text":"four","a":1}']
open("first.jsonl", "wb").write(b"\n".join(lines[1:]) + b"\n")
open("lines", "wb").write(b"\n".join(lines))
open("array", "wb").write(b"[" + b",\n".join(lines) + b"]")
with tarfile.open("t.tar", "w") as tar:
    for name, text in ("a", b"one"), ("b", large), ("c", b"two"):
        member = tarfile.TarInfo(name)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
open("large.txt", "wb").write(large)
open("small.txt", "wb").write(b"small")
open("rejected", "wb").write(b"".join(line + b"\n" for line in (lines[1], lines[3], lines[5])))
PYTHON

# skips FILE "TEXT..." RECORDS ARGUMENT...: these documents are left, with so many records; what they
# say is in said
skips() {
	"$MKNGRAMFS" --quiet --memory=256M --threads=1 --force --skip-bad=bad -o x.ngram "${@:4}" "$1" || fail "$1"
	attach x.ngram mnt
	is "$2" "$(for i in $(seq 0 9); do cat "mnt/doc/$i.txt" 2>/dev/null && echo -n ' '; done)" "documents of $1"
	detach mnt
	is "$3" "$(wc -l <bad)" "records of $1"
	cut -f 1 bad | cut -c 1-200 >said
}

# Without --skip-bad the first of them is an error that names the place.
refused() { # TEXT FILE ARGUMENT...
	refuses "$1" "$MKNGRAMFS" --quiet --memory=256M --threads=1 -o y.ngram "${@:3}" "$2"
	[ ! -e y.ngram ] || fail "an index of $2"
}

skips lines "one two three four " 3
is "lines:2: a line of more than|lines:4: a document of 24000000 bytes takes|lines:6: a document of 15000002 bytes takes|" \
	"$(grep -oE '^[^:]*:[0-9]+: a [a-z]+ of (more than|[0-9]+ bytes takes)' said | tr '\n' '|')" "what is said of lines"
cut -s -f 2- bad | cmp - rejected || fail "rejected lines are not as they were"
refused "lines:2: a line of more than" lines
skips first.jsonl "two three four " 3
skips array "one two three four " 3
is "array:2: object 2: an object of more than|array:4: object 4: a document|array:6: object 6: a document|" \
	"$(grep -oE '^array:[0-9]+: object [0-9]+: an? [a-z]+( of more than)?' said | tr '\n' '|')" "what is said of objects"
cut -s -f 2- bad | cmp - rejected || fail "rejected objects are not as they were"
refused "array:2: object 2: an object of more than" array
skips t.tar "one two " 1
grep -q '^t.tar/b: a document of more than [0-9]* bytes' said || fail "of the member: $(cat said)"
refused "t.tar/b: a document of more than" t.tar
skips large.txt "small " 1 small.txt
grep -q '^large.txt: a document of more than [0-9]* bytes' said || fail "of the text: $(cat said)"
refused "large.txt: a document of more than" large.txt

# ---- in a line that is longer than memory there is nothing that takes it ----
head -c 270000000 /dev/zero | tr '\0' x >long
printf '\nlast' >>long
"$MKNGRAMFS" --progress=json --memory=256M --threads=1 --force --skip-bad=bad -o x.ngram --format=lines long 2>err ||
	fail "a long line"
tail -n 1 err | python3 -c '
import json, sys
last = json.load(sys.stdin)
assert last["documents"] == 1 and last["rejected"] == 1, last
assert last["peak_memory_bytes"] < 256 << 20, last' || fail "a long line: $(tail -n 1 err)"
is "$((270000000 + 1))" "$(cut -s -f 2- bad | wc -c)" "bytes of the record"

# ---- a bad object ends nothing but itself, as long as its end can be told ----
printf '[{"text":"a"},{"no":1},\n{"text":"\\q"},{"text":tru},3,{"text":"b"}\n,{"text":"c"]' >broken
"$MKNGRAMFS" --quiet --force --skip-bad=bad -o x.ngram broken || fail "broken"
printf '%s\n' 'broken:1: object 2: no field "text", nor another that is a string	{"no":1}' \
	'broken:2: object 3: unknown escape after the backslash at byte 10	{"text":"\q"}' \
	'broken:2: object 4: no JSON: a value should be at byte 9	{"text":tru}' \
	'broken:2: object 5: no JSON: a JSON object should be at byte 1	3' \
	'broken:3: object 7: no JSON: a comma or the closing brace should be at byte 12	{"text":"c"]' \
	'broken:3: truncated: it ends within an array' | cmp - bad || fail "records: $(cat bad)"
attach x.ngram mnt
is "a b" "$(cat mnt/doc/0.txt) $(cat mnt/doc/1.txt)" "documents among bad ones"
detach mnt
finish
