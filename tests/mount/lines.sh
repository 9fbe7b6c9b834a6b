#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Lines that hold a string, or that a regular expression matches, byte for byte as grep prints them.
. "$(dirname "$0")/lib.sh"

grep -qP 'a(?=b)' <<<ab 2>/dev/null || skip "no grep -P"

# A tree of prose in lines, with what lines may have: none, no last newline, NUL, what is no UTF-8.
mkdir tree && python3 - <<'PYTHON'
import random
rng = random.Random(7)
words = ["the", "The", "of", "colour", "color", "alpha", "βeta", "中文", "naïve", "x86", "segmentation",
         "fault", "core", "v.", "Smith", "Jones", "http://a.b.edu/", "a/b", "100%", "tab\t", "\\", "CAFÉ", "café"]
for d in range(40):
    lines = []
    for _ in range(rng.randrange(60)):
        line = " ".join(rng.choice(words) for _ in range(rng.randrange(14)))
        lines.append(line.encode())
    text = b"\n".join(lines) + (b"" if d % 3 else b"\n")
    if d % 10 == 1:
        text += b"rare \xff\xfe alpha\n\n"
    if d == 5:
        text = b"\n\n\n"
    open(f"tree/{d:03}.txt", "wb").write(text)
PYTHON
build plain.ngram --shard-size=20K tree
build store.ngram --text-store tree
attach plain.ngram store.ngram mnt

cat >check.py <<'PYTHON'
import os, subprocess, sys
from urllib.parse import quote_from_bytes

bad = asked = streams = 0

def name(query):
    return quote_from_bytes(query, safe=" ").replace(".", "%2E")

def read(path):
    with open(path, "rb") as file:
        return file.read()

# The corpus's documents are in the order of its paths.
def grep(*options):
    done = subprocess.run(["grep", "-rHba", *options, "tree"], stdout=subprocess.PIPE, check=False)
    assert done.returncode < 2, options
    by_path = {}
    for line in done.stdout.splitlines(keepends=True):
        by_path.setdefault(line.split(b":", 1)[0], []).append(line)
    return b"".join(line for path in sorted(by_path) for line in by_path[path])

def check(where, query, want, least=0):
    global bad, asked, streams
    for index in ("plain", "store"):
        path = f"mnt/{index}/{where}/{name(query)}"
        got = read(path)
        # A file that ends without a newline is given one, as grep does.
        if got != want or got.count(b"\n") < least:
            print("FAILED:", path, len(got), len(want), file=sys.stderr)
            bad += 1
        streams += os.stat(path).st_size != len(got)
        asked += 1

for query in (b"alpha", "βeta".encode(), "中文".encode(), b"x86", b"a/b", b"100%", b"\t", b"\\", b" ", b"the", b"t",
              b"rare", b"nonesuch", b"segmentation fault core"):
    want = grep("-F", "-e", query)
    for where in ("lines", "with/scan=all/lines"):
        check(where, query, want, query not in (b"nonesuch", b"segmentation fault core"))
    check("with/case=fold/lines", query, grep("-iF", "-e", query))

for regex in (rb"colou?r", rb"segmentation.*core", rb"[A-Z][a-z]+ v\. [A-Z]", rb"https?://[a-z.]+\.edu", rb"^the",
              rb"core$", rb"(?i)THE\b", rb"(?i)caf\x{e9}", rb"\bx86\b", rb"\Q\\E", rb"(alpha|core) (of|the)",
              rb"^$|rare", rb"the(?! of)", rb"(?<=v\. )Smith", "[β中]".encode(), rb"fault\tno"):
    want = grep("-P", "-e", regex)
    check("grep", regex, want) if regex != rb"^$|rare" else None
    check("with/scan=all/grep", regex, want)
check("with/scan=all/grep", rb"\d", grep("-P", "-e", rb"\d"), 1)
check("with/scan=all/grep", rb"(?:)", grep("-P", "-e", ""), 1)
check("with/case=fold/grep", rb"the [a-c]", grep("-iP", "-e", rb"the [a-c]"), 1)
assert streams > 4, streams

# Refusals, each by its number.
for where, query, number in (("grep", rb"\d", "EOVERFLOW"), ("grep", b"a*", "EOVERFLOW"), ("grep", b"(", "EINVAL"),
                             ("with/scan=3/lines", b"the", "EOVERFLOW"), ("with/scan=3/grep", b"the", "EOVERFLOW"),
                             ("lines", b"%", None)):
    import errno
    path = f"mnt/plain/{where}/{name(query)}"
    try:
        read(path)
        said = None
    except OSError as e:
        said = errno.errorcode[e.errno]
    if said != number:
        print("FAILED:", path, said, number, file=sys.stderr)
        bad += 1

