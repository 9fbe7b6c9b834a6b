#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# case=fold of /with: every file that a query names, against a naive search for all of its spellings.
. "$(dirname "$0")/lib.sh"

cat >corpus.py <<'PYTHON'
import json, random
random.seed(11)
words = ["whale", "WHALE", "Whale", "kiss", "KISS", "\u212ai\u017f\u017f", "Straße", "STRASSE", "STRA\u1e9eE",
         "ὀδός", "ὈΔΌΣ", "ὀδόσ", "дом", "Дом", "中文", "42", "éa", "ÉA", "ea", "\u0130i", "x\ny", "a/b", "A/B"]
with open("corpus.jsonl", "w", encoding="utf-8") as out:
    for i in range(900):
        text = " ".join(random.choice(words) for _ in range(random.choice((0, 3, 8, 20))))
        if i % 300 == 7:
            text += " rArE" if i == 7 else " Rare"
        out.write(json.dumps({"text": text, "id": i}) + "\n")
# Letters whose case is thrown like dice: all spellings of some length occur.
with open("dice.jsonl", "w") as out:
    out.write(json.dumps({"text": "".join(random.choice("aA") for _ in range(400000))}) + "\n")
PYTHON
python3 corpus.py
build corpus.ngram --shard-size=16K corpus.jsonl
build store.ngram --text-store corpus.jsonl
build dice.ngram dice.jsonl
attach corpus.ngram store.ngram dice.ngram mnt

cat >naive.py <<'PYTHON'
import collections, glob, json, os, re, sys
from urllib.parse import quote

# Simple folding: where a character would become several, it becomes its small letter, if that is one.
def folded(text):
    def one(c):
        full, small = c.casefold(), c.lower()
        return full if len(full) == 1 else small if len(small) == 1 else c
    return "".join(map(one, text))

texts = [json.loads(line)["text"] for line in open("corpus.jsonl", encoding="utf-8")]
folds = [folded(text) for text in texts]

# Document, and where in it: characters.
def occurrences(query):
    pattern = re.compile(f"(?={re.escape(folded(query))})")
    return [(number, m.start(), m.start() + len(query))
            for number, text in enumerate(folds) for m in pattern.finditer(text)]

def name(query):
    return quote(query, safe=" ")

def read(path):
    with open(path, "rb") as file:
        return file.read()

