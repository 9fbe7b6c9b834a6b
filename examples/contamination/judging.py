# SPDX-License-Identifier: Apache-2.0
"""What the share of an entry that is found means, and how matching is done."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from stretches import Stretch, traced

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
    stretches: list

    def sources(self):
        """Of the documents that are shown, each once."""
        return list(dict.fromkeys(place.source for stretch in self.stretches for place in stretch.places))

    def longest(self):
        return max((stretch.end - stretch.begin for stretch in self.stretches), default=0)


def judge(index, portion, rules):
    """The results of a portion of entries.

    A substring is there if it is in a stretch that is. An entry looked for as a whole is counted, and so is
    each substring of one that has too many spellings to be traced, as not all of its substrings may."""
    long = [entry for entry in portion if entry.starts]
    found = {id(entry): stretches for entry, stretches
             in zip(long, traced(index, [entry.asked for entry in long], rules.length))}
    pieces = {id(entry): entry.pieces(rules.length) for entry in portion if found.get(id(entry)) is None}
    counts = index.counts(list(dict.fromkeys(piece for some in pieces.values() for piece in some)))
    results = [by_counts(index, entry, pieces[id(entry)], counts, rules) if id(entry) in pieces
               else by_stretches(entry, found[id(entry)], rules) for entry in portion]
    for result in results:
        for stretch in result.stretches:
            stretch.begin, stretch.end = result.entry.span(stretch.begin, stretch.end)
    return results


def by_stretches(entry, stretches, rules):
    found, at = 0, 0
    for start in entry.starts:
        # The first that ends behind it: those that follow begin later.
        while at < len(stretches) and stretches[at].end < start + rules.length:
            at += 1
        found += at < len(stretches) and stretches[at].begin <= start
    total = len(entry.starts)
    return Result(entry, rules.classify(found, total), found, total, 0, False, stretches if found else [])


def by_counts(index, entry, pieces, counts, rules):
    starts = entry.starts or [len(entry.asked) - len(entry.asked.lstrip())]
    hits = [(start, piece) for start, piece in zip(starts, pieces) if counts[piece]]
    unknown = sum(1 for piece in pieces if counts[piece] is None)
    kind = rules.classify(len(hits), len(pieces))
    if unknown and rules.classify(len(hits) + unknown, len(pieces)) != kind:
        kind = "untested"
    stretches = [Stretch(start, start + len(piece), counts[piece], index.documents(piece)) for start, piece in hits]
    return Result(entry, kind, len(hits), len(pieces), unknown, not entry.starts, stretches)


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
