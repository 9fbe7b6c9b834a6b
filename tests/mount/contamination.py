# SPDX-License-Identifier: Apache-2.0
"""Benchmarks of which two corpora hold known parts, and what examples/contamination should say of them.

contamination.py make                    writes a&b.jsonl and c.jsonl, the corpora, and the benchmarks, here
contamination.py check TABLE REPORT      checks what the program printed, and its report
contamination.py parts DIRECTORY         checks what only shows in benchmarks too large for a test
contamination.py plant                   writes spoilt.jsonl, a corpus that holds entries otherwise written
contamination.py judge [FOLD...]         checks spoilt.json and spoilt.csv, of a program that ignored FOLDs

What is expected comes from the text itself; no index takes part in it.
"""

import csv
import html.parser
import json
import random
import re
import sys
import textwrap
from fractions import Fraction

LENGTH = 50
CORPORA = ["a&b", "c"]
BENCHMARKS = ["q&a <1>", "choices"]
KINDS = ["untested", "clean", "suspicious", "dirty"]
BETWEEN = "\U0010ffff"  # stands between documents, and in none


def words(rng, n, letters="abcdefghijklmnopqrstuvwxyz"):
    return " ".join("".join(rng.choices(letters, k=4)) for _ in range(n))


def han(rng, n):
    return "".join(chr(rng.randrange(0x4e00, 0x9fff)) for _ in range(n))


def odd(rng, n):
    """Words of what must be escaped somewhere: in /batch, in HTML, in JSON."""
    pieces = ["100%", "%41", "a/b", "<script>alert(1)</script>", "&amp;", '"q"', "\n", "\t", "\0", "\r\n", "😀",
              "👩‍👩‍👧", "naïve", "\\x", "</mark>", "\u3000", "é"]
    return " ".join(rng.choice(pieces) + str(rng.randrange(1000)) for _ in range(n))


