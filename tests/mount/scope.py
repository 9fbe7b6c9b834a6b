#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""also=, not=, near= and any= of /with, alone, in pairs and with others, in every file.

    scope.py make            writes corpus.jsonl
    scope.py ask DIRECTORY one|shards|removed
                             compares what a mount says with what is read here: all of it of the first; of the
                             last, documents that have "drop" aren't in it any more
"""

import collections
import itertools
import json
import os
import random
import sys
import unicodedata
from urllib.parse import quote

WORDS = ["the", "The", "king", "of", "kin", "x", "ab", "abab", "é", "中文", "中", "文字", "a-b", "a,b"]
WEIGHTS = [9, 3, 3, 6, 2, 2, 3, 1, 1, 2, 2, 1, 2, 1]
DOCS = 260


def make():
    rng = random.Random(17)
    with open("corpus.jsonl", "w", encoding="utf-8") as out:
        for i in range(DOCS):
            n = 3000 if i == 77 else rng.choice((0, 1, 5, 20, 60))
            parts = rng.choices(WORDS, WEIGHTS, k=n)
            if i % 40 == 9:
                parts.insert(len(parts) // 2, "rare")
            text = "".join(p + rng.choice((" ", " ", " ", "\n", "")) for p in parts)
            fields = {"text": text, "lang": rng.choice(("en", "zh", "de"))}
            if rng.random() < 0.2:
                fields["drop"] = True
            out.write(json.dumps(fields, ensure_ascii=False) + "\n")


class Doc:
    def __init__(self, number, fields):
        self.number, self.text, self.lang = number, fields["text"], fields["lang"]
        self.bytes = self.text.encode()
        # The offset of each character in bytes.
        self.at = [0, *itertools.accumulate(len(c.encode()) for c in self.text)]
        self.known = {}

    def find(self, query, fold, word):
        """{offset: bytes} of the occurrences."""
        key = query, fold, word
        if key in self.known:
            return self.known[key]
        text, wanted = (self.text.lower(), query.lower()) if fold else (self.text, query)
        found, i = {}, text.find(wanted)
        while i >= 0:
            end = i + len(wanted)
            if not word or not (is_word(self.text[i - 1:i]) or is_word(self.text[end:end + 1])):
                found[self.at[i]] = self.at[end] - self.at[i]
            i = text.find(wanted, i + 1)
        self.known[key] = found
        return found


def is_word(char):
    return char != "" and unicodedata.category(char)[0] in "LNM"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def close(at, size, others, distance):
    return any(q <= at + size + distance and at <= q + n + distance for q, n in others.items())


def answer(docs, query, s):
    """{document: {offset: bytes}} of the occurrences that count."""
    fold, word, want = s.get("case"), s.get("word"), {}
    for doc in docs:
        if s.get("where") and doc.lang != s["where"]:
            continue
        if any(doc.find(q, fold, word) for q in s.get("not", ())):
            continue
        found = {}
        for q in (query, *s.get("any", ())):
            for at, size in doc.find(q, fold, word).items():
                found[at] = max(size, found.get(at, 0))
        for q in s.get("also", ()):
            others = doc.find(q, fold, word)
            found = {at: size for at, size in found.items()
                     if (close(at, size, others, s["near"]) if "near" in s else others)}
        if found:
            want[doc] = found
    return want


def name_of(s, rng):
    parts = [f"{key}={quote(q, safe='')}" for key in ("also", "not", "any") for q in s.get(key, ())]
    parts += [f"near={s['near']}"] if "near" in s else []
    parts += [f"where=lang:{s['where']}"] if "where" in s else []
    parts += ["case=fold"] if s.get("case") else []
    parts += ["word=yes"] if s.get("word") else []
    rng.shuffle(parts)
    return ",".join(parts)


def batch(path, query):
    fd = os.open(path, os.O_RDWR)
    os.write(fd, query.encode() + b"\n")
    got = b""
    while piece := os.read(fd, 65536):
        got += piece
    os.close(fd)
    return got.rpartition(b"\t")[0]


def lines_of(doc, found):
    """The beginnings of the lines that hold one."""
    return {doc.bytes.rfind(b"\n", 0, at) + 1 for at in found}


def expect(want, got, *what):
    if want != got:
        print("differs:", *what, "\n  want", str(want)[:300], "\n  got ", str(got)[:300])
        sys.exit(1)


def check(mount, docs, query, s, rng):
    base, q = f"{mount}/with/{name_of(s, rng)}", quote(query, safe="")
    want = answer(docs, query, s)
    numbers = sorted(doc.number for doc in want)
    places = sorted((doc.number, at) for doc, found in want.items() for at in found)
    count = len(places)
    expect(b"%d\n" % count, read(f"{base}/count/{q}"), base, q, "count")
    expect(b"%d\n" % len(numbers), read(f"{base}/df/{q}"), base, q, "df")
    expect(b"%d" % count, batch(f"{base}/batch/count", query), base, q, "batch/count")
    expect(b"%d" % len(numbers), batch(f"{base}/batch/df", query), base, q, "batch/df")
    for kind in ("docs", "meta", "match"):
        expect(count > 0, os.path.isdir(f"{base}/{kind}/{q}"), base, q, kind)
    if count:
        for kind in ("docs", "meta"):
            names = [n for n in os.listdir(f"{base}/{kind}/{q}") if n != "more"]
            expect(numbers[:1000], sorted(int(n.split(".")[0]) for n in names), base, q, kind)
        for doc in rng.sample(docs, 4):
            expect(doc in want, os.path.exists(f"{base}/docs/{q}/{doc.number}.txt"), base, q, doc.number)
        n = rng.randrange(count)
        m = json.loads(read(f"{base}/match/{q}/{n}.json"))
        expect(True, (m["document"], m["offset"]) in places, base, q, "match")
    kwic = [line.split(b"\t") for line in read(f"{base}/kwic/{q}").splitlines()]
    expect(places, sorted((int(k[0]), int(k[1])) for k in kwic), base, q, "kwic")
    if count:
        expect((m["document"], m["offset"]), tuple(int(k) for k in kwic[n][:2]), base, q, "match and kwic")
    by_number = {doc.number: found for doc, found in want.items()}
    for k in kwic:
        expect(by_number[int(k[0])][int(k[1])], len(k[3].replace(b"\\n", b"\n")), base, q, "kwic, a length")
    mixed = read(f"{base},order=random,seed=3,context=9/kwic/{q}").splitlines()
    expect(places, sorted(tuple(int(x) for x in line.split(b"\t")[:2]) for line in mixed), base, q, "random")
    want_lines = sorted((doc.number, at) for doc, found in want.items() for at in lines_of(doc, found))
    got_lines = [line.split(b":", 2) for line in read(f"{base},context=4096/lines/{q}").splitlines()]
    if not any(doc.number == 77 for doc in want):  # whose lines may be cut
        expect(want_lines, [(int(p[4:-4]), int(at)) for p, at, _ in got_lines], base, q, "lines")
    facet = collections.Counter()
    for doc, found in want.items():
        facet[doc.lang] += len(found)
    got = dict(line.split("\t")[:2] for line in read(f"{base}/facet/lang/{q}").decode().splitlines())
    expect({k: str(v) for k, v in facet.items()}, got, base, q, "facet")
    limited = any(key in s for key in ("also", "not", "where"))
    for kind in ("find", "next", "prev", "nextword", "prevword"):
        expect(not limited, os.path.isdir(f"{base}/{kind}"), base, kind)
        expect(not limited, kind in os.listdir(base), base, kind)
    for kind in ("trace", "wordlist"):
        expect(False, os.path.exists(f"{base}/{kind}"), base, kind)
    occurrences_only = "near" in s or "any" in s
    expect(not occurrences_only, os.path.isdir(f"{base}/doc"), base, "doc")
    expect(not occurrences_only and not s.get("word"), os.path.isdir(f"{base}/grep"), base, "grep")
    if not limited:
        expect(count, json.loads(read(f"{base}/find/{q}"))["cnt"], base, q, "find")
        for kind in ("next", "prev", "nextword", "prevword"):
            total = sum(int(line.split(b"\t")[0]) for line in read(f"{base}/{kind}/{q}").splitlines())
            expect(count, total, base, q, kind)
    elif not occurrences_only:
        fold, word = s.get("case"), s.get("word")
        for doc in rng.sample(docs, 4):
            holds = (("where" not in s or doc.lang == s["where"])
                     and all(doc.find(a, fold, word) for a in s.get("also", ()))
                     and not any(doc.find(a, fold, word) for a in s.get("not", ())))
            expect(holds, os.path.exists(f"{base}/doc/{doc.number}.txt"), base, "doc", doc.number)
        if not word:
            got = {line.split(b":")[0] for line in read(f"{base}/grep/ra[r]e").splitlines()}
            rare = {doc for doc in answer(docs, "rare", s)}
            expect({doc.number for doc in rare}, {int(p[4:-4]) for p in got}, base, "grep")


def ask(mount, index):
    with open("corpus.jsonl", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    docs = [Doc(i, r) for i, r in enumerate(records) if not (index == "removed" and "drop" in r)]
    rng = random.Random(5)
    one = {"also": lambda: rng.sample(WORDS, 1), "not": lambda: [rng.choice(["rare", "文字", "abab", "a,b"])],
           "any": lambda: rng.sample(WORDS, 2), "near": lambda: rng.choice((0, 1, 4, 30, 500, 10**6)),
           "where": lambda: rng.choice(("en", "zh")), "case": lambda: True, "word": lambda: True}
    sets = [{key} for key in one] + [set(pair) for pair in itertools.combinations(one, 2)]
    sets += [{"also", "near", key} for key in ("not", "any", "where", "case", "word")]
    sets += [set(one), {"any", "word", "case"}]
    if index != "one" or "NG_TEST_BRIEF" in os.environ:
        sets = rng.sample(sets, 9)
    for keys in sets:
        if keys & {"also", "not", "any"} and ("near" not in keys or "also" in keys):
            s = {key: one[key]() for key in sorted(keys)}
            check(mount, docs, rng.choice(WORDS + ["rare", "the", "ab", "中文", "nonesuch"]), s, rng)
    # What is frequent under a query that is rare, and the other way round; a query that is all of them.
    for query, s in (("rare", {"also": ["the"]}), ("rare", {"not": ["king"]}), ("the", {"also": ["rare"]}),
                     ("the", {"also": ["rare"], "near": 200}), ("rare", {"also": ["e"], "near": 50}),
                     ("the", {"also": ["the"]}), ("the", {"also": ["the"], "near": 0}), ("the", {"not": ["the"]}),
                     ("the", {"any": ["the", "th", "the k"]}), ("king", {"also": ["of", "the"], "near": 12}),
                     ("a", {"any": ["a-b", "a,b"], "word": True}), ("中", {"any": ["中文", "文"]})):
        check(mount, docs, query, s, rng)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        ask(sys.argv[2], sys.argv[3])
