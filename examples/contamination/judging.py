# SPDX-License-Identifier: Apache-2.0
"""What the share of an entry that is found means, and how matching is done."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from cutting import chunks

CLASSES = ["untested", "clean", "suspicious", "dirty"]

FOLDS = {"case": "upper and lower case", "space": "white space, whichever and how much of it in a row",
         "form": "quotation marks, dashes, ligatures and other typographic variants"}


@dataclass(frozen=True)
class Rules:
    """How entries are cut, matched and judged. FOLDS: what of FOLDS makes no difference; SUSPICIOUS and
    DIRTY: the percentages they begin with, of which one may be asked for exactly."""
    length: int = 50
    suspicious: Fraction = Fraction(20)
    dirty: Fraction = Fraction(80)
    folds: tuple = ()

    @property
    def settings(self):
        """As the mount has them."""
        return ",".join(f"{fold}=fold" for fold in self.folds)

    def classify(self, found, total):
        """The class of an entry of which FOUND of TOTAL strings occur. Fractions, so that a share of exactly
        20 or 80 % is on the right side."""
        if total == 0:
            return "untested"
        if 100 * found >= self.dirty * total:
            return "dirty"
        return "suspicious" if 100 * found >= self.suspicious * total else "clean"

    def matching(self):
        """In words."""
        if not self.folds:
            return "to the letter"
        return "without regard to " + "; ".join(FOLDS[fold] for fold in self.folds)

    def options(self):
        """As arguments of the command."""
        return [f"--length={self.length}", f"--suspicious={shown_number(self.suspicious)}",
                f"--dirty={shown_number(self.dirty)}", *(f"--ignore-{fold}" for fold in self.folds)]


def shown_number(fraction):
    return f"{float(fraction):g}"


@dataclass
class Result:
    """What an index says of an entry. FOUND of TOTAL strings occur, which are its substrings, or it as a
    WHOLE; UNKNOWN of them have too many spellings. STRETCHES are what there is of it."""
    entry: object
    kind: str
    found: int
    total: int
    unknown: int
    whole: bool
    hits: list
    stretches: list = field(default_factory=list)

    def sources(self):
        """Of the documents that are shown, each once."""
        return list(dict.fromkeys(place.source for stretch in self.stretches for place in stretch.places))

    def longest(self):
        return max((stretch.end - stretch.begin for stretch in self.stretches), default=0)


def judge(index, portion, rules):
    """The results of a portion of entries, without their stretches.

    A string that holds a chunk that isn't there isn't there. So chunks are asked for first, which are few,
    and then only strings whose chunks all are there."""
    cuts = [list(chunks(entry.asked)) if entry.starts else [] for entry in portion]
    there = index.counts(list(dict.fromkeys(entry.asked[a:b] for entry, cut in zip(portion, cuts) for a, b in cut)))
    held = []
    for entry, cut in zip(portion, cuts):
        absent = [(a, b) for a, b in cut if there[entry.asked[a:b]] == 0]
        held.append(without(entry.starts, absent, rules.length))
    strings = [[piece for piece, out in zip(entry.pieces(rules.length), outs or [False]) if not out]
               for entry, outs in zip(portion, held)]
    counts = index.counts(list(dict.fromkeys(piece for pieces in strings for piece in pieces)))
    return [result(entry, outs, pieces, counts, rules) for entry, outs, pieces in zip(portion, held, strings)]


def without(starts, absent, length):
    """Of the substrings at STARTS, whether one of the ABSENT chunks, which are in order, is in it."""
    outs, at = [], 0
    for start in starts:
        while at < len(absent) and absent[at][0] < start:
            at += 1
        outs.append(at < len(absent) and absent[at][1] <= start + length)
    return outs


def result(entry, outs, pieces, counts, rules):
    total = len(entry.starts) or len(pieces)
    asked = [start for start, out in zip(entry.starts, outs) if not out]
    hits = [start for start, piece in zip(asked, pieces) if counts[piece]]
    found = sum(1 for piece in pieces if counts[piece])
    unknown = sum(1 for piece in pieces if counts[piece] is None)
    kind = rules.classify(found, total)
    if unknown and rules.classify(found + unknown, total) != kind:
        kind = "untested"
    return Result(entry, kind, found, total, unknown, not entry.starts, hits)


class Tally(Counter):
    """Entries of each class; of all and of the dirty ones, those that were looked for as a whole."""

    def add(self, result):
        self[result.kind] += 1
        if result.whole and result.total:
            self["whole"] += 1
            self["whole dirty"] += result.kind == "dirty"

    def entries(self):
        return sum(self[kind] for kind in CLASSES)

    def checked(self):
        return self.entries() - self["untested"]
