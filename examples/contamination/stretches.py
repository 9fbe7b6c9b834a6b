# SPDX-License-Identifier: Apache-2.0
"""The stretches of texts that occur in an index, and where: what /trace of the mount says of them."""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate


@dataclass
class Stretch:
    """The characters [begin, end) of a text, which occur COUNT times; in DOCUMENTS among others, as /trace has
    them, and in PLACES, which are these when somebody has looked there."""
    begin: int
    end: int
    count: int
    documents: list
    places: list = field(default_factory=list)


def traced(index, texts, length):
    """Of each of TEXTS all stretches of LENGTH characters at least that cannot be made longer, or None where
    something in it has too many spellings. They lie in no other, so both ends increase."""
    return [None if lines is None else list(stretches_of(text, lines, length)) if lines else []
            for text, lines in zip(texts, index.traces(texts, length))]


def byte_ends(text):
    """Where each character of a text begins in its bytes, and where the last one ends."""
    return range(len(text) + 1) if text.isascii() else [0, *accumulate(len(c.encode()) for c in text)]


def stretches_of(text, lines, length):
    """The stretches that the lines of /trace say of a text. Its length is in bytes; there are stretches of fewer
    characters."""
    ends = byte_ends(text)
    for line in lines:
        begin, end = bisect_left(ends, line["begin"]), bisect_left(ends, line["end"])
        if end - begin >= length:
            yield Stretch(begin, end, line["count"],
                          [(place["document"], place["offset"], place.get("bytes", line["end"] - line["begin"]))
                           for place in line["documents"]])


def look(index, stretches):
    """Look up the places of some stretches."""
    for stretch in stretches:
        stretch.places = [index.place(document, offset, offset + size) for document, offset, size in stretch.documents]
    return stretches
