#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page over several indexes as one list: sums, merged lists, and occurrences of each, beside the mount.

    several.py ADDRESS MOUNT
"""

import sys
from collections import Counter

import page as base
from page import COUNT, Page, expect, times
from webdriver import ENTER, browser

SHOWN = "return !document.getElementById(arguments[0]).hidden"
LINE = """return [...document.querySelectorAll('#lines button')].map(line =>
    [line.querySelector('.source').textContent, line.querySelector('mark').textContent])"""


def lines(page, node, name):
    return [line.split("\t") for index in page.indexes for line in base.read(f"{page.mount}/{index}/{node}/{name}").decode().splitlines()]


def total(page, query, node="count"):
    return sum(int(page.answer(index, node, query).decode()) for index in page.indexes)


def sums(page):
    view = page.browser
    for query in ("copy", "the ", "alpha", "nowhere", "a/b"):
        page.open(**{"in": "", "q": query})
        view.wait(COUNT, str(total(page, query)))
        each = [f"{index} {int(page.count(index, query)):,}" for index in page.indexes]
        view.wait("return [...document.querySelectorAll('#elsewhere button')].map(one => one.textContent).join() === arguments[0]", ",".join(each))
    page.open(**{"in": "", "q": "copy"})
    view.wait("return document.getElementById('df').textContent === arguments[0]", f"in {total(page, 'copy', 'df'):,} documents")
    follow = Counter()
    for count, _, text in lines(page, "next", "copy"):
        follow[text] += int(count)
    want = [times(count) for count in sorted(follow.values(), reverse=True)[:24]]
    view.wait("return document.querySelectorAll('#bars button').length === arguments[0]", len(want))
    expect(view.run("return [...document.querySelectorAll('#bars button')].map(bar => bar.title)") == want, "what follows in all")
    words = Counter()
    for count, _, text in lines(page, "nextword", "copy"):
        words[text] += int(count)
    want = [times(count) for count in sorted(words.values(), reverse=True)[:10]]
    view.wait("return document.querySelectorAll('#words button').length === arguments[0]", len(want))
    expect(view.run("return [...document.querySelectorAll('#words button')].map(one => one.title)") == want, "words in all")


def occurrences(page):
    """One index after another; by chance from each."""
    view = page.browser
    sizes = [int(page.count(index, "the ")) for index in page.indexes]
    first, second = page.indexes
    for at, want in ((0, first), (sizes[0] - 1, first), (sizes[0], second), (sum(sizes) - 1, second)):
        page.open(**{"in": "", "q": "the ", "n": str(at + 1)})
        view.wait("return document.getElementById('page').dataset.match === arguments[0]", str(at))
        place = view.run("return document.getElementById('where').textContent")
        expect(place.startswith(f"{want}: document "), f"occurrence {at}: {place}")
        number = at - (0 if want == first else sizes[0])
        kwic = base.read(f"{page.mount}/{want}/kwic/the ").decode().splitlines()[number].split("\t")
        expect(place.startswith(f"{want}: document {int(kwic[0]):,}, byte {int(kwic[1]):,} of"), f"occurrence {at}: {place}, {kwic[:2]}")
        expect(view.run("return document.getElementById('match').textContent") == "the ", "the match")
    for order in ("random", "left", "document"):
        page.open(**{"in": "", "q": "copy", "order": order})
        view.wait("return document.querySelector('#lines [aria-current]') && document.getElementById('match')?.textContent === 'copy'")
        expect(all(source.split(":")[0] in page.indexes and match == "copy" for source, match in view.run(LINE)), f"lines by {order}")
    # All of them, each once.
    met = []
    size = total(page, "rare")
    for first in range(0, size, 20):
        page.open(**{"in": "", "q": "rare", "order": "random", "n": str(first + 1)})
        view.wait("return document.getElementById('page').dataset.match === arguments[0]", str(first))
        met += view.run(LINE)
    expect(len(met) == size, f"by chance {len(met)} of {size}")
    # From a count to the index that it is of.
    page.open(**{"in": "", "q": "copy"})
    view.wait("return document.querySelectorAll('#elsewhere button').length === 2")
    view.run("document.querySelectorAll('#elsewhere button')[arguments[0]].focus()", page.indexes.index("licences"))
    view.press([ENTER])
    view.wait("return document.getElementById('index').value === 'licences'")
    page.compare("licences", "copy")


def others(page):
    view = page.browser
    page.open(**{"in": "", "as": "grep", "q": "[Cc]opying (and|or) "})
    view.wait(SHOWN, "other")
    found = sum(base.read(f"{page.mount}/{index}/grep/[Cc]opying (and|or) ").count(b"\n") for index in page.indexes)
    expect(found and view.run("return document.querySelectorAll('#results mark').length") == min(found, 200), f"{found} lines of an expression")
    # A stretch of the one, and of the other.
    one = base.read(f"{page.mount}/odd/doc/3.txt").decode()[:60]
    other = "Everyone is permitted to copy and distribute verbatim copies"
    page.open(**{"in": "", "as": "trace", "q": f"{one}~~~~{other}"})
    view.wait(SHOWN, "other")
    text = view.run("return [...document.querySelectorAll('#results a')].map(one => one.textContent)")
    expect(one in text and any(other.startswith(stretch) and len(stretch) > 40 for stretch in text), f"stretches: {text}")
    page.open(**{"in": ""})
    view.wait(SHOWN, "start")
    expect(view.run("return document.querySelectorAll('#examples button').length") > 0, "examples of all")


def main():
    address, mount = sys.argv[1:]
    with browser() as opened:
        page = Page(opened, address, mount)
        page.open(**{"in": ""})
        page.indexes = opened.wait("return [...document.getElementById('index').options].map(({value}) => value).filter(value => value)")
        expect(sorted(page.indexes) == ["licences", "odd"], page.indexes)
        base.go_through((sums, occurrences, others), page)
        base.calm(opened)
    return base.failures > 0


if __name__ == "__main__":
    sys.exit(main())