# A line that is longer than the context is cut, and says so; each occurrence is in what is shown.
want = grep("-F", "-e", "alpha")
got = read("mnt/plain/with/context=7/lines/alpha")
shown = 0
for line in got.splitlines():
    path, offset, text = line.split(b":", 2)
    before, after = text.startswith(b"[...]"), text.endswith(b"[...]")
    text = text.removeprefix(b"[...]").removesuffix(b"[...]")
    file = read(path)
    if file[int(offset):int(offset) + len(text)] != text:
        print("FAILED: cut", line, file=sys.stderr)
        bad += 1
    shown += text.count(b"alpha")
total = sum(read(os.path.join("tree", f)).count(b"alpha") for f in os.listdir("tree"))
if not total <= shown < 2 * total or b"[...]" not in got:
    print("FAILED: cut lines show", shown, "of", total, file=sys.stderr)
    bad += 1

print(asked, "files,", streams, "of them streams")
sys.exit(bad != 0)
PYTHON
python3 check.py || fail "lines"

# A program that reads in small pieces, or stops early, gets the same.
cat mnt/plain/lines/t >t
[ "$(wc -l <t)" -gt 600 ] || fail "a premise: $(wc -l <t) lines"
dd if=mnt/plain/lines/t bs=777 status=none | cmp - t || fail "by small pieces"
is "$(head -n 3 t)" "$(cat mnt/plain/lines/t | head -n 3)" "head"

# Records of a file of many are named as the mount names them.
printf '{"text":"one\\ntwo alpha"}\n{"text":"alpha"}\n' >two.jsonl
build two.ngram two.jsonl
attach two.ngram two
is $'doc/0.txt:4:two alpha\ndoc/1.txt:0:alpha' "$(cat two/lines/alpha)" "records"
is 2 "$(cut -d : -f 1 two/lines/alpha | (cd two && xargs grep -l alpha) | wc -l)" "their names open"
detach two
# So are those of all formats, whatever fields of their own are called.
printf '{"text":"a alpha","line":null,"path":"own"}\n{"text":"b alpha","path":"own","line":[]}\n' >own.jsonl
printf '[\n{"text":"c alpha"},{"text":"d alpha","path":"own"}]' >many.json
printf 'path,text\nown,e alpha\n' >own.csv
printf 'WARC/1.0\r\nWARC-Type: conversion\r\npath: own\r\nContent-Length: 7\r\n\r\nf alpha\r\n\r\n' >one.warc
printf 'g alpha\n' >one.txt
build parts.ngram own.jsonl many.json own.csv one.warc one.txt
attach parts.ngram parts
is $'doc/0.txt:0:a alpha\ndoc/1.txt:0:b alpha\ndoc/2.txt:0:c alpha\ndoc/3.txt:0:d alpha
doc/4.txt:0:e alpha\ndoc/5.txt:0:f alpha\none.txt:0:g alpha' "$(cat parts/lines/alpha)" "parts of files"
is "$(cat parts/lines/alpha)" "$(cat parts/grep/alpha)" "parts of files that grep finds"
detach parts
# What matches is shown, also where it is no whole characters, and as little as may be around it.
printf 'aé中b\n' >cut.txt
build cut.ngram cut.txt
attach cut.ngram cut
is $'cut.txt:1:[...]\xc3[...]' "$(cat cut/with/context=0/lines/%C3)" "the first byte of a character"
is $'cut.txt:0:aé[...]' "$(cat cut/with/context=1/lines/%C3)" "and one more"
is $'cut.txt:2:[...]\xa9\xe4\xb8[...]' "$(cat cut/with/context=0/lines/%A9%E4%B8)" "parts of two"
is $'cut.txt:0:aé中b' "$(cat cut/with/context=2/lines/%A9%E4%B8)" "and all of both"
is $'cut.txt:0:aé\xe4\xb8[...]' "$(cat cut/with/context=3/lines/%C3)" "beside a part, parts"
is $'cut.txt:0:aé[...]' "$(cat cut/with/context=4/lines/a)" "beside a whole one, whole ones"
detach cut
# Under conditions, folded, as whole words, and of documents that were removed.
python3 - <<'PYTHON'
import json
with open("some.jsonl", "w") as file:
    for d in range(300):
        text = f"{d} Red  fish\nredfish\n{d} red\tfish\n" + ("\u2018red\u2019 fish\n" if d % 2 else "")
        file.write(json.dumps({"text": text, "by": "ann" if d % 3 else "bob"}) + "\n")
