# SPDX-License-Identifier: Apache-2.0
"""Figures of the engine beside the peer's. Times are taken in turn, peer and ours, in many short
rounds of about the same length for both, and a ratio is the median of the rounds' ratios, since a
machine is seldom quiet."""

import os
import shutil
import subprocess

from corpus import Failed, pairs, run
from table import Row, paired

ROUNDS = 11
OUR_REPS = 5  # of all queries, for one of the peer's
EXTRACT_BYTES = 1000
PEER_EXTRACTS, OUR_EXTRACTS = 100, 500
BUILD_ROUNDS = 3
COLD_QUERIES = 50
PEER_COLD_PAGES = {100: 909, 20: 303}  # measured once, with read-ahead off
MICROSECONDS = (1, "us")
MERGE_DOCS = 500  # of the corpus, which are merged with all of it


def ask(corpus, *args):
    """What bench_engine measures."""
    return pairs(run(corpus.tools.bench_engine, *args))


def count(corpus):
    """ng_count beside count() of SDSL, and many counts at once beside the same loop of SDSL's."""
    peer, ours = corpus.peer_index()[0], corpus.index()
    for length in (10, 20, 100):
        queries, ours_us, portable_us, batch_us, peer_us = corpus.queries(length), [], [], [], []
        for _ in range(ROUNDS):
            theirs = pairs(run(corpus.peer, "count", peer, queries, "1"))
            mine = ask(corpus, "count", ours, queries, str(OUR_REPS))
            portable = ask(corpus, "count", ours, queries, str(OUR_REPS), "portable")
            together = ask(corpus, "batch", ours, queries, str(OUR_REPS))
            if not mine["sum"] == portable["sum"] == together["sum"]:
                raise Failed(f"{length} bytes: kernels or batches count differently")
            peer_us.append(theirs["us_per_query"])
            ours_us.append(mine["us_per_query"])
            portable_us.append(portable["us_per_query"])
            batch_us.append(together["us_per_query"])
        extra = theirs["sum"] - mine["sum"]
        if extra != corpus.across(length):
            raise Failed(f"{length} bytes: the peer counts {extra:.0f} more, of which "
                         f"{corpus.across(length)} run across documents")
        bounds = {"must": 16, "aim": 28} if length == 20 else {}
        for what, us, rest in ((f"count, {length} bytes", ours_us, {"must": 8, "aim": 12}),
                               ("the same without AVX2", portable_us, {}),
                               ("the same, all of them at once", batch_us, bounds)):
            yield paired(f"{what}, peer / ours", us, peer_us, MICROSECONDS, inverse=True,
                         more=True, **rest)


def fold(corpus):
    """ng_fold_find beside ng_count."""
    ours, words, fold_us, exact_us = corpus.index(), corpus.words(10), [], []
    for _ in range(ROUNDS):
        exact = pairs(run(corpus.tools.bench_engine, "count", ours, words, str(OUR_REPS)))
        mine = pairs(run(corpus.tools.bench_engine, "fold", ours, words, "1"))
        if mine["sum"] < exact["sum"]:
            raise Failed("some words are found less often in any case than in one")
        exact_us.append(exact["us_per_query"])
        fold_us.append(mine["us_per_query"])
    yield paired("count in any case, words of 10 letters, beside exact", fold_us, exact_us,
                 MICROSECONDS, must=50, aim=10)


def locate(corpus):
    """The search for a pattern of ten bytes, and the place of its first row."""
    peer, ours, queries = corpus.peer_index()[0], corpus.index(), corpus.queries(10)
    ours_us, peer_us = [], []
    for _ in range(ROUNDS):
        theirs = pairs(run(corpus.peer, "locate", peer, queries, "1"))
        mine = ask(corpus, "locate", ours, queries, str(OUR_REPS))
        if theirs["occ"] != mine["occ"]:
            raise Failed(f"the peer finds {theirs['occ']:.0f} queries, we {mine['occ']:.0f}")
        peer_us.append(theirs["us_per_occ"])
        ours_us.append(mine["us_per_query"])
    yield paired("locate one occurrence (found by 10 bytes), peer / ours", ours_us, peer_us,
                 MICROSECONDS, inverse=True, more=True, must=8, aim=14)