def shown(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")

def beside(found, behind):
    counts = collections.Counter()
    for number, begin, end in found:
        text = texts[number]
        at = end if behind else begin - 1
        counts[shown(text[at]) if 0 <= at < len(text) else "$END" if behind else "$START"] += 1
    return counts

def check(index, query):
    found = occurrences(query)
    docs = {number for number, _, _ in found}
    top = f"mnt/{index}/with/case=fold"
    asked = f"{index}: {query!r}"

    # Before any page of it is known: a document of the query, by its number.
    for number in range(0, len(texts), 7):
        assert os.path.exists(f"{top}/docs/{name(query)}/{number:03}.txt") == (number in docs), (asked, number)
    assert int(read(f"{top}/count/{name(query)}")) == len(found), asked
    assert int(read(f"{top}/df/{name(query)}")) == len(docs), asked
    find = json.loads(read(f"{top}/find/{name(query)}"))
    assert find["cnt"] == len(found), asked
    assert len(find["segment_by_shard"]) == json.loads(read(f"mnt/{index}/stats"))["shards"], asked
    assert sum(hi - lo for shard in find["segment_by_shard"] for lo, hi in shard) == len(found), asked
    assert os.path.exists(f"{top}/docs/{name(query)}") == bool(found), asked
    for room, suffix in (("docs", "txt"), ("meta", "json")):
        got = [f for page in ("", ",page=13") for _, _, files in os.walk(f"{top}{page}/{room}/{name(query)}") for f in files]
        assert sorted(got) == sorted(f"{n:03}.{suffix}" for n in docs for _ in range(2)), (asked, room)
    for room, behind in (("next", True), ("prev", False)):
        lines = [line.split("\t") for line in read(f"{top}/{room}/{name(query)}").decode().split("\n")[:-1]]
        assert {c: int(n) for n, _, c in lines} == beside(found, behind), (asked, room)

    # Lines and numbers, each the text as it stands there.
    want = sorted((n, len(texts[n][:b].encode()), shown(texts[n][b:e]), shown(texts[n][:b]), shown(texts[n][e:]))
                  for n, b, e in found)
    orders = []
    for settings in ("context=4096", "order=random,seed=3,context=4096", "order=random,seed=4,context=4096"):
        lines = [line.split("\t") for line in read(f"{top},{settings}/kwic/{name(query)}").decode().split("\n")[:-1]]
        got = [(int(n), int(at), match, left, right) for n, at, left, match, right in lines]
        assert sorted(got) == want, (asked, settings)
        orders.append(got)
        for i in {0, len(got) // 3, len(got) - 1} if got else {}:
            match = json.loads(read(f"{top},{settings}/match/{name(query)}/{i}.json"))
            assert (match["document"], match["offset"], shown(match["match_text"]), shown(match["before"]),
                    shown(match["after"])) == got[i], (asked, settings, i)
            assert orders[0][match["match"]] == got[i], (asked, settings, i)
    assert len(want) < 20 or orders[0] != orders[1] != orders[2], asked

    with open(f"{top},escape=percent/batch/{sys.argv[1]}", "r+b", buffering=0) as batch:
        room = f"{top}/{sys.argv[1]}/{name(query)}"
        batch.write((name(query) + "\n").encode())
        answer = batch.read().decode().split("\t")[0]
        if sys.argv[1] in ("count", "find", "df"):
            assert answer == read(room).decode().rstrip("\n"), asked
        else:
            assert {c: n for n, c in json.loads(answer)} == \
                {c: n for c, n in beside(found, sys.argv[1] == "next").items() if c != "\\n"} | \
                ({"\n": beside(found, sys.argv[1] == "next")["\\n"]} if beside(found, sys.argv[1] == "next")["\\n"] else {}), asked

for index in ("corpus", "store"):
    for query in sys.argv[2:]:
        check(index, query)
PYTHON
python3 naive.py count whale kiss KISS 'hale k' rare || fail "words"
kelvin=$'\u212a' long=$'\u017f' sharp=$'\u1e9e'
python3 naive.py find "${kelvin}i${long}s" "stra${sharp}e" strasse "ὀδός" "ὈΔΌΣ" || fail "letters of several bytes"
python3 naive.py df "ДОМ" "中文" 42 "ÉA e" "nonesuch" "İI" || fail "other scripts"
python3 naive.py next $'X\nY' A/B s "w" || fail "short ones"
python3 naive.py prev $'x\nY' "e wha" ς "E" || fail "prev"

# ---- what folding leaves alone ----
with=mnt/corpus/with/case=fold
for path in count/42 df/中文 next/42 prev/42 kwic/中文 match/42/0.json doc/003.txt stats; do
	cmp "mnt/corpus/$path" "$with/$path" || fail "$path"
done
is "$(ls mnt/corpus/docs/42)" "$(ls $with/docs/42)" "docs/42"
is "$(cat mnt/corpus/count/whale)" "$(cat mnt/corpus/with/case=exact/count/whale)" "case=exact"
[ "$(cat mnt/corpus/count/whale)" -lt "$(cat $with/count/whale)" ] || fail "nothing is folded"
grep -q 'case=fold' mnt/corpus/README || fail "README"

# ---- inodes ----
is 2 "$(stat -c %i mnt/corpus/with/case={fold,exact}/docs/whale | sort -u | wc -l)" "inodes"
is 1 "$(stat -c %i mnt/corpus/docs/whale mnt/corpus/with/case=exact/docs/whale | sort -u | wc -l)" "one inode"
is 1 "$(stat -c %i mnt/corpus/with/{case=fold\,page=9,page=9\,case=fold}/docs/whale | sort -u | wc -l)" "in any order"

# ---- too many spellings ----
exec 3<>mnt/dice/with/case=fold/trace
printf 'x%0100d' 0 | tr 0 a >&3
refuses "Value too large" sh -c 'cat <&3'
exec 3>&-
with=mnt/dice/with/case=fold
aaa=aaaaaaaaaaaaaaaaaaaaaaaa
is 400000 "$(cat $with/count/a)" "one letter"
[ "$(cat $with/count/${aaa:0:12})" = 399989 ] || fail "4,096 spellings"
for path in count docs find kwic df next match; do
	refuses "Value too large" cat "$with/$path/$aaa"
done
exec 3<>$with/batch/count
printf '%s\n' a $aaa AA >&3
is "400000	a
error: too many spellings	$aaa
399999	AA" "$(cat <&3)" "batch"
exec 3>&-
detach mnt
finish
