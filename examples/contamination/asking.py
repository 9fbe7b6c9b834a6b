# SPDX-License-Identifier: Apache-2.0
"""Asking a mount: counts of many strings, and documents."""

import functools
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cutting import BadInput, shown

# Strings that a session of /batch is asked at a time: many, so that it searches them together, but so
# few that all threads have some. A string that is folded takes longer, and is searched by itself.
SLICE = 4096
SLICE_FOLDED = 512
READ = 1 << 17
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


def talk(session, path, question):
    """Write all of QUESTION to a file of the mount, and read all of the answer."""
    parts = []
    try:
        rest = memoryview(question)
        while rest:
            rest = rest[session.write(rest):]
        while part := session.read(READ):
            parts.append(part)
    except OSError as error:
        # Reading and writing don't say of what.
        raise BadInput(f"{path}: {error.strerror}") from error
    return b"".join(parts)


def converse(path, question):
    """One session of a file of the mount."""
    try:
        session = open(path, "r+b", buffering=0)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    with session:
        return talk(session, path, question)


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
        return zip(strings, self.answers(strings, lambda question: converse(f"{self.path}/{self.batch}", question)))

    def answers(self, strings, ask):
        """The answers of one session, ASK, of /batch/count."""
        question = "".join(string.translate(ESCAPES) + "\n" for string in strings)
        lines = ask(question.encode()).split(b"\n")
        if len(lines) != len(strings) + 1:
            raise BadInput(f"{self.path}/{self.batch}: {len(lines) - 1} answers to {len(strings)} questions")
        try:
            return [None if line.startswith(TOO_MANY) else int(line[:line.index(b"\t")]) for line in lines[:-1]]
        except ValueError as error:
            raise BadInput(f"{self.path}/{self.batch}: {error}") from error

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
        # What is cut may be cut within a character.
        return self._found(document, before.decode(errors="replace").lstrip("\ufffd"),
                           match.decode(errors="replace"), after.decode(errors="replace").rstrip("\ufffd"),
                           self.metadata(document))

    def occurrence(self, query, number):
        """An occurrence of a string of at most name_max() bytes, by its number in the order of the index."""
        settings = f"{self.settings},context={AROUND}" if self.settings else f"context={AROUND}"
        found = self._json(f"{self.path}/with/{settings}/match/{spell(query)}/{number}.json")
        return self._found(found["document"], found["before"], found["match_text"], found["after"], found["metadata"])

    def name_max(self):
        return os.statvfs(self.path).f_namemax

    def _found(self, document, before, match, after, metadata):
        return Place(document, before, match, after, metadata, self._source(document, metadata))

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


def spell(query):
    """The name of a query: with escapes for what cannot stand in one, and for a dot and a hyphen, of which
    one is in all the names that are absent as they stand."""
    return re.sub(r"[%/\0.-]", lambda found: f"%{ord(found[0]):02X}", query)


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
