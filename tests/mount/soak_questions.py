# SPDX-License-Identifier: Apache-2.0
"""A text, questions about it, and what is right: found in the text by looking through it, or, for the counts of
any string, from its positions in the text, sorted. See soak.py."""
import array, bisect, collections, json, os, random, re, time, unicodedata

from characters import cuts_character

DOCS = 2000
SORTED_BYTES = 40  # positions are sorted by so many bytes


def make_docs():
    """The text, of words in which case, white space and bytes beyond ASCII matter."""
    rng = random.Random(5)
    words = ["the", "of", "The", "alpha", "Alpha", "beta", "a/b", "100%", "中文", "naïve", "Naïve", "x_y", "it's",
             "..", "and", "😀", "gamma", "GAMMA", "deltas", "delta"]
    words += ["".join(rng.choices("abcdefghijklm", k=rng.randint(2, 9))) for _ in range(400)]
    weights = [1 / (i + 2) for i in range(len(words))]
    docs = []
    for i in range(DOCS):
        n = 0 if i % 100 == 50 else 2500 if i == 1234 else rng.randint(3, 50)
        text = ""
        for word in rng.choices(words, weights, k=n):
            text += word + rng.choice([" ", " ", " ", " ", "  ", "\n", ", ", ".\n"])
        docs.append((text, rng.choice(["en", "de", "fr", "日本"])))
    return docs


def write_corpus(path):
    with open(path, "w", encoding="utf-8") as out:
        for i, (text, lang) in enumerate(make_docs()):
            out.write(json.dumps({"text": text, "lang": lang, "n": i}) + "\n")


# ---- what is right ----

class Naive:
    def __init__(self):
        docs = make_docs()
        self.docs = [text.encode() for text, _ in docs]
        self.texts = [text for text, _ in docs]
        self.langs = [lang for _, lang in docs]
        # No byte 0 is asked for, so nothing runs from one document into the next.
        self.text = b"\0".join(self.docs) + b"\0"
        text = self.text
        self.positions = array.array("I", sorted(range(len(text)), key=lambda i: text[i:i + SORTED_BYTES]))

    def count(self, q):
        """Occurrences of any string of up to SORTED_BYTES."""
        def key(i):
            return self.text[i:i + len(q)]
        lo = bisect.bisect_left(self.positions, q, key=key)
        return bisect.bisect_right(self.positions, q, lo=lo, key=key) - lo

    def places(self, q, fold=False, word=False, lang=None):
        """All occurrences of a query: document, offset in its bytes, both of its text before and behind."""
        found = []
        pattern = re.compile("(?=" + re.escape(q.lower() if fold else q) + ")")
        for doc, text in enumerate(self.texts):
            if lang and self.langs[doc] != lang:
                continue
            for match in pattern.finditer(text.lower() if fold else text):
                at, end = match.start(), match.start() + len(q)
                if word and (at > 0 and is_word(text[at - 1]) or end < len(text) and is_word(text[end])):
                    continue
                found.append((doc, len(text[:at].encode()), text, at, end))
        return found


def is_word(c):
    return unicodedata.category(c)[0] in "LNM"


def next_word(text, end):
    while end < len(text) and not is_word(text[end]):
        end += 1
    begin = end
    while end < len(text) and is_word(text[end]):
        end += 1
    return text[begin:end] or "$END"


def prev_word(text, at):
    return next_word(text[:at][::-1], 0)[::-1] if any(map(is_word, text[:at])) else "$START"