PYTHON
build some.ngram --shard-size=4K some.jsonl
"$MKNGRAMFS" -q --remove some.ngram --documents=0,3,299 || fail "--remove"
attach some.ngram some
left() { # EXPRESSION: what jq gives of the documents that are left, as lines
	jq -r "[., input_line_number - 1] | select(.[1] as \$d | [0, 3, 299] | index(\$d) | not) |
		.[1] as \$d | .[0] | select($1) | .text | split(\"\n\")[] | \"\(\$d) \(.)\"" some.jsonl
}
same() { # PATH EXPRESSION REGEX: the lines of a file are those of the documents that match
	left "$2" | grep -P "^\d+ (?:$3)" | sed 's/^[0-9]* //' >want
	[ -s want ] || fail "$1: a premise"
	cut -d : -f 3- "some/$1" | cmp - want || fail "$1: other lines"
}
for scan in 100000 all; do
	same "with/scan=$scan/lines/red" true '.*red'
	same "with/scan=$scan,where=by:bob/lines/red" '.by == "bob"' '.*red'
	same "with/scan=$scan,where=by:bob/grep/red.f" '.by == "bob"' '.*red.f'
done
same 'with/scan=all/grep/^\d+' true '\d+'
same 'with/scan=all,where=by:bob/grep/^\d+' '.by == "bob"' '\d+'
same 'with/scan=all/grep/%2E' true '.'
same 'with/word=yes/lines/red' true '.*\bred\b'
same 'with/word=yes,case=fold/lines/red' true '(?i).*\bred\b'
same 'with/space=fold/lines/red fish' true '.*red\s+fish'
same 'with/space=fold,case=fold,where=by:ann/lines/red fish' '.by == "ann"' '(?i).*red\s+fish'
same "with/form=fold,where=by:ann/lines/'red'" '.by == "ann"' '.*\x{2018}red'
is "" "$(cat some/with/scan=all,where=by:nobody/lines/red some/with/scan=all,where=by:nobody/grep/%2E)" "nobody's"
for setting in space=fold form=fold word=yes word=yes,case=fold; do
	[ ! -e "some/with/$setting/grep/red" ] || fail "grep under $setting"
	! ls "some/with/$setting" | grep -qx grep || fail "grep is listed under $setting"
	[ -e "some/with/$setting/lines/red" ] || fail "no lines under $setting"
done
refuses "too large" cat some/with/scan=3,where=by:bob/lines/red
refuses "too large" cat 'some/with/scan=3,word=yes/lines/red'
detach some 'would have to be read'
# What is more frequent than may be looked at without scan=: in lines, of which some are cut, the same
# by reading all of the text; and an error where no line by itself says where it is.
python3 - >many.txt <<'PYTHON'
long = ["ab" * 3000, "é ab" * 2000, "x" * 9000 + "ab中ab" + "y" * 9000, "abab" * 300 + "z" * 3000 + "ab"]
print("".join("ab\n" * 19000 + line + "\n" for line in long) + "ab\n" * 40000 + long[1], end="")
PYTHON
build many.ngram --sa-sampling=16 many.txt
attach many.ngram many
for context in 0 1 7 512 4096; do
	for query in ab abab; do
		[ "$(cat "many/count/$query")" -gt 100000 ] || [ $query = abab ] || fail "a premise"
		cat "many/with/scan=1000000,context=$context/lines/$query" >want
		cat "many/with/scan=all,context=$context/lines/$query" | cmp - want || fail "$query, context=$context"
	done
done
[ "$(grep -c '\[\.\.\.\]' want)" -gt 1 ] || fail "a premise: no line was cut"
for query in %0A b%0A b%0Aa; do
	refuses "too large" cat "many/with/scan=all/lines/$query"
	is "$(cat "many/count/$query")" "$(wc -l <"many/with/scan=200000/lines/$query")" "lines of $query"
done
detach many 'would have to be read'
# Why something was refused is in the log.
sleep 1.1
refuses "too large" cat 'mnt/plain/grep/[0-9]*'
detach mnt 'regular expression|would have to be read'
grep -q 'plain.ngram: grep/\[0-9\]\*: no string' mnt.log || fail "the log: $(cat mnt.log)"
finish
