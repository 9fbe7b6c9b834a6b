# SPDX-License-Identifier: Apache-2.0
"""What the programs of examples/repeats must print, by looking at every byte.

dedup.py make                writes one.jsonl and other.jsonl here
dedup.py check OPTIONS       what `dedup` wrote of mnt/one: stretches, documents, clean.jsonl, most.jsonl, left
dedup.py pieces PROGRAMS SETTINGS    texts traced in mnt/one by small pieces, and at once
dedup.py between SETTINGS    what `between` wrote of mnt/other in mnt/one: found
"""
import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from repeats import Naive

WORDS = ["the", "whale", "naïve", "中文", "ship", "of", "Sea", "x1", "😀", "and", "harpoon", "colour"]


def text(rng, n):
    return " ".join(rng.choice(WORDS) + rng.choice(["", "s", str(rng.randrange(100))]) for _ in range(n))


def make():
    rng = random.Random(4)
    planted = [text(rng, rng.randint(8, 20)) for _ in range(12)]
    docs = [" ".join(rng.choice(planted) if rng.random() < .3 else text(rng, rng.randint(1, 15))
                     for _ in range(rng.randint(1, 5))) for _ in range(70)]
    # Copies of all of it; what overlaps itself; none.
    docs += [docs[3], docs[3], docs[8] + " and more", "-" * 200, "ab" * 90, ""]
    with open("one.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": doc, "id": i, "note": {"é": [i]}}) + "\n" for i, doc in enumerate(docs))
    others = [text(rng, 12) + docs[i][:rng.randrange(120)].upper() + rng.choice(planted) + text(rng, 5) for i in range(30)]
    # A stretch in the midst of which a piece of 1 MiB ends, between characters and within one.
    for lead in 0, 1:
        others.append("q" * ((1 << 20) - 61 - lead) + docs[3] + "Q" * 50)
    with open("other.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": doc}) + "\n" for doc in others)