def extract(corpus):
    """A stretch of text from the index."""
    peer, ours, ours_us, peer_us = corpus.peer_index()[0], corpus.index(), [], []
    for _ in range(ROUNDS):
        theirs = pairs(run(corpus.peer, "extract", peer, str(EXTRACT_BYTES), str(PEER_EXTRACTS)))
        mine = ask(corpus, "extract", ours, str(EXTRACT_BYTES), str(OUR_EXTRACTS))
        peer_us.append(theirs["us_per_extract"])
        ours_us.append(mine["us_per_extract"])
    yield paired(f"extract {EXTRACT_BYTES:,} bytes, peer / ours", ours_us, peer_us, MICROSECONDS,
                 inverse=True, more=True, must=25, aim=50)


def size(corpus):
    """Bytes, and what they are of a byte of text."""
    theirs = corpus.peer_index()[1]
    ours = pairs(run(corpus.tools.bench_index, "sizes", corpus.index()))
    text = os.path.getsize(corpus.text())

    def row(figure, mine, peers, **bounds):
        return Row(figure, mine / peers, f"{mine:.0f} B, {mine / text:.4f}",
                   f"{peers:.0f} B, {peers / text:.4f}", digits=3, **bounds)

    rank = theirs["wt_ratio"] * theirs["n"]
    yield row("BWT with rank, ours / peer's", ours["bwt"] - ours["marks"], rank)
    yield row("the same with our marks of sampled rows", ours["bwt"], rank)
    yield row("all to count, locate and extract, ours / peer's", ours["search"], theirs["bytes"],
              must=0.82, aim=0.75)


def cold(corpus):
    """Pages of 4 KiB that a fresh process reads of the index."""
    for length, bounds in ((20, {"must": 25, "aim": 18}), (100, {"must": 110, "aim": 85})):
        pages = pairs(run(corpus.tools.bench_index, "cold", corpus.index(),
                          corpus.queries(length), str(COLD_QUERIES)))
        opened, asked = pages["open_pages"], pages["query_pages"]
        yield Row(f"cold, {length} bytes: pages read once the index is open", asked,
                  f"and {opened:.0f} to open it", f"{PEER_COLD_PAGES[length]} in all",
                  digits=1, **bounds)
    yield Row("cold: a place and up to 1,000 bytes of its document, ms", pages["read_ms"],
              f"{pages['read_pages']:.0f} pages", digits=1)


def cpu_seconds(*args):
    with subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        said = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise Failed(f"{os.path.basename(args[0])}: {said.strip()}")
    return usage.ru_utime + usage.ru_stime, said


def build(corpus):
    """CPU seconds of a build, and the summary of one with as many threads as there are."""
    made, peer_made = corpus.path("build.index"), corpus.path("build.peer")
    text, ours_s, peer_s = corpus.text(), [], []

    def make(*options):
        shutil.rmtree(made, ignore_errors=True)
        try:
            return cpu_seconds(corpus.tools.mkngramfs, *options, "-o", made, corpus.jsonl)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    for _ in range(BUILD_ROUNDS):
        peer_s.append(cpu_seconds(corpus.peer, "build", text, peer_made)[0])
        os.unlink(peer_made)
        ours_s.append(make("--threads=1", "-q")[0])
    yield paired("build, CPU time, ours / peer's", ours_s, peer_s, (1, "s"), must=0.65, aim=0.5)
    summary = make("--progress=none")[1].split("\n  ")
    yield Row("build with all processors", next(
        " ".join(line.split()[1:]) for line in summary if line.startswith("time")), next(
        "peak memory " + " ".join(line.split()[2:]) for line in summary
        if line.startswith("peak")))


def merge(corpus):
    """CPU time of merging a small shard with a large one, by the text of the small one."""
    made, rates = corpus.path("merge.index"), []
    for _ in range(BUILD_ROUNDS):
        shutil.rmtree(made, ignore_errors=True)
        try:
            shutil.copytree(corpus.index(), made)
            small = corpus.append_docs(made, MERGE_DOCS)
            rates.append(small / cpu_seconds(corpus.tools.mkngramfs, "-q", "--merge", "-o",
                                             made)[0] / 1e6)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    yield Row("merge: MB of the smaller side a CPU second", max(rates),
              f"{small / 1e6:.1f} MB into {os.path.getsize(corpus.text()) / 1e6:.0f}", more=True)
