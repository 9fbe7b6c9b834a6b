#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ask a mounted text index from Python: a module and a command, of the standard library alone.

A mount of ngramfs answers questions as files, which any program can read. This module reads them
for you: it spells queries as names, takes long ones to /batch, and gives answers as numbers and
tuples. Below, `mnt` is where an index of four short documents is mounted (tests/mount/python.sh
makes it and runs this page):

    >>> from ngramfs import Mount
    >>> pile = Mount("mnt")
    >>> pile.count("natural language")
    3
    >>> pile.count("a/b%20"), pile.count(b"\\xff"), pile.count("tab\\t")
    (1, 1, 1)
    >>> pile.count("NATURAL", case="fold")
    4
    >>> [doc.id for doc in pile.docs("natural language")]
    [0, 1]
    >>> pile.text(0)[:16]
    b'natural language'
    >>> pile.meta(0)["metadata"]["year"]
    2019
    >>> pile.df("natural")
    2

Answers that may be long are iterators of named tuples, which lists, sorted() and data frames take
as they are (`pandas.DataFrame(pile.kwic("of"))`); whoever stops reading stops the work:

    >>> next(iter(pile.kwic("language", context=8)))
    Kwic(document=1, offset=33, left=b'natural ', match=b'language', right=b'')
    >>> for line in pile.lines("language"):
    ...     print(line.path, line.offset, line.text)
    doc/0.txt 0 b'natural language processing'
    doc/0.txt 28 b'is natural language'
    doc/1.txt 0 b'Natural language models, natural language'
    >>> [line.offset for line in pile.grep("^is .*language$")]
    [28]
    >>> [(c.character, c.count) for c in pile.next("natural")]
    [(' ', 3)]
    >>> [(w.word, w.count) for w in pile.nextword("language ")]
    [('models', 1), ('processing', 1)]
    >>> list(pile.facet("year", "natural"))
    [Facet(value='2019', occurrences=2, documents=1), Facet(value='2020', occurrences=1, documents=1)]

Many queries at once go through one file, some hundred thousand a second:

    >>> list(pile.batch(["natural", "language", "none", "two\\nlines"]))
    [('natural', 3), ('language', 4), ('none', 0), ('two\\nlines', 1)]
    >>> dict(pile.batch(["natural", "none"], kind="df", case="fold"))
    {'natural': 2, 'none': 0}

And where a text comes from:

    >>> for stretch in pile.trace("we saw natural language processing there", min=20):
    ...     print(stretch.begin, stretch.end, stretch.text, stretch.count)
    7 34 natural language processing 1
    >>> for stretch in pile.trace("Natural  LANGUAGE processors", min=16, case="fold", space="fold", word="yes"):
    ...     print(repr(stretch.text), stretch.count)
    'Natural  LANGUAGE ' 3

Settings are keyword arguments, as under /with/ of the mount (case="fold", order="random", seed=1,
context=80; a list where one may be given more than once; not_ for not); those that are given to
Mount hold for all of its questions. A query is str, meant as UTF-8, or bytes. Errors are OSError
with the mount's number: EOVERFLOW for a query with too many spellings, EIO for a damaged index, and
so on, see ngramfs(1).
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import re
import sys
import unicodedata
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple, Union

Query = Union[str, bytes]

# Bytes that are written to /batch before its answers are read: a few thousand queries. What is
# asked is then in the cache of the processor still when it is answered.
BATCH_BYTES = 1 << 18
BATCH_LINES = 8192

TRACE_BYTES = 1 << 20  # that /trace takes at once
TRACE_LEAST = 32  # of a stretch, where nothing else is said


class Document(NamedTuple):
    id: int
    path: str


class Kwic(NamedTuple):
    document: int
    offset: int
    left: bytes
    match: bytes
    right: bytes


class Line(NamedTuple):
    path: str
    offset: int
    text: bytes


class Character(NamedTuple):
    character: str
    count: int
    probability: float


class Word(NamedTuple):
    word: str
    count: int
    probability: float


class Facet(NamedTuple):
    value: str | None
    occurrences: int
    documents: int


class Stretch(NamedTuple):
    begin: int
    end: int
    text: str
    count: int
    documents: list[dict[str, Any]]


