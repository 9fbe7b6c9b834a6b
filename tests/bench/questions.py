# SPDX-License-Identifier: Apache-2.0
"""Figures of questions about part of a corpus, words, lines, patterns and near strings, through a
mount unless said otherwise. Each is asked for the first time of a mount of its own whose index is
in memory, ROUNDS times."""

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time

from asking import PIECE, nearest, opened, pieces, read_file, warm
from corpus import Failed, escape_name, run, write_whole
from engine import ask as ask_engine
from mount import anonymous_kib, background, check_fuse
from table import Row, paired

ROUNDS = 3
FIELD = "source"  # has six values
FREQUENT = ("the", " the ", "of", "and", " of ", "in", " and ")
COMMON = ("with", "that", "was", "which", "from", "this", "his", "have", "not ", "one", "are ")
USUAL = ("people", "number", "after ", "where", "years", "great", "called", "between", "because",
         "would", "through", "different", "while ", "being", "world", "their ", "death", "seemed",
         "woman")
RARE = ("Parliament", "remarkable", "substance", "ancient", "railway", "pointer", "mountains",
        "compiler", "church ", "election", "surface", "provided", "chapter", "however", "another")
GREPS = (("segmentation fault.*core", {"must": 0.1, "aim": 0.02}),
         (r"[A-Z][a-z]+ v\. [A-Z]", {"must": 1, "aim": 0.3}),
         (r"https?://[a-z.]+\.edu", {"must": 1, "aim": 0.3}),
         ("colou?r", {"must": 1, "aim": 0.3}))
WORD_LENGTHS, WORDS_A_LENGTH = range(3, 13), 2
FOLDED_BYTES = 50
TREE = "/usr/include"


def load(index):
    """All of it is in memory then, also what no question before has read."""
    for name in os.listdir(index):
        with opened(os.path.join(index, name)) as file:
            for _ in pieces(file):
                pass


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Times:
    """Seconds that questions took, and of them those that the daemon's threads computed: what is
    left of a figure on a machine that others use."""

    def __init__(self):
        self.wall, self.cpu = [], []

    def read(self, directory, pid, path):
        begin, cpu = time.monotonic(), cpu_seconds(pid)
        answer = read_file(f"{directory}/{path}", PIECE)
        self.wall.append(time.monotonic() - begin)
        self.cpu.append(cpu_seconds(pid) - cpu)
        return answer

    def best(self):
        return f"{min(self.wall):.3f} s, {min(self.cpu):.2f} s CPU"


def first_times(corpus, index, choose):
    """choose(directory) says what to read, in a mount of its own, since what it asks may be kept;
    the last answer, the times, and what was said of it."""
    times = Times()
    check_fuse()
    with background(corpus.tools, index) as (directory, _, _):
        path, said = choose(directory)
    for _ in range(ROUNDS):
        load(index)
        with background(corpus.tools, index) as (directory, pid, _):
            warm(directory)
            answer = times.read(directory, pid, path)
    return answer, times, said


def seconds_row(figure, times, said, **rest):
    return Row(figure, statistics.median(times.wall), times.best(), said, digits=3, **rest)


def facets(corpus):
    for wanted, words, bounds in ((4021, USUAL + RARE, {"must": 0.08, "aim": 0.03}),
                                  (1000000, FREQUENT, {"must": 9, "aim": 4})):
        def choose(directory, wanted=wanted, words=words):
            word, n = nearest(directory, "count", map(escape, words), wanted)
            return f"facet/{FIELD}/{word}", f"{word}, {n}"

        answer, times, said = first_times(corpus, corpus.index(), choose)
        total = sum(int(line.split(b"\t")[1]) for line in answer.splitlines())
        if total != int(said.rpartition(" ")[2]):
            raise Failed(f"/facet/: the occurrences of {said} add up to {total}")
        yield seconds_row(f"facet of some {wanted:,} occurrences, s", times, said, **bounds)


def escape(word):
    return escape_name(word.encode())


def where(corpus):
    values = sorted({line[FIELD] for line in corpus.lines()})

    def choose(directory):
        word, n = nearest(directory, "count", map(escape, COMMON), 100000)
        return (f"with/where={FIELD}:{escape(values[-1])}/count/{word}",
                f"{word}, {n}, in {values[-1]}")

    answer, times, said = first_times(corpus, corpus.index(), choose)
    word = COMMON[[escape(w) for w in COMMON].index(said.partition(",")[0])].encode()
    count = sum(line["text"].encode().count(word) for line in corpus.lines()
                if line[FIELD] == values[-1])
    if int(answer) != count:
        raise Failed(f"count of {said} is {int(answer)}, not {count}")
    yield seconds_row("count under where=, 100,000 occurrences, s", times, said, must=1, aim=0.4)


