# SPDX-License-Identifier: Apache-2.0
"""The corpus that examples/pipelines.md is run on, and what its blocks should print.

pipelines.py make            writes corpus.jsonl, old.jsonl, new.jsonl, words.txt and article.txt here
pipelines.py check FILE.md   runs the blocks of FILE.md here, beside mnt/ and both/

What is expected comes from the text itself; no index takes part in it.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from repeats import Naive

SEED = 11
WORDS = ["the", "of", "a", "whale", "whales", "whaling", "whalers", "ship", "shore", "harpoon", "sea",
         "colour", "color", "and/or", "100%", "naïve", "x\ny", "shall", "he shut"]
WEIGHTS = [9, 7, 7, 3, 2, 1, 1, 5, 2, 1, 6, 3, 2, 1, 1, 1, 1, 2, 1]
LIST = ["the whale", "of", "and/or", "100%", "%41", "naïve", "x", "no such phrase", "harpoon the", "a ship",
        "Whale", "...", "harpoon ", " ship", ".gitignore", "rust-toolchain", "a" * 3000, "%20"]


def make():
    rng = random.Random(SEED)
    docs = [{"text": " ".join(rng.choices(WORDS, WEIGHTS, k=rng.randint(0, 40))),
             "source": rng.choice(["log", "letters", "a \"book\""]), "year": rng.randint(1840, 1851)}
            for _ in range(150)]
    for name, part in [("corpus", docs), ("old", docs[:60]), ("new", docs[60:])]:
        with open(name + ".jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps(doc) + "\n" for doc in part)
    # A list that a person has made, or a program: the last line may have no newline.
    with open("words.txt", "w", encoding="utf-8") as out:
        out.write("\n".join(LIST))
    with open("article.txt", "w", encoding="utf-8") as out:
        for doc in rng.choices(docs, k=12):
            at = rng.randrange(len(doc["text"]) // 2 + 1)
            out.write(rng.choice([str.upper, str])(doc["text"][at:at + rng.randrange(90)].strip()).replace(" ", "\n") + " quite new;")


def read(name):
    with open(name + ".jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def places(query, text):
    return [m.start() for m in re.finditer("(?=" + re.escape(query) + ")", text)]


def count(query, docs):
    return sum(len(places(query, doc["text"])) for doc in docs)


def holding(query, docs):
    return [f"{i:03}.txt" for i, doc in enumerate(docs) if query in doc["text"]]


def ranked(counts, key=lambda item: item):
    """Lines of `uniq -c`, most frequent first."""
    items = sorted(counts.items(), key=lambda item: (-item[1], key(item[0])))
    return [f"{n:7} {item}" for item, n in items]


def by_bytes(item):
    return str(item).encode()


def expected(docs, old, new):
    """By the number of the block: its lines."""
    want = {}
    counted = [(count(line, docs), line) for line in LIST]
    want[1] = [f"{n}\t{line}" for n, line in sorted(counted, key=lambda c: (-c[0], by_bytes(c[1])))]
    want[2] = [line for n, line in counted if n == 0]
    matches = {i: count("whale", [doc]) for i, doc in enumerate(docs)}
    want[3] = ranked({i: n for i, n in matches.items() if n})[:10]
    want[4] = [f for f in holding("whale", docs) if f in holding("harpoon", docs)]
    want[5] = [f for f in holding("whale", docs) if f not in holding("ship", docs)]
    want[8] = [f"{a}\t{b}\t{line}" for line in LIST
               for a, b in [(count(line, old), count(line, new))] if a != b]
    following = collections.Counter(word for doc in docs
                                    for word in re.findall(r"the (?=([^\W\d_]+))", doc["text"]))
    want[9] = ranked(following, by_bytes)[:5]
    letters = [(count("sh" + c, docs), "sh" + c) for c in "abcdefghijklmnopqrstuvwxyz"]
    want[10] = [f"{n}\t{s}" for n, s in sorted(letters, key=lambda c: (-c[0], c[1]))[:3]]
    want[11] = ranked(collections.Counter(doc["source"] for doc in docs if "whale" in doc["text"]),
                      by_bytes)
    years = collections.Counter()
    for i, n in matches.items():
        years[docs[i]["year"]] += n
    want[12] = [f"{n:7} {year}" for year, n in sorted(years.items()) if n]
    want[13] = ranked(collections.Counter(m.group() for doc in docs
                                          for m in re.finditer(r"\bwhal(es?|ing)\b", doc["text"])),
                      by_bytes)
    want[14] = ["doc/" + f for f in holding("harpoon", docs)]
    size = sum(len(doc["text"].encode()) for doc in docs)
    want[15] = [f"{word} {int(count(word, docs) * 1e6 / size)}" for word in ("colour", "color")]
    word = r"[^\W_]+"
    words = [re.findall(word, doc["text"]) for doc in docs]
    want[16] = [str(sum(w.lower() == "whale" for all in words for w in all))]
    following = collections.Counter(b for all in words for a, b in zip(all, all[1:] + ["$END"]) if a == "the")
    items = sorted(following.items(), key=lambda item: (-item[1], by_bytes(item[0])))
    want[17] = [f"{n}\t{w}" for w, n in items[:5]]
    items = sorted(collections.Counter(w for all in words for w in all).items(), key=lambda item: (-item[1], by_bytes(item[0])))
    want[18] = [f"{n}\t{w}" for w, n in items if n >= 20][:5]
    want[19] = [str(sum(len(re.findall(r"x\s+y", doc["text"], re.I)) for doc in docs))]
    by_source = facet("whale", docs)
    want[20] = [f"{value}\t{n}\t{holding_it}" for value, n, holding_it in by_source]
    bytes_of = collections.Counter()
    for doc in docs:
        bytes_of[doc["source"]] += len(doc["text"].encode())
    want[21] = [f"{value}: {int(n * 1e6 / bytes_of[value])}" for value, n, _ in sorted(by_source)]
    want[22] = [f"{name}: {count('whale', [doc for doc in docs if (doc['year'] < 1845) == before])}"
                for name, before in (("<1845", True), (">=1845", False))]
    want[23] = [f for f in holding("whale", docs) if docs[int(f[:3])]["source"] in ("log", "letters")
                and 1840 <= docs[int(f[:3])]["year"] < 1850]
    want[24] = [f"{facet(line, docs)[0][0]}\t{line}" for n, line in counted if n]
    want[25] = [covered(docs)]
    want[26] = repeated(docs)[:5]
    want[27] = [f"{n} {sum(map(len, near_whales(docs, n)))}" for n in (10, 40, 160)]
    spelled = {i: sum(w in ("colour", "color") for w in of) for i, of in enumerate(words)}
    want[28] = [f"{value}\t{n}\t{holding_it}" for value, n, holding_it in by_source_of(spelled, docs)]
    sides = []
    for all in words, [of[::-1] for of in words]:
        beside = collections.Counter(b for of in all for a, b in zip(of, of[1:] + ["$END" if all is words else "$START"])
                                     if a == "harpoon")
        sides.append([f"{n}\t{w}" for w, n in sorted(beside.items(), key=lambda item: (-item[1], by_bytes(item[0])))][:5])
    want[29] = [f"{before}\t{after}" for after, before in zip(*sides)]
    sizes = sorted(((-len(doc["text"].encode()), f"corpus.jsonl/{i + 1:08}.txt") for i, doc in enumerate(docs)))
    want[30] = [f"{-size}\t{path}" for size, path in sizes[:5]]
    return want


def covered(docs):
    """Of article.txt: bytes in stretches of 16 or more that begin and end at words, in any case and with any
    white space, of which there is one between words."""
    with open("article.txt", encoding="utf-8") as file:
        text = file.read()

    def fold(of):
        return re.sub(r"\s", " ", of.lower())

    joined = "\0".join(fold(doc["text"]) for doc in docs)
    borders = [i for i in range(len(text) + 1) if not (0 < i < len(text) and text[i - 1].isalnum() and text[i].isalnum())]
    inside = set()
    for k, begin in enumerate(borders):
        for end in borders[k + 1:]:
            if fold(text[begin:end]) not in joined:
                break
            if len(text[begin:end].encode()) >= 16:
                inside.update(range(begin, end))
    size = sum(len(text[i].encode()) for i in inside)
    return f"{size} of {len(text.encode())} bytes"


def repeated(docs):
    naive = Naive([doc["text"].encode() for doc in docs])
    found = []
    for d, text in enumerate(naive.docs):
        for begin, end in naive.stretches(d, 16, 2, True):
            at = naive.occurrences(text[begin:end])
            if naive.place(at[0]) == (d, begin):
                found.append((len(at), d, begin, end))
    return ["\t".join(map(str, row)) for row in sorted(found, key=lambda row: (-row[0], *row[1:]))]


def near_whales(docs, most):
    """In each document, where it stands with a harpoon no further away, in bytes."""
    for doc in docs:
        text = doc["text"].encode()
        whales, harpoons = ([m.start() for m in re.finditer(word, text)] for word in (b"whale", b"harpoon"))
        yield [at for at in whales if any(-7 - most <= other - at <= 5 + most for other in harpoons)]


def by_source_of(counts, docs):
    """Source, occurrences and documents, of the occurrences in each document."""
    return sorted(((source, sum(n for i, n in counts.items() if docs[i]["source"] == source),
                    sum(n > 0 for i, n in counts.items() if docs[i]["source"] == source))
                   for source in {docs[i]["source"] for i, n in counts.items() if n}), key=lambda c: (-c[1], -c[2], c[0]))


def facet(query, docs):
    """Source, occurrences and documents, as /facet has them."""
    counts, held = collections.Counter(), collections.Counter()
    for doc in docs:
        if query in doc["text"]:
            counts[doc["source"]] += count(query, [doc])
            held[doc["source"]] += 1
    return sorted(((source, n, held[source]) for source, n in counts.items()),
                  key=lambda c: (-c[1], -c[2], c[0]))


def is_sample(lines, docs):
    """Five occurrences, each at most as often as it occurs."""
    contexts = collections.Counter()
    for doc in docs:
        for at in places("whale", doc["text"]):
            text = f"{doc['text'][max(at - 30, 0):at]}[whale]{doc['text'][at + 5:at + 35]}"
            contexts[re.sub(r"\s+", " ", text)] += 1
    return len(lines) == 5 and not collections.Counter(lines) - contexts


def is_export(lines, docs):
    """The documents themselves, in any order."""
    want = [doc for doc in docs if "harpoon" in doc["text"]]
    return sorted(map(json.loads, lines), key=json.dumps) == sorted(
        ({"text": doc["text"], "source": doc["source"], "year": doc["year"]} for doc in want),
        key=json.dumps)


def check(path):
    docs, old, new = read("corpus"), read("old"), read("new")
    with open(path, encoding="utf-8") as page:
        blocks = re.findall(r"^## (\d+)\. (.*)\n(?:(?!## ).*\n)*?```bash\n((?:(?!```).*\n)*)```$",
                            page.read(), re.M)
    want = expected(docs, old, new)
    assert [int(number) for number, _, _ in blocks] == list(range(1, 31)), "thirty blocks"
    failures = 0
    for number, title, block in blocks:
        done = subprocess.run(["bash", "-c", block], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", timeout=120, check=False)
        lines = done.stdout.splitlines()
        fine = {"6": is_sample, "7": is_export}.get(
            number, lambda lines, docs: lines == want[int(number)])(lines, docs)
        # Nothing is shown by comparing nothing.
        if not fine or not lines or done.returncode or done.stderr:
            failures += 1
            print(f"{number}. {title}: status {done.returncode}, {done.stderr!r}\n  printed {lines[:12]}\n"
                  f"  wanted  {want.get(int(number), ['something else'])[:12]}", file=sys.stderr)
    return failures


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        sys.exit(1 if check(sys.argv[2]) else 0)
