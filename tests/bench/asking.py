# SPDX-License-Identifier: Apache-2.0
"""Figures of the ways to ask beside /count/, and of reading documents, through a mount. What is
read was never read before in that mount, so that no answer comes from the kernel's caches; and
answers are checked, against the corpus or each other, when the time has been taken."""

import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time

from corpus import Failed, escape_name, run
from engine import ask as ask_engine
from mount import WARM_NAMES, background, check_fuse, read_all, read_sum, wait_until
from table import Row, paired

PIECE, SMALL_PIECE = 1 << 20, 1 << 16  # of a read or a write
BATCH_ROUNDS, BATCH_QUERIES, BATCH_SINGLES = 5, 200000, 5000
KWIC_OCCURRENCES, KWIC_SECONDS = 1000000, 10
KWIC_QUERIES = ("the", "on", "an", "or", "es", "in", "th", " t")  # some are near to a million
# Words that are in thousands of documents, in most of them once or twice; and one that is in nearly
# all, so that the time is that of its hundreds of occurrences in each.
DOCS_QUERIES = ("however", "important", "because", "another", "several", "different", "although",
                "following", "including", "possible", "available", "together")
DOCS_FREQUENT = "the "
TRACE_ROUNDS, TRACE_BYTES = 25, range(9500, 10500)
NEXT_NAMES, NEXT_WARM_NAMES = 2000, 500
FAIR_ROUNDS, FAIR_NAMES = 15, 2000
LONG_WALK, WARM_SECONDS = "kwic/e", 1  # millions of lines
DOCUMENT_BYTES, DOCUMENTS_A_ROUND, DOCUMENT_WARM = range(3500, 4700), 120, 120
JOINED_ROUNDS = 3
GREP_ROUNDS, GREP_WORDS = 15, 40


def pieces(file, size=PIECE):
    return iter(lambda: os.read(file, size), b"")


@contextlib.contextmanager
def opened(path, flags=os.O_RDONLY):
    file = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def read_file(path, size=SMALL_PIECE):
    with opened(path) as file:
        return b"".join(pieces(file, size))


def ask(path, text):
    """What a session answers to a text, which is written whole first; and the seconds."""
    begin = time.monotonic()
    with opened(path, os.O_RDWR) as file:
        left = memoryview(text)
        while left:
            left = left[os.write(file, left[:PIECE]):]
        answer = b"".join(pieces(file))
    return answer, time.monotonic() - begin


def count_of(directory, query):
    return int(read_file(f"{directory}/count/{escape_name(query)}"))


def text_of(names):
    return "".join(name + "\n" for name in names)


def batch_counts(answer, names):
    """The counts in a batch's answer; it must have the names, too, in order."""
    lines = [line.partition("\t") for line in answer.decode("ascii").splitlines()]
    if [name for _, _, name in lines] != names:
        raise Failed(f"/batch/count has {len(lines)} lines for {len(names)} queries, or others")
    return [int(count) for count, _, _ in lines]


def batch(corpus):
    """One batch, some of its queries as single files, and the engine's loop over all of them."""
    check_fuse()
    tools = corpus.tools
    names = corpus.names(20, WARM_NAMES + BATCH_ROUNDS * BATCH_QUERIES)
    batch_rates, single_rates, batch_us, engine_us = [], [], [], []
    with background(tools, corpus.index()) as (directory, _, _), \
            tempfile.NamedTemporaryFile("w", prefix="ngramfs-bench-", encoding="ascii") as file:
        for i in range(WARM_NAMES, len(names), BATCH_QUERIES):
            now = names[i:i + BATCH_QUERIES]
            text = text_of(now)
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
            answer, seconds = ask(f"{directory}/with/escape=percent/batch/count", text.encode())
            rate, total = read_sum(tools, f"{directory}/count", now[:BATCH_SINGLES])
            loop = ask_engine(corpus, "count", corpus.index(), file.name, "1")
            counts = batch_counts(answer, now)
            if sum(counts[:BATCH_SINGLES]) != total or sum(counts) != loop["sum"]:
                raise Failed("/batch/count, /count/ and the engine count differently")
            batch_rates.append(len(now) / seconds)
            single_rates.append(rate)
            batch_us.append(seconds * 1e6 / len(now))
            engine_us.append(loop["us_per_query"])
    yield paired("/batch/count, 20 bytes, rate / that of single files", batch_rates, single_rates,
                 (1, "/s"), rate=True, more=True)
    yield paired("the engine's one-thread loop, time / that of the batch", batch_us, engine_us,
                 (1, "us"), inverse=True, more=True)