def read(name):
    with open(name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rows(name):
    with open(name, encoding="utf-8") as lines:
        return [[int(cell) if cell.isdigit() else cell for cell in line.rstrip("\n").split("\t")] for line in lines]


def check(options):
    given = dict(option.removeprefix("--").partition("=")[::2] for option in options.split())
    docs = read("one.jsonl")
    texts = [doc["text"].encode() for doc in docs]
    naive, want = Naive(texts), []
    for d, of in enumerate(texts):
        for begin, end in naive.stretches(d, int(given["min"]), int(given.get("atleast", 2)), "word" in given):
            found = naive.occurrences(of[begin:end])
            first = naive.place(found[0])
            if first == (d, begin):
                continue
            a = max(begin, first[1] + end - begin) if first[0] == d else begin
            if a < end:
                want.append([d, a, end, len(found), *first])
    assert rows("stretches") == want, f"{options}: stretches"
    assert len({row[0] for row in want}) > 20 and any(row[0] == row[4] for row in want), "something repeats, and itself"
    left, most, whole = [], [], []
    for d, (doc, of) in enumerate(zip(docs, texts)):
        gone = {i for row in want if row[0] == d for i in range(row[1], row[2])}
        kept = bytes(byte for i, byte in enumerate(of) if i not in gone).decode()
        if not gone or kept:
            left.append({**doc, "text": kept})
        if gone and len(gone) * 100 >= len(of) * 60:
            whole.append([d, len(gone), len(of)])
        else:
            most.append({**doc, "text": kept})
    assert read("clean.jsonl") == left, f"{options}: clean"
    assert read("most.jsonl") == most, f"{options}: without documents"
    assert [row[:3] for row in rows("documents")] == whole and len(whole) > 2, f"{options}: documents"
    sizes = [sum(len(doc["text"].encode()) for doc in part) for part in (left, most)]
    said = [f"{len(part)} of {len(docs)} documents, {size} of {sum(map(len, texts))} bytes are left\n"
            for part, size in zip((left, most), sizes)]
    assert open("left").readlines() == said, f"{options}: {said}"
    # Without itself, nothing of what is left out is lost.
    for d, begin, end, _, first, offset in want:
        assert first < d or first == d and offset < begin
        assert first == d or texts[d][begin:end] == texts[first][offset:offset + end - begin]


def between(settings):
    given = dict(setting.split("=") for setting in settings.split())
    least, most = int(given.get("min", 32)), int(given.get("max", 1 << 60))
    fold = (lambda t: t.lower()) if given.get("case") == "fold" else (lambda t: t)
    assert all(len(c) == len(c.lower()) for word in WORDS for c in word)
    texts = [doc["text"].encode() for doc in read("other.jsonl")]
    target = Naive([fold(doc["text"]).encode() for doc in read("one.jsonl")])
    found = read("found")
    for line in found:
        assert texts[line["document"]][line["begin"]:line["end"]].decode() == line["text"], line
        assert len(line["documents"]) <= int(given.get("docs", 10)), line
        assert line["count"] == len(target.occurrences(fold(line["text"]).encode())) <= most, line
    got = {}
    for line in found:
        got.setdefault(line["document"], []).append((line["begin"], line["end"]))
    assert [line["document"] for line in found] == sorted(line["document"] for line in found)
    for d, of in enumerate(texts):
        # Of the long run that nothing occurs in, the end is enough.
        lead = max(len(of) - len(of.lstrip(b"q")) - 50, 0)
        naive = Naive([fold(of[lead:].decode()).encode()])
        naive.many = target.many
        want = [(lead + a, lead + b) for a, b in naive.stretches(0, least, 1, given.get("word") == "yes")
                if len(target.occurrences(naive.docs[0][a:b])) <= most]
        assert got.get(d, []) == want, f"{settings}: document {d}: {got.get(d)} instead of {want}"
    assert len(got) > 5, len(got)


def pieces(programs, settings):
    """With as little as a session takes in all sizes, where a piece ends in all kinds of places."""
    sys.path.insert(0, programs)
    import ngramfs
    rng = random.Random(9)
    given = dict(setting.split("=") for setting in settings.split())
    mount = ngramfs.Mount("mnt/one")
    tracer, every = ngramfs.Tracer(mount, **given), ngramfs.Tracer(mount, **{**given, "max": None})
    docs = [doc["text"] for doc in read("one.jsonl")]
    crossed = 0
    for n in range(8):
        parts = []
        while sum(map(len, parts)) < 1500:
            doc = rng.choice(docs)
            at = rng.randrange(len(doc) + 1)
            piece = doc[at:at + rng.randrange(90)]
            parts += [rng.choice([str.upper, str.lower, str])(piece), rng.choice(["", " ", "  \n ", "é", "…", "ǆ", "z" * 9])]
        of = "".join(parts).encode()
        if n % 5 == 4:
            of = of[:700] + b"\xe4\xb8\xff\xad" * (given.get("space") != "fold") + of[700:]
        want = list(tracer.lines(of))
        assert want or n % 5, settings
        # No stretch is longer.
        size = max(json.loads(line)["end"] - json.loads(line)["begin"] for line in every.lines(of)) + 9
        ngramfs.TRACE_BYTES = max(size, 2 * int(given["min"])) + rng.choice([0, 1, 2, 30])
        got = list(tracer.lines(of))
        crossed += len(of) // ngramfs.TRACE_BYTES
        for g, w in zip(got, want):
            assert g == w, (settings, ngramfs.TRACE_BYTES, g, w)
        assert len(got) == len(want), (settings, ngramfs.TRACE_BYTES, len(got), len(want))
        ngramfs.TRACE_BYTES = 1 << 20
    assert crossed > 30, crossed


{"make": make, "check": check, "pieces": pieces, "between": between}[sys.argv[1]](*sys.argv[2:])
