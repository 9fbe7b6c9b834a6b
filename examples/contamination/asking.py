# SPDX-License-Identifier: Apache-2.0
"""Asking a mount: counts of many strings, the stretches of a text that occur, and documents."""

import json
import os
from bisect import bisect_left, bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate

from cutting import BadInput, shown

# Strings that a session of /batch is asked at a time: many, so that it searches them together, but so
# few that all threads have some.
SLICE = 4096
TRACE_MAX = 1 << 20  # bytes of text that /trace takes
READ = 1 << 17
AROUND = 120  # bytes of a document's text on either side of a stretch

# Where lines have escapes, since a benchmark's text holds newlines, and may end in a carriage return.
BATCH = "with/escape=percent/batch/count"
ESCAPES = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})


@dataclass
class Stretch:
    """The characters [begin, end) of a text, which occur COUNT times, in PLACES among others: (document,
    begin, end), its number and the bytes [begin, end) of it."""
    begin: int
    end: int
    count: int
    places: list


def converse(path, question):
    """One session of a file of the mount: write all of QUESTION, read all of the answer."""
    parts = []
    try:
        with open(path, "r+b", buffering=0) as session:
            rest = memoryview(question)
            while rest:
                rest = rest[session.write(rest):]
            while part := session.read(READ):
                parts.append(part)
    except OSError as error:
        # Reading and writing don't say of what.
        raise BadInput(f"{path}: {error.strerror}") from error
    return b"".join(parts)


class Index:
    """An index of a mount. Its methods ask from JOBS threads at once: Python waits for the mount most
    of the time, and lets the others run meanwhile."""

    def __init__(self, path, name, jobs):
        self.path = path
        self.name = name
        self.pool = ThreadPoolExecutor(jobs)

    def counts(self, strings):
        """How often each of STRINGS occurs, as a dictionary."""
        slices = [strings[at:at + SLICE] for at in range(0, len(strings), SLICE)]
        return {string: count for part in self.pool.map(self._count, slices) for string, count in part}

    def _count(self, strings):
        question = "".join(string.translate(ESCAPES) + "\n" for string in strings)
        lines = converse(f"{self.path}/{BATCH}", question.encode()).split(b"\n")
        if len(lines) != len(strings) + 1:
            raise BadInput(f"{self.path}/{BATCH}: {len(lines) - 1} answers to {len(strings)} questions")
        try:
            return [(string, int(line[:line.index(b"\t")])) for string, line in zip(strings, lines)]
        except ValueError as error:
            raise BadInput(f"{self.path}/{BATCH}: {error}") from error

    def stretches(self, text, length):
        """The stretches of TEXT of LENGTH characters at least that occur, and cannot be made longer. They
        may overlap."""
        ends = [0, *accumulate(len(character.encode()) for character in text)]
        stretches, at = [], 0
        while at < len(text):
            upto = bisect_right(ends, ends[at] + TRACE_MAX) - 1
            answer = converse(f"{self.path}/with/min={length}/trace", text[at:upto].encode())
            for line in answer.splitlines():
                found = json.loads(line)
                # The mount cares for bytes: a stretch may begin or end within a character.
                begin, end = ends[at] + found["begin"], ends[at] + found["end"]
                first, last = bisect_left(ends, begin), bisect_right(ends, end) - 1
                if last - first >= length:
                    places = [(place["document"], place["offset"] + ends[first] - begin,
                               place["offset"] + ends[last] - begin) for place in found["documents"]]
                    stretches.append(Stretch(first, last, found["count"], places))
            at = upto
        return stretches

    def around(self, document, begin, end):
        """The text of a document before and after its bytes [begin, end)."""
        file = os.open(f"{self.path}/doc/{document}.txt", os.O_RDONLY)
        try:
            # Each page is decoded from the index; those that nobody looks at needn't be.
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
            start = max(0, begin - AROUND)
            before = os.pread(file, begin - start, start).decode(errors="replace")
            after = os.pread(file, AROUND, end).decode(errors="replace")
        finally:
            os.close(file)
        # What is cut may be cut within a character.
        return before.lstrip("\ufffd"), after.rstrip("\ufffd")

    def metadata(self, document):
        """The metadata of a document: a dictionary."""
        with open(f"{self.path}/doc/{document}.json", encoding="utf-8") as file:
            return json.load(file)


def is_index(path):
    return all(os.path.exists(os.path.join(path, name)) for name in ("stats", "batch/count", "trace", "with"))


def indexes_of(mounts, jobs):
    """The indexes of MOUNTS: each itself, or, where it has several, those in it. Named by their
    directories, or by the whole paths if two would have one name."""
    paths = []
    for mount in mounts:
        if is_index(mount):
            paths.append(mount)
            continue
        inner = [entry.path for entry in os.scandir(mount) if is_index(entry.path)]
        if not inner:
            raise BadInput(f"{mount}: not a mount of an index")
        paths += sorted(inner)
    names = [os.path.basename(os.path.realpath(path)) for path in paths]
    if len(set(names)) < len(names):
        names = paths
    return [Index(path, name, jobs) for path, name in zip(paths, map(shown, names))]
