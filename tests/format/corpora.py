# SPDX-License-Identifier: Apache-2.0
"""Indexes for format.py: small, but with everything in them that the format has a rule for."""

import json
import os
import random
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


def prose():
    """Paragraphs of what this project says about itself."""
    files = [TOP / "README.md", TOP / "LICENSE", *sorted(TOP.glob("*/*.[15]"))]
    text = "\n\n".join(f.read_text(encoding="utf-8") for f in files)
    return [p.encode() for p in text[:60_000].split("\n\n")]


def every_byte(rng):
    """All bytes in all orders, NULs, empty documents, and a cell in which each symbol occurs."""
    docs = [b"", bytes(range(256)), b"\0", b"\0" * 300, b"", bytes(range(255, -1, -1)) * 3, b"\xff" * 200 + b"\0"]
    for i in range(12):
        # What begins with a mark has every byte, and no byte, before it. It is sorted by what follows.
        mark = b"\1\2" + bytes([i])
        docs.append(mark + b"".join(bytes([b]) + mark + rng.randbytes(1) for b in range(256)))
    docs += [rng.randbytes(rng.randrange(1500)) for _ in range(12)]
    docs += [bytes(rng.choices(range(1 << k), k=1200)) for k in range(1, 9)]
    docs += [rng.choice([b"", b"x", b"\0"]) for _ in range(700)]  # cells with more marks than they can count
    return docs


def runs(rng):
    """More than a superblock, mostly runs, and a word that only stands at either end."""
    docs = [b"rare beginning", b"a" * 120_000, b"ab" * 30_000, b"", b"\0" * 50_000]
    docs += [b"".join(bytes([rng.choice(b"acgt")]) * rng.randrange(1, 400) for _ in range(300)), b"zz rare end"]
    docs += [bytes(rng.choices(b"acgt", [60, 5, 2, 1], k=9000)), bytes(rng.choices(b"ab", [97, 3], k=9000))]
    return docs


def skewed(rng):
    """Symbols as unlike each other in frequency as can be: for the shapes of cells."""
    docs = []
    for n in (2, 3, 4, 6, 9, 14, 20, 33, 60, 120):
        for base in (1.0, 0.9, 0.8, 0.65, 0.5, 0.35):
            docs.append(bytes(rng.choices(range(32, 32 + n), [base ** i for i in range(n)], k=700)))
    return docs


def write_jsonl(path, docs, **more):
    with open(path, "w", encoding="utf-8") as out:
        for i, doc in enumerate(docs):
            out.write(json.dumps({"text": doc.decode(), "id": i, **more}) + "\n")


def long_metadata(rng, path):
    """So much of it that it gets a dictionary."""
    words = [rng.randbytes(15).hex() for _ in range(80)]
    with open(path, "w", encoding="utf-8") as out:
        docs = [f"line {i % 7}" for i in range(2500)]
        for i, doc in enumerate(docs):
            out.write(json.dumps({"text": doc, "tags": rng.choices(words, k=4), "id": i}) + "\n")
    return [doc.encode() for doc in docs]


def write_files(path, docs):
    os.mkdir(path)
    for i, doc in enumerate(docs):
        Path(path, f"{i:05}").write_bytes(doc)


def build(index, *args):
    subprocess.run([os.environ["MKNGRAMFS"], "--quiet", "--threads=1", "-o", index, *args], check=True)


def make_all():
    """Yields for each index its name and its documents; they are made here, in the working directory."""
    rng = random.Random(4)
    docs = prose()
    write_jsonl("prose.jsonl", docs, note="what a dictionary is good for, since every document has it")
    build("prose", "prose.jsonl")
    yield "prose", docs

    docs = every_byte(rng)
    write_files("bytes.d", docs)
    build("bytes", "--format=text", "--sa-sampling=4", "bytes.d")
    yield "bytes", docs

    docs = prose()
    third = len(docs) // 3
    write_jsonl("first.jsonl", docs[:third])
    write_jsonl("then.jsonl", docs[third:])
    build("shards", "--sa-sampling=33", "--shard-size=16K", "first.jsonl")
    build("shards", "--append", "--shard-size=40K", "then.jsonl")
    yield "shards", docs

    docs = docs[:50] + [b""] + [b" ".join(docs[50:])]
    write_jsonl("stored.jsonl", docs)
    build("stored", "--text-store", "--sa-sampling=1024", "stored.jsonl")
    yield "stored", docs

    docs = runs(rng)
    write_files("runs.d", docs)
    build("runs", "--format=text", "runs.d")
    yield "runs", docs

    docs = skewed(rng)
    write_files("skewed.d", docs)
    build("skewed", "--format=text", "--sa-sampling=5", "skewed.d")
    yield "skewed", docs

    docs = [rng.randbytes(3_400_000), b"", rng.randbytes(100)]  # two pages of page sums
    write_files("noise.d", docs)
    build("noise", "--format=text", "--sa-sampling=50", "noise.d")
    yield "noise", docs

    docs = long_metadata(rng, "metadata.jsonl")
    build("metadata", "metadata.jsonl")
    yield "metadata", docs

    write_files("empty.d", [b"", b"", b""])
    build("empty", "--format=text", "--text-store", "empty.d")
    yield "empty", [b"", b"", b""]

    write_files("none.d", [])
    build("none", "--format=text", "--allow-empty", "none.d")
    yield "none", []
