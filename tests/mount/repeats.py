# SPDX-License-Identifier: Apache-2.0
"""What /repeats must say: documents with planted repeats, and a search that looks at every byte.

repeats.py corpus            documents, as JSON lines
repeats.py check INDEX CORPUS REMOVED SETTINGS...    the lines under each SETTINGS ("-": none) of the mount mnt
"""
import bisect
import json
import random
import sys
import unicodedata


def corpus():
    rng = random.Random(16)
    words = ["the", "whale", "naïve", "中文", "検索", "e\u0301te\u0301", "😀", "a", "b-c", "\n", "ไทย", "x1"]

    def text(n):
        return " ".join(rng.choice(words) for _ in range(n))

    planted = [text(rng.randint(5, 40)) for _ in range(12)] + ["中文検索" * 9, "ab" * 70, "z" * 130]
    docs = []
    for i in range(90):
        parts = []
        for _ in range(rng.randint(0, 5)):
            piece = rng.choice(planted)
            at = rng.randrange(len(piece) // 2)
            parts += ["".join(rng.choices("bcdfghjklmé文", k=rng.randint(0, 25))), piece[at:] if rng.random() < .5 else piece]
        docs.append("".join(parts))
    # The same document thrice; shorter ones than any stretch; none at all.
    docs += [docs[3]] * 2 + ["", "short", "short", text(4)]
    rng.shuffle(docs)
    for doc in docs:
        print(json.dumps({"text": doc}))


def is_word(c):
    return unicodedata.category(c)[0] in "LNM"


class Naive:
    """All documents in a row, with a byte between them that UTF-8 has not."""

    def __init__(self, docs):
        self.docs = docs
        joined = bytearray()
        self.at = []  # of each document
        for doc in docs:
            self.at.append(len(joined))
            joined += doc + b"\xff"
        self.joined = bytes(joined)
        self.known = {}

    def occurrences(self, piece):
        found, at = [], self.joined.find(piece)
        while at >= 0:
            found.append(at)
            at = self.joined.find(piece, at + 1)
        return found

    def many(self, piece, most):
        known = self.known.get((piece, most))
        if known is None:
            n, at = 0, self.joined.find(piece)
            while at >= 0 and n < most:
                n, at = n + 1, self.joined.find(piece, at + 1)
            known = n >= most
            if len(piece) < 64:
                self.known[piece, most] = known
        return known

    def place(self, position):
        d = bisect.bisect_right(self.at, position) - 1
        return d, position - self.at[d]

    def borders(self, doc, word):
        """Places that are no character's midst, nor, if so asked, a word's."""
        text, at, out = doc.decode(), 0, []
        for i in range(len(text) + 1):
            inside = word and 0 < i < len(text) and is_word(text[i - 1]) and is_word(text[i])
            if not inside:
                out.append(at)
            if i < len(text):
                at += len(text[i].encode())
        return out

    def stretches(self, d, minimum, atleast, word):
        """Of stretches between borders that occur often enough, those that lie in no other."""
        doc = self.docs[d]
        borders, furthest, k, out = self.borders(doc, word), -1, 0, []
        for i, begin in enumerate(borders):
            k = max(k, i)
            if begin + minimum > len(doc) or not self.many(doc[begin:begin + minimum], atleast):
                continue
            # Where it goes on for long, by halves.
            step = 1
            while k < len(borders) - 1 and step:
                end = min(k + step, len(borders) - 1)
                if self.many(doc[begin:borders[end]], atleast):
                    k, step = end, step * 2
                elif end - k > 1:
                    step = max(1, (end - k) // 2)
                else:
                    step = 0
            end = borders[k]
            if k > furthest and end - begin >= minimum:
                out.append((begin, end))
            furthest = max(furthest, k)
        return out


def check(index, path, removed, names):
    removed = {int(n) for n in removed.split(",") if n}
    docs = [json.loads(line)["text"].encode() for line in open(path)]
    naive = Naive([b"" if i in removed else doc for i, doc in enumerate(docs)])
    for name in names:
        settings = dict(s.split("=") for s in name.split(",")) if name != "-" else {}
        want = []
        for d in range(len(docs)):
            for begin, end in naive.stretches(d, int(settings.get("min", 100)), int(settings.get("atleast", 2)),
                                              settings.get("word") == "yes"):
                found = naive.occurrences(naive.docs[d][begin:end])
                if len(found) > int(settings.get("max", len(found))):
                    continue
                first = naive.place(found[0])
                if settings.get("keep") == "first" and first == (d, begin):
                    continue
                want.append({"document": d, "begin": begin, "end": end, "count": len(found),
                             "first": {"document": first[0], "offset": first[1]}})
        directory = f"mnt/{index}" + ("" if name == "-" else f"/with/{name}")
        got = [json.loads(line) for line in open(f"{directory}/repeats")]
        for g, w in zip(got, want):
            if g != w:
                sys.exit(f"{index} {name}: {g} instead of {w}")
        if len(got) != len(want):
            sys.exit(f"{index} {name}: {len(got)} instead of {len(want)}")
        if not want and name != "min=1000000":
            sys.exit(f"{index} {name}: nothing repeats")


def main():
    if sys.argv[1] == "corpus":
        return corpus()
    return check(*sys.argv[2:5], sys.argv[5:])


if __name__ == "__main__":
    main()
