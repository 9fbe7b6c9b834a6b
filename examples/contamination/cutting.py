# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: reading their entries, cutting them into substrings, and what the share found means."""

import bz2
import contextlib
import gzip
import json
import lzma
import os
import re
import subprocess
import zlib
from dataclasses import dataclass

# The field that holds the text: the first of these that a benchmark's first entry has.
USUAL_FIELDS = ["question", "text", "problem", "prompt", "content", "sentence", "input", "instruction"]

# Scripts that put no space between words: Thai to Khmer, kana, Han ideographs. A word may begin at any
# of their characters.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf" \
           "\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
WORD_START = re.compile(rf"(?<!\S)\S|[{UNSPACED}]")

CLASSES = ["too short", "clean", "suspicious", "dirty"]


class BadInput(Exception):
    """Something to tell the user, as it is."""


def shown(path):
    """A file's name as text that can be written, whatever its bytes."""
    return os.fsencode(path).decode(errors="replace")


@dataclass
class Entry:
    line: int
    name: str
    text: str


def cut(text, length):
    """Every substring of LENGTH characters that begins where a word does, in order."""
    last = len(text) - length
    starts = (match.start() for match in WORD_START.finditer(text))
    return [text[at:at + length] for at in starts if at <= last]


def classify(found, total):
    """The class of an entry of which FOUND of TOTAL substrings occur. Whole numbers, so that a share of
    exactly 20 or 80 % is on the right side."""
    if total == 0:
        return "too short"
    if 5 * found < total:
        return "clean"
    return "dirty" if 5 * found >= 4 * total else "suspicious"


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


def portions(entries, length, size):
    """Entries in lists, each entry with its substrings, and each list with SIZE substrings or a little
    more. So memory is bounded by that, and by the longest entry."""
    portion, weight = [], 0
    for entry in entries:
        pieces = cut(entry.text, length)
        portion.append((entry, pieces))
        # An entry without substrings has a weight, too.
        weight += 1 + len(pieces)
        if weight >= size:
            yield portion
            portion, weight = [], 0
    if portion:
        yield portion