def shown(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def escaped(q):
    return q.replace("%", "%25").replace("/", "%2F")


def by_count(values):
    """Lines of next and its like, sorted."""
    counts = collections.Counter(values)
    return sorted(f"{n}\t{n / len(values):.6f}\t{shown(value)}" for value, n in counts.items())


def concordance(places, context=40):
    """Lines of kwic, sorted; contexts are cut between characters."""
    lines = []
    for doc, offset, text, at, end in places:
        left = text[:at].encode()[-context:].decode(errors="ignore") if context else ""
        right = text[end:].encode()[:context].decode(errors="ignore")
        lines.append("\t".join([str(doc), str(offset), shown(left), shown(text[at:end]), shown(right)]))
    return sorted(lines)


def lines_of(places):
    """The lines in which places are, as lines/ and grep/ give them."""
    found = {}
    for doc, _, text, at, _ in places:
        begin = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        found[doc, len(text[:begin].encode())] = text[begin:end if end >= 0 else len(text)]
    return [f"doc/{doc:04}.txt:{offset}:{line}" for (doc, offset), line in sorted(found.items())]


def maximal(naive, text, least):
    """Stretches of whole characters that occur and can't be made longer: begin, end, count."""
    found, end, before = [], 0, 0
    for begin in range(len(text)):
        end = max(end, begin)
        while end < len(text) and text[begin:end + 1] in naive.text:
            end += 1
        whole = end
        while cuts_character(text, whole):
            whole -= 1
        if cuts_character(text, begin):
            continue
        if whole > before and whole - begin >= least:
            found.append((begin, whole, len(re.findall(b"(?=" + re.escape(text[begin:whole]) + b")", naive.text))))
        before = max(before, whole)
    return found


# ---- questions: a kind, what asks it of a mount, and the answer ----

spent = [0.0]  # seconds that asking has taken, without what is done with the answers


def timed(function):
    def asks(*args):
        begun = time.monotonic()
        try:
            return function(*args)
        finally:
            spent[0] += time.monotonic() - begun
    return asks


@timed
def read(path):
    with open(path, "rb") as f:
        return f.read()


def text_lines(path):
    return read(path).decode().split("\n")[:-1]


def sorted_lines(path):
    return sorted(text_lines(path))


@timed
def said_back(path, data):
    fd = os.open(path, os.O_RDWR)
    try:
        at = 0
        while at < len(data):
            at += os.write(fd, data[at:at + 65536])
        parts = []
        while part := os.read(fd, 1 << 17):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(fd)


@timed
def listed_names(path):
    """All names of a directory of documents, page by page."""
    names = os.listdir(path)
    while "more" in names:
        names.remove("more")
        path += "/more"
        names += os.listdir(path)
    return sorted(names)


def a_document(path, names, texts):
    """One of the documents that are listed."""
    name = random.choice(names)
    got = read(f"{path}/{name}")
    return got == texts[int(name[:4])] or (name, got[:200])


def a_match(path, wants):
    match = json.loads(read(f"{path}/{random.randrange(len(wants))}.json"))
    return (match["document"], match["offset"], match["match_text"], match["metadata"]["metadata"]["n"]) in wants or match


@timed
def begin_of(path):
    with open(path, "rb", buffering=0) as f:
        return f.read(3000)


def some_lines(path, wants):
    """Leave a stream in its midst."""
    got = begin_of(path).decode(errors="replace").split("\n")[:-1]
    return len(got) > 0 and all(line in wants for line in got) or got


def session(path, queries, answers):
    """A session of batch, whose queries are read in the order they were asked."""
    got = said_back(path, "".join(q + "\n" for q in queries).encode()).decode().split("\n")[:-1]
    rows = [line.split("\t", 1) for line in got]
    if [row[1] for row in rows] != queries:
        return got[:3]
    return all(answer(row[0]) if callable(answer) else row[0] == answer for row, answer in zip(rows, answers)) or got[:3]


def traced(path, text):
    got = [json.loads(line) for line in said_back(path, text).decode().split("\n")[:-1]]
    return [(match["begin"], match["end"], match["count"]) for match in got]


def as_pairs(text):
    """JSON of next in batch, to be compared in any order."""
    return sorted(map(tuple, json.loads(text)))


def is_sum(text, n):
    found = json.loads(text)
    return found["cnt"] == n == sum(hi - lo for lo, hi in found["segment_by_shard"])


def questions_of(naive, q, settings, places):
    """All that can be asked of a query; its occurrences under the settings."""
    top = f"with/{settings}/" if settings else ""
    name, n = escaped(q), len(places)
    docs = sorted({place[0] for place in places})
    listed = [f"{doc:04}.txt" for doc in docs]
    ask = []

    def add(kind, path, question, want=True):
        ask.append((kind, path, question, want))

    add("count", f"{top}count/{name}", read, b"%d\n" % n)
    add("df", f"{top}df/{name}", read, b"%d\n" % len(docs))
    if "where" not in settings:  # which these would ignore, and are absent
        add("find", f"{top}find/{name}", lambda path: json.loads(read(path))["cnt"], n)
        for kind, values in ("next", [text[end:end + 1] or "$END" for _, _, text, _, end in places]), \
                ("prev", [text[at - 1:at] or "$START" for _, _, text, at, _ in places]), \
                ("nextword", [next_word(text, end) for _, _, text, _, end in places]), \
                ("prevword", [prev_word(text, at) for _, _, text, at, _ in places]):
            add(kind, f"{top}{kind}/{name}", sorted_lines, by_count(values))
    add("kwic", f"{top}kwic/{name}", sorted_lines, concordance(places))
    some = set(concordance(places))
    if n:
        add("kwic, begun", f"{top}kwic/{name}", lambda path: some_lines(path, some))
        add("docs", f"{top}docs/{name}", listed_names, listed)
        add("document", f"{top}docs/{name}", lambda path: a_document(path, listed, naive.docs))
        add("meta", f"{top}meta/{name}/{docs[-1]:04}.json", lambda path: json.loads(read(path))["metadata"]["n"], docs[-1])
        wants = {(doc, offset, text[at:end], doc) for doc, offset, text, at, end in places}
        if n == len(wants) and n < 1000:
            add("match", f"{top}match/{name}", lambda path: a_match(path, wants))
    else:
        add("docs", f"{top}docs/{name}", timed(os.path.exists), False)
    add("lines", f"{top}lines/{name}", text_lines, lines_of(places))
    if len(q) > 2 and "\n" not in q and not settings:
        add("grep", f"grep/{escaped(re.escape(q))}.", text_lines,
            lines_of([place for place in places if place[4] < len(place[2]) and place[2][place[4]] != "\n"]))
    by_lang = collections.Counter(naive.langs[place[0]] for place in places)
    docs_of = collections.Counter(naive.langs[doc] for doc in docs)
    add("facet", f"{top}facet/lang/{name}", sorted_lines, sorted(f"{lang}\t{k}\t{docs_of[lang]}" for lang, k in by_lang.items()))
    return ask


def make_questions(naive, queries=40):
    """Questions about so many pieces of the text, and some others."""
    rng = random.Random(6)
    asked = []
    words = ["the", "Alpha", "naïve", "中文", "a/b", "100%", "gamma", "x_y", "delta", "😀", "it's", "nowhere", "zz zz"][:queries]
    for _ in range(queries):
        text = naive.texts[rng.randrange(DOCS)]
        at = rng.randrange(len(text) + 1)
        words.append(text[at:at + rng.randint(3, 12)] or "alpha ")
    by_settings = {"": {}, "case=fold": {"fold": True}, "word=yes": {"word": True}, "where=lang:en": {"lang": "en"},
                   "case=fold,word=yes": {"fold": True, "word": True}, "page=7,order=random,seed=3": {}}
    batches = []
    for settings, how in by_settings.items():
        for word in words:
            if "\n" in word and settings:
                continue
            places = naive.places(word, **how)
            of = questions_of(naive, word, settings, places)
            if "page" in settings:
                of = [one for one in of if one[0] not in ("docs", "document", "meta")]
            if not settings and "\n" not in word:
                batches.append((word, {one[0]: one[3] for one in of}))
            asked += of
    # Many lines, which are streams.
    for settings, word in ("", " "), ("context=5", " "), ("order=random,seed=9", "a"):
        places = naive.places(word)
        want = concordance(places, 5 if "context" in settings else 40)
        path = f"with/{settings}/kwic/{word}" if settings else f"kwic/{word}"
        some = set(want)
        asked.append(("kwic, a stream", path, lambda path: hash("\n".join(sorted_lines(path))), hash("\n".join(want))))
        asked += [("kwic, begun", path, lambda path, some=some: some_lines(path, some), True)] * 5
        asked.append(("df, a stream", f"df/{word}", read, b"%d\n" % len({place[0] for place in places})))
    for doc in range(0, DOCS, 50):
        asked.append(("doc", f"doc/{doc:04}.txt", read, naive.docs[doc]))
        asked.append(("doc", f"doc/{doc:04}.json", lambda path: json.loads(read(path))["metadata"], {"lang": naive.langs[doc], "n": doc}))
    counts = collections.Counter()
    for text in naive.texts:
        counts.update(re.findall(r"[^\W_]+", text))
    for least in 1, 20:
        want = [f"{n}\t{word}" for word, n in sorted(counts.items(), key=lambda of: of[0].encode()) if n >= least]
        asked += [("wordlist", f"with/min={least}/wordlist", text_lines, want)] * 20
    for _ in range(queries):
        text = b"".join(rng.choice(naive.docs)[k:k + 30] for k in rng.choices(range(100), k=6)).replace(b"\0", b"")
        for least in 12, 32:
            want = maximal(naive, text, least)
            asked.append(("trace", f"with/min={least}/trace", lambda path, text=text: traced(path, text), want))
    for kind in "find", "df", "next", "prev", "facet/lang":
        queries = [word for word, _ in batches]
        if kind == "find":
            answers = [lambda got, n=int(of["count"]): is_sum(got, n) for _, of in batches]
        elif kind == "df":
            answers = [of["df"].decode().strip() for _, of in batches]
        elif kind == "facet/lang":
            answers = [lambda got, of=of: sorted(f"{value}\t{n}\t{docs}" for value, n, docs in json.loads(got)) == of["facet"]
                       for _, of in batches]
        else:
            answers = [lambda got, of=of[kind]: sorted((n, shown(value)) for n, value in json.loads(got)) ==
                       sorted((int(line.split("\t")[0]), line.split("\t")[2]) for line in of) for _, of in batches]
        asked += [(f"batch/{kind}", f"batch/{kind}", lambda path, q=queries, a=answers: session(path, q, a), True)] * 15
    return asked
