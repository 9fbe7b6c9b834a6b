# SPDX-License-Identifier: Apache-2.0
"""The stretches of texts that occur in an index, and where: what /trace of the mount says of them."""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import accumulate

TRACE_MAX = 1 << 20  # bytes of text that /trace takes


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
    something in it has too many spellings. Of a text that is too long for /trace, parts are asked for that
    overlap, so that none is lost; one that is in several is several."""
    parts = [(number, at, text[at:upto]) for number, text in enumerate(texts) for at, upto in cuts(text, length)]
    found = [[] for _ in texts]
    for (number, at, part), lines in zip(parts, index.traces([part for _, _, part in parts], length)):
        if lines is None or found[number] is None:
            found[number] = None
        elif lines:
            found[number] += stretches_of(part, at, lines, length)
    return found


def cuts(text, length):
    """Parts [begin, end) of a text for /trace, of which each has LENGTH - 1 characters of the one before."""
    if 4 * len(text) <= TRACE_MAX:
        return [(0, len(text))] if text else []
    ends, at, parts = byte_ends(text), 0, []
    while not parts or parts[-1][1] < len(text):
        upto = bisect_left(ends, ends[at] + TRACE_MAX + 1) - 1
        parts.append((at, upto))
        at = upto - length + 1
    return parts


def byte_ends(text):
    """Where each character of a text begins in its bytes, and where the last one ends."""
    return range(len(text) + 1) if text.isascii() else [0, *accumulate(len(c.encode()) for c in text)]


def stretches_of(part, at, lines, length):
    """The stretches that the lines of /trace say of the part of a text that begins at AT. Its length is in
    bytes; there are stretches of fewer characters."""
    ends = byte_ends(part)
    for line in lines:
        begin, end = bisect_left(ends, line["begin"]), bisect_left(ends, line["end"])
        if end - begin >= length:
            yield Stretch(at + begin, at + end, line["count"],
                          [(place["document"], place["offset"], place.get("bytes", line["end"] - line["begin"]))
                           for place in line["documents"]])


def look(index, stretches):
    """Look up the places of some stretches."""
    for stretch in stretches:
        stretch.places = [index.place(document, offset, offset + size) for document, offset, size in stretch.documents]
    return stretches
