#!/usr/bin/env python3
"""How the indexes of version-4.tar.xz were made, and documents-4.jsonl.xz, which doesn't ask them.

usage: make-4.py MKNGRAMFS DIR"""

import base64
import json
import lzma
import os
import random
import subprocess
import sys
import tarfile

mkngramfs, out = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
os.makedirs(out, exist_ok=True)
os.chdir(out)
rng = random.Random(4)
WORDS = ("the of and to a in that is was for Straße straße ÉTÉ été 中文 Kelvin \u212aelvin naïve "
         "data-base x% ~ \u200d \U0001f600").split(" ")
expected = []


def sentence(n):
    return " ".join(rng.choice(WORDS) for _ in range(n))


def jsonl(name, n, longest):
    documents = []
    with open(name, "w", encoding="utf-8") as file:
        for i in range(n):
            text = "" if i % 17 == 5 else sentence(rng.randint(1, longest))
            if i % 9 == 3:
                text += "\nline\ttab\0end" * 3
            document = {"text": text, "id": i, "tag": rng.choice(WORDS)}
            file.write(json.dumps(document) + "\n")
            documents.append(document)
    return documents


def mk(index, *arguments):
    subprocess.run([mkngramfs, "-q", "--threads=1", "-o", index, *arguments], check=True)


def expect(index, documents, source):
    for line, document in enumerate(documents, 1):
        metadata = {"path": source, "line": line,
                    "metadata": {k: v for k, v in document.items() if k != "text"}}
        expected.append({"index": index, "text": document["text"], "metadata": metadata})


def expect_file(index, name, data):
    expected.append({"index": index, "base64": base64.b64encode(data).decode(), "metadata": {"path": name}})


plain = jsonl("plain.jsonl", 60, 80)
mk("plain", "--shard-size=4K", "plain.jsonl")
expect("plain", plain, "plain.jsonl")

store = jsonl("store.jsonl", 40, 60)
mk("store", "--text-store", "--sa-sampling=8", "store.jsonl")
expect("store", store, "store.jsonl")

first, second = jsonl("first.jsonl", 30, 40), jsonl("second.jsonl", 25, 40)
raw = bytes(range(1, 256)) * 2 + b"\xff\xfe the end"
open("bytes.txt", "wb").write(raw)
for index in "appended", "merged":
    mk(index, "first.jsonl")
    mk(index, "--append", "second.jsonl")
    mk(index, "--append", "--force", "--format=text", "bytes.txt")
    expect(index, first, "first.jsonl")
    expect(index, second, "second.jsonl")
    expect_file(index, "bytes.txt", raw)
subprocess.run([mkngramfs, "-q", "--threads=1", "--merge", "merged"], check=True)

many = []
with open("many.jsonl", "w", encoding="utf-8") as file:
    for i in range(3000):
        document = {"text": "ab" * 40 + "acgt"[i % 4] * (i % 50), "id": i, "name": f"{rng.randrange(1 << 40):x}"}
        file.write(json.dumps(document) + "\n")
        many.append(document)
mk("many", "many.jsonl")
expect("many", many, "many.jsonl")

open("none.jsonl", "w").close()
mk("empty", "--allow-empty", "none.jsonl")

indexes = ["plain", "store", "appended", "merged", "many", "empty"]


def anonymous(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


with tarfile.open("version-4.tar.xz", "w:xz", preset=9) as tar:
    for index in indexes:
        tar.add(index, filter=anonymous)
with lzma.open("documents-4.jsonl.xz", "wt", encoding="utf-8", preset=9) as file:
    for document in expected:
        file.write(json.dumps(document) + "\n")
