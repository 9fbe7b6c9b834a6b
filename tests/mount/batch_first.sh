#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first answers to each of many queries are those that the files of these queries begin with.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
attach corpus.ngram mnt
cat >ask.py <<'PYTHON'
import os, sys
QUERIES = [b"the", b"alpha beta", b"nonesuch", b"rare", "中文".encode(), b"100%", b"a/b", b" ", b"tab\there"]
FOLDED = [b"ALPHA", b"the"]
BRIEF = "NG_TEST_BRIEF" in os.environ
if BRIEF: # of what nearly all have, each match is a file
    QUERIES.remove(b" ")

def name(query):
    return b"".join(b"%%%02X" % c for c in query)

def beginning(settings, kind, query, n):
    here = b"mnt/" + (b"with/" + settings + b"/" if settings else b"") + kind.encode() + b"/" + name(query)
    if kind != "match":
        with open(here, "rb") as lines:
            return [line for line in lines.read().split(b"\n")[:-1]][:n]
    if not os.path.isdir(here):
        return []
    return [open(here + b"/" + f, "rb").read()[:-1] for f in sorted(os.listdir(here)) if f != b"more"][:n]

def session(settings, kind, queries):
    path = b"mnt/" + (b"with/" + settings + b"/" if settings else b"") + b"batch/" + kind.encode()
    with open(path, "r+b", buffering=0) as file:
        file.write(b"".join(q + b"\n" for q in queries))
        return file.read()

lines = 0
for settings, n, queries in ((b"", 10, QUERIES), (b"first=1", 1, QUERIES), (b"first=1000", 1000, QUERIES[:2] if BRIEF else QUERIES),
                             (b"order=random,seed=3,first=5", 5, QUERIES), (b"context=7,first=3,case=fold", 3, FOLDED),
                             (b"where=id:<700,first=4", 4, QUERIES)):
    for kind in "kwic", "match", "lines":
        want = b"".join(line + b"\t" + q + b"\n" for q in queries for line in beginning(settings, kind, q, n))
        got = session(settings, kind, queries)
        if got != want:
            sys.exit(f"{settings} {kind}: {got[:300]!r} instead of {want[:300]!r}")
        lines += want.count(b"\n")
assert lines > 1000, lines
for kind in "kwic", "match", "lines":
    got = session(b"", kind, [b"", b"the\r"])
    assert got.startswith(b"error: an empty query\t\nerror: a carriage return") and got.count(b"\n") == 2, got
got = session(b"scan=1", "lines", [b"the", b"nonesuch"])
assert got.startswith(b"error: ") and got.endswith(b" at most 1\tthe\n"), got
PYTHON
python3 ask.py || fail "what is first"
for bad in first=0 first=1001 first= first=1,first=1; do
	refuses "No such file" cat mnt/with/$bad/batch/kwic
done
detach mnt
finish
