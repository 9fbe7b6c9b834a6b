#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page without a mouse: where Tab leads, that the focus is seen there, and that each control does by keys
what it is for, after which the focus is still somewhere.

    keys.py ADDRESS MOUNT
"""

import sys

import page as base
from page import COUNT, Page, expect
from webdriver import DOWN, ENTER, ESCAPE, RIGHT, SHIFT, browser

TAB, SPACE, LEFT = "\ue004", " ", "\ue012"
# What can be reached, in the order of the page; of radio buttons the chosen one stands for all.
STOPS = """return [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
    .filter(one => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({visibilityProperty: true}) && (one.type !== 'radio' || one.checked))
    .map((one, i) => one.dataset.stop = one.tagName + (one.id || one.value || one.textContent.slice(0, 20)) + i)"""
# Where the focus is, and whether that is seen: by an outline of it or of its label, or by the box's border.
FOCUS = """const one = document.activeElement
const outlined = element => getComputedStyle(element).outlineStyle !== 'none' && parseFloat(getComputedStyle(element).outlineWidth) >= 2
const {top, bottom} = one.getBoundingClientRect()
return {stop: one.dataset.stop ?? null, id: one.id, within: one.closest('[id]')?.id ?? '', text: one.textContent,
    seen: outlined(one) || outlined(one.closest('label') ?? one) || one.id === 'query' && getComputedStyle(one).boxShadow !== 'none',
    inView: bottom > 0 && top < innerHeight, scrolls: one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth}"""


def tabs(page):
    """Forth through all of it, and back."""
    view = page.browser
    for words in ({"in": "odd", "q": "rare"}, {"in": "odd"}, {"in": "", "q": "COPY", "with": "case=fold"}, {"in": "odd", "as": "grep", "q": "r.re$"}):
        page.open(**words)
        view.wait("return ['found', 'start', 'other'].some(id => !document.getElementById(id).hidden)")
        if "q" in words and "as" not in words:
            # All that belongs to it is there.
            view.wait("return performance.getEntriesByName('panes').length && document.querySelectorAll('#elsewhere button').length")
        view.wait("return !document.getElementById('start').hidden ? document.querySelector('#examples button') : true")
        view.wait("return document.getElementById('found').hidden || document.querySelector('#lines [aria-current]')")
        stops = view.run(STOPS)
        view.run("document.querySelector('[data-stop]').focus()")
        met = [view.run(FOCUS)]
        # A browser may stop at what can be scrolled, too.
        while len(met) < 2 * len(stops) and met[-1]["stop"] != stops[-1]:
            view.press([TAB])
            met.append(view.run(FOCUS))
        named = [one["stop"] for one in met if one["stop"] or not one["scrolls"]]
        expect(named == stops, f"{words}: Tab leads to {named}, not {stops}")
        expect(len(stops) > 8, f"{words}: a premise, {len(stops)} stops")
        for one in met[1:]:
            expect(one["seen"] and one["inView"], f"{words}: the focus isn't seen at {one['stop']}")
        # Shift is held from its own press on.
        view.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": SHIFT}, {"type": "keyDown", "value": TAB}, {"type": "keyUp", "value": TAB},
            {"type": "keyUp", "value": SHIFT}]}]})
        expect(view.run(FOCUS)["stop"] == met[-2]["stop"], f"{words}: Shift+Tab doesn't lead back")


def held(page, what, *, within=None, at=None):
    """The focus wasn't lost."""
    focus = page.browser.run(FOCUS)
    expect(focus["id"] == at if at else focus["within"] == within, f"{what}: the focus is at {focus}")


def choices(page):
    """Radio buttons, boxes, selects, the slider, and buttons that end."""
    view = page.browser
    page.open(**{"in": "odd", "q": "RARE"})
    page.compare("odd", "RARE")
    view.run("document.querySelector('#folds input').focus()")
    view.press([SPACE])
    folded = base.read(f"{page.mount}/odd/with/case=fold/count/RARE").decode().strip()
    view.wait(COUNT, folded)
    held(page, "Space on a box", within="folds")
    view.press([SPACE])
    view.wait(COUNT, "0")
    view.run("document.querySelector('#modes input:checked').focus()")
    view.press([RIGHT])
    view.wait("return location.hash.includes('as=grep')")
    view.press([RIGHT])
    view.wait("return location.hash.includes('as=trace')")
    held(page, "arrows on radio buttons", within="modes")
    view.press([LEFT, LEFT])
    view.wait("return !location.hash.includes('as=')")
    page.open(**{"in": "odd", "q": "rare"})
    page.compare("odd", "rare")
    view.run("document.getElementById('order').focus()")
    view.press([DOWN])
    view.wait("return location.hash.includes('order=left')")
    held(page, "an arrow on the order", at="order")
    page.open(**{"in": "odd", "q": "rare"})
    page.compare("odd", "rare")
    size = int(page.count("odd", "rare"))
    view.run("document.getElementById('after').focus()")
    for at in range(1, size):
        view.press([ENTER])
        page.compare("odd", "rare", at)
    held(page, "the last occurrence", at="slider")
    view.press([LEFT])
    page.compare("odd", "rare", size - 2)


def leads(page):
    """Buttons that ask something else."""
    view = page.browser
    page.open(**{"in": "odd", "q": "alph"})
    page.compare("odd", "alph")
    view.run("document.querySelector('#bars button').focus()")
    view.press([ENTER])
    page.compare("odd", "alpha")
    held(page, "a character that follows", within="bars")
    page.open(**{"in": "odd", "q": "rare"})
    page.compare("odd", "rare")
    view.wait("return document.querySelectorAll('#values button:not(:disabled)').length")
    view.run("document.querySelector('#values button').focus()")
    view.press([SPACE])
    view.wait("return document.querySelectorAll('#only button').length === 1")
    view.wait("return document.querySelectorAll('#values button').length === 1")
    held(page, "a value of a field", within="values")
    view.run("document.querySelector('#only button').focus()")
    view.press([ENTER])
    view.wait(COUNT, page.count("odd", "rare"))
    held(page, "the last filter", at="query")
    page.open(**{"in": "licences", "q": "copy"})
    page.compare("licences", "copy")
    view.wait("return document.querySelectorAll('#words button:not(:disabled)').length")
    view.run("document.querySelector('#words button:not(:disabled)').focus()")
    view.press([ENTER])
    # The rest of this word is more frequent than the next one.
    expect(base.read(f"{page.mount}/licences/nextword/copy").split()[2] == b"right", "a premise")
    page.compare("licences", "copyright")
    held(page, "a word that follows", within="words")
    for words, button in (({"in": "odd"}, "#examples button"), ({"in": "odd", "as": "grep", "q": "r.re$"}, "#results button")):
        page.open(**words)
        view.wait("return document.querySelector(arguments[0])?.checkVisibility()", button)
        view.run("document.querySelector(arguments[0]).focus()", button)
        view.press([ENTER])
        view.wait("return document.querySelector('#modes :checked').value === 'text' && document.getElementById('count').value > 0")
        held(page, button, at="query")
    # Where the window is narrow, as a wide one is that is magnified, the document covers the lines.
    view.screen(390, 844)
    page.open(**{"in": "odd", "q": "rare"})
    page.compare("odd", "rare")
    view.run("document.getElementById('query').focus()")
    view.press([ENTER, ENTER])
    view.wait("return document.getElementById('document').classList.contains('open')")
    held(page, "a document over the lines", at="close")
    view.press([ESCAPE])
    view.wait("return !document.getElementById('document').classList.contains('open')")
    held(page, "Esc from the document", within="lines")
    view.screen(1280, 860)


def main():
    address, mount = sys.argv[1:]
    with browser() as opened:
        page = Page(opened, address, mount)
        base.go_through((tabs, choices, leads), page)
    return base.failures > 0


if __name__ == "__main__":
    sys.exit(main())