def near_bytes(text, word, others, distance):
    """How often a word has one of the others at most so many bytes from it."""
    pattern = re.compile(b"(?=" + re.escape(others) + b")")
    places = [(m.start(), m.start() + len(others)) for m in pattern.finditer(text)]
    count, first = 0, 0
    for match in re.finditer(b"(?=" + re.escape(word) + b")", text):
        begin, end = match.start(), match.start() + len(word)
        while first < len(places) and places[first][1] + distance < begin:
            first += 1
        count += first < len(places) and places[first][0] <= end + distance
    return count


def pair(corpus, setting, kind, sides, naive):
    """Both ways round: what is asked for under the other."""
    (words, wanted), (others, rare) = sides
    for way in (0, 1):
        def choose(directory, way=way):
            one, n = nearest(directory, kind, map(escape, words), wanted)
            two, m = nearest(directory, kind, map(escape, others), rare)
            if way:
                one, two, n, m = two, one, m, n
            return f"with/{setting}also={two}/count/{one}", f"{one} of {n}, also {two} of {m}"

        answer, times, said = first_times(corpus, corpus.index(), choose)
        one, two = re.fullmatch(r"(.*) of \d+, also (.*) of \d+", said).groups()
        spelled = {escape(w): w.encode() for w in words + others}
        want = naive(spelled[one], spelled[two])
        if int(answer) != want:
            raise Failed(f"count of {said} is {int(answer)}, not {want}")
        yield times, said


def also(corpus):
    def naive(one, two):
        return sum(doc.count(one) for doc in corpus.docs if two in doc)

    for times, said in pair(corpus, "", "df", ((COMMON, 10000), (RARE, 500)), naive):
        yield seconds_row("also= of two strings in some 10,000 and 500 documents, s", times, said,
                          must=0.05, aim=0.02)


def near(corpus):
    def naive(one, two):
        return sum(near_bytes(doc, one, two, 200) for doc in corpus.docs)

    for times, said in pair(corpus, "near=200,", "count", ((FREQUENT, 1000000), (USUAL, 10000)),
                            naive):
        yield seconds_row("near=200 of 1 M and some 10,000 occurrences, s", times, said, must=1,
                          aim=0.3)


def engine_ratio(corpus, figure, queries, way):
    """A way of counting beside the exact one, by the engine alone."""
    exact, other = [], []
    for _ in range(3 * ROUNDS):
        exact.append(ask_engine(corpus, "count", corpus.index(), queries, "5")["us_per_query"])
        other.append(ask_engine(corpus, way, corpus.index(), queries, "1")["us_per_query"])
    return paired(figure, other, exact, (1, "us"), must=60, aim=20)


def words(corpus):
    with tempfile.NamedTemporaryFile("w", prefix="ngramfs-bench-", encoding="ascii") as file:
        for length in WORD_LENGTHS:
            with open(corpus.words(length), encoding="ascii") as found:
                chosen = list(dict.fromkeys(found.read().split()))[:WORDS_A_LENGTH]
            file.writelines(word + "\n" for word in chosen)
        file.flush()
        yield engine_ratio(corpus, "word=yes / plain count, 20 words of 3 to 12 letters",
                           file.name, "words")
    yield engine_ratio(corpus, "space, form and case folded / exact count, 50 bytes",
                       corpus.queries(FOLDED_BYTES), "folds")


def lines(corpus):
    def choose(directory):
        word, n = nearest(directory, "count", map(escape, USUAL), 10000)
        return f"lines/{word}", f"{word}, {n}"

    for kind, index, bounds in (("", corpus.index(), {"must": 50000, "aim": 150000}),
                                (", text store", corpus.index_stored(), {})):
        answer, times, said = first_times(corpus, index, choose)
        found = answer.splitlines()
        word = said.partition(",")[0].replace("%20", " ").encode()
        if not all(word in line for line in found) or len(set(found)) != len(found):
            raise Failed(f"/lines/ of {said} has others, or some twice")
        yield Row(f"/lines of some 10,000 occurrences{kind}, lines a second",
                  len(found) / statistics.median(times.wall), times.best(), f"{said} in {len(found)} lines of "
                  f"{sum(map(len, found)) / len(found):.0f} bytes", more=True, digits=0, **bounds)


