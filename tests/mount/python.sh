#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/python/ngramfs.py: what its own page says, awkward queries, long answers, the command.
module=$(cd "$(dirname "$0")/../../examples/python" && pwd)
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=$module PYTHONDONTWRITEBYTECODE=1

# ---- the session of its page ----
python3 - <<'PYTHON'
import json
docs = [("natural language processing\nis natural language\n", 2019),
        ("Natural language models, natural language", 2020), ("a/b%20 and two\nlines", 2019), ("tab\t end", 2021)]
with open("docs.jsonl", "w", encoding="ascii") as file:
    for text, year in docs:
        file.write(json.dumps({"text": text, "year": year}) + "\n")
open("raw.txt", "wb").write(b"\xff raw")
PYTHON
build docs.ngram docs.jsonl raw.txt
attach docs.ngram mnt
ln -s "$module/ngramfs.py" page.py
python3 -m doctest page.py || fail "its page"
tested=$(python3 -m doctest -v page.py | grep -c '^ok$')
[ "$tested" -ge 15 ] || fail "a premise: only $tested examples"

# ---- awkward queries, against the text itself ----
make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
attach corpus.ngram big
cat >check.py <<'PYTHON'
import glob, os, re, sys
from ngramfs import Mount

mount = Mount("big")
texts = [open(path, "rb").read() for path in sorted(glob.glob("text/*.txt"))]
long = max(texts, key=len)

def occurrences(query):
    pattern = re.compile(b"(?=" + re.escape(query) + b")")
    return [(d, m.start()) for d, text in enumerate(texts) for m in pattern.finditer(text)]

queries = [b"the", b"a/b", b"100%", b"%20", b".", b"..", b"-", b" ", b"x\ny", b"\n", b"tab\t", b"\0", b"\r", b"\\",
           "中文".encode(), "ï".encode(), b"\xff", b"nonesuch", b".gitignore", long[:1000], long[100:2500], long[-40:], long[:4500], long + long]
for query in queries:
    want = occurrences(query)
    assert mount.count(query) == len(want), (query, mount.count(query), len(want))
    assert mount.df(query) == len({d for d, _ in want}), query
    assert mount.find(query)["cnt"] == len(want), query
    # Pages deeper than a path can be long.
    if query == b"the":
        listed = [d for d in mount.docs(query, page=1)]
        assert len(listed) > 900 and sorted(d.id for d in listed) == sorted({d for d, _ in want}), len(listed)
        assert all(open(d.path, "rb").read() == texts[d.id] for d in listed[::100])
    if len(query) < 300 and len(want) < 500:
        assert sorted(d.id for d in mount.docs(query, page=30)) == sorted({d for d, _ in want}), query
        assert sorted((k.document, k.offset) for k in mount.kwic(query)) == want, query
        for k in mount.kwic(query, context=5):
            text = texts[k.document]
            assert text[k.offset:k.offset + len(k.match)] == k.match == query
            assert text[:k.offset].endswith(k.left) and text[k.offset + len(query):].startswith(k.right)
assert any(len(q) > os.statvfs("big").f_namemax for q in queries)
assert list(mount.batch(queries)) == [(q, len(occurrences(q))) for q in queries]
for kind, want in (("df", int), ("find", dict), ("next", list), ("prev", list)):
    assert all(isinstance(answer, want) for _, answer in mount.batch(queries, kind=kind)), kind
assert mount.text(0) == texts[0] and b"".join(mount.text(d) for d in range(len(texts))) == b"".join(texts)
assert sum(c.count for c in mount.next("the")) == mount.count("the")
hits = [m for _, m in zip(range(5), mount.matches("rare"))]
assert hits and all(m["match_text"] == "rare" for m in hits)

# A generator is asked for no more than is needed, and a batch of any length answered.
taken = 0
def many():
    global taken
    for taken in range(1, 20001):
        yield b"%d" % taken
first = next(mount.batch(many()))
assert first == (b"1", len(occurrences(b"1"))) and taken < 20000, taken
assert sum(1 for _ in mount.batch(many())) == 20000