def planted(rng):
    """Entries, each with the class it must have in the first corpus, and the text that stands there."""
    for _ in range(6):
        # 110 words of 4 letters have 100 substrings; their first N words, and a space, have N - 9 of them.
        for n, kind in [(0, "clean"), (28, "clean"), (29, "suspicious"), (55, "suspicious"), (88, "suspicious"),
                        (89, "dirty"), (110, "dirty")]:
            text = words(rng, 110)
            yield text, kind, text[:5 * n]
            # The same in small letters is another text.
        yield text.upper(), "clean", text
    for share, kind in [(0, "clean"), (100, "suspicious"), (200, "dirty")]:
        text = han(rng, 200)
        yield text, kind, text[:share]
        text = "😀 " * 20 + words(rng, 40, "äöü😀é漢") + " "
        yield text, kind, text[:len(text) * share // 200]
        # Long enough to have each of the odd pieces.
        text = odd(rng, 250)
        yield text, kind, text[:len(text) * share // 200]
    for text in ["", "\n" * 60]:
        yield text, "untested", text
    # Those without a substring are looked for as a whole.
    for text in ["short", "x" * 49, han(rng, 49), "😀" * 49, " " * 40 + words(rng, 9), "\n" + words(rng, 5) + " "]:
        yield text, "dirty", text.strip() + text[-1:]
    for text in ["brief", han(rng, 40), "\n" + words(rng, 5)]:
        yield text, "clean", text[:-1]
    for text in ["y" * 50, han(rng, 50), "😀" * 49 + "z"]:
        yield text, "dirty", text
        yield text[::-1].replace("y", "w").replace("z", "v"), "clean", ""


def make():
    rng = random.Random(5)
    docs = {name: [words(rng, 60) + odd(rng, 20) for _ in range(40)] for name in CORPORA}
    entries = []
    for number, (text, kind, part) in enumerate(planted(rng)):
        entries.append({"id": f"<b>{number}</b>", "question": text, "class": kind})
        docs[CORPORA[0]].append(f"Before & <it>. {part}" + rng.choice(["", "!" + words(rng, 9)]))
        if number % 3 == 0:
            # The second corpus holds some of them in several documents.
            docs[CORPORA[1]] += [part + "?" + words(rng, n) for n in range(rng.randrange(1, 6))]
    choices = []
    for _ in range(12):
        one, other = words(rng, 30), words(rng, 20)
        choices.append({"number": len(choices), "stem": one, "options": [other, other[:20]]})
        docs[CORPORA[1]].append(one + "\n" + other[:rng.randrange(100)])
    for name, benchmark in zip(BENCHMARKS, [entries, choices]):
        with open(name + ".jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps(entry) + "\n" + "\n" * (rng.random() < .2) for entry in benchmark)
    for name in CORPORA:
        rng.shuffle(docs[name])
        with open(name + ".jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps({"text": text, "where": f"<{name}>", "n": n}) + "\n"
                           for n, text in enumerate(docs[name]))


def read(name):
    with open(name + ".jsonl", encoding="utf-8") as lines:
        return [json.loads(line) if line.strip() else None for line in lines]


def begins_word(text, at):
    if "\u4e00" <= text[at] <= "\u9fff" or text[at] == "漢":
        return True
    return not text[at].isspace() and (at == 0 or text[at - 1].isspace())


def naive(text, docs):
    """The class of an entry, what is said of what was found, and its characters to mark."""
    everything = BETWEEN.join(docs)
    windows = range(len(text) - LENGTH + 1)
    here = {at for at in windows if text[at:at + LENGTH] in everything}
    starts = [at for at in windows if begins_word(text, at)]
    if not starts:
        whole = text.strip()
        if whole not in everything or not whole:
            return "clean" if whole else "untested", "", set()
        begin = text.index(whole)
        return "dirty", "as a whole", set(range(begin, begin + len(whole)))
    found = sum(at in here for at in starts)
    share = Fraction(found, len(starts))
    kind = "clean" if share < Fraction(20, 100) else "dirty" if share >= Fraction(80, 100) else "suspicious"
    return kind, f"{found} of {len(starts)} substrings", {i for at in here for i in range(at, at + LENGTH)}


class Page(html.parser.HTMLParser):
    """The articles of a report, and a failure for whatever isn't a plain page of its own."""
    TAGS = set("html head meta title style body h1 h2 h3 h4 p div span i table thead tbody tr th td a article "
               "mark details summary ol ul li br q b pre".split())
    ATTRIBUTES = set("lang charset name content http-equiv class id href role aria-label style open dir".split())

    def __init__(self):
        super().__init__()
        self.open, self.articles, self.where, self.bars = [], [], {}, []

    def handle_starttag(self, tag, attrs):
        assert tag in self.TAGS, tag
        for name, value in attrs:
            assert name in self.ATTRIBUTES, name
            assert name != "href" or re.fullmatch(r"#b\d+", value), value
            assert name != "style" or re.fullmatch(r"flex: \d+", value), value
        if tag in ("meta", "br"):
            return
        attrs = dict(attrs)
        self.open.append((tag, attrs.get("class")))
        if tag == "article":
            self.articles.append({"kind": attrs["class"][3:], "where": dict(self.where), "text": "", "marked": set(),
                                  "name": "", "said": "", "places": []})
        if tag == "li" and self.open[-2][0] == "ul":
            self.articles[-1]["places"].append({"said": "", "text": "", "mark": ""})
        if "aria-label" in attrs:
            self.bars.append((dict(self.where), attrs["aria-label"]))
        if tag in ("h2", "h3"):
            self.where[tag] = ""

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, tag

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if not tags:
            return
        if tags[-1] in ("h2", "h3"):
            self.where[tags[-1]] += data
        if tags[-1] == "style":
            assert not re.search(r"url|import|http|expression", data), data
        if "article" not in tags:
            return
        article = self.articles[-1]
        if ("div", "text") in self.open:
            if tags[-1] == "mark":
                article["marked"] |= set(range(len(article["text"]), len(article["text"]) + len(data)))
            article["text"] += data
        elif "q" in tags:
            article["places"][-1]["mark" if tags[-1] == "mark" else "text"] += data
        elif tags[-1] == "h4":
            article["name"] += data
        elif ("div", "quiet") in self.open:
            article["said"] += data
        elif ("span", "quiet") in self.open:
            article["places"][-1]["said"] += data

    def handle_comment(self, data):
        raise AssertionError(data)

    def unknown_decl(self, data):
        raise AssertionError(data)


def visible(text):
    return "".join(chr(0x2400 + ord(c)) if c < " " and c not in "\t\n" else c for c in text)


def check_places(article, text, docs):
    """The documents that are shown hold what they are shown for."""
    assert article["places"], article
    for place in article["places"]:
        number = int(re.match(r"doc/(\d+)\.txt · ", place["said"])[1])
        assert f"n\": {number}" in place["said"] and '"where": "<' in place["said"], place
        shown = place["mark"].removesuffix("…") if len(place["mark"]) > 160 else place["mark"]
        assert len(shown) >= min(LENGTH, len(text.strip())) and shown in visible(text) and shown in visible(docs[number]), place


def check(table, report):
    docs = {name: [doc["text"] for doc in read(name)] for name in CORPORA}
    page = Page()
    with open(report, encoding="utf-8", newline="") as file:
        page.feed(file.read())
    page.close()
    assert not page.open, page.open
    articles = iter(page.articles)
    rows = []
    for benchmark in BENCHMARKS:
        for corpus in CORPORA:
            kinds, hits, wholes = [], [], []
            for line, entry in enumerate(read(benchmark), 1):
                if entry is None:
                    continue
                text = entry["question"] if "question" in entry else "\n".join([entry["stem"], *entry["options"]])
                kind, said, marked = naive(text, docs[corpus])
                if corpus == CORPORA[0] and "class" in entry:
                    assert kind == entry["class"], (entry, kind, said)
                kinds.append(kind)
                if not said.endswith("substrings") and kind != "untested":
                    wholes.append(kind)
                hits.append((kind, entry.get("id", f"line {line}"), text, marked, f"line {line} · {kind}: {said}"))
            # Dirty ones first.
            for want in ("dirty", "suspicious"):
                for kind, name, text, marked, said in hits:
                    if kind != want:
                        continue
                    got = next(articles)
                    assert got["where"] == {"h2": benchmark, "h3": corpus}, got["where"]
                    assert (got["kind"], got["name"], got["said"]) == (kind, name, said), (got, kind, name, said)
                    assert got["text"] == visible(text), (got["text"], text)
                    assert got["marked"] == marked, (name, sorted(got["marked"] ^ marked))
                    check_places(got, text, docs[corpus])
            n = [kinds.count(kind) for kind in KINDS]
            rows.append([benchmark, corpus, len(kinds), len(wholes), *n,
                         *(f"{100 * kinds.count(kind) / (len(kinds) - n[0]):.1f}" for kind in KINDS[2:])])
            assert bool(wholes) == (benchmark == BENCHMARKS[0])
            said = ", ".join(f"{n} {kind}" for kind, n in zip(KINDS[::-1], n[::-1]) if n)
            assert ({"h2": benchmark, "h3": corpus}, said) in page.bars, (said, page.bars)
    assert next(articles, None) is None
    with open(table, encoding="utf-8") as lines:
        printed = [re.split(r"\s{2,}", line.rstrip()) for line in lines][1:]
    want = [[str(cell) for cell in row] for row in rows]
    assert printed[:len(want)] == want, (printed, want)
    for row in want:
        print(*row, sep="\t")


def parts(directory):
    """Entries come in portions of bounded size, none twice and none left out; a stretch longer than /trace
    takes is given in parts that overlap by half, each cut between characters."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, directory)
    import cutting
    rng = random.Random(2)
    entries = [cutting.Entry(i, str(i), words(rng, rng.randrange(40))) for i in range(500)]
    got = list(cutting.portions(iter(entries), LENGTH, False, 100))
    assert [entry for portion in got for entry in portion] == entries
    assert len(got) > 50
    for portion in got:
        assert sum(1 + len(entry.starts) for entry in portion) < 100 + 40
        for entry in portion:
            want = [entry.text[at:at + LENGTH] for at in range(len(entry.text) - LENGTH + 1)
                    if begins_word(entry.text, at)]
            assert entry.pieces(LENGTH) == (want or [entry.text] * bool(entry.text)), entry
    import asking
    from stretches import look, traced
    text, _, planted = (doc["text"] for doc in read("long"))
    index, = asking.indexes_of(["mnt"], 2)
    (*stretches,), none = traced(index, [text, ""], LENGTH)
    limit = (1 << 20) // 3
    assert none == [] and len(text) < 2 * limit - LENGTH
    assert [(s.begin, s.end, s.count) for s in stretches] == [(0, limit, 1), ((limit + 1) // 2, len(text), 1)], stretches
    for stretch in look(index, stretches):
        place, = stretch.places
        assert place.match == text[stretch.begin:stretch.end]
        assert text[:stretch.begin].endswith(place.before) and text[stretch.end:].startswith(place.after)
        assert bool(place.before) == (stretch.begin > 0) and bool(place.after) == (stretch.end < len(text))
    too_many(asking, cutting, planted)


def too_many(asking, cutting, planted):
    """Where something has too many spellings, what can be told is, substring by substring."""
    import judging
    from stretches import look
    rules = judging.Rules(LENGTH, Fraction(20), Fraction(80), ("case",))
    index, = asking.indexes_of(["mnt"], 2, rules.settings)
    texts = [planted.upper() + "a" * 40, planted[:100] + "a" * 40, planted[5:100], "a" * 40]
    entries = [cutting.Entry(i, str(i), text) for i, text in enumerate(texts)]
    next(cutting.portions(iter(entries), LENGTH, False, 1 << 15))
    results = judging.judge(index, entries, rules)
    assert [result.kind for result in results] == ["dirty", "untested", "dirty", "untested"], results
    for result, part in zip(results, (len(planted), 100, 95, 0)):
        found = [at for at in result.entry.starts if at + LENGTH <= part]
        assert (result.found, result.total) == (len(found), len(result.entry.starts) or 1), result
        assert bool(result.unknown) == ("aa" in result.entry.text) and result.found + result.unknown <= result.total
        if result.unknown:
            assert [(s.begin, s.end, s.count) for s in result.stretches] == [(at, at + LENGTH, 1) for at in found]
        for stretch in look(index, result.stretches):
            place, = stretch.places
            assert place.match == result.entry.text[stretch.begin:stretch.end].lower() and place.document == 2


# ---- entries that the text holds otherwise written ----

WAYS = {
    "whole": lambda text: text,
    "wrapped": lambda text: textwrap.fill(text, 60),
    "upper": str.upper,
    "quotes": lambda text: text.replace('"', "”").replace("'", "’"),
    "newlines": lambda text: text.replace(" ", "\n" * 5),
    "half": lambda text: text[:len(text) // 2],
}
# What must be ignored for it to be the same.
NEEDED = {"whole": set(), "wrapped": {"space"}, "upper": {"case"}, "quotes": {"form"}, "newlines": {"space"}}


def sentence(rng):
    """A quotation of some 300 characters, in upper and lower case, with quotes of both kinds."""
    text = " ".join(words(rng, rng.randrange(3, 9)).capitalize() + rng.choice(["'s", ",", "."]) for _ in range(10))
    return f'He said: "{text}" -- and I don\'t know why.'


def plant():
    rng = random.Random(8)
    entries, docs = [], []
    for number in range(40):
        for way, write in WAYS.items():
            text = sentence(rng)
            entries.append({"id": f"{way}-{number}", "text": text})
            docs.append({"text": f"{words(rng, 50)}\n{write(text)}\n{words(rng, 50)}", "url": f"https://{way}.example/"})
        entries.append({"id": f"none-{number}", "text": sentence(rng)})
    # Some of no more than 50 characters, and one whose stretch no name can hold.
    for number, way in enumerate(list(WAYS)[:-1]):
        text = f"It's \"{words(rng, 5)}\""
        entries.append({"id": f"{way}-short{number}", "text": text})
        docs.append({"text": f"{words(rng, 20)} {WAYS[way](text)} {words(rng, 20)}", "url": f"https://{way}.example/"})
    long = " ".join(sentence(rng) for _ in range(6))
    assert len(long) > 1100
    entries.append({"id": "upper-long", "text": long})
    docs.append({"text": long.upper() + words(rng, 9), "url": "https://upper.example/"})
    rng.shuffle(docs)
    for name, rows in (("spoilt", docs), ("straight", entries)):
        with open(f"{name}.jsonl", "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)


def judge(folds):
    with open("spoilt.json", encoding="utf-8") as file:
        found = json.load(file)
    with open("spoilt.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = {entry["id"]: entry["text"] for entry in read("straight")}
    assert [entry["id"] for entry in found["entries"]] == [row["id"] for row in rows] == list(texts)
    states = {"dirty": 0, "suspicious": 0, "clean": 0, "untested": 0}
    for entry, row in zip(found["entries"], rows):
        way, number = entry["id"].split("-")
        text, state = texts[entry["id"]], entry["state"]
        assert row["state"] == state and float(row["share"]) == entry["share"] and int(row["longest"]) == entry["longest"]
        assert row["sources"].split() == entry["sources"]
        states[state] += 1
        assert entry["whole"] == number.startswith("short")
        if way == "none":
            assert (state, entry["found"], entry["stretches"]) == ("clean", 0, []), entry
        elif way == "half":
            assert state != "dirty" and .2 < entry["share"] < .6 and entry["longest"] < .6 * len(text), entry
        elif NEEDED[way] <= folds or WAYS[way](text) == text:
            # All of it, as one stretch.
            assert (state, entry["share"], entry["longest"]) == ("dirty", 1, len(text)), entry
            stretch, = entry["stretches"]
            assert (stretch["begin"], stretch["end"], stretch["count"]) == (0, len(text), 1), entry
            assert entry["sources"] == [f"https://{way}.example/"], entry
        else:
            assert entry["share"] < 1, entry
    summary, = found["summary"]
    assert {state: summary[state] for state in states} == states, (summary, states)
    ranked = [source["entries"] for source in summary["sources"]]
    assert ranked == sorted(ranked, reverse=True) and len(ranked) == len({s["source"] for s in summary["sources"]})
    if folds == {"case", "space", "form"}:
        assert ranked[:2] == [42, 41] and states["dirty"] == 5 * 41 + 1 and states["suspicious"] == 40, states
        assert "upper and lower case" in found["about"]["matching"] and "--ignore-space" in found["about"]["options"]
    assert found["about"]["date"] == "2001-09-09" and found["about"]["indexes"][0]["documents"] == 246
    print(states)


if sys.argv[1] == "make":
    make()
elif sys.argv[1] == "check":
    check(*sys.argv[2:])
elif sys.argv[1] == "parts":
    parts(sys.argv[2])
elif sys.argv[1] == "plant":
    plant()
else:
    judge(set(sys.argv[2:]))
