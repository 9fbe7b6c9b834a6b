# SPDX-License-Identifier: Apache-2.0
"""same.py MOUNT OTHER TEXT: two mounts give the same answers, to questions from the documents in TEXT."""

import json
import os
import pathlib
import random
import sys
from urllib.parse import quote

mounts = [pathlib.Path(arg) for arg in sys.argv[1:3]]
files = sorted(pathlib.Path(sys.argv[3]).rglob("*.jsonl"), key=lambda path: os.fsencode(path))
texts = [json.loads(line)["text"].encode() for path in files for line in open(path, encoding="utf-8")]
random.seed(3)
width = len(str(len(texts) - 1))


def occurrences(query):
    total, holding = 0, []
    for number, text in enumerate(texts):
        at, before = text.find(query), total
        while at >= 0:
            total += 1
            at = text.find(query, at + 1)
        if total > before:
            holding.append(number)
    return total, holding


def read(path):
    return path.read_bytes()


queries = [b"e", b" t", "中文".encode(), b"100%", b"a/b", b"no such words here"]
while len(queries) < 26:
    text = random.choice(texts)
    at = random.randrange(len(text))
    queries.append(text[at:at + random.randint(1, 30)])
asked = 0
for query in queries:
    name = quote(query, safe="").replace(".", "%2E")
    count, holding = occurrences(query)
    for mount in mounts:
        assert read(mount / "count" / name) == b"%d\n" % count, (mount, query, count)
        assert int(read(mount / "df" / name)) == len(holding), (mount, query, len(holding))
        if len(holding) > 3000:
            continue
        listed = []
        at = mount / "docs" / name
        while at.exists():
            names = [entry for entry in os.listdir(at) if entry != "more"]
            listed += sorted(names)
            at = at / "more" if "more" in os.listdir(at) else pathlib.Path("no more")
        assert sorted(listed) == [f"{n:0{width}}.txt" for n in holding], (mount, query)
    for kind in ["kwic", "next", "prev"]:
        if count and len(query) > 2:
            # Occurrences stand in the order of each shard's suffixes.
            lines = [sorted(read(mount / kind / name).split(b"\n")) for mount in mounts]
            assert lines[0] == lines[1], (kind, query)
            asked += 1
    asked += 3
for number in {0, len(texts) - 1, *random.sample(range(len(texts)), min(200, len(texts)))}:
    for mount in mounts:
        assert read(mount / "doc" / f"{number:0{width}}.txt") == texts[number], (mount, number)
    meta = [read(mount / "doc" / f"{number:0{width}}.json") for mount in mounts]
    assert meta[0] == meta[1], (number, meta)
    asked += 2
assert not (mounts[0] / "doc" / f"{len(texts):0{width}}.txt").exists()
print(f"{asked} answers of {len(texts)} documents")
