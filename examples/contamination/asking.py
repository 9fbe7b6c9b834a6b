# SPDX-License-Identifier: Apache-2.0
"""Asking a mount: counts of many strings, stretches of many texts, and documents."""

import errno
import functools
import itertools
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cutting import BadInput, shown

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "python"))

import ngramfs  # noqa: E402

# Strings that a session of /batch is asked at a time: many, so that it searches them together, but so
# few that all threads have some. A string that is folded takes longer, and is searched by itself.
SLICE = 4096
SLICE_FOLDED = 512
SLICE_TRACED = 64  # texts that a session of /trace is asked
READ = 1 << 17
DOCUMENTS = 3  # that are shown of a stretch
AROUND = 120  # bytes of a document's text on either side of a stretch

# Where lines have escapes, since a benchmark's text holds newlines, and may end in a carriage return.
ESCAPES = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})
TOO_MANY = b"error: too many spellings"

# Fields that say where a document comes from, unless one is named.
SOURCES = ["url", "source", "path", "file", "id"]


@dataclass
class Place:
    """An occurrence: the number of its document, the text there and on either side of it, and what is known
    of the document."""
    document: int
    before: str
    match: str
    after: str
    metadata: dict
    source: str


def ask(path, question):
    """The answer to QUESTION in a session of a file of the mount: all of it is written, and then read."""
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
    """An index of a mount, asked by SETTINGS. Its methods ask from JOBS threads at once: Python waits for
    the mount most of the time, and lets the others run meanwhile."""

    def __init__(self, path, name, jobs, settings, source):
        self.path = path
        self.name = name
        self.settings = settings
        self.source = source
        self.batch = f"with/{','.join(filter(None, ['escape=percent', settings]))}/batch/count"
        self.pool = ThreadPoolExecutor(jobs)
        self.metadata = functools.lru_cache(4096)(self._metadata)
        self.stats = self._json(f"{path}/stats")

    def counts(self, strings):
        """How often each of STRINGS occurs, as a dictionary; None for one with too many spellings."""
        size = SLICE_FOLDED if self.settings else SLICE
        slices = [strings[at:at + size] for at in range(0, len(strings), size)]
        return {string: count for part in self.pool.map(self._count, slices) for string, count in part}

    def _count(self, strings):
        path = f"{self.path}/{self.batch}"
        answer = ask(path, "".join(string.translate(ESCAPES) + "\n" for string in strings).encode())
        lines = answer.split(b"\n")
        if len(lines) != len(strings) + 1:
            raise BadInput(f"{path}: {len(lines) - 1} answers to {len(strings)} questions")
        try:
            return [(string, None if line.startswith(TOO_MANY) else int(line[:line.index(b"\t")]))
                    for string, line in zip(strings, lines)]
        except ValueError as error:
            raise BadInput(f"{path}: {error}") from error

    def traces(self, texts, length):
        """Of each of TEXTS what /trace says of its stretches of LENGTH bytes at least, as
        dictionaries; None where something in it has too many spellings."""
        slices = [texts[at:at + SLICE_TRACED] for at in range(0, len(texts), SLICE_TRACED)]
        return itertools.chain.from_iterable(self.pool.map(lambda part: self._trace(part, length), slices))

    def _trace(self, texts, length):
        settings = {"min": length, "docs": DOCUMENTS, **dict(setting.split("=") for setting in self.settings.split(",") if setting)}
        try:
            with ngramfs.Tracer(ngramfs.Mount(self.path), **settings) as tracer:
                return [[json.loads(line) for line in tracer.lines(text.encode())] for text in texts]
        except OSError as error:
            if error.errno != errno.EOVERFLOW:
                # Reading and writing don't say of what.
                raise BadInput(f"{error.filename or self.path + '/trace'}: {error.strerror}") from error
            # Each by itself: a session doesn't go on behind such a text.
            return [None] if len(texts) == 1 else [answer for text in texts for answer in self._trace([text], length)]

    def documents(self, string):
        """Documents that hold a string of at most 1 MiB that occurs, as (number, offset, bytes)."""
        lines, = self._trace([string], len(string.encode()))
        return [(place["document"], place["offset"], place.get("bytes", line["end"]))
                for line in lines or [] for place in line["documents"]]

    def place(self, document, begin, end):
        """The occurrence in the bytes [BEGIN, END) of a document."""
        file = os.open(f"{self.path}/doc/{document}.txt", os.O_RDONLY)
        try:
            # Each page is decoded from the index; those that nobody looks at needn't be.
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
            start = max(0, begin - AROUND)
            text = os.pread(file, end - start + AROUND, start)
        finally:
            os.close(file)
        before, match, after = text[:begin - start], text[begin - start:end - start], text[end - start:]
        metadata = self.metadata(document)
        # What is cut may be cut within a character.
        return Place(document, before.decode(errors="replace").lstrip("\ufffd"), match.decode(errors="replace"),
                     after.decode(errors="replace").rstrip("\ufffd"), metadata, self._source(document, metadata))

    def _source(self, document, metadata):
        """Where a document comes from, in a word or an address."""
        inner = metadata.get("metadata")
        fields = {**metadata, **inner} if isinstance(inner, dict) else metadata
        for field in [self.source] if self.source else SOURCES:
            if fields.get(field) not in (None, ""):
                return str(fields[field])
        return f"doc/{document}"

    def _metadata(self, document):
        return self._json(f"{self.path}/doc/{document}.json")

    @staticmethod
    def _json(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def is_index(path):
    return all(os.path.exists(os.path.join(path, name)) for name in ("stats", "batch/count", "trace", "with"))


def indexes_of(mounts, jobs, settings="", source=None):
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
    return [Index(path, name, jobs, settings, source) for path, name in zip(paths, map(shown, names))]