def _bytes(query: Query) -> bytes:
    if isinstance(query, str):
        data = query.encode("utf-8", "surrogateescape")
    elif isinstance(query, (bytes, bytearray, memoryview)):
        data = bytes(query)
    else:  # of a number bytes() would make as many zeroes
        raise TypeError(f"a query is str or bytes, not {type(query).__name__}")
    if not data:
        raise ValueError("a query has at least one byte")
    return data


def _name(query: Query) -> str:
    """A query as a name. Dots and hyphens are escaped, too, so that it is none of the names that
    programs look for, which a mount doesn't show."""
    return urllib.parse.quote_from_bytes(_bytes(query), safe=" ").replace(".", "%2E").replace("-", "%2D")


_ESCAPES = {b"t": b"\t", b"n": b"\n", b"\\": b"\\"}


def _unescape(text: bytes) -> bytes:
    """What stands in a column, where control characters are spelled."""
    if b"\\" not in text:
        return text
    out, rest = [], text
    while True:
        plain, backslash, rest = rest.partition(b"\\")
        out.append(plain)
        if not backslash:
            return b"".join(out)
        if rest[:1] == b"x":
            out.append(bytes([int(rest[1:3], 16)]))
            rest = rest[3:]
        else:
            out.append(_ESCAPES[rest[:1]])
            rest = rest[1:]


