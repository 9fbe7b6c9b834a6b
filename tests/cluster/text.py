# SPDX-License-Identifier: Apache-2.0
"""text.py DIR FILES [BYTES]: text in JSONL for a cluster's tests, BYTES a file on average."""

import itertools
import json
import pathlib
import random
import sys

top, files = pathlib.Path(sys.argv[1]), int(sys.argv[2])
size = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
random.seed(15)
LETTERS = "etaoinshrdlu"
words = ["".join(random.choices(LETTERS, k=random.randint(2, 9))) for _ in range(3000)]
words += ["naïve", "100%", "a/b", "中文"]
weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(words))))
kept = []
for number in range(files):
    # Byte order is not that of numbers, nor of directories before files.
    path = top / ("b" if number % 3 else "b.d") / f"{number}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    room = size * random.choice([1, 1, 1, 2, 5]) // 2
    with open(path, "w", encoding="utf-8") as out:
        while room > 0:
            if kept and random.random() < 0.1:
                text = random.choice(kept)
            else:
                text = " ".join(random.choices(words, cum_weights=weights, k=random.choice([5, 50, 300])))
            if random.random() < 0.05:
                kept.append(text)
            out.write(json.dumps({"text": text, "file": number}, ensure_ascii=False) + "\n")
            room -= len(text)
