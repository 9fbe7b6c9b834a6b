#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sample.py FILE...: a small benchmark, as JSONL, of which FILES hold a known part.

Of every three entries, one is a paragraph of FILES as it stands there, one is half of such a paragraph,
and goes on with invented sentences, and one is all invented."""

import json
import random
import re
import sys

WHO = ["A lighthouse keeper", "The mayor of Brindle", "Aunt Philippa", "A retired juggler", "The third violin"]
WHAT = ["counted", "painted", "mislaid", "repaired", "hid"]
WHICH = ["copper kettles", "paper owls", "left-handed gloves", "borrowed umbrellas", "marzipan bricks"]
WHEN = ["on each of the nine Thursdays before the regatta", "while the tram waited at Quince Street",
        "without telling the cellist", "for the price of a second-hand accordion"]


def invent(rng, length):
    """Sentences that stand nowhere else, of LENGTH characters at least."""
    text = ""
    while len(text) < length:
        text += (f" {rng.choice(WHO)} {rng.choice(WHAT)} {rng.randint(13, 997)} {rng.choice(WHICH)} "
                 f"{rng.choice(WHEN)}.")
    return text.lstrip()


def main():
    rng = random.Random(1)
    paragraphs = []
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8", errors="replace") as file:
            paragraphs += [p for p in re.split(r"\n\s*\n", file.read()) if 200 <= len(p) <= 900 and "\ufffd" not in p]
    for number, paragraph in enumerate(paragraphs):
        half = paragraph[:len(paragraph) // 2]
        text = [paragraph, half + " " + invent(rng, len(half)), invent(rng, len(paragraph))][number % 3]
        print(json.dumps({"id": ["whole", "half", "none"][number % 3] + f"-{number}", "text": text},
                         ensure_ascii=False))


main()
