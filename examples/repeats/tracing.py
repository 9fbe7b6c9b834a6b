# SPDX-License-Identifier: Apache-2.0
"""Texts of any length in /trace of a mounted index, which takes 1 MiB at once."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator

from corpus import TEXT_MAX, Corpus

PLACE = re.compile(rb'\{"begin":(\d+),"end":(\d+),')


def char_at(text: bytes, at: int) -> str:
    """The character of UTF-8 that begins there, or nothing."""
    for size in range(1, 5):
        try:
            return text[at:at + size].decode()
        except UnicodeDecodeError:
            pass
    return ""


def char_before(text: bytes, at: int) -> str:
    for size in range(1, min(4, at) + 1):
        if len(char := char_at(text, at - size).encode()) == size:
            return char.decode()
    return ""


def is_word(char: str) -> bool:
    return char != "" and unicodedata.category(char)[0] in "LNM"


class Borders:
    """Places of a text where it may be cut: in no character, under word=yes in no word, and under space=fold
    in no blanks, which are one there."""

    def __init__(self, text: bytes, word: bool, space: bool) -> None:
        self.text, self.word, self.space = text, word, space

    def __contains__(self, at: int) -> bool:
        text = self.text
        if at <= 0 or at >= len(text):
            return True
        if any(len(char_at(text, at - n).encode()) > n for n in range(1, min(3, at) + 1)):
            return False
        if not (self.word or self.space):
            return True
        before, after = char_before(text, at), char_at(text, at)
        return not (self.word and is_word(before) and is_word(after) or self.space and before.isspace() and after.isspace())

    def last(self, above: int, at: int) -> int | None:
        """The last one in (above, at]."""
        return next((i for i in range(at, above, -1) if i in self), None)

    def next(self, at: int) -> int:
        """The first one from there on; the end is one."""
        return next(i for i in range(at, len(self.text) + 1) if i in self)


class Session:
    """An open /trace, which is asked text after text."""

    def __init__(self, mount: str, settings: dict[str, str]) -> None:
        self.file = open(os.path.join(Corpus(mount, settings).under, "trace"), "r+b", buffering=0)

    def lines(self, text: bytes) -> list[bytes]:
        view = memoryview(text)
        while view:
            view = view[self.file.write(view):]
        return b"".join(iter(lambda: self.file.read(1 << 20), b"")).splitlines(keepends=True)


class Tracer:
    """The lines of /trace for texts of any length, as if it took them at once."""

    def __init__(self, mount: str, settings: dict[str, str], least: int) -> None:
        self.session, self.least = Session(mount, settings), least
        self.word, self.space = settings.get("word") == "yes", settings.get("space") == "fold"
        # What is left out for being too frequent lies in what is longer, and hides nothing of that.
        self.most = int(settings["max"]) if "max" in settings else None
        without = {key: value for key, value in settings.items() if key != "max"}
        self.every = Session(mount, without) if "max" in settings else self.session

    def lines(self, text: bytes) -> Iterator[bytes]:
        if len(text) <= TEXT_MAX:
            yield from self.session.lines(text)
            return
        for begin, end, line in self.long(text):
            if self.most is None or json.loads(line)["count"] <= self.most:
                yield b'{"begin":%d,"end":%d,' % (begin, end) + PLACE.sub(b"", line, 1)

    def long(self, text: bytes) -> Iterator[tuple[int, int, bytes]]:
        """In pieces. What ends before its piece does can't be longer; where something ends with it, the next
        piece begins where that does. A stretch that takes all of a piece, and goes on, is given in parts."""
        borders = Borders(text, self.word, self.space)
        begin, last = 0, 0
        while begin < len(text):
            end = min(begin + TEXT_MAX, len(text))
            if (cut := borders.last(begin, end)) is None:
                begin = borders.next(end)
                continue
            end = cut
            # Where else something may begin that is too short in this piece.
            goes_on = max(end - self.least, begin) + 1
            again = None
            for line in self.every.lines(text[begin:end]):
                place = PLACE.match(line)
                assert place
                a, b = begin + int(place[1]), begin + int(place[2])
                if b == end < len(text):
                    if a > begin:
                        again = a
                        break
                    goes_on = begin + (end - begin) // 2 + 1
                if b > last:
                    yield a, b, line
                    last = b
            begin = again or (borders.next(goes_on) if end < len(text) else end)