def check_concordance(corpus, lines, query):
    """Lines of /kwic/: each another place, which has the query in it."""
    places = set()
    for line in lines:
        fields = line.split(b"\t")
        if len(fields) != 5 or fields[3] != query:
            raise Failed(f"/kwic/ has a line {line!r}")
        doc, offset = int(fields[0]), int(fields[1])
        if not corpus.docs[doc].startswith(query, offset):
            raise Failed(f"/kwic/: {query!r} is not at {offset} in document {doc}")
        places.add((doc, offset))
    if not lines or len(places) != len(lines):
        raise Failed(f"/kwic/ has {len(places)} places in {len(lines)} lines")


def read_lines(path, seconds):
    """Read a file until its end, or for some time: lines, seconds, the last piece, whether that
    was the end."""
    lines, last, begin = 0, b"", time.monotonic()
    with opened(path) as file:
        for last in pieces(file):
            lines += last.count(b"\n")
            if time.monotonic() - begin > seconds:
                return lines, time.monotonic() - begin, last, False
    return lines, time.monotonic() - begin, last, True


def warm(directory):
    """Places of the index and of the text that many occurrences need."""
    read_lines(f"{directory}/{LONG_WALK}", WARM_SECONDS)


def kwic(corpus):
    """Lines a second of the beginning of a concordance."""
    check_fuse()
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        warm(directory)
        occurrences = {query: count_of(directory, query.encode()) for query in KWIC_QUERIES}
        query = min(occurrences, key=lambda q: abs(occurrences[q] - KWIC_OCCURRENCES))
        lines, seconds, last, ended = read_lines(
            f"{directory}/kwic/{escape_name(query.encode())}", KWIC_SECONDS)
    if lines > occurrences[query] or (ended and lines < occurrences[query]):
        raise Failed(f"/kwic/{query} has {lines} lines, /count/ says {occurrences[query]}")
    check_concordance(corpus, last.split(b"\n")[1:-1], query.encode())
    yield Row(f"/kwic/{query}, {occurrences[query]:,} occurrences, lines a second", lines / seconds,
              f"{lines:,} lines in {seconds:.1f} s", must=30000, aim=250000, more=True, digits=0)


def listed(corpus, directory, query):
    """Names a second of a listing with all its pages, and what that was."""
    begin = time.monotonic()
    found = run("find", f"{directory}/docs/{escape_name(query)}").split("\n")
    seconds = time.monotonic() - begin
    numbers = [int(os.path.basename(path)[:-len(".txt")]) for path in found
               if path.endswith(".txt")]
    wanted = [i for i, doc in enumerate(corpus.docs) if query in doc]
    if sorted(numbers) != wanted:
        raise Failed(f"/docs/ of {query} has {len(numbers)} documents, not {len(wanted)}, or "
                     "others")
    return len(numbers) / seconds, (f"{len(numbers):,} names in {seconds:.2f} s, of "
                                    f"{count_of(directory, query):,} occurrences")


def docs(corpus):
    """Names a second of one listing after the other, with all their pages."""
    check_fuse()
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        warm(directory)
        rates = [listed(corpus, directory, query.encode()) for query in DOCS_QUERIES]
        frequent, said = listed(corpus, directory, DOCS_FREQUENT.encode())
    yield Row(f"/docs pages of {len(rates)} words with find, names a second",
              statistics.median(rate for rate, _ in rates), max(rates)[1], must=20000, aim=100000,
              more=True, digits=0)
    yield Row(f"the same of {DOCS_FREQUENT!r}", frequent, said, digits=0)


