#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in a browser: type, click, read the numbers, and compare with the mount.

    page.py ADDRESS MOUNT SHOTS

MOUNT has the indexes "odd" and "licences", as the server at ADDRESS has. Screenshots go to SHOTS.
"""

import json
import os
import sys
import urllib.parse

from accessible import blind, faults
from api import read, spell
from webdriver import DOWN, ENTER, ESCAPE, PAGE_DOWN, RIGHT, SHIFT, UP, Failed, browser

LINES = 20
SIGNS = str.maketrans({"\n": "↵", "\t": "⇥", "\r": "␍"})
TYPED = ["a/b", "100%", "..", " ", "中文", '"quoted"', "it's", "<script>", "%41", "../..", "?q=1&r=2#end", "nowhere",
         ".gitignore", "rust-toolchain"]
LINKED = TYPED + ["x\ny", "\n\n", "😀 ", "naïve", "a" * 200]
PAGE = """return {
    count: document.getElementById('count').value,
    lines: [...document.querySelectorAll('#lines button')].map(line => line.querySelector('mark').textContent),
    shown: !document.getElementById('found').hidden,
    match: document.getElementById('match')?.textContent,
    number: document.getElementById('page').dataset.match,
    document: document.getElementById('page').dataset.document,
    text: document.getElementById('page').textContent,
    name: document.getElementById('name').textContent,
    bars: [...document.querySelectorAll('#bars button')].map(bar => bar.title),
    title: document.title,
    wide: document.documentElement.scrollWidth - innerWidth,
    focus: document.activeElement.id || document.activeElement.dataset.match,
}"""
COUNT = "return document.getElementById('count').value === arguments[0]"
READY = """const page = document.getElementById('page')
return document.getElementById('count').value === arguments[0] && page.dataset.match === arguments[1]
    && document.querySelector('#lines [aria-current]')?.dataset.match === arguments[1]
    && document.getElementById('match').textContent === arguments[2]
    && document.getElementById('bars').dataset.query === arguments[2]"""

failures = 0


def expect(good, what):
    global failures
    if not good:
        print(f"FAILED: {what}", file=sys.stderr)
        failures += 1


def times(count):
    return f"{int(count):,} time{'' if int(count) == 1 else 's'}"


class Page:
    def __init__(self, opened, address, mount):
        self.browser, self.address, self.mount = opened, address, mount

    def answer(self, index, node, query, rest=""):
        return read(os.path.join(os.fsencode(f"{self.mount}/{index}/{node}"), spell(query.encode())) +
                    rest.encode())

    def count(self, index, query):
        return self.answer(index, "count", query).decode().strip()

    def open(self, **words):
        self.browser.go(self.address + "#" + urllib.parse.urlencode(words))

    def compare(self, index, query, at=0):
        """Wait until the page shows occurrence at, and compare all of it with the mount."""
        what = f"{index}, {query!r}, {at}"
        count = self.count(index, query)
        if count == "0":
            self.browser.wait(COUNT, "0")
            self.compare_name(what, query, count)
            expect(not self.browser.run(PAGE)["shown"], f"{what}: occurrences of nothing")
            return
        self.browser.wait(READY, count, str(at), query)
        self.compare_name(what, query, count)
        page = self.browser.run(PAGE)
        match = json.loads(self.answer(index, "match", query, f"/{at}.json"))
        first = at - at % LINES
        expect(page["lines"] == [query.translate(SIGNS)] * min(LINES, int(count) - first), f"{what}: lines")
        expect(page["document"] == str(match["document"]), f"{what}: document {page['document']}")
        expect(match["before"] + query + match["after"] in page["text"], f"{what}: text")
        following = self.answer(index, "next", query).decode().splitlines()[:24]
        expect(page["bars"] == [times(line.split()[0]) for line in following], f"{what}: what follows")
        title = f"{query.translate(SIGNS)} – ngramfs"
        expect(page["title"] == " ".join(title.split()), f"{what}: title {page['title']}")

    def compare_name(self, what, query, count):
        """What the page calls the file of a count is that file."""
        name = self.browser.run("return document.querySelector('#api a').textContent")
        if query == query.translate(SIGNS).replace(" ", ""):
            held = read(f"{self.mount}/{name}")
            expect(held is not None and held.decode().strip() == count, f"{what}: {name} holds {held}")

    def clear(self):
        self.browser.run("document.getElementById('query').select()")
        self.browser.press(["\ue003"])
        self.browser.wait(COUNT, "")


def typing(page):
    page.open(**{"in": "licences"})
    query = ""
    for letter in "software":
        query += letter
        page.browser.type("#query", letter)
        page.browser.wait(COUNT, page.count("licences", query))
    page.compare("licences", "software")
    page.browser.run("document.getElementById('index').focus()")
    page.browser.press(["o"])
    page.compare("odd", "software")
    for query in TYPED:
        page.clear()
        page.browser.type("#query", query)
        page.compare("odd", query)
    page.clear()
    page.browser.type("#query", "x" + SHIFT + ENTER + SHIFT + "y")
    page.compare("odd", "x\ny")


def links(page):
    for query in LINKED:
        page.open(**{"in": "odd", "q": query})
        page.compare("odd", query)
    page.open(**{"in": "odd", "q": "alpha", "n": "1998"})
    page.compare("odd", "alpha", 1997)
    page.open(**{"in": "odd", "q": "alpha", "n": "999999999"})
    page.compare("odd", "alpha", int(page.count("odd", "alpha")) - 1)
    page.open(**{"in": "odd", "q": "a" * 5000})
    page.browser.wait("return !document.getElementById('trouble').hidden")
    expect(page.browser.run(PAGE)["count"] == "", "a query that is too long has a count")


def clicking(page):
    page.open(**{"in": "odd", "q": "alph"})
    page.compare("odd", "alph")
    page.browser.click("#bars li:first-child button")
    page.compare("odd", "alpha")
    page.browser.click("#after")
    page.compare("odd", "alpha", 1)
    page.browser.click("#lines li:nth-child(8) button")
    page.compare("odd", "alpha", 7)
    page.browser.run("document.getElementById('slider').focus()")
    page.browser.press([RIGHT] * 15)
    page.compare("odd", "alpha", 22)
    link = page.browser.wait("return location.hash.includes('n=23') && location.href")
    page.browser.go(link)
    page.compare("odd", "alpha", 22)
    page.browser.run("document.getElementById('number').select()")
    page.browser.press(["1", "0", "0", ENTER])
    page.compare("odd", "alpha", 99)
    page.clear()
    page.browser.type("#query", "document.title")
    page.compare("odd", "document.title")
    expect(page.browser.run(PAGE)["name"] == "<b>bold</b>", "the name of a document")


def keyboard(page):
    page.open(**{"in": "odd", "q": "beta"})
    page.compare("odd", "beta")
    page.browser.press([ENTER])
    page.browser.press([DOWN] * 25 + [UP])
    page.compare("odd", "beta", 24)
    expect(page.browser.run(PAGE)["focus"] == "24", "the focus isn't on the line")
    page.browser.press([ESCAPE])
    expect(page.browser.run(PAGE)["focus"] == "query", "Esc doesn't lead back")
    page.browser.press([ENTER])
    page.browser.press(["/"])
    expect(page.browser.run(PAGE)["focus"] == "query", "/ doesn't lead to the box")
    page.browser.press(["a"])
    page.compare("odd", "a")


SHOWN = "return !document.getElementById(arguments[0]).hidden"


def settings(page):
    view = page.browser
    page.open(**{"in": "odd", "q": "ALPHA"})
    page.compare("odd", "ALPHA")
    view.click("#folds label")
    folded = read(f"{page.mount}/odd/with/case=fold/count/ALPHA").decode().strip()
    view.wait(COUNT, folded)
    view.run("history.back()")
    view.wait(COUNT, "0")
    view.run("history.forward()")
    view.wait(COUNT, folded)
    # Beside a query: documents, words, values; what they are is the mount's.
    page.open(**{"in": "odd", "q": "rare"})
    page.compare("odd", "rare")
    documents = read(f"{page.mount}/odd/df/rare").decode().strip()
    view.wait("return document.getElementById('df').textContent === `in ${arguments[0]} documents`", documents)
    words = [times(line.split("\t")[0]) for line in read(f"{page.mount}/odd/nextword/rare").decode().splitlines()]
    view.wait("return document.querySelectorAll('#words button').length === arguments[0]", len(words))
    expect(view.run("return [...document.querySelectorAll('#words button')].map(one => one.title)") == words, "words that follow")
    # Sorted by what stands to the left: the lines as the concordance has them, in that order.
    page.open(**{"in": "odd", "q": "rare", "order": "document"})
    places = sorted(tuple(map(int, line.split("\t")[:2])) for line in read(f"{page.mount}/odd/kwic/rare").decode().splitlines())
    view.wait("return document.getElementById('page').dataset.document === arguments[0]", str(places[0][0]))
    view.press([ENTER])
    view.press([DOWN])
    view.wait("return document.getElementById('page').dataset.document === arguments[0]", str(places[1][0]))
    # Only where a field says so.
    page.open(**{"in": "odd", "q": "a", "with": "where=id:1234"})
    count = read(f"{page.mount}/odd/with/where=id:1234/count/a").decode().strip()
    expect(int(count) > 1000, "there are many in one document")
    view.wait(COUNT, count)
    view.wait("return document.getElementById('page').dataset.document === '1234'")
    expect(f"1,000 of {int(count):,}, the first" in view.run("return document.getElementById('of').textContent"), "what is left out")
    view.click("#only button")
    view.wait(COUNT, page.count("odd", "a"))


INSTEAD = """return document.getElementById('instead').hidden ? null
    : {hint: document.getElementById('hint').textContent, them: [...document.querySelectorAll('#others button')].map(one => one.textContent)}"""


def instead(page):
    """Of a query that occurs nowhere it says what does; that is so in the mount, and a click leads there."""
    view = page.browser

    def under(settings, query):
        return int(read(f"{page.mount}/licences/with/{settings}/count/{query}").decode())

    page.open(**{"in": "licences", "q": "GENERAL PUBLIC license"})
    said = view.wait(INSTEAD)
    folded = under("case=fold", "GENERAL PUBLIC license")
    expect(folded > 0 and said == {"hint": "Try", "them": [
        f"any case {folded:,}", *(f"{part} {int(page.count('licences', part)):,}" for part in ("GENERAL PUBLIC", "license"))]}, said)
    view.click("#others button")
    view.wait(COUNT, str(folded))
    expect(view.run(INSTEAD) is None and "case=fold" in view.run("return decodeURIComponent(location.hash)"), "a click on another setting")
    # Only both together; a piece of a word; without what was asked for besides.
    both = under("case=fold,space=fold,form=fold", "GENERAL  PUBLIC license")
    page.open(**{"in": "licences", "q": "GENERAL  PUBLIC license"})
    expect(view.wait(INSTEAD)["them"][0] == f"any case, any spacing, any form {both:,}", view.run(INSTEAD))
    page.open(**{"in": "licences", "q": "softwareqz"})
    expect(view.wait(INSTEAD)["them"] == [f"software {int(page.count('licences', 'software')):,}"], view.run(INSTEAD))
    view.click("#others .piece")
    page.compare("licences", "software")
    page.open(**{"in": "licences", "q": "softwar", "with": "word=yes"})
    expect(view.wait(INSTEAD)["them"][0] == f"parts of words {int(page.count('licences', 'softwar')):,}", view.run(INSTEAD))
    page.open(**{"in": "odd", "q": "rare", "with": "where=id:1234"})
    expect(view.wait(INSTEAD)["them"][0] == f"all documents {int(page.count('odd', 'rare')):,}", view.run(INSTEAD))
    view.click("#others button")
    page.compare("odd", "rare")
    page.open(**{"in": "odd", "q": "中中"})
    expect(view.wait(INSTEAD)["them"] == [f"中 {int(page.count('odd', '中')):,}"], view.run(INSTEAD))
    page.open(**{"in": "odd", "q": "\u0416"})
    expect(view.wait(INSTEAD) == {"hint": "No part of it of two letters or more occurs here.", "them": []}, view.run(INSTEAD))
    # In all indexes together; and gone with what it was about.
    page.open(**{"in": "", "q": "rareqz"})
    expect(f"rare {sum(int(page.count(index, 'rare')) for index in ('odd', 'licences')):,}" in view.wait(INSTEAD)["them"], view.run(INSTEAD))
    page.clear()
    expect(view.run(INSTEAD) is None, "what to try instead of nothing")


def other_questions(page):
    view = page.browser
    page.open(**{"in": "odd"})
    view.wait(SHOWN, "start")
    example, count = view.run("const button = document.querySelector('#examples button');"
                              "return [button.querySelector('bdi').textContent, button.querySelector('small').textContent]")
    expect(count.strip().replace(",", "") == page.count("odd", example), "the count of an example")
    view.click("#examples button")
    page.compare("odd", example)
    page.open(**{"in": "odd", "as": "grep", "q": "r.re$"})
    view.wait(SHOWN, "other")
    lines = read(f"{page.mount}/odd/grep/r.re$").count(b"\n")
    expect(view.run("return document.querySelectorAll('#results mark').length") == lines > 1, "lines of an expression")
    text = read(f"{page.mount}/odd/doc/3.txt").decode()
    page.open(**{"in": "odd", "as": "trace", "q": "~~~~ " + text})
    view.wait(SHOWN, "other")
    expect(view.run("return document.getElementById('results').textContent") == "~~~~ " + text, "a traced text")
    stretch, link = view.run("const link = document.querySelector('#results a'); return [link.textContent, link.href]")
    expect(stretch.strip() in text, "a stretch")
    view.click("#results a")
    view.wait("return document.querySelector('#modes :checked').value === 'text' && document.getElementById('count').value > 0")
    shown = view.run(PAGE)["count"]
    page.browser.go(link)
    view.wait(COUNT, shown)
    expect(view.run("return document.getElementById('query').value") == stretch, "the link of a stretch")
    # It goes on in the next line.
    view.screen(390, 844)
    page.open(**{"in": "licences", "as": "trace", "q": "this, Everyone is permitted to copy and distribute verbatim copies"})
    view.wait(SHOWN, "other")
    tops = view.run("return [...document.querySelector('#results a').getClientRects()].map(({top}) => top)")
    before = view.run("const range = document.createRange(); range.selectNode(document.querySelector('.traced').firstChild);"
                      "return range.getBoundingClientRect().top")
    expect(len(tops) > 1 and abs(tops[0] - before) < 10, f"lines of a stretch: {tops}, and of what is before {before}")
    view.screen(1280, 860)
    page.open(**{"in": "odd", "as": "grep", "q": "(r.re"})
    view.wait("return document.getElementById('trouble').textContent.includes('no regular expression')")
    # A query that no name holds, and held keys, which overtake what they have asked.
    text = max((read(f"{page.mount}/licences/doc/{n}.txt").decode("utf-8", "ignore") for n in range(3)), key=len)[:3000]
    page.open(**{"in": "licences", "q": text})
    view.wait("return document.getElementById('count').value > 0 && document.getElementById('match')?.textContent === arguments[0]", text)
    page.open(**{"in": "odd", "q": "alpha"})
    page.compare("odd", "alpha")
    view.press([ENTER])
    view.press([PAGE_DOWN] * 60)
    page.compare("odd", "alpha", 1200)
    expect(view.run("return document.getElementById('trouble').hidden"), "what was overtaken is an error")
    # In the last bytes of a document the match is in view, with the fields above.
    last = read(f"{page.mount}/licences/doc/0.txt")[-40:].decode("utf-8", "ignore")
    page.open(**{"in": "licences", "q": last})
    view.wait("return document.getElementById('match')?.textContent === arguments[0]", last)
    view.wait("const page = document.getElementById('page').getBoundingClientRect();"
              "const match = document.getElementById('match').getBoundingClientRect();"
              "return match.top >= page.top && match.top < page.bottom")


def accessible(page, where):
    """Each kind of page, by what accessible.py looks for; and by axe-core, where AXE names its axe.min.js: it is
    no part of Debian."""
    axe = ""
    if os.environ.get("AXE"):
        with open(os.environ["AXE"], encoding="utf-8") as file:
            axe = file.read()
    for words in ({"in": "odd"}, {"in": "licences", "q": "copy"}, {"in": "", "q": "copy"}, {"in": "odd", "as": "grep", "q": "r.re$"},
                  {"in": "odd", "q": "rareqz"},
                  {"in": "licences", "as": "trace", "q": "Everyone is permitted to copy and distribute verbatim copies"}):
        page.open(**words)
        page.browser.wait("return ['start', 'other', 'instead'].some(id => !document.getElementById(id).hidden)"
                          " || document.getElementById('name').textContent && !document.getElementById('found').hidden")
        found = faults(page.browser)
        expect(not found, f"{where}, {words}: {found}")
        if axe:
            page.browser.run(axe + "; axe.run().then(found => window.violations = found.violations.map(({id, nodes}) =>"
                                   "`${id}: ${nodes.map(({target}) => target).join(' ')}`))")
            found = page.browser.wait("return window.violations && {them: window.violations}")["them"]
            expect(not found, f"axe, {where}, {words}: {found}")
    if where == "wide":
        missed = blind(page.browser)
        expect(not missed, f"faults that aren't seen: {missed}")


# How far below the settings something is shown, where the lines begin, and how many of them are in view.
LAYOUT = """const bottom = document.getElementById('settings').getBoundingClientRect().bottom
const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
let nearest = Infinity
while (texts.nextNode()) {
    const range = document.createRange()
    range.selectNode(texts.currentNode)
    const {top, height} = range.getBoundingClientRect()
    if (height && texts.currentNode.data.trim() && top >= bottom && !texts.currentNode.parentElement.closest('.unseen'))
        nearest = Math.min(nearest, top)
}
const lines = [...document.querySelectorAll('#lines button')].filter(line => line.checkVisibility()).map(line => line.getBoundingClientRect())
return {band: nearest - bottom, lines: lines[0]?.top, inView: lines.filter(line => line.bottom <= innerHeight).length}"""


def layout(page, name, height):
    """Nothing is left empty below the settings, and occurrences are on the first screen."""
    view = page.browser
    for words in ({"in": "odd"}, {"in": "odd", "as": "grep"}, {"in": "odd", "as": "trace"}, {"in": "odd", "as": "grep", "q": "r.re$"},
                  {"in": "licences", "as": "trace", "q": "Everyone is permitted to copy and distribute verbatim copies"},
                  {"in": "odd", "q": "nowhere"}, {"in": "licences", "q": "copy"}, {"in": "", "q": "copy"}):
        page.open(**words)
        view.wait("return ['start', 'other', 'found'].some(id => !document.getElementById(id).hidden) || document.getElementById('count').value === '0'")
        asked = words.get("q") == "copy"
        if asked:
            # All that stands above them is there.
            view.wait("return performance.getEntriesByName('panes').length && document.querySelector('#lines [aria-current]')"
                      " && !document.getElementById('facet').hidden && !document.getElementById('following').hidden")
        found = view.run(LAYOUT)
        expect(0 <= found["band"] <= 24, f"{name}, {words}: {found['band']} pixels are empty below the settings")
        if asked:
            expect(found["lines"] <= 0.6 * height and found["inView"] >= 5, f"{name}, {words}: lines begin at {found['lines']}, {found['inView']} in view")


def looks(page, shots):
    view = page.browser
    darkness = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => +a + +b, 0)"
    page.open(**{"in": "licences", "q": "copy", "n": "128"})
    page.compare("licences", "copy", 127)
    for name, width, height, phone, dark in (("wide", 1440, 900, False, False), ("dark", 1440, 900, False, True),
                                             ("phone", 390, 844, True, False), ("phone-dark", 390, 844, True, True)):
        view.screen(width, height, phone, dark)
        view.wait("return innerWidth === arguments[0]", width)
        expect((view.run(darkness) < 200) == dark, f"{name}: the background")
        expect(view.run(PAGE)["wide"] <= 0, f"{name}: it is wider than the screen")
        # The box has a line, as its text has, in the font of this screen.
        view.wait("return document.getElementById('query').offsetHeight <= arguments[0]", 46 if phone else 56)
        view.screenshot(f"{shots}/{name}.png")
        accessible(page, name)
        layout(page, name, height)
        page.open(**{"in": "licences", "q": "copy", "n": "128"})
        page.compare("licences", "copy", 127)
    covered = "return document.elementFromPoint(195, 400).closest('#document') !== null"
    expect(not view.run(covered), "the document covers the page")
    view.click("#lines li:nth-child(2) button")
    view.wait(covered)
    page.compare("licences", "copy", 121)
    view.screenshot(f"{shots}/phone-document.png")
    view.run("history.back()")
    view.wait(f"return !(() => {{ {covered} }})()")
    view.click("#lines li:nth-child(2) button")
    view.wait(covered)
    # Closed by its button, it isn't what Back leads to.
    view.click("#close")
    view.wait(f"return !(() => {{ {covered} }})()")
    view.run("location.hash = 'in=licences&q=copyright'")
    page.compare("licences", "copyright")
    view.run("history.back()")
    page.compare("licences", "copy", 127)
    expect(not view.run(covered), "Back leads to a document that was closed")
    view.screen(1280, 860)


def go_through(parts, *args):
    """All of them, whatever fails."""
    for part in parts:
        try:
            part(*args)
        except Failed as error:
            expect(False, f"{part.__name__}: {error}")


def calm(opened):
    """Nothing but that it was asked too often has gone wrong."""
    complaints = [text for text in opened.complaints() if " 429 " not in text]
    expect(not complaints, f"the browser complains: {complaints}")


def main():
    address, mount, shots = sys.argv[1:]
    with browser() as opened:
        page = Page(opened, address, mount)
        for part in (typing, links, clicking, keyboard, settings, instead, other_questions, lambda page: looks(page, shots)):
            try:
                part(page)
            except Failed as error:
                expect(False, error)
                opened.screenshot(f"{shots}/failed.png")
        # The question that is too long, the expression that is none, and nothing else, not even an answer that
        # came late. (What the server of a busy machine puts off, with 429, the page asks again.)
        expected = ("a" * 1024, "(r.re&", " 429 ")
        complaints = [text for text in opened.complaints() if not any(part in text for part in expected)]
        expect(not complaints, f"the browser complains: {complaints}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
