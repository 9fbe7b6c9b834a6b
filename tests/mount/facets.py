#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents with fields of many kinds, and asking for them.

    facets.py make                writes corpus.jsonl, and first.jsonl and rest.jsonl, which are the same in two files
    facets.py ask DIRECTORY KIND  compares what a mount says with what is read here; KIND is how the index was made
"""

import collections
import errno
import json
import os
import random
import re
import sys
from urllib.parse import quote

DOCS = 2500
WORDS = ["the", "The", "king", "of", "France", "x", "ab", "abab", "é"]
# Of the fields' own names, which a directory must spell otherwise.
ODD = "a/b%:7"


def record(rng, i):
    """A line of JSON, not always as a program would write it."""
    text = " ".join(rng.choices(WORDS, [8, 3, 2, 5, 1, 1, 1, 1, 1], k=rng.choice((0, 3, 12, 40))))
    if i % 500 == 3:
        text += " once"
    fields = {
        "lang": json.dumps(rng.choice(["en", "de", "fr", "zh-Hans", "", "e|n,=*"])),
        "year": str(rng.randrange(1980, 2021)),
        "date": json.dumps(f"{rng.randrange(1995, 2021)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{i:05}"),
        "id": str(i),
        "flag": rng.choice(["true", "false"]),
        "score": rng.choice(["1", "1.0", "10", "-2.5", "1e1", '"n/a"', '"07"']),
        "none": "null",
        "tags": '["a","b"]',
        "path": json.dumps(rng.choice(["src/a.c", "src/lib/b.tar.gz", "README", ".hidden", "/root.h", "x/.y/z."])),
        "note": rng.choice([r'"tab\tnew\nback\\"', r'"\u00e9\ud83d\ude00"', r'"\u0001"', '"é"']),
        ODD: rng.choice(['"odd"', '"even"']),
    }
    for name in rng.sample(list(fields), rng.randrange(4)):
        if name not in ("id", "tags"):
            del fields[name]
    members = [f'"text": {json.dumps(text, ensure_ascii=False)}']
    members += [f"{json.dumps(name)} : {value}" for name, value in fields.items()]
    if i % 7 == 0:
        members.append('"lang": "twice"')  # the last one counts
    rng.shuffle(members)
    return "{" + ", ".join(members) + "}\n"


def make():
    rng = random.Random(16)
    lines = [record(rng, i) for i in range(DOCS)]
    for name, part in ("corpus", lines), ("first", lines[:DOCS // 3]), ("rest", lines[DOCS // 3:]):
        with open(name + ".jsonl", "w", encoding="utf-8") as out:
            out.writelines(part)



class Number(str):
    """As it is written."""


def load(kind):
    files = ["corpus.jsonl"] if kind != "mixed" else ["first.jsonl", "rest.jsonl"]
    for file in files:
        with open(file, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                own = json.loads(line, parse_int=Number, parse_float=Number)
                text = own.pop("text")
                fields = {"path": file, "line": str(number)}
                for name, value in own.items():
                    fields.pop(name, None)
                    if isinstance(value, bool):
                        fields[name] = "true" if value else "false"
                    elif isinstance(value, str):
                        fields[name] = str(value)
                if "path" in fields:
                    head, slash, base = fields["path"].rpartition("/")
                    fields["dir"] = head if head else "/" if slash else "."
                    stem, dot, ext = base.rpartition(".")
                    if stem and ext:
                        fields["ext"] = ext
                yield text.encode(), {name: value.encode() for name, value in fields.items()}


def shown(value):
    out = b""
    for byte in value:
        if byte in b"\t\n\\":
            out += {9: b"\\t", 10: b"\\n", 92: b"\\\\"}[byte]
        else:
            out += b"\\x%02x" % byte if byte < 32 or byte == 127 else bytes([byte])
    return out


NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")


def orders(a, b):
    if NUMBER.match(a) and NUMBER.match(b):
        a, b = float(a), float(b)
    return (a > b) - (a < b)


# Conditions as they are written in a name, and what they mean.
def is_(*values):
    return lambda v: v in values


CONDITIONS = [
    ("lang:en", "lang", is_(b"en")),
    ("lang:en|de", "lang", is_(b"en", b"de")),
    ("lang:", "lang", is_(b"")),
    ("lang:*", "lang", lambda v: True),
    ("lang:zh*|twice", "lang", lambda v: v.startswith(b"zh") or v == b"twice"),
    ("lang:e%7Cn%2C%3d%2A", "lang", is_(b"e|n,=*")),
    ("lang:nobody", "lang", is_()),
    ("year:>=2010", "year", lambda v: orders(v, b"2010") >= 0),
    ("year:<1985|2020", "year", lambda v: orders(v, b"1985") < 0 or v == b"2020"),
    ("date:>=2019", "date", lambda v: v >= b"2019"),
    ("date:<=2001-07", "date", lambda v: v <= b"2001-07"),
    ("date:2003-1*", "date", lambda v: v.startswith(b"2003-1")),
    ("score:>1", "score", lambda v: orders(v, b"1") > 0),
    ("score:1", "score", is_(b"1")),
    ("id:17|18|2000", "id", is_(b"17", b"18", b"2000")),
    ("id:<20", "id", lambda v: orders(v, b"20") < 0),
    ("flag:true", "flag", is_(b"true")),
    ("dir:src|%2F", "dir", is_(b"src", b"/")),
    ("ext:c|h", "ext", is_(b"c", b"h")),
    ("path:src*", "path", lambda v: v.startswith(b"src")),
    (quote(ODD, safe="") + ":odd", ODD, is_(b"odd")),
    ("note:é", "note", is_("é".encode())),
    ("line:>2000", "line", lambda v: orders(v, b"2000") > 0),
]
QUERIES = ["the", "of the", "king", "once", "abab", "é", "nowhere", "ab"]


class Mount:
    def __init__(self, directory, kind):
        self.directory, self.kind = directory, kind
        self.docs = list(load(kind))
        self.wrong = self.asked = 0
        self.found = {}

    def read(self, *path):
        with open("/".join([self.directory, *path]), "rb") as file:
            return file.read()

    def list(self, *path):
        try:
            return os.listdir("/".join([self.directory, *path]))
        except FileNotFoundError:
            return None

    def batch(self, path, lines):
        fd = os.open(f"{self.directory}/{path}", os.O_RDWR)
        try:
            os.write(fd, "".join(line + "\n" for line in lines).encode())
            answers = b""
            while piece := os.read(fd, 1 << 16):
                answers += piece
        finally:
            os.close(fd)
        return answers.decode()

    def same(self, want, got, *what):
        self.asked += 1
        if want != got:
            self.wrong += 1
            if self.wrong < 10:
                print("wrong:", *what, "\n want", repr(want)[:300], "\n got ", repr(got)[:300])

    def absent(self, *path):
        try:
            os.stat("/".join([self.directory, *path]))
            self.same("no such file", "a file", *path)
        except OSError as e:
            self.same(errno.ENOENT, e.errno, *path)

    def find(self, query, docs, fold=False):
        """Document and offset of each occurrence in some documents."""
        if (query, fold) not in self.found:
            pattern = re.compile(b"(?=" + re.escape(query.encode()) + b")", re.I if fold else 0)
            self.found[query, fold] = [(doc, m.start()) for doc, (text, _) in enumerate(self.docs)
                                       for m in pattern.finditer(text)]
        docs = docs if isinstance(docs, range) else set(docs)
        return [at for at in self.found[query, fold] if at[0] in docs]

    def facet(self, field, prefix, found):
        counts, docs = collections.Counter(), collections.defaultdict(set)
        for doc, weight in found:
            value = self.docs[doc][1].get(field)
            if prefix and value is not None:
                value = value.decode()[:prefix].encode()
            counts[value] += weight
            docs[value].add(doc)
        order = sorted(docs, key=lambda v: (-counts[v], -len(docs[v]), v is None, v or b""))
        return [(v, counts[v], len(docs[v])) for v in order]


def lines(facet):
    return b"".join(b"%s\t%d\t%d\n" % (b"\\N" if v is None else shown(v), n, docs) for v, n, docs in facet)


def as_json(facet):
    return [[None if v is None else v.decode(), n, docs] for v, n, docs in facet]


def check_facets(mount):
    every = range(len(mount.docs))
    fields = sorted({name for _, fields in mount.docs for name in fields})
    names = [quote(f, safe=":") if f != ODD else "a%2Fb%25%3A7" for f in fields]
    wanted = [(name, field, 0) for name, field in zip(names, fields)]
    if mount.kind in ("store", "mixed"):
        wanted.append(("date:4", "date", 4))
    if mount.kind == "none":
        mount.same([], mount.list("facet"), "no facets")
        mount.absent("facet/lang")
        return
    mount.same(sorted(w[0] for w in wanted), sorted(mount.list("facet")), "names of facets")
    mount.absent("facet/nofield")
    mount.absent("facet/none")
    mount.absent("facet/tags")
    for name, field, prefix in wanted:
        mount.same(["%"], mount.list("facet", name), name)
        want = mount.facet(field, prefix, [(doc, len(mount.docs[doc][0])) for doc in every])
        mount.same(lines(want), mount.read("facet", name, "%"), name, "of all")
        mount.same(len(mount.docs), sum(docs for _, _, docs in want), name, "adds up to all documents")
        for query in QUERIES:
            found = mount.find(query, every)
            want = mount.facet(field, prefix, [(doc, 1) for doc, _ in found])
            mount.same(lines(want), mount.read("facet", name, query), name, query)
            mount.same(int(mount.read("count", query)), sum(n for _, n, _ in want), name, query, "adds up")
    want = [json.dumps(as_json(mount.facet("lang", 0, [(d, 1) for d, _ in mount.find(q, every)])), separators=(",", ":"),
                       ensure_ascii=False) + "\t" + q for q in QUERIES]
    mount.same(want, mount.batch("batch/facet/lang", QUERIES).splitlines(), "batch")
    folded = mount.facet("lang", 0, [(d, 1) for d, _ in mount.find("the", every, True)])
    mount.same(lines(folded), mount.read("with/case=fold/facet/lang/the"), "case=fold")


def check_where(mount, where, docs, brief):
    """docs: those for which it holds."""
    base = f"with/where={where}"
    width = len(mount.read("with/context=0/count/the")) and len(str(len(mount.docs) - 1))
    for query in QUERIES[::3] if brief else QUERIES:
        found = mount.find(query, docs)
        holding = sorted({doc for doc, _ in found})
        mount.same(len(found), int(mount.read(base, "count", query)), where, "count", query)
        mount.same(len(holding), int(mount.read(base, "df", query)), where, "df", query)
        # The order of documents and of occurrences is the index's.
        names = mount.list(base + ",page=100000", "docs", query)
        mount.same([f"{doc:0{width}}.txt" for doc in holding] or None, names and sorted(names), where, "docs", query)
        names = mount.list(base + ",page=100000", "meta", query)
        mount.same([f"{doc:0{width}}.json" for doc in holding] or None, names and sorted(names), where, "meta", query)
        for order in "index", "random":
            got = [tuple(map(int, line.split(b"\t")[:2])) for line in
                   mount.read(f"{base},context=0,order={order},seed=3", "kwic", query).splitlines()]
            mount.same(found, sorted(got), where, "kwic", order, query)
        matches = mount.list(base + ",page=100000", "match", query)
        mount.same(len(found) or None, matches and len(matches), where, "match", query)
        some = sorted(matches or [])[::max(1, len(found) // 9)]
        got = [json.loads(mount.read(base, "match", query, name)) for name in some]
        numbers = [int(name.split(".")[0]) for name in some]
        mount.same(numbers, [m["match"] for m in got], where, "matches", query)
        kwic = [tuple(map(int, line.split(b"\t")[:2])) for line in mount.read(base, "kwic", query).splitlines()]
        mount.same([kwic[n] for n in numbers], [(m["document"], m["offset"]) for m in got], where, "matches", query)
        if holding:
            out = next((doc for doc, _ in mount.find(query, range(len(mount.docs))) if doc not in docs), None)
            mount.same(mount.docs[holding[0]][0], mount.read(base, "docs", query, f"{holding[0]}.txt"), where, query)
            if out is not None:
                mount.absent(base, "docs", query, f"{out}.txt")
                mount.absent(base, "doc", f"{out}.txt")
            mount.same(mount.docs[holding[-1]][0], mount.read(base, "doc", f"{holding[-1]}.txt"), where, query)
        if mount.kind != "none":
            want = mount.facet("flag", 0, [(doc, 1) for doc, _ in found])
            mount.same(lines(want), mount.read(base, "facet/flag", query), where, "facet", query)
    if mount.kind != "none":
        want = mount.facet("dir", 0, [(doc, len(mount.docs[doc][0])) for doc in docs])
        mount.same(lines(want), mount.read(base, "facet/dir/%"), where, "facet of all")
    for name, answer in ("count", len), ("df", lambda found: len({doc for doc, _ in found})):
        want = "".join(f"{answer(mount.find(q, docs))}\t{q}\n" for q in QUERIES)
        mount.same(want, mount.batch(f"{base}/batch/{name}", QUERIES), where, "batch", name)
    found = mount.find("THE", docs, True)
    mount.same(len(found), int(mount.read(base + ",case=fold", "count", "tHe")), where, "case=fold")


def check_settings(mount):
    every = range(len(mount.docs))
    brief = bool(os.environ.get("NG_TEST_BRIEF"))

    def holds(field, test):
        return {doc for doc in every if field in mount.docs[doc][1] and test(mount.docs[doc][1][field])}

    sizes = set()
    # All of them once, and some of them of every kind of index.
    some = CONDITIONS[::4] if brief else CONDITIONS if mount.kind == "shards" else CONDITIONS[::5]
    for where, field, test in some:
        docs = sorted(holds(field, test))
        sizes.add(len(docs))
        check_where(mount, where, docs, True)
    if max(sizes) < 1000 or min(sizes) > 400:
        raise SystemExit(f"the conditions hold for {sizes} documents, which is no test")
    rng = random.Random(1)
    for _ in range(1 if brief else 2):
        (w1, f1, t1), (w2, f2, t2) = rng.sample(CONDITIONS, 2)
        check_where(mount, f"{w1},where={w2}", sorted(holds(f1, t1) & holds(f2, t2)), brief)
    for name in "next/the", "prev/the", "nextword/the", "prevword/the", "wordlist", "find/the", "trace", "batch/next", "batch/prev", "batch/find":
        mount.absent("with/where=lang:en", name)
        os.stat(f"{mount.directory}/with/case=exact/{name}")
    shown_names = set(mount.list("with/where=lang:en"))
    mount.same(set(), shown_names & {"next", "prev", "nextword", "prevword", "wordlist", "find", "trace"}, "what a filter shows")
    if mount.kind in ("shards", "store"):
        mount.absent("with/where=lnag:en")
        mount.absent("with/where=lang:en,where=none:x")


def main(args):
    if args == ["make"]:
        return make()
    _, directory, kind = args
    mount = Mount(directory, kind)
    check_facets(mount)
    check_settings(mount)
    if mount.asked < (10 if kind == "none" else 100):
        raise SystemExit("nothing was asked")
    return mount.wrong > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