class Mount:
    """A mounted index: the directory where ngramfs is mounted, or, of a mount of several, the
    directory of one of them."""

    def __init__(self, path: str | os.PathLike[str], **settings: Any) -> None:
        self.path = os.fspath(path)
        self.settings = settings
        self._name_max = os.statvfs(self.path).f_namemax
        if not os.path.isdir(os.path.join(self.path, "count")):
            raise FileNotFoundError(errno.ENOENT, "no index of ngramfs is mounted here", self.path)

    def _dir(self, settings: dict[str, Any]) -> str:
        """The tree under some settings."""
        parts = []
        for key, value in {**self.settings, **settings}.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            parts += [f"{key.rstrip('_')}={self._value(v)}" for v in values if v is not None]
        return os.path.join(self.path, "with", ",".join(parts)) if parts else self.path

    @staticmethod
    def _value(value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
        return urllib.parse.quote_from_bytes(data, safe=" :|*<>=")

    def _open(self, kind: str, query: Query, settings: dict[str, Any], buffering: int = -1) -> BinaryIO:
        return open(os.path.join(self._dir(settings), kind, _name(query)), "rb", buffering)

    def _lines(self, kind: str, query: Query, settings: dict[str, Any]) -> Iterator[bytes]:
        with self._open(kind, query, settings) as file:
            for line in file:
                yield line.rstrip(b"\n")

    def _is_long(self, query: Query) -> bool:
        return len(_name(query)) > self._name_max

    def _answer(self, kind: str, query: Query, settings: dict[str, Any]) -> bytes:
        """What a small file holds; of a query that no name holds, what /batch says."""
        if self._is_long(query):
            return next(self._batch(kind, [query], settings))[1]
        with self._open(kind, query, settings, buffering=0) as file:
            return file.read().rstrip(b"\n")

    def count(self, query: Query, **settings: Any) -> int:
        """How often it occurs."""
        return int(self._answer("count", query, settings))

    def df(self, query: Query, **settings: Any) -> int:
        """In how many documents it occurs."""
        return int(self._answer("df", query, settings))

    def find(self, query: Query, **settings: Any) -> dict[str, Any]:
        """The count, and the interval in each shard's suffix array."""
        return json.loads(self._answer("find", query, settings))

    def docs(self, query: Query, **settings: Any) -> Iterator[Document]:
        """The documents that hold it, a page at a time."""
        first = os.path.join(self._dir(settings), "docs", _name(query))
        try:
            page = os.open(first, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            self._dir_must_be(settings, "docs")
            return
        # One page inside another: a path through all of them would become too long. Each document can
        # be opened in the first.
        more = True
        try:
            while more:
                more = False
                with os.scandir(page) as entries:
                    for entry in entries:
                        if entry.name == "more":
                            more = True
                        else:
                            yield Document(int(entry.name.partition(".")[0]), os.path.join(first, entry.name))
                if more:
                    below = os.open("more", os.O_RDONLY | os.O_DIRECTORY, dir_fd=page)
                    os.close(page)
                    page = below
        finally:
            os.close(page)

    def _dir_must_be(self, settings: dict[str, Any], kind: str) -> None:
        """Nothing is found where a setting is unknown; that is an error, and no empty answer."""
        os.stat(os.path.join(self._dir(settings), kind))

    def text(self, document: int, first: int = 0, size: int = -1) -> bytes:
        """A document, byte for byte; of its bytes from FIRST on SIZE at most, unless that is negative."""
        with open(os.path.join(self._dir({}), "doc", f"{document}.txt"), "rb") as file:
            file.seek(first)
            return file.read(size)

    def meta(self, document: int) -> dict[str, Any]:
        """Where a document comes from, and its other fields."""
        with open(os.path.join(self._dir({}), "doc", f"{document}.json"), "rb") as file:
            return json.load(file)

    def matches(self, query: Query, first: int = 0, **settings: Any) -> Iterator[dict[str, Any]]:
        """Each occurrence with its document's metadata, from number FIRST on."""
        directory = os.path.join(self._dir(settings), "match", _name(query))
        for number in range(first, self.count(query, **settings)):
            with open(os.path.join(directory, f"{number}.json"), "rb") as file:
                yield json.load(file)

    def kwic(self, query: Query, **settings: Any) -> Iterator[Kwic]:
        """Each occurrence with the text around it."""
        for line in self._lines("kwic", query, settings):
            document, offset, left, match, right = line.split(b"\t")
            yield Kwic(int(document), int(offset), _unescape(left), _unescape(match), _unescape(right))

    def _grep(self, kind: str, query: Query, settings: dict[str, Any]) -> Iterator[Line]:
        # A path may hold colons; the offset is the first number between two that stands where the
        # path could end.
        for line in self._lines(kind, query, settings):
            at = line.index(b":")
            while not line[at + 1:].partition(b":")[0].isdigit():
                at = line.index(b":", at + 1)
            offset, _, text = line[at + 1:].partition(b":")
            yield Line(os.fsdecode(_unescape(line[:at])), int(offset), text)

    def lines(self, query: Query, **settings: Any) -> Iterator[Line]:
        """The lines that hold it."""
        return self._grep("lines", query, settings)

    def grep(self, regex: Query, **settings: Any) -> Iterator[Line]:
        """The lines that a regular expression matches."""
        return self._grep("grep", regex, settings)

    def _counted(self, kind: str, query: Query, settings: dict[str, Any]) -> Iterator[tuple[str, int, float]]:
        for line in self._lines(kind, query, settings):
            count, probability, what = line.split(b"\t")
            yield _unescape(what).decode("utf-8", "surrogateescape"), int(count), float(probability)

    def next(self, query: Query, **settings: Any) -> Iterator[Character]:
        """The characters that follow it, most frequent first."""
        return (Character(*row) for row in self._counted("next", query, settings))

    def prev(self, query: Query, **settings: Any) -> Iterator[Character]:
        """The characters that precede it."""
        return (Character(*row) for row in self._counted("prev", query, settings))

    def nextword(self, query: Query, **settings: Any) -> Iterator[Word]:
        """The words that follow it, most frequent first; $END and $FAR stand for none."""
        return (Word(*row) for row in self._counted("nextword", query, settings))

    def prevword(self, query: Query, **settings: Any) -> Iterator[Word]:
        """The words that precede it, most frequent first; $START and $FAR stand for none."""
        return (Word(*row) for row in self._counted("prevword", query, settings))

    def facet(self, field: str, query: Query | None = None, **settings: Any) -> Iterator[Facet]:
        """Occurrences and documents by the values of a field, most frequent first, None for documents
        without it; without a query bytes of text and documents."""
        path = os.path.join(self._dir(settings), "facet", urllib.parse.quote(field, safe=" :"),
                            "%" if query is None else _name(query))
        with open(path, "rb") as file:
            for line in file:
                value, occurrences, documents = line.rstrip(b"\n").split(b"\t")
                shown = None if value == b"\\N" else _unescape(value).decode("utf-8", "surrogateescape")
                yield Facet(shown, int(occurrences), int(documents))

    def batch(self, queries: Iterable[Query], kind: str = "count", **settings: Any) -> Iterator[tuple[Query, Any]]:
        """Each query with its answer, in order: for any number of them, of up to 1 MiB each. kind:
        count or df, whose answers are numbers; find, next or prev, whose are what JSON says."""
        parse = int if kind in ("count", "df") else json.loads
        return ((query, parse(answer)) for query, answer in self._batch(kind, queries, settings))

    def _batch(self, kind: str, queries: Iterable[Query], settings: dict[str, Any]) -> Iterator[tuple[Query, bytes]]:
        path = os.path.join(self._dir({**settings, "escape": "percent"}), "batch", kind)
        with open(path, "r+b", buffering=0) as file:
            asked: list[Query] = []
            lines: list[bytes] = []
            size = 0
            for number, query in enumerate(queries, 1):
                try:
                    line = _bytes(query)
                except ValueError as error:
                    raise ValueError(f"query {number}: {error}") from None
                asked.append(query)
                lines.append(line)
                size += len(line)
                if size >= BATCH_BYTES or len(lines) == BATCH_LINES:
                    yield from zip(asked, self._ask(file, lines))
                    asked, lines, size = [], [], 0
            if lines:
                yield from zip(asked, self._ask(file, lines))

    @staticmethod
    def _ask(file: BinaryIO, lines: list[bytes]) -> list[bytes]:
        """The answers to some lines. A newline in a query, a carriage return at its end and a % are
        escaped."""
        data = b"\n".join(lines) + b"\n"
        if b"%" in data or b"\r" in data or data.count(b"\n") != len(lines):
            data = b"".join(line.replace(b"%", b"%25").replace(b"\n", b"%0A").replace(b"\r", b"%0D") + b"\n"
                            for line in lines)
        view = memoryview(data)
        while view:
            view = view[file.write(view):]
        got = bytearray()
        answers = 0
        while answers < len(lines):
            piece = file.read(1 << 20)
            if not piece:
                raise EOFError("batch ended before all answers were there")
            answers += piece.count(b"\n")
            got += piece
        out = [line.partition(b"\t")[0] for line in bytes(got).split(b"\n")[:-1]]
        for line, answer in zip(lines, out):
            if answer.startswith(b"error:"):
                raise ValueError(f"{answer.decode()}: {line[:80]!r}")
        return out

    def trace(self, text: Query, **settings: Any) -> Iterator[Stretch]:
        """The longest stretches of a text of any length that occur in the index."""
        with Tracer(self, **settings) as tracer:
            for line in tracer.lines(_bytes(text) if text else b""):
                s = json.loads(line)
                yield Stretch(s["begin"], s["end"], s["text"], s["count"], s["documents"])

    def stats(self) -> dict[str, Any]:
        """The index in figures."""
        with open(os.path.join(self.path, "stats"), "rb") as file:
            return json.load(file)


# ---- texts longer than /trace takes ----

_PLACE = re.compile(rb'\{"begin":(\d+),"end":(\d+),')


def _char_at(text: bytes, at: int) -> str:
    """The character of UTF-8 that begins there, or nothing."""
    for size in range(1, 5):
        try:
            return text[at:at + size].decode()
        except UnicodeDecodeError:
            pass
    return ""


def _char_before(text: bytes, at: int) -> str:
    for size in range(1, min(4, at) + 1):
        if len(char := _char_at(text, at - size).encode()) == size:
            return char.decode()
    return ""


def _is_word(char: str) -> bool:
    return char != "" and unicodedata.category(char)[0] in "LNM"


class _Borders:
    """Places of a text where it may be cut: in no character, under word=yes in no word, and under space=fold
    in no blanks, which are one there."""

    def __init__(self, text: bytes, word: bool, space: bool) -> None:
        self.text, self.word, self.space = text, word, space

    def __contains__(self, at: int) -> bool:
        text = self.text
        if at <= 0 or at >= len(text):
            return True
        if any(len(_char_at(text, at - n).encode()) > n for n in range(1, min(3, at) + 1)):
            return False
        if not (self.word or self.space):
            return True
        before, after = _char_before(text, at), _char_at(text, at)
        return not (self.word and _is_word(before) and _is_word(after) or
                    self.space and before.isspace() and after.isspace())

    def last(self, above: int, at: int) -> int | None:
        """The last one in (above, at]."""
        return next((i for i in range(at, above, -1) if i in self), None)

    def next(self, at: int) -> int:
        """The first one from there on; the end is one."""
        return next(i for i in range(at, len(self.text) + 1) if i in self)


class Tracer:
    """The lines of /trace for one text after another, of any length, as if it took them at once: a longer one is
    asked for in pieces that overlap. Only a stretch that is itself longer than TRACE_BYTES is given in parts, which
    overlap by half. Used by one thread at a time."""

    def __init__(self, mount: Mount, **settings: Any) -> None:
        settings = {**mount.settings, **settings}
        self._sessions = contextlib.ExitStack()
        self._session = self._every = self._open(mount, settings)
        # The mount has taken them. In a list there is one: it takes none of these twice.
        one = {key: value[0] if isinstance(value, (list, tuple)) else value for key, value in settings.items() if value}
        self._least = int(one.get("min", TRACE_LEAST))
        self._word, self._space = one.get("word") in ("yes", True), one.get("space") == "fold"
        # What is left out for being too frequent lies in what is longer, and hides nothing of that.
        self._most = int(one["max"]) if "max" in one else None
        if self._most is not None:
            self._every = self._open(mount, {**settings, "max": None})

    def _open(self, mount: Mount, settings: dict[str, Any]) -> BinaryIO:
        path = os.path.join(mount._dir(settings), "trace")
        return self._sessions.enter_context(open(path, "r+b", buffering=0))

    def __enter__(self) -> Tracer:
        return self

    def __exit__(self, *_: object) -> None:
        self._sessions.close()

    @staticmethod
    def _asked(file: BinaryIO, text: bytes) -> Iterator[bytes]:
        """The lines that the mount says of a text. All of them are read before the next is asked for."""
        view = memoryview(text)
        while view:
            view = view[file.write(view):]
        rest = b""
        while piece := file.read(1 << 20):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole

    def lines(self, text: bytes) -> Iterator[bytes]:
        """A line of JSON for each stretch."""
        if len(text) <= TRACE_BYTES:
            yield from self._asked(self._session, text)
            return
        if self._least > TRACE_BYTES // 2:
            raise ValueError(f"of a text of more than {TRACE_BYTES} bytes, min is at most half of that")
        for begin, end, line in self._long(text):
            if self._most is None or json.loads(line)["count"] <= self._most:
                yield b'{"begin":%d,"end":%d,' % (begin, end) + _PLACE.sub(b"", line, 1)

    def _long(self, text: bytes) -> Iterator[tuple[int, int, bytes]]:
        """In pieces. What ends before its piece does can't be longer; where something ends with it, the next
        piece begins where that does."""
        borders = _Borders(text, self._word, self._space)
        begin, last = 0, 0
        while begin < len(text):
            end = min(begin + TRACE_BYTES, len(text))
            if (cut := borders.last(begin, end)) is None:
                begin = borders.next(end)
                continue
            end = cut
            # Where else something may begin that is too short in this piece.
            goes_on = max(end - self._least, begin) + 1
            again = None
            for line in self._asked(self._every, text[begin:end]):
                place = _PLACE.match(line)
                assert place
                a, b = begin + int(place[1]), begin + int(place[2])
                if b == end < len(text):
                    if a > begin:
                        again = a
                        continue
                    goes_on = begin + (end - begin) // 2 + 1
                if b > last:
                    yield a, b, line
                    last = b
            begin = again or (borders.next(goes_on) if end < len(text) else end)


# ---- the command ----

def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _for_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _for_json(v) for key, v in value._asdict().items()}
    return [_for_json(v) for v in value] if isinstance(value, tuple) else value


def _print(row: Any, as_json: bool, out: BinaryIO) -> None:
    if as_json:
        text = json.dumps(_for_json(row), ensure_ascii=False)
    elif isinstance(row, tuple):
        text = "\t".join(map(_plain, row))
    else:
        text = _plain(row)
    out.write(text.encode("utf-8", "surrogateescape") + b"\n")


def _settings(words: list[str], parser: argparse.ArgumentParser) -> dict[str, Any]:
    """--case=fold and the like, which the mount knows best."""
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not equals or not key.isidentifier():
            parser.error(f"{word}: settings are of the form --case=fold")
        settings[key] = settings[key] + [value] if key in settings else [value]
    return settings


def _unknown(mount: Mount, what: str, settings: dict[str, Any]) -> str:
    """Which of the settings, each by itself, the mount has not got, or not for this."""
    path = "batch" if what == "batch" else "match" if what == "matches" else what
    for key, values in settings.items():
        for value in values:
            if not os.path.lexists(os.path.join(mount._dir({key: value}), path)):
                return f"no such setting, or not of {what}: --{key.rstrip('_')}={value}"
    return ""


def _advice(mount: str, what: str, error: OSError) -> str:
    """What an error of the mount means for who asked, and what to do."""
    if error.errno == errno.EOVERFLOW and what in ("lines", "grep"):
        return "; nothing to look for, or in too many places: --scan=all reads all of the text"
    if error.errno == errno.EOVERFLOW:
        return "; too many spellings under these settings"
    if error.errno == errno.EINVAL and what == "grep":
        return "; that is no regular expression"
    if error.errno == errno.ENOENT and what == "facet" and os.path.isdir(os.path.join(mount, "facet")):
        return f"; there are the fields {', '.join(sorted(os.listdir(os.path.join(mount, 'facet'))))}"
    return ""


ONE = ("count", "df", "find")
MANY = ("docs", "matches", "kwic", "lines", "grep", "next", "prev", "nextword", "prevword", "facet")


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="ngramfs.py", description="Ask a mounted text index.", allow_abbrev=False,
        epilog="More options are settings of the mount: --case=fold, --context=80, ... "
               "QUERY is taken as it is, without escapes. batch reads queries, and trace a text, from "
               "standard input. Exit status: 0 answered, 1 an error, 2 usage.")
    parser.add_argument("mount", metavar="MNT")
    parser.add_argument("what", choices=ONE + MANY + ("text", "meta", "batch", "trace", "stats"))
    parser.add_argument("query", nargs="*", metavar="QUERY",
                        help="of text and meta a document's number; of facet a field, and perhaps a query; of batch "
                             "count, df, find, next or prev (default: count)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each answer")
    options, rest = parser.parse_known_args(args)
    settings = _settings(rest, parser)
    what, queries = options.what, options.query
    least, most = {"facet": (1, 2), "batch": (0, 1), "trace": (0, 0), "stats": (0, 0)}.get(what, (1, 1))
    if not least <= len(queries) <= most:
        parser.error(f"{what} takes {'a QUERY' if most == 1 else 'a field, and a QUERY perhaps' if most else 'no QUERY'}")
    query = queries[0] if queries else "count"
    if what in ("text", "meta") and not (query.isascii() and query.isdigit()):
        parser.error(f"{what} takes a document's number")
    out = sys.stdout.buffer
    try:
        mount = Mount(options.mount)
        if what in ONE:
            _print(getattr(mount, what)(query, **settings), options.json or what == "find", out)
        elif what == "text":
            out.write(mount.text(int(query)))
        elif what in ("meta", "stats"):
            _print(mount.meta(int(query)) if what == "meta" else mount.stats(), True, out)
        else:
            if what == "batch":
                rows: Iterator[Any] = ((answer, line) for line, answer in mount.batch(
                    (line.rstrip(b"\n") for line in sys.stdin.buffer), query, **settings))
            elif what == "trace":
                rows = mount.trace(sys.stdin.buffer.read(), **settings)
            else:
                rows = getattr(mount, what)(*queries, **settings)
            for row in rows:
                _print(row, options.json or what == "matches", out)
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, EOFError) as error:
        said = str(error)
        if isinstance(error, OSError):
            said = f"{error.filename or options.mount}: {error.strerror}{_advice(options.mount, what, error)}"
        if isinstance(error, FileNotFoundError) and settings and os.path.isdir(os.path.join(options.mount, "with")):
            said = _unknown(mount, what, settings) or said
        print(f"ngramfs.py: {said}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
