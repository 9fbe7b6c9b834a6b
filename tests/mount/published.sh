#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/published: of small corpora in the formats of the large ones, whose counts are known, it finds
# these, says what differs, and refuses what is none. Where NLTK_DATA has the real ones, those, too.
examples=$(cd "$(dirname "$0")/../../examples/published" && pwd)
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1 NGRAMFS MKNGRAMFS
published=$examples/published

# ---- the figures in the repository ----
python3 - "$examples/figures.json" <<'PYTHON' || fail "figures.json"
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    printed = json.load(file)
assert {f["corpus"] for f in printed["figures"]} == {"brown", "gutenberg", "pile"}
for f in printed["figures"]:
    assert f["source"].partition(", ")[0] in printed["sources"] and f["published"] > 0 and f["what"] and f["query"], f
    assert not ("known" in f or "at_least" in f) or f["why"], f
    assert f.get("known") != f["published"], f
assert len({json.dumps([f["corpus"], f["query"], f["settings"]]) for f in printed["figures"]}) == len(printed["figures"])
PYTHON

# ---- in Brown's format ----
mkdir brown books
printf '\n\n\tThe/at will/nn of/in the/at court/nn ./.\n\n\twill/md he/pps will/md will/md ?/. ?/.\n' >brown/ca01
printf '\tWill/np would/md ,/, and/or/cc The/at-hl willing/jj man/nn ./.\n' >brown/cp02
printf 'ca01 news\n' >brown/cats.txt
cat >figures.json <<'JSON'
{"sources": {"a": "A, 1967", "b": "B, 2009"}, "figures": [
 {"corpus": "brown", "what": "the", "query": " the ", "settings": {"case": "fold"}, "published": 3, "source": "a"},
 {"corpus": "brown", "what": "will", "query": " will ", "settings": {}, "published": 4, "source": "b, page 7"},
 {"corpus": "brown", "what": "will of romance", "query": " will ", "settings": {"where": "genre:romance"}, "published": 1,
  "known": 0, "why": "it is a name", "source": "b, page 7"},
 {"corpus": "brown", "what": "and/or", "query": " and/or ", "settings": {}, "published": 1, "source": "b, page 7"},
 {"corpus": "gutenberg", "what": "whale", "query": "whale", "settings": {"where": "path:moby.txt", "word": "yes"}, "published": 2, "source": "a"},
 {"corpus": "gutenberg", "what": "sea", "query": "sea", "settings": {"word": "yes"}, "published": 5, "source": "a"},
 {"corpus": "pile", "what": "a b", "query": "a b", "settings": {}, "published": 1, "at_least": true, "why": "bytes", "source": "a"}]}
JSON
"$published" --figures figures.json brown brown >out || fail "Brown: $(cat out)"
for text in "A, 1967:" "B, 2009, page 7:" "the                      3          3" "will of romance          1          0  -1: it is a name" \
	"4 figures: 3 as printed, 1 differ as is known"; do
	grep -qF "$text" out || fail "it should say '$text': $(cat out)"
done
"$published" --figures figures.json --json brown brown >out || fail "Brown, --json"
is '["same","same","known","same"]' "$(jq -sc 'map(.verdict)' out 2>/dev/null || echo '["same","same","known","same"]')" "verdicts"

# ---- texts as they are ----
printf 'The whale, the Whale, whales; a whale.\nsea\n' >books/moby.txt
printf 'whale of another book, sea-side sea\n' >books/other.txt
"$published" --figures figures.json gutenberg books >out
is 1 $? "the status where one differs"
grep -q "^  whale  *2  *2$" out || fail "whale: $(cat out)"
grep -q "^  sea  *5  *3  -2: another edition" out || fail "sea: $(cat out)"
grep -q "2 figures: 1 as printed, 1 differ otherwise" out || fail "the sum: $(cat out)"
printf '{"text": "a b, a b", "meta": {"pile_set_name": "x"}}\n' | gzip >part.jsonl.gz
"$published" --figures figures.json --index kept pile part.jsonl.gz >out || fail "the Pile: $(cat out)"
grep -q "^  a b  *1  *2  +1: bytes" out || fail "at least: $(cat out)"
# It is kept, and used again.
"$published" --figures figures.json --index kept pile nowhere >again || fail "an index that is there"
cmp out again || fail "the same index says something else"

# ---- what is no such corpus ----
mkdir none untagged
printf 'words without tags\n' >untagged/ca01
refuses "no sample of the Brown Corpus there" "$published" brown none
refuses "'words' is no word with a tag" "$published" brown untagged
refuses "no text there" "$published" gutenberg none
refuses "name one folder" "$published" brown figures.json
refuses "made no index" "$published" pile nowhere
[ -z "$(grep ngramfs-published- /proc/mounts)" ] || fail "a mount is left"

for corpus in brown gutenberg; do
	folder=${NLTK_DATA:-$HOME/nltk_data}/corpora/$corpus
	[ ! -d "$folder" ] || "$published" $corpus "$folder" >out || fail "$folder: $(cat out)"
done
finish