def check_stretches(corpus, text, lines):
    """Every stretch must stand where it says."""
    for line in lines:
        stretch = text[line["begin"]:line["end"]]
        if not line["documents"] or not all(
                corpus.docs[place["document"]].startswith(stretch, place["offset"])
                for place in line["documents"]):
            raise Failed(f"/trace: {stretch[:40]!r} is not where it says")


def trace(corpus):
    """Articles of the corpus, and texts that are not in it: the same words in another order."""
    check_fuse()
    chosen = random.Random("trace")
    articles = chosen.sample([doc for doc in corpus.docs if len(doc) in TRACE_BYTES],
                             TRACE_ROUNDS + 1)
    within, without = [], []
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        for text in articles:
            words = text.split()
            mixed = b" ".join(chosen.sample(words, len(words)))
            for asked, seconds in ((text, within), (mixed, without)):
                answer, taken = ask(f"{directory}/trace", asked)
                seconds.append(taken)
                lines = [json.loads(line) for line in answer.splitlines()]
                whole = [(line["begin"], line["end"]) for line in lines] == [(0, len(asked))]
                if whole != (asked is text):
                    raise Failed(f"/trace has {len(lines)} stretches of a text that is "
                                 f"{'in' if asked is text else 'not in'} the corpus")
                check_stretches(corpus, asked, lines)
    for what, seconds in (("in", within[1:]), ("not in", without[1:])):
        yield Row(f"/trace of 10 KB that are {what} the corpus, s", statistics.median(seconds),
                  f"{min(seconds):.4f} s, slowest {max(seconds):.4f}", must=0.2, aim=0.05, digits=4)


def next_characters(corpus):
    """One open, read and close after the other."""
    check_fuse()
    names, times = corpus.names(10, NEXT_WARM_NAMES + NEXT_NAMES), []
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        for name in names:
            begin = time.monotonic()
            answer = read_file(f"{directory}/next/{name}")
            times.append(time.monotonic() - begin)
            total = sum(int(line.partition(b"\t")[0]) for line in answer.splitlines())
            if total != int(read_file(f"{directory}/count/{name}")):
                raise Failed(f"/next/{name} has {total} characters, /count/ another number")
    times = sorted(times[NEXT_WARM_NAMES:])
    yield Row("/next of a 10-byte query, ms", statistics.median(times) * 1e3,
              f"{times[0] * 1e3:.3f} ms; 95 of 100 in {times[len(times) * 95 // 100] * 1e3:.3f}",
              must=5, aim=1, digits=3)


@contextlib.contextmanager
def walk(path):
    """Another process reads a file from its beginning; it must still do so in the end."""
    with open(path, "rb", buffering=0) as file, \
            subprocess.Popen(["cat"], stdin=file, stdout=subprocess.DEVNULL) as cat:
        try:
            wait_until(f"reading {path}", file.tell)  # cat has the same offset
            yield
            if cat.poll() is not None:
                raise Failed(f"{path} was at its end before the counts were")
        finally:
            cat.kill()


def fairness(corpus):
    """Counts of a reader that is alone, and of one beside a concordance of millions of lines."""
    check_fuse()
    names = corpus.names(10, WARM_NAMES + FAIR_ROUNDS * 2 * FAIR_NAMES)
    alone, beside = [], []
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        def seconds(first):
            now = names[first:first + FAIR_NAMES]
            return 1 / read_all(corpus.tools, f"{directory}/count", now)

        read_all(corpus.tools, f"{directory}/count", names[:WARM_NAMES])
        for i in range(WARM_NAMES, len(names), 2 * FAIR_NAMES):
            alone.append(seconds(i))
            with walk(f"{directory}/{LONG_WALK}"):
                beside.append(seconds(i + FAIR_NAMES))
    yield paired("count while another walks a whole /kwic/, time / alone", beside, alone,
                 (1e6, "us"), must=5, aim=2)