def greps(corpus):
    """Beside ripgrep over the bare text, in turn."""
    check_fuse()
    if not shutil.which("rg"):
        yield Row("/grep", "skipped: rg is missing; apt-get install ripgrep")
        return
    for pattern, bounds in GREPS:
        regex = re.compile(pattern.encode())
        wanted = sum(1 for doc in corpus.docs for line in doc.split(b"\n") if regex.search(line))
        for kind, index in (("", corpus.index()), (", text store", corpus.index_stored())):
            ours, theirs = Times(), []
            for _ in range(ROUNDS):
                load(index)
                with background(corpus.tools, index) as (directory, pid, _):
                    warm(directory)
                    answer = ours.read(directory, pid, f"grep/{escape(pattern)}")
                begin = time.monotonic()
                subprocess.run(["rg", "-N", pattern, corpus.text()], stdout=subprocess.PIPE,
                               check=False)
                theirs.append(time.monotonic() - begin)
            found = answer.count(b"\n")
            if found != wanted:
                raise Failed(f"/grep of {pattern}: {found} lines, not {wanted}")
            ratios = [a / b for a, b in zip(ours.wall, theirs)]
            yield Row(f"/grep {pattern}, {wanted} lines{kind}, time / rg over the text",
                      statistics.median(ratios), ours.best(), f"{min(theirs):.3f} s", **bounds)


def following(corpus):
    def choose(directory):
        word, n = nearest(directory, "count", map(escape, COMMON), 100000)
        return f"nextword/{word}", f"{word}, {n}"

    answer, times, said = first_times(corpus, corpus.index(), choose)
    if not answer.count(b"\n"):
        raise Failed(f"/nextword/ of {said} is empty")
    yield seconds_row("/nextword of 100,000 occurrences, s", times, said, must=0.5, aim=0.1)
    answer, times, _ = first_times(corpus, corpus.index(), lambda _: ("wordlist", ""))
    n = answer.count(b"\n")
    yield seconds_row("/wordlist of all, s", times, f"{n} words", must=60, aim=20)


def repeats(corpus):
    check_fuse()
    most, read, begin = 0, 0, time.monotonic()
    load(corpus.index())
    with background(corpus.tools, corpus.index()) as (directory, pid, _):
        with opened(f"{directory}/repeats") as file:
            for piece in pieces(file):
                most = max(most, anonymous_kib(pid))
                read += piece.count(b"\n")
        seconds = time.monotonic() - begin
    yield Row("/repeats min=100 of all, s", seconds, f"{read} stretches", must=120, aim=40)
    yield Row("its anonymous memory at most, MB", most / 1024, must=64, aim=16)


def directory_bytes(path):
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(path)
               for name in names)


def columns(corpus):
    with tempfile.TemporaryDirectory(prefix="ngramfs-bench-") as scratch:
        plain = os.path.join(scratch, "plain")
        run(corpus.tools.mkngramfs, "-q", "--no-facets", "-o", plain, corpus.jsonl)
        ratio = directory_bytes(corpus.index()) / directory_bytes(plain)
    yield Row("index with columns / without", ratio, must=1.005, aim=1.001, digits=4)


def copying(corpus):
    """cp -a of a tree out of an index of it, beside cp -a of the tree itself."""
    check_fuse()
    index = corpus.path("include")
    if not os.path.exists(index):
        write_whole(index, lambda part: run(corpus.tools.mkngramfs, "-q", "--text-store", "-o",
                                            part, TREE))
    ours, theirs = [], []
    for _ in range(ROUNDS):
        load(index)
        with background(corpus.tools, index) as (directory, _, _), \
                tempfile.TemporaryDirectory(prefix="ngramfs-bench-") as scratch:
            for source, rates in ((f"{directory}/files", ours), (TREE, theirs)):
                to = os.path.join(scratch, os.path.basename(source))
                begin = time.monotonic()
                run("cp", "-a", source, to)
                seconds = time.monotonic() - begin
                rates.append(directory_bytes(to) / seconds / 1e6)
    yield Row(f"cp -a of /files of {TREE}, text store, MB/s", statistics.median(ours),
              f"{max(ours):.1f} MB/s", f"{max(theirs):.1f} MB/s of the tree", must=40, aim=150,
              more=True, digits=1)


PARTS = {
    "facet": facets,
    "where": where,
    "also": also,
    "near": near,
    "word": words,
    "lines": lines,
    "regex": greps,
    "nextword": following,
    "repeats": repeats,
    "columns": columns,
    "copy": copying,
}
