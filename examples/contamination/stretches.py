# SPDX-License-Identifier: Apache-2.0
"""The stretches of an entry's text that occur in an index, and where.

To the letter, /trace of the mount has all of them. Where case, white space or typography make no
difference, they are found by counting: each substring of the entry that occurs is made as long as it can
be, to the right and then to the left, by bisection."""

import functools
import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from asking import converse, spell, talk
from cutting import BadInput

TRACE_MAX = 1 << 20  # bytes of text that /trace takes
DOCUMENTS = 3  # that are shown of a stretch


@dataclass
class Stretch:
    """The characters [begin, end) of a text, which occur COUNT times, in PLACES among others. If FIRST isn't
    0, these are places of its first characters, so many: no name of the mount holds more."""
    begin: int
    end: int
    count: int
    places: list = field(default_factory=list)
    first: int = 0


def stretches_of(index, result, rules):
    """The stretches of a result's entry that are as long as they can be. They may overlap."""
    entry = result.entry
    if not result.found:
        return []
    if result.whole:
        begin = len(entry.asked) - len(entry.asked.lstrip())
        found = counted(index, entry.asked, [begin], len(entry.asked.strip()))
    elif index.settings:
        found = counted(index, entry.asked, result.hits, rules.length)
    else:
        return traced(index, entry.text, rules.length)
    for stretch in found:
        stretch.begin, stretch.end = entry.span(stretch.begin, stretch.end)
    return found


def traced(index, text, length):
    """All stretches of TEXT of LENGTH characters at least that cannot be made longer."""
    ends = [0, *accumulate(len(character.encode()) for character in text)]
    stretches, at = [], 0
    while at < len(text):
        upto = bisect_right(ends, ends[at] + TRACE_MAX) - 1
        answer = converse(f"{index.path}/with/min={length}/trace", text[at:upto].encode())
        for line in answer.splitlines():
            found = json.loads(line)
            # The mount cares for bytes: a stretch may begin or end within a character.
            begin, end = ends[at] + found["begin"], ends[at] + found["end"]
            first, last = bisect_left(ends, begin), bisect_right(ends, end) - 1
            if last - first >= length:
                places = [index.place(place["document"], place["offset"] + ends[first] - begin,
                                      place["offset"] + ends[last] - begin)
                          for place in found["documents"][:DOCUMENTS]]
                stretches.append(Stretch(first, last, found["count"], places))
        at = upto
    return stretches


def counted(index, text, starts, length):
    """Stretches of TEXT so that each of the substrings of LENGTH characters at STARTS, which occur, is in one.
    None can be made longer at one of its ends."""
    path = f"{index.path}/{index.batch}"
    try:
        session = open(path, "r+b", buffering=0)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    with session:
        @functools.lru_cache(None)
        def count(begin, end):
            # One with too many spellings may be there or not; a stretch isn't made as long as that.
            return index.answers([text[begin:end]], lambda question: talk(session, path, question))[0] or 0

        stretches = []
        for start in starts:
            if stretches and start + length <= stretches[-1].end:
                continue
            end = furthest(lambda end, begin=start: count(begin, end), start + length, len(text))
            begin = -furthest(lambda begin, end=end: count(-begin, end), -start, 0)
            stretches.append(locate(index, text, begin, end, count))
    return stretches


def furthest(occurs, good, limit):
    """The last number of [GOOD, LIMIT] that OCCURS, which all to there do: the limit itself, if it does,
    and otherwise found in steps that double, and then halve."""
    if good == limit or occurs(limit):
        return limit
    step = 8
    while good + step < limit and occurs(good + step):
        good += step
        step *= 2
    bad = min(good + step, limit)
    while bad - good > 1:
        middle = (good + bad) // 2
        if occurs(middle):
            good = middle
        else:
            bad = middle
    return good


def locate(index, text, begin, end, count):
    """The stretch with its first places. A longer string than a name can hold is looked up by its beginning,
    which is the same if that occurs as often."""
    stretch = Stretch(begin, end, count(begin, end))
    last = end
    limit = index.name_max()
    if len(spell(text[begin:end]).encode()) > limit:
        sizes = accumulate(len(spell(character).encode()) for character in text[begin:end])
        last = begin + sum(size <= limit for size in sizes)
        if count(begin, last) != stretch.count:
            stretch.first = last - begin
    stretch.places = [index.occurrence(text[begin:last], number) for number in range(min(DOCUMENTS, stretch.count))]
    return stretch
