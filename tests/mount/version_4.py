# SPDX-License-Identifier: Apache-2.0
"""Ask a mount of the indexes of tests/data, and compare with what their documents say.

usage: version_4.py DOCUMENTS MOUNTPOINT; prints what differs, and in the last line how much was
compared."""

import base64
import json
import lzma
import os
import random
import sys

documents_file, mnt = sys.argv[1], sys.argv[2]
indexes = {name: [] for name in ("plain", "store", "appended", "merged", "many", "empty")}
with lzma.open(documents_file, "rt", encoding="utf-8") as file:
    for line in file:
        d = json.loads(line)
        text = base64.b64decode(d["base64"]) if "base64" in d else d["text"].encode()
        indexes[d["index"]].append((text, d["metadata"]))
compared = failures = 0


def read(*parts):
    with open(os.path.join(os.fsencode(mnt), *parts), "rb") as file:
        return file.read()


def same(is_, want, what):
    global compared, failures
    compared += 1
    if is_ != want:
        failures += 1
        print(f"{what}: {is_!r:.200} instead of {want!r:.200}")


def name(query):
    return b"".join(b"%%%02X" % b if b in b"/%\0" else bytes([b]) for b in query)


def count(text, pattern):
    n = at = 0
    while (at := text.find(pattern, at)) >= 0:
        n, at = n + 1, at + 1
    return n


def fold(text):
    return "".join(c.casefold() if len(c.casefold()) == 1 else c
                   for c in text.decode("utf-8", "surrogateescape"))


def patterns(documents, rng):
    yield from (b"the", b"a", b"of the", b"line\ttab\0end", b"x%", b"not there at all", b"\xff")
    texts = [text for text, _ in documents if text] or [b"none"]
    for length in (1, 2, 3, 5, 9, 20, 60, 200) * (1 if os.environ.get("NG_TEST_BRIEF") else 3):
        text = rng.choice(texts)
        at = rng.randrange(len(text))
        yield text[at:at + length]


def ask(index, documents):
    rng = random.Random(index)
    i = index.encode()
    stats = json.loads(read(i, b"stats"))
    same((stats["documents"], stats["format_version"]), (len(documents), 4), f"{index}: stats")
    width = len(str(max(len(documents) - 1, 0)))
    step = 1 if len(documents) < 500 else 37
    for id, (text, metadata) in list(enumerate(documents))[::step]:
        file = b"%0*d" % (width, id)
        same(read(i, b"doc", file + b".txt"), text, f"{index}: document {id}")
        same(json.loads(read(i, b"doc", file + b".json")), metadata, f"{index}: metadata {id}")
    for pattern in patterns(documents, rng):
        if pattern in (b".", b".."):
            continue
        holders = [id for id, (text, _) in enumerate(documents) if pattern in text]
        n = sum(count(text, pattern) for text, _ in documents)
        what = f"{index}: {pattern!r}"
        same(read(i, b"count", name(pattern)), b"%d\n" % n, what)
        same(read(i, b"df", name(pattern)), b"%d\n" % len(holders), what + ", documents")
        if 0 < len(holders) < 100:
            listed = os.listdir(os.path.join(os.fsencode(mnt), i, b"docs", name(pattern)))
            same(sorted(listed), [b"%0*d.txt" % (width, id) for id in holders], what + ", list")
        if 0 < n < 200:
            lines = read(i, b"kwic", name(pattern)).splitlines()
            places = sorted((int(line.split(b"\t")[0]), int(line.split(b"\t")[1])) for line in lines)
            want = [(id, at) for id, (text, _) in enumerate(documents)
                    for at in range(len(text)) if text.startswith(pattern, at)]
            same(places, want, what + ", places")
            nexts = read(i, b"next", name(pattern)).splitlines()
            same(sum(int(line.split(b"\t")[0]) for line in nexts), n, what + ", what follows")
    folded = [fold(text) for text, _ in documents]
    for word in "THE", "stra\u00dfe", "\u00e9T\u00c9", "KELVIN", "\u4e2d\u6587", "Of The":
        same(read(i, b"with", b"case=fold", b"count", name(word.encode())),
             b"%d\n" % sum(count(text, fold(word.encode())) for text in folded), f"{index}: {word}, any case")


for index, documents in indexes.items():
    ask(index, documents)
print(f"{compared} compared, {failures} differ")
sys.exit(failures > 0)
