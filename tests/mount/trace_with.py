# SPDX-License-Identifier: Apache-2.0
"""What /trace must say under settings: texts of many languages, and a search that looks at every
character. What is folded is words.py's.

trace_with.py corpus                             documents, as JSON lines
trace_with.py check INDEX CORPUS SETTINGS...     texts traced under each SETTINGS ("-": none) of mnt/INDEX
"""
import json
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from words import is_word, symbols

SENTENCES = [
    "All human beings are born free and equal in dignity and rights.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren, ohne Maß.",
    "Tous les êtres humains naissent libres et égaux en dignité; ils sont l'espèce.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق",
    "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Mọi con người sinh ra đều được tự do và bình đẳng về nhân phẩm.",
    "The office (1/2) offers \"five\" fine - affine... flow, 10 x 10 \U0001f600\U0001f680 e\u0301te\u0301.",
]
FORMS = {"ffi": "ﬃ", "fi": "ﬁ", "fl": "ﬂ", "1/2": "½", "...": "…", '"': "“", "-": "—", "a": "ａ", "10": "⑩", "'": "’"}


def varied(rng, text):
    """Other cases, breaks and forms, here and there."""
    for _ in range(rng.randrange(3)):
        a = rng.randrange(len(text))
        b = a + rng.randrange(30)
        how = rng.randrange(4)
        part = text[a:b]
        if how == 0:
            part = part.upper() if len(part.upper()) == len(part) else part.swapcase()
        elif how == 1:
            part = part.replace(" ", rng.choice(["\n", "  ", "\t", "\u3000"]))
        else:
            for form in rng.sample(list(FORMS), 4):
                part = part.replace(form, FORMS[form])
        text = text[:a] + part + text[b:]
    return text


def passage(rng, most):
    out = ""
    for _ in range(rng.randrange(most + 1)):
        sentence = rng.choice(SENTENCES)
        a = rng.randrange(len(sentence))
        out += varied(rng, sentence[a:a + rng.randrange(10, 60)]) + rng.choice(["", " ", "xq", "\n"])
    return out


def corpus():
    rng = random.Random(16)
    for i in range(70):
        print(json.dumps({"text": passage(rng, 6), "id": i}))


class Folded:
    """A text as symbols, white space in a row one of them; of each where its character begins, and
    where one may be cut: in bytes."""

    def __init__(self, settings, text):
        self.symbols, self.borders = [], {}
        self.space = {}  # bytes of the last character of white space
        place = 0
        self.borders[0] = 0
        for c in text:
            made = symbols(settings, c)
            if made == ["  "] and self.symbols[-1:] == ["  "]:
                made = []
            self.symbols += made
            place += len(c.encode())
            self.space[len(self.symbols) - 1] = len(c.encode())
            self.borders[len(self.symbols)] = place


class Naive:
    def __init__(self, settings, texts):
        self.docs = [Folded(settings, text) for text in texts]
        self.begins = {}
        for d, doc in enumerate(self.docs):
            for i in doc.borders:
                if i + 3 <= len(doc.symbols):
                    self.begins.setdefault(tuple(doc.symbols[i:i + 3]), []).append((d, i))

    def found(self, want):
        """Documents and places where all of it is, between borders."""
        return [(d, i) for d, i in self.begins.get(tuple(want[:3]), ())
                if self.docs[d].symbols[i:i + len(want)] == want and i + len(want) in self.docs[d].borders]

    def furthest(self, text, begin, borders, atleast):
        """The last of the borders up to which the text occurs from one on, or None."""
        alive = self.begins.get(tuple(text.symbols[begin:begin + 3]), ())
        last, done = None, begin
        for end in borders:
            if end < begin + 3:
                continue
            want = text.symbols[done:end]
            alive = [(d, i) for d, i in alive
                     if self.docs[d].symbols[i + done - begin:i + end - begin] == want]
            done = end
            if len(alive) < atleast:
                break
            if sum(i + end - begin in self.docs[d].borders for d, i in alive) >= atleast:
                last = end
        return last


