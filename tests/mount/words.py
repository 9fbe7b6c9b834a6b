#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""space=, form=, case= and word= of /with against a naive search of every character.

    words.py corpus > corpus.jsonl
    words.py check INDEX CORPUS SETTINGS QUERY...    INDEX is mounted at mnt/INDEX
"""
import collections
import json
import os
import random
import sys
import unicodedata
from urllib.parse import quote

OWN = {"'": "‘’‚‛ʼ′‵‹›´❛❜", '"': "“”„‟″‶«»〝〞〟❝❞", "-": "‐‑‒–—―−⁃˗⸺⸻", "/": "⁄∕"}
OWN = {c: to for to, of in OWN.items() for c in of}
PIECES = ["whale", "Whale", "WHALE", "whales", "of", "the", "of  the", "of\nthe", "of \n\t the", "of\u00a0the",
          "of\u3000the", "offi\u0301ce", "office", "of\ufb01ce", "o\ufb03ce", "ＯＦ", "don't", "don’t", "don‘t",
          "well-known", "well‐known", "well–known", "“whale”", '"whale"', "x_whale", "whale2", "whale\u0301",
          "whale²", "中文", "文", "中文。", "中、文", "ภาษาไทย", "ไทย", "ไทยฯ", "שָׁלוֹם", "שלום", "مَرحبا", "مرحبا؟",
          "é", "e\u0301", "e", "дом", "Дом", "\U0001f600whale", "whale\x00", "...", "…", "½", "1/2", "\u212b", "å"]


def corpus():
    random.seed(16)
    for i in range(180):
        text = random.choice(("", " ")).join(random.choice(PIECES) for _ in range(random.choice((0, 1, 4, 9, 30))))
        if i % 90 == 9:
            text = "  " + text + "   rare \n rare" + " " * (600 if i == 9 else 2) + "rare"
        print(json.dumps({"text": text, "id": i}))


def symbols(settings, c):
    """What a character is folded to."""
    if "space=fold" in settings and c.isspace() and not "\x1c" <= c <= "\x1f":
        return [" " * 2]
    to = c
    if "form=fold" in settings:
        for _ in range(4):
            to = "".join(OWN.get(x) or unicodedata.normalize("NFKC", x) for x in to)
        if len(to) > 4 or len(to) > 1 and any(map(str.isspace, to)):
            to = c
    if "case=fold" in settings:
        to = "".join(x.casefold() if len(x.casefold()) == 1 else x.lower() if len(x.lower()) == 1 else x for x in to)
    return list(to)


def is_word(c):
    return unicodedata.category(c)[0] in "LNM"


def match(folded, want, at):
    """Where an occurrence at a character ends, or None."""
    i = 0
    while i < len(want):
        if at == len(folded) or folded[at] != want[i:i + len(folded[at])]:
            return None
        run = want[i] == "  " and 0 < i < len(want) - 1
        i += len(folded[at])
        at += 1
        while run and at < len(folded) and folded[at] == ["  "]:
            at += 1
    return at


def occurrences(texts, folds, settings, query):
    """Document, first and last character."""
    want = []
    for c in query:
        more = symbols(settings, c)
        if more != ["  "] or want[-1:] != more:
            want += more
    for number, text in enumerate(texts):
        for at in range(len(text)):
            end = match(folds[number], want, at)
            if end is None:
                continue
            if "word=yes" in settings and (at > 0 and is_word(text[at - 1]) or end < len(text) and is_word(text[end])):
                continue
            yield number, at, end


def read(path):
    with open(path, "rb") as file:
        return file.read()


def shown(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r").replace("\x00", "\\x00")


def beside(texts, found, behind):
    counts = collections.Counter()
    for number, begin, end in found:
        text = texts[number]
        at = end if behind else begin - 1
        counts[shown(text[at]) if 0 <= at < len(text) else "$END" if behind else "$START"] += 1
    return counts


def words_of(text):
    """Where words begin and end."""
    begin = None
    for at, c in enumerate(text + " "):
        if is_word(c) and begin is None:
            begin = at
        elif not is_word(c) and begin is not None:
            yield begin, at
            begin = None


def word_beside(text, begin, end, behind):
    if behind:
        return next((shown(text[end:][b:e]) for b, e in words_of(text[end:])), "$END")
    return next((text[b:e] for b, e in reversed(list(words_of(text[:begin])))), "$START")


def by_count(counts):
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].encode()))


def rows(path):
    return [line.split("\t") for line in read(path).decode().split("\n")[:-1]]


def check(index, texts, folds, settings, query):
    found = list(occurrences(texts, folds, settings, query))
    docs = {number for number, _, _ in found}
    name = quote(query, safe=" ")
    top = f"mnt/{index}/with/{settings}"
    asked = f"{index} {settings}: {query!r}"
    # Before any page of it is known: a document of the query, by its number.
    for number in range(0, len(texts), 9):
        assert os.path.exists(f"{top}/docs/{name}/{number:03}.txt") == (number in docs), (asked, number)
    assert int(read(f"{top}/count/{name}")) == len(found), (asked, len(found))
    assert int(read(f"{top}/df/{name}")) == len(docs), asked
    find = json.loads(read(f"{top}/find/{name}"))
    assert find["cnt"] == len(found), asked
    assert sum(i[1] - i[0] for shard in find["segment_by_shard"] for i in shard) == len(found), asked
    for room, suffix in (("docs", "txt"), ("meta", "json")):
        got = [f for _, _, files in os.walk(f"{top},page=50/{room}/{name}") for f in files]
        assert sorted(got) == sorted(f"{n:03}.{suffix}" for n in docs), (asked, room)
    for room, behind in (("next", True), ("prev", False)):
        assert {c: int(n) for n, _, c in rows(f"{top}/{room}/{name}")} == beside(texts, found, behind), (asked, room)
    for room, behind in (("nextword", True), ("prevword", False)):
        counts = collections.Counter(word_beside(texts[n], b, e, behind) for n, b, e in found)
        got = rows(f"{top}/{room}/{name}")
        assert [(word, int(n)) for n, _, word in got] == by_count(counts), (asked, room)
        assert all(abs(float(p) - int(n) / len(found)) < 1e-6 for n, p, _ in got), (asked, room)
    want = sorted((n, len(texts[n][:b].encode()), shown(texts[n][b:e]), shown(texts[n][:b])[-20:], shown(texts[n][e:])[:20])
                  for n, b, e in found)
    for order in ("context=4096", "order=random,seed=3,context=4096"):
        got = [(int(n), int(at), m, left[-20:], right[:20]) for n, at, left, m, right in rows(f"{top},{order}/kwic/{name}")]
        assert sorted(got) == want, (asked, order)
        for i in {0, len(got) // 2, len(got) - 1} if got else {}:
            m = json.loads(read(f"{top},{order}/match/{name}/{i}.json"))
            assert (m["document"], m["offset"], shown(m["match_text"])) == got[i][:3], (asked, order, i)
    # Short context, which a lead may fill.
    for context in (0, 2):
        got = sorted((int(n), int(at), m) for n, at, left, m, right in rows(f"{top},context={context}/kwic/{name}"))
        assert got == [w[:3] for w in want], (asked, context)
    for kind in ("count", "find", "df"):
        with open(f"{top},escape=percent/batch/{kind}", "r+b", buffering=0) as batch:
            batch.write((name + "\n").encode())
            answer = batch.read().decode().split("\t")[0]
        assert answer == read(f"{top}/{kind}/{name}").decode().rstrip("\n"), (asked, kind)
    return len(found)


def check_list(index, texts):
    counts = collections.Counter(text[b:e] for text in texts for b, e in words_of(text))
    for settings, least in ((None, 1), ("min=2", 2), ("min=5", 5), ("min=64", 64), ("min=100000", 100000)):
        got = [(word, int(n)) for n, word in rows(f"mnt/{index}" + (f"/with/{settings}" if settings else "") + "/wordlist")]
        want = sorted(((word, n) for word, n in counts.items() if n >= least), key=lambda item: item[0].encode())
        assert got == want, (index, settings, len(got), len(want))
        assert (len(want) > 2) == (least < 1000), "nothing was tested"


def main():
    if sys.argv[1] == "corpus":
        return corpus()
    index, path, settings, queries = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    if settings == "list":
        return check_list(index, texts)
    folds = [[symbols(settings, c) for c in text] for text in texts]
    found = sum(check(index, texts, folds, settings, query) for query in queries)
    assert found > 10 * len(queries), f"{settings}: only {found} occurrences"


if __name__ == "__main__":
    main()
