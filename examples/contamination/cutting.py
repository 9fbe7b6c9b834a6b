# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: reading their entries, and cutting them into the strings that are asked for."""

import bz2
import contextlib
import gzip
import json
import lzma
import os
import re
import subprocess
import zlib
from dataclasses import dataclass, field

# The field that holds the text: the first of these that a benchmark's first entry has.
USUAL_FIELDS = ["question", "text", "problem", "prompt", "content", "sentence", "input", "instruction"]

# Scripts that put no space between words: Thai to Khmer, kana, Han ideographs. A word may begin at any
# of their characters.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf" \
           "\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
WORD_START = re.compile(rf"(?<!\S)\S|[{UNSPACED}]")
# What the mount takes for white space: Unicode's White_Space.
SPACE = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | set(map(chr, range(0x2000, 0x200b)))


class BadInput(Exception):
    """Something to tell the user, as it is."""


def shown(path):
    """A file's name as text that can be written, whatever its bytes."""
    return os.fsencode(path).decode(errors="replace")


@dataclass
class Entry:
    """An entry of a benchmark. ASKED is its text as it is asked for, in which character i is character
    PLACES[i] of the text, if they differ. Substrings begin at STARTS; if there are none, the whole text
    is asked for."""
    line: int
    name: str
    text: str
    asked: str = ""
    places: list = field(default_factory=list)
    starts: list = field(default_factory=list)

    def prepare(self, length, fold_space):
        """Cut it into substrings of LENGTH characters, or one blank for white space in a row."""
        self.asked = self.text
        if fold_space:
            self.places = [i for i, c in enumerate(self.text)
                           if c not in SPACE or i == 0 or self.text[i - 1] not in SPACE]
            self.asked = "".join(" " if self.text[i] in SPACE else self.text[i] for i in self.places)
        self.starts = cut(self.asked, length)

    def pieces(self, length):
        """The strings that are asked for: none of an entry that is but white space."""
        if self.starts:
            return [self.asked[at:at + length] for at in self.starts]
        whole = self.asked.strip()
        return [whole] if whole else []

    def span(self, begin, end):
        """What of the text the characters [BEGIN, END) of ASKED are, BEGIN < END."""
        return (self.places[begin], self.places[end - 1] + 1) if self.places else (begin, end)


def cut(text, length):
    """Where the substrings of LENGTH characters begin that begin where a word does, in order."""
    last = len(text) - length
    starts = (match.start() for match in WORD_START.finditer(text))
    return [at for at in starts if at <= last]


@contextlib.contextmanager
def lines_of(path):
    """The lines of a file, as bytes, uncompressed if its name says that it is compressed."""
    openers = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    suffix = os.path.splitext(path)[1]
    if suffix == ".zst":
        # Python's own library cannot read it yet.
        with subprocess.Popen(["zstd", "-dcq", "--", path], stdout=subprocess.PIPE) as zstd:
            yield zstd.stdout
            zstd.stdout.close()
        if zstd.returncode:
            raise BadInput(f"{path}: zstd could not read it")
        return
    with openers.get(suffix, open)(path, "rb") as lines:
        yield lines


def text_of(entry, fields):
    """The text of an entry: its FIELDS, a line each, and a line each where one is a list."""
    parts = []
    for field in fields:
        if field not in entry:
            raise ValueError(f"no field '{field}'")
        value = entry[field] if isinstance(entry[field], list) else [entry[field]]
        if not all(isinstance(part, str) for part in value):
            raise ValueError(f"field '{field}' is no text")
        parts += value
    text = "\n".join(parts)
    text.encode()  # fails for half of a surrogate pair, which no text of UTF-8 can hold
    return text


def entries_of(path, fields):
    """The entries of a benchmark, one after the other. FIELDS may be empty: then the first usual one."""
    number = 0
    try:
        with lines_of(path) as lines:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                entry = json.loads(line)
                if not isinstance(entry, dict):
                    raise ValueError("not a JSON object")
                fields = fields or [field for field in USUAL_FIELDS if field in entry][:1]
                if not fields:
                    raise ValueError("which field is the text? Name it with --field; there are " +
                                     ", ".join(entry))
                name = entry.get("id")
                yield Entry(number, str(name if isinstance(name, (str, int)) else ""), text_of(entry, fields))
    except (ValueError, RecursionError) as error:
        reason = "half of a surrogate pair" if isinstance(error, UnicodeEncodeError) else error
        raise BadInput(f"{path}:{number}: {reason}") from error
    except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # It cannot be uncompressed.
        raise BadInput(f"{path}: {error}") from error


def portions(entries, length, fold_space, size):
    """Entries in lists, with SIZE substrings or a little more in each list. So memory is bounded by that,
    and by the longest entry."""
    portion, weight = [], 0
    for entry in entries:
        entry.prepare(length, fold_space)
        portion.append(entry)
        # An entry without substrings has a weight, too.
        weight += 1 + len(entry.starts)
        if weight >= size:
            yield portion
            portion, weight = [], 0
    if portion:
        yield portion