def stretches(naive, text, folded, minimum, atleast, word):
    """As symbols: those between borders that occur often enough and lie in no other."""
    last, out = -1, []
    borders = [i for i in sorted(folded.borders) if not (word and in_word(text, folded.borders[i]))]
    for k, begin in enumerate(borders):
        end = naive.furthest(folded, begin, borders[k + 1:], atleast)
        if end is None or end <= last:
            continue
        last = end
        if folded.borders[end] - folded.borders[begin] >= minimum:
            out.append((begin, end))
    return out


def in_word(text, at):
    before, after = text.encode()[:at].decode(), text.encode()[at:].decode()
    return bool(before and after and is_word(before[-1]) and is_word(after[0]))


def traced(path, text):
    with open(path, "r+b", buffering=0) as file:
        at = 0
        while at < len(text):
            at += file.write(text[at:])
        return b"".join(iter(lambda: file.read(1 << 16), b""))


def context_of(text, begin, end, most):
    """Whole characters on both sides, as many as there is room for."""
    before, after = text[max(0, begin - most):begin], text[end:end + most]
    return before.decode(errors="ignore"), after.decode(errors="ignore")


def check_documents(naive, texts, want, found, line, settings, shown):
    most = int(settings.get("docs", 10))
    held = {d for d, _ in found}
    got = line["documents"]
    assert len({doc["document"] for doc in got}) == len(got) <= most, shown
    if len(found) <= 64:
        assert len(got) == min(most, len(held)), shown
    folds = any(settings.get(key) == "fold" for key in ("case", "space", "form"))
    for doc in got:
        d, offset = doc["document"], doc["offset"]
        i = next(i for at, i in found if at == d and starts(naive.docs[d], i, want) == offset)
        end = naive.docs[d].borders[i + len(want)]
        # Where white space ends it, one character of it.
        if want[-1] == "  ":
            end = naive.docs[d].borders[i + len(want) - 1]
            end += len(texts[d][end:].decode()[0].encode())
        keys = {"document", "offset"}
        if folds:
            keys.add("bytes")
            assert doc["bytes"] == end - offset, shown
        if "context" in settings:
            keys |= {"before", "after"}
            assert (doc["before"], doc["after"]) == context_of(texts[d], offset, end, int(settings["context"])), shown
        assert set(doc) == keys, shown


def starts(doc, i, want):
    """Where an occurrence begins: of white space, the last character."""
    at = doc.borders[i]
    if want[0] != "  ":
        return at
    return doc.borders[i + 1] - doc.space[i]


def check_text(naive, texts, path, text, name, settings):
    folded = Folded(name, text)
    want = []
    for begin, end in stretches(naive, text, folded, int(settings.get("min", 32)), int(settings.get("atleast", 1)),
                                settings.get("word") == "yes"):
        found = naive.found(folded.symbols[begin:end])
        if len(found) <= int(settings.get("max", 1 << 60)):
            want.append((folded.borders[begin], folded.borders[end], folded.symbols[begin:end], found))
    lines = [json.loads(line) for line in traced(path, text.encode()).splitlines()]
    got = [(line["begin"], line["end"], line["count"]) for line in lines]
    assert got == [(a, b, len(found)) for a, b, _, found in want], (name, text, got, want)
    for line, (a, b, of, found) in zip(lines, want):
        assert line["text"] == text.encode()[a:b].decode(), (name, line)
        check_documents(naive, texts, of, found, line, settings, (name, text, line))
    return len(want)


def check(index, path, names):
    texts = [json.loads(line)["text"] for line in open(path)]
    for name in names:
        settings = dict(s.split("=") for s in name.split(",")) if name != "-" else {}
        naive = Naive(name, texts)
        rng = random.Random(name)
        file = f"mnt/{index}/" + ("" if name == "-" else f"with/{name}/") + "trace"
        n = sum(check_text(naive, [text.encode() for text in texts], file, passage(rng, 12), name, settings)
                for _ in range(3))
        assert n, f"{name}: nothing occurs"


if sys.argv[1] == "corpus":
    corpus()
else:
    check(*sys.argv[2:4], sys.argv[4:])
