#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A corpus that holds most of awkward_queries.py, and asking for all of them.

    awkward.py make DIRECTORY             writes the corpus, a document a file
    awkward.py ask DIRECTORY MOUNT        asks a mount for all of them, in every way to spell them
    awkward.py web DIRECTORY ADDRESS      asks a server of examples/web that has the one index

What is expected comes from the text itself.
"""

import http.client
import json
import os
import random
import re
import sys
import time
import urllib.parse

from awkward_queries import queries

SEED = 23


def make(directory):
    rng = random.Random(SEED)
    every = queries()
    os.mkdir(directory)
    # Pieces side by side make new ones across their borders; one in five never comes.
    usual = [query for i, query in enumerate(every) if i % 5]
    texts = [b"|".join(usual)]
    for _ in range(12):
        pieces = rng.choices([query for query in usual if len(query) < 100], k=700)
        texts.append(b"".join(piece + rng.choice([b"", b"", b" ", b"\n", b"\r\n", b"x"]) for piece in pieces))
    texts.append(bytes(range(256)) * 2)
    texts.append(b"x" * 600 + b"." * 300 + b" " * 1000 + "中".encode() * 1100)
    for number, text in enumerate(texts):
        with open(f"{directory}/{number:02}", "wb") as out:
            out.write(text)


def read_texts(directory):
    texts = []
    for name in sorted(os.listdir(directory)):
        with open(f"{directory}/{name}", "rb") as file:
            texts.append(file.read())
    return texts


def occurrences(query, text):
    count, at = 0, text.find(query)
    while at >= 0:
        count, at = count + 1, text.find(query, at + 1)
    return count


class Check:
    def __init__(self, directory):
        texts = read_texts(directory)
        self.want = {query: sum(occurrences(query, text) for text in texts) for query in queries()}
        self.docs = {query: sum(query in text for text in texts) for query in queries()}
        self.asked = self.wrong = 0
        # Nothing is shown by asking for what is all there, or not at all.
        absent = sum(count == 0 for count in self.want.values())
        assert 50 < absent < len(self.want) / 2 and len(set(self.want.values())) > 30, (absent, len(self.want))

    def same(self, what, query, got, want):
        self.asked += 1
        if got != want:
            self.wrong += 1
            if self.wrong < 30:
                print(f"FAILED: {what} of {query[:60]}: {got!r} instead of {want!r}", file=sys.stderr)

    def finish(self, least):
        print(f"{self.asked} answers, {self.wrong} wrong")
        assert self.asked >= least, (self.asked, least)
        return self.wrong > 0


def escaped(query, needed):
    return re.sub(needed, lambda found: b"%%%02X" % found[0][0], query)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def batch(path, lines):
    with open(path, "r+b", buffering=0) as session:
        rest = memoryview(b"".join(line + b"\n" for line in lines))
        while rest:
            rest = rest[session.write(rest):]
        answers = b""
        while more := session.read(1 << 16):
            answers += more
    # Lines hold tabs and carriage returns, but newlines end them.
    answers = answers.split(b"\n")
    assert answers.pop() == b"" and len(answers) == len(lines), (len(answers), len(lines))
    return answers


def ask_batches(check, mount):
    plain = [query for query in queries() if b"\n" not in query]
    for room, want in (("count", check.want), ("df", check.docs)):
        for top in ("", "with/escape=none/"):
            for query, answer in zip(plain, batch(f"{mount}/{top}batch/{room}", plain)):
                if query.endswith(b"\r"):
                    check.same(f"{top}batch/{room}", query, answer[:30], b"error: a carriage return ends ")
                else:
                    check.same(f"{top}batch/{room}", query, answer, b"%d\t%s" % (want[query], query))
        for needed in (rb"[%\n]|\r$", rb"[^a-z]", rb"(?s)."):
            lines = [escaped(query, needed) for query in queries()]
            for query, line, answer in zip(queries(), lines, batch(f"{mount}/with/escape=percent/batch/{room}", lines)):
                check.same(f"escape=percent/batch/{room}", query, answer, b"%d\t%s" % (want[query], line))


def ask_names(check, mount, most):
    top = os.fsencode(mount)
    with open(os.path.join(os.path.dirname(__file__), "../../fs/tree/probes.c"), "rb") as source:
        probes = set(re.findall(rb'^\t"(.*)",$', source.read(), re.M))
    assert len(probes.intersection(queries())) > 5
    # A daemon that sanitizers slow down is asked for some of them.
    for query in queries()[::4 if os.environ.get("NG_TEST_BRIEF") else 1]:
        for needed in (rb"[%/\0.-]", rb"[^A-Za-z0-9]", rb"(?s)."):
            name = escaped(query, needed)
            if len(name) > most:
                continue
            check.same("count", name, int(read(b"%s/count/%s" % (top, name))), check.want[query])
        name = escaped(query, rb"[^A-Za-z0-9]")
        if len(name) <= most:
            check.same("docs", name, os.path.exists(b"%s/docs/%s" % (top, name)), check.want[query] > 0)
            check.same("df", name, int(read(b"%s/df/%s" % (top, name))), check.docs[query])
            check.same("kwic", name, read(b"%s/kwic/%s" % (top, name)).count(b"\n"), check.want[query])
        plain = b"%s/with/escape=none/count/%s" % (top, query)
        if re.fullmatch(rb"\.\.?|(?s:.*[/\0].*)", query) or len(query) > most:
            continue
        if os.path.exists(plain):
            check.same("escape=none/count", query, int(read(plain)), check.want[query])
        else:
            check.same("escape=none/count", query, query in probes, True)


def ask_web(check, address):
    host = urllib.parse.urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=120)

    def get(path):
        while True:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            connection.endheaders()
            response = connection.getresponse()
            status, body = response.status, response.read()
            if status != 429:
                return status, body
            time.sleep(0.1)

    climbs = 0
    for number, query in enumerate(queries()):
        once = urllib.parse.quote(query, safe="")
        # What Python writes, what JavaScript does, and everything escaped.
        others = {urllib.parse.quote(query, safe="!'()*~"), "%" + query.hex("%")}
        for spelled in {once, *(others if number % 4 == 0 else ())}:
            for path in (f"/count/{spelled}", f"/count/?q={spelled}"):
                status, body = get(path)
                if status == 200:
                    check.same(path, query, int(body), check.want[query])
                    continue
                # In a path, nginx takes neither NUL nor what climbs above the top.
                climbs += 1
                check.same(path, query, (status, "?q=" in path, b"\0" in query or b".." in query), (400, False, True))
        # Of what stream.py answers there are 20 a second.
        if number % 60:
            continue
        status, body = get(f"/docs/?q={once}")
        check.same("docs", query, body.count(b"\n") if status == 200 else status, check.docs[query] or 404)
        status, body = get(f"/df/?q={once}")
        check.same("df", query, (status, int(body)), (200, check.docs[query]))
    assert 0 < climbs < 400, climbs
    # Names that are too long with a URL's escapes. A whole document is not to be had so.
    long, once = next((text, urllib.parse.quote(text)) for text in ("中" * 1023, "中" * 255)
                      if get("/count/" + urllib.parse.quote(text))[0] == 200)
    check.same("count", long.encode(), int(get(f"/count/{once}")[1]), 1101 - len(long))
    status, body = get(f"/match//0.json?q={once}")
    check.same("match", long.encode(), (status, json.loads(body)["match_text"]), (200, long))
    document = json.loads(body)["document"]
    check.same("docs", long.encode(), get(f"/docs/{once}/{document}.txt")[0], 414)
    check.same("meta", long.encode(), get(f"/meta//{document}.json?q={once}")[0], 414)
    check.same("doc", long.encode(), long.encode() in get(f"/doc/{document}.txt")[1], True)


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2])
    check = Check(sys.argv[2])
    if sys.argv[1] == "ask":
        ask_batches(check, sys.argv[3])
        ask_names(check, sys.argv[3], os.statvfs(sys.argv[3]).f_namemax)
        return check.finish(8 * len(queries()))
    ask_web(check, sys.argv[3])
    return check.finish(2 * len(queries()))


if __name__ == "__main__":
    sys.exit(main())