def read_documents(corpus, index):
    """MB a second in each round, of documents in a random order."""
    numbers = [i for i, doc in enumerate(corpus.docs) if len(doc) in DOCUMENT_BYTES]
    random.Random("documents").shuffle(numbers)
    rates = []
    with background(corpus.tools, index) as (directory, _, _):
        def rate(chosen):
            begin = time.monotonic()
            read = [read_file(f"{directory}/doc/{number}.txt") for number in chosen]
            seconds = time.monotonic() - begin
            if read != [corpus.docs[number] for number in chosen]:
                raise Failed("/doc/ has other documents than the corpus")
            return sum(map(len, read)) / seconds / 1e6

        rate(numbers[:DOCUMENT_WARM])
        for i in range(DOCUMENT_WARM, len(numbers) - DOCUMENTS_A_ROUND, DOCUMENTS_A_ROUND):
            rates.append(rate(numbers[i:i + DOCUMENTS_A_ROUND]))
    return rates


def read_joined(corpus, index):
    """MB a second in each round, which has a mount of its own."""
    rates, wanted = [], corpus.joined()
    for _ in range(JOINED_ROUNDS):
        with background(corpus.tools, index) as (directory, _, _):
            begin = time.monotonic()
            read = read_file(f"{directory}/doc/0.txt", PIECE)
            rates.append(len(read) / (time.monotonic() - begin) / 1e6)
        if read != wanted:
            raise Failed("/doc/0.txt is not the document of 20 MB")
    return rates


def documents(corpus):
    """Small documents and a large one, out of the self-index and out of a text store."""
    check_fuse()
    for kind, index, bounds in (("self-index", corpus.index(), {"must": 12, "aim": 30}),
                                ("text store", corpus.index_stored(), {"must": 25, "aim": 50})):
        rates = read_documents(corpus, index)
        yield Row(f"documents of 4 KB, {kind}, MB/s", statistics.median(rates),
                  f"{max(rates):.1f} MB/s", more=True, digits=1, **bounds)
    for kind, stored, bounds in (("self-index", False, {"must": 35, "aim": 80}),
                                 ("text store", True, {"must": 200, "aim": 800})):
        rates = read_joined(corpus, corpus.index_joined(stored))
        yield Row(f"a document of 20 MB, {kind}, MB/s", statistics.median(rates),
                  f"{max(rates):.1f} MB/s", more=True, digits=1, **bounds)


def grep(corpus):
    """ripgrep over the bare text beside one count, of words never asked before."""
    check_fuse()
    figure = "rg -c -F over the text, time / that of one count"
    if not shutil.which("rg"):
        yield Row(figure, "skipped: rg is missing; apt-get install ripgrep", must=100, aim=400,
                  more=True)
        return
    with open(corpus.words(10), encoding="ascii") as file:
        words = list(dict.fromkeys(file.read().split()))
    warm = words[GREP_ROUNDS * GREP_WORDS:]
    if not warm:
        raise Failed(f"the corpus has only {len(words)} words of 10 letters")
    count_s, rg_s = [], []
    with background(corpus.tools, corpus.index()) as (directory, _, _):
        read_all(corpus.tools, f"{directory}/count", warm)
        run("rg", "-c", "-F", warm[0], corpus.text())
        for i in range(0, GREP_ROUNDS * GREP_WORDS, GREP_WORDS):
            count_s.append(1 / read_all(corpus.tools, f"{directory}/count",
                                        words[i:i + GREP_WORDS]))
            begin = time.monotonic()
            lines = int(run("rg", "-c", "-F", words[i], corpus.text()))
            rg_s.append(time.monotonic() - begin)
            occurrences = count_of(directory, words[i].encode())
            if lines > occurrences:
                raise Failed(f"{words[i]} is in {lines} lines, and occurs {occurrences} times")
    yield paired(figure, count_s, rg_s, (1e3, "ms"), inverse=True, must=100, aim=400, more=True)


def nearest(directory, kind, words, wanted):
    """The word whose number is nearest to what is wanted, and the number."""
    found = [(int(read_file(f"{directory}/{kind}/{word}")), word) for word in words]
    count, word = min(found, key=lambda pair: abs(pair[0] - wanted))
    return word, count
