#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The programs of examples/languages print what they should, those whose interpreter is here.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
languages=$(realpath "$here/../../examples/languages")

cat >corpus.jsonl <<'JSONL'
{"text": "one fish, two fish\n\nA third line, and/or a last one.\n", "n": 1}
{"text": "100% of the fish. It's naïve... or 'is' it?", "n": 2}
{"text": "", "n": 3}
{"text": "no newline at its end; fish and/or 100% of chips", "n": 4}
{"text": "\u0001 a text that \u0001 an awk would cut, Cargo.toml and .gitignore, rust-toolchain, %41 %zz \\n", "n": 5}
JSONL
for i in {6..30}; do echo "{\"text\": \"fish number $i\", \"n\": $i}"; done >>corpus.jsonl
build corpus.ngram corpus.jsonl
# Pages so small that there are more/ of them.
attach -o page=7 corpus.ngram mnt

queries=(fish "no such fish" "and/or" 100% . ... "It's" naïve "'is'" $'fish\n\nA' \; $'\n' $'one.\n'
	.gitignore rust-toolchain .. %41 '\n' $'\x01' --help '$(id)' '*' '&' $'na\xc3' $'\xff' 'fish ')
# What should be printed, from the corpus; metadata are as mkngramfs.sh has them.
python3 - "${queries[@]}" <<'PYTHON' || fail "no answers"
import json, os, re, sys
docs = [json.loads(line) for line in open("corpus.jsonl", encoding="utf-8")]
for number, query in enumerate(sys.argv[1:]):
    query = os.fsencode(query)
    found = [i for i, doc in enumerate(docs) if query in doc["text"].encode()]
    with open(f"want.{number}", "w", encoding="utf-8") as out:
        print(sum(len(re.findall(b"(?=" + re.escape(query) + b")", doc["text"].encode())) for doc in docs),
              "occurrences", file=out)
        for i in found:
            print(f"{i:02}", file=out)
        if found:
            print(docs[found[0]]["text"], file=out)
            print(open(f"mnt/doc/{found[0]}.json", encoding="utf-8").read(), end="", file=out)
PYTHON

try() { # PROGRAM ARGUMENT...
	local i
	command -v "$1" >/dev/null || return 0
	for i in "${!queries[@]}"; do
		"$@" mnt "${queries[i]}" >got 2>&1 || fail "$*: status $? for '${queries[i]}'"
		cmp -s want.$i got || fail "$*, query '${queries[i]}': $(diff -a want.$i got | head -n 5)"
	done
	# What is too long for a name has no answer, and 0 would be one.
	"$@" mnt "$long" >got 2>&1 && fail "$*: status 0 for a query that is too long"
	grep -q "^ *[0-9]* occurrences" got && fail "$*: an answer to a query that is too long: $(head -c 200 got)"
}
long=$(printf 'fish%.0s' {1..1500})
try sh "$languages/search.sh"
for awk in awk mawk gawk; do
	try $awk -f "$languages/search.awk"
done
try python3 "$languages/search.py"
try perl "$languages/search.pl"
PERL_UNICODE=SDA try perl "$languages/search.pl"
try node "$languages/search.js"
if command -v cc >/dev/null; then
	cc -Wall -Wextra -Werror -o search "$languages/search.c" || fail "search.c"
	try ./search
fi
detach mnt
finish