# Whatever cannot be answered is an error.
def refuses(error, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
        got = got if isinstance(got, (int, dict)) else list(got)
    except error:
        return
    raise AssertionError((call, args, kwargs, len(str(got))))

refuses(ValueError, mount.count, "")
refuses(ValueError, mount.batch, [b"a", b""])
# None of these is the bytes that bytes() would make of it.
for value in (5, [97], None, True, 1.0):
    refuses(TypeError, mount.count, value)
    refuses(TypeError, mount.batch, ["a", value])
assert mount.count(bytearray(b"the")) == mount.count(memoryview(b"the")) == mount.count("the")
assert not list(mount.trace("")) and not list(mount.trace(b"", min=4))
refuses(OSError, mount.count, "a", nonsense="x")
refuses(OSError, mount.docs, "nonesuch", nonsense="x")
refuses(OSError, mount.kwic, b"x" * 5000)
refuses(OSError, mount.grep, "(")
refuses(OSError, mount.grep, r"\d")
refuses(FileNotFoundError, mount.text, 10**9)
refuses(FileNotFoundError, Mount, ".")
assert not list(mount.docs("nonesuch")) and not list(mount.kwic("nonesuch"))
stretches = list(mount.trace(b"zz\xff" + long[:300] + b"zz\xff"))
assert any(s.begin <= 3 and s.end >= 303 for s in stretches), stretches
# Of a text longer than the mount takes at once as of a short one: wherever a piece ends, and with other settings.
assert [(s.begin, s.end) for s in mount.trace(b"\xff" * (1 << 20) + long[:300])] == [(1 << 20, (1 << 20) + 300)]
for lead in ((1 << 20) - 150, (1 << 20) - 299, (2 << 20) - 150):
    for settings in ({}, {"max": 1}, {"case": "fold", "word": True, "min": 16}):
        short = [(s.begin + lead, s.end + lead, s.text, s.count) for s in mount.trace(b"\xff" + long[:300] + b"\xff", **settings)]
        across = [s[:4] for s in mount.trace(b"\xff" * lead + b"\xff" + long[:300] + b"\xff", **settings)]
        assert short == across and short, (lead, settings, short, across)
refuses(ValueError, mount.trace, b"\xff" * ((1 << 20) + 1), min=600000)
refuses(FileNotFoundError, mount.trace, b"\xff" * ((1 << 20) + 1), min="x")
PYTHON
python3 check.py || fail "awkward queries"

# ---- the command ----
ngramfs_py() {
	python3 "$module/ngramfs.py" "$@"
}
is 1 "$(ngramfs_py mnt count 'a/b%20')" "count"
is 4 "$(ngramfs_py mnt count NATURAL --case=fold --json)" "a setting"
printf 'natural\nlanguage\n\n' >words
is "ngramfs.py: query 3: a query has at least one byte" "$(ngramfs_py mnt batch <words 2>&1)" "an empty line"
is "" "$(ngramfs_py mnt trace </dev/null)" "an empty text"
is $'1\t33\tnatural \tlanguage\t' "$(ngramfs_py mnt kwic language --context=8 | head -n 1)" "kwic"
is '{"path": "doc/0.txt", "offset": 28, "text": "is natural language"}' \
	"$(ngramfs_py mnt grep '^is .*language$' --json)" "grep"
is $'3\tnatural\n0\tnone' "$(printf 'natural\nnone\n' | ngramfs_py mnt batch count)" "batch"
is 2019 "$(ngramfs_py mnt meta 0 | jq .metadata.year)" "meta"
is 'natural language processing' "$(ngramfs_py mnt text 0 | head -n 1)" "text"
is 34 "$(printf 'we saw natural language processing there' | ngramfs_py mnt trace --min=20 --json | jq .end)" "trace"
is 3 "$(printf 'natural\n' | ngramfs_py mnt batch | cut -f 1)" "batch, of counts"
is "$(cat mnt/nextword/natural)" "$(ngramfs_py mnt nextword natural | awk -F '\t' -v OFS='\t' '{ printf "%d\t%.6f\t%s\n", $2, $3, $1 }')" "nextword"
is "$(cat mnt/facet/year/language)" "$(ngramfs_py mnt facet year language)" "facet"
is "$(cat mnt/facet/year/language | wc -l) 3" "$(ngramfs_py mnt facet year language --json | jq length | sort | uniq -c | awk '{ print $1, $2 }')" "facet --json"
refuses "no such setting, or not of count: --case=bad" ngramfs_py mnt count a --word=yes --case=bad
refuses "no such setting, or not of grep: --word=yes" ngramfs_py mnt grep language --word=yes
refuses "ngramfs.py: big/with/scan=5/lines/the: Value too large for defined data type; nothing to look for, or in too many places: --scan=all" \
	ngramfs_py big lines the --scan=5
refuses "ngramfs.py: mnt/grep/%28: Invalid argument; that is no regular expression" ngramfs_py mnt grep '('
refuses "mnt/facet/nope/a: No such file or directory; there are the fields " ngramfs_py mnt facet nope a
refuses "text takes a document's number" ngramfs_py mnt text one
refuses "batch takes a QUERY" ngramfs_py mnt batch count df
refuses "no index of ngramfs" ngramfs_py . count a
refuses "settings are of the form" ngramfs_py mnt count a --case
ngramfs_py mnt count a b 2>/dev/null
is 2 $? "usage"
ngramfs_py nowhere count a 2>/dev/null
is 1 $? "an error"
ngramfs_py big kwic e | head -n 1 >/dev/null
is 0 "${PIPESTATUS[0]}" "a reader that stops"
detach big 'regular expression'
detach mnt
finish
