#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people may try with the page: line breaks of other systems, bytes that are no text, writing from the right,
emoji, what is too long, an index without documents, no network, slow answers.

    strange.py make DIR
    strange.py ADDRESS DIR

DIR is what the index "strange" at ADDRESS is made of, beside "empty" without documents.
"""

import glob
import json
import os
import sys
import time

from webdriver import DOWN, ENTER, UP, browser

from page import COUNT, SHOWN, Page, expect
import page as base

LARGE = 12345678901234567890  # no number of JavaScript's
FAMILY, SHORT = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f468\u200d\U0001f469\u200d\U0001f467"
ARABIC, HEBREW = "السلام عليكم ورحمة الله", "שלום עולם"
FILES = {
    "crlf.txt": b"one end of line\r\nnext, one end of line\r\nlast end of line\n" * 7,
    "bytes.txt": b"caf\xe9 latin \xff\xfe bytes \x80\n" * 5,
    "right.txt": f"{ARABIC} English {HEBREW}\n".encode(),
    "emoji.txt": f"{FAMILY} and {SHORT}, cafe\u0301 and caf\u00e9\n".encode(),
    # As it is cut when it is looked for, half of a character is at its end.
    "pair.txt": ("p" * 199 + "\U0001f600 tail\n").encode(),
    "wide.txt": b"w" * 3000 + b"\n" + b"many\n" * 250,
}
RECORDS = [{"text": "numbered first", "id": LARGE, "title": ""}, {"text": "numbered second", "share": 0.25, "list": [LARGE, 2]}]


def make(directory):
    os.makedirs(directory)
    for name, content in FILES.items():
        with open(os.path.join(directory, name), "wb") as out:
            out.write(content)
    with open(os.path.join(directory, "records.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(json.dumps(record) + "\n" for record in RECORDS)


def told(directory, query):
    """How often it is in all documents."""
    texts = [open(name, "rb").read() for name in glob.glob(f"{directory}/*.txt")] + [record["text"].encode() for record in RECORDS]
    query = query.encode()
    return str(sum(text.startswith(query, at) for text in texts for at in range(len(text))))


def text_of(page, name):
    return page.browser.run("return document.getElementById(arguments[0]).textContent", name)


def complaint(page):
    return page.browser.wait("return !document.getElementById('trouble').hidden && document.getElementById('trouble').textContent")


def without_documents(page, directory):
    view = page.browser
    page.open(**{"in": "empty"})
    view.wait(SHOWN, "start")
    expect("no document" in view.run("return document.getElementById('start').innerText"), "an index without documents says so")
    view.wait("return document.getElementById('stats').textContent === '0 documents, 0 bytes of text'")
    view.type("#query", "one")
    view.wait(COUNT, "0")
    page.open(**{"in": "empty", "as": "grep", "q": "one"})
    view.wait(SHOWN, "other")
    expect(text_of(page, "summary") == "No line" and not view.run("return document.getElementById('results').checkVisibility()"),
           "lines of nothing")
    page.open(**{"in": "", "q": "one"})
    view.wait(COUNT, told(directory, "one"))
    expect(view.run("return document.getElementById('trouble').hidden"), "an index without documents is no fault")


def line_breaks(page, directory):
    """A carriage return stays one, which a box of text would make a line feed of."""
    view = page.browser
    page.open(**{"in": "strange", "q": "end of line"})
    for sign, query in (("␍", "end of line\r"), ("↵", "end of line\r\n")):
        view.wait("return [...document.querySelectorAll('#bars button')].some(one => one.textContent.startsWith(arguments[0]))", sign)
        view.run("[...document.querySelectorAll('#bars button')].find(one => one.textContent.startsWith(arguments[0])).click()", sign)
        view.wait(COUNT, told(directory, query))
        view.wait("return document.getElementById('bars').dataset.query === arguments[0]", query)
    view.type("#query", "ne")
    view.wait(COUNT, told(directory, "end of line\r\nne"))
    view.run("const box = document.getElementById('query'); box.setSelectionRange(0, 4)")
    view.press(["\ue017"])
    view.wait(COUNT, told(directory, "of line\r\nne"))
    expect(told(directory, "of line\r\nne") != told(directory, "of line\nne"), "a premise")
    page.open(**{"in": "strange", "q": "end of line\r\n"})
    view.wait(COUNT, told(directory, "end of line\r\n"))


def writing(page, directory):
    view = page.browser
    for query in (ARABIC, "عليكم", HEBREW, FAMILY, SHORT, "cafe\u0301", "caf\u00e9", "/", "p" * 150, "w" * 1000, "w" * 2500, "\u202e"):
        page.open(**{"in": "strange", "q": query})
        view.wait(COUNT, told(directory, query))
        if told(directory, query) != "0":
            view.wait("return document.getElementById('match')?.textContent === arguments[0]", query)
    page.open(**{"in": "strange", "q": "عليكم"})
    view.wait("return document.querySelector('#lines [aria-current]')")
    expect(view.run("return document.querySelector('#lines button').dir") == "rtl", "a line from the right")
    expect(view.run("return getComputedStyle(document.getElementById('query')).direction") == "rtl", "a query from the right")


def expressions(page, directory):
    """A click on a line finds it, whatever is in it."""
    view = page.browser
    for expression, least in (("latin", 5), ("ppp", 1)):
        page.open(**{"in": "strange", "as": "grep", "q": expression})
        view.wait("return document.querySelector('#results button')?.checkVisibility()")
        view.run("document.querySelector('#results button').click()")
        view.wait("return document.querySelector('#modes :checked').value === 'text' && document.getElementById('count').value !== ''")
        expect(int(view.run("return document.getElementById('count').value")) >= least, f"the line of {expression}")
    for expression, said in (("end of", "21 lines"), ("many", "The first 200 lines"), ("English", "1 line")):
        page.open(**{"in": "", "as": "grep", "q": expression})
        view.wait(SHOWN, "other")
        expect(text_of(page, "summary") == said, f"{expression}: {text_of(page, 'summary')}")
    # By keys.
    page.open(**{"in": "strange", "as": "grep", "q": "latin"})
    view.wait("return document.querySelector('#results button')?.checkVisibility()")
    expect(text_of(page, "api") == "As a file: /strange/grep/latin", text_of(page, "api"))
    at = "return [...document.querySelectorAll('#results button')].indexOf(document.activeElement)"
    view.run("document.getElementById('query').focus()")
    met = []
    for key in (ENTER, DOWN, DOWN, UP):
        view.press([key])
        met.append(view.run(at))
    expect(met == [0, 1, 2, 1], f"keys lead to lines {met}")
    # A traced text is no file.
    page.open(**{"in": "strange", "as": "trace", "q": "next, one end of line and no more"})
    view.wait(SHOWN, "other")
    expect(text_of(page, "api") == "" and text_of(page, "summary") == "1 stretch of 16 bytes or more that occurs", text_of(page, "summary"))
    for mode, said in (("grep", "regular expression"), ("trace", "Where a text comes from"), ("text", "Each occurrence")):
        page.open(**{"in": "strange", "as": mode})
        view.wait(SHOWN, "start")
        expect(said in view.run("return document.querySelector('#start h2:not([hidden] *)').textContent"), f"the beginning of {mode}")


PASTE = "document.getElementById('query').focus(); document.execCommand('insertText', false, arguments[0])"


def lengths(page, _directory):
    """What is too long is said to be, and not cut."""
    view = page.browser
    page.open(**{"in": "strange"})
    view.wait(SHOWN, "start")
    view.run(PASTE, "w" * 4001)
    expect("4,000 characters" in complaint(page), "a query of 4,001 characters")
    expect(view.run("return document.getElementById('count').value") == "", "it has no count")
    page.open(**{"in": "strange", "as": "trace"})
    view.wait(SHOWN, "start")
    view.run(PASTE, "中文" * 11000)
    expect("64 KiB" in complaint(page), "a text of 66,000 bytes")


def metadata(page, _directory):
    view = page.browser
    for query, shown in (("numbered first", {"id": str(LARGE)}), ("numbered second", {"share": "0.25", "list": f'["{LARGE}",2]'})):
        page.open(**{"in": "strange", "q": query})
        view.wait("return document.getElementById('match')?.textContent === arguments[0]", query)
        fields = view.run("return Object.fromEntries([...document.querySelectorAll('#fields dt')].map(one => [one.textContent, one.nextSibling.textContent]))")
        expect(shown.items() <= fields.items(), f"fields: {fields}")
    expect(text_of(page, "name") == "strange/records.jsonl, line 2", f"a document without a title: {text_of(page, 'name')}")
    # An address that leads to no filter is as good as none.
    page.open(**{"in": "strange", "q": "numbered", "with": "where=a:%zz"})
    view.wait(COUNT, "2")


def network(page, directory):
    """None, and a slow one, where what was asked first is answered when something else is asked."""
    view = page.browser

    def conditions(latency, offline=False):
        view.devtools("Network.emulateNetworkConditions", offline=offline, latency=latency, downloadThroughput=-1, uploadThroughput=-1)

    page.open(**{"in": "strange", "q": "one"})
    view.wait(COUNT, told(directory, "one"))
    view.complaints()
    view.devtools("Network.enable")
    conditions(0, offline=True)
    view.type("#query", " e")
    expect("does not answer" in complaint(page), "no network")
    conditions(0)
    view.type("#query", "n")
    view.wait(COUNT, told(directory, "one en"))
    expect(view.run("return document.getElementById('trouble').hidden"), "it is over")
    expect(all("ERR_INTERNET_DISCONNECTED" in text for text in view.complaints()), "complaints")
    page.open(**{"in": "strange"})
    view.wait(SHOWN, "start")
    view.wait("return document.getElementById('field').options.length > 0")
    fields = "return [...document.getElementById('field').options].map(({value}) => value).join()"
    want = view.run(fields)
    # Another page, which has asked nothing yet.
    page.open(**{"in": "empty"})
    view.wait(SHOWN, "start")
    conditions(300)
    choose = "const box = document.getElementById('index'); box.value = arguments[0]; box.dispatchEvent(new Event('change'))"
    view.run(choose, "strange")
    time.sleep(0.1)
    view.run(choose, "empty")
    view.type("#query", "one")
    time.sleep(2)
    view.wait(COUNT, "0")
    expect(view.run(fields) == "", f"fields of an index that isn't shown: {view.run(fields)}")
    view.run(choose, "strange")
    view.wait(COUNT, told(directory, "one"))
    view.wait("return document.getElementById('match')?.textContent === 'one'")
    expect(view.run(fields) == want, f"fields {view.run(fields)}, not {want}")
    for letter in " end of":
        view.type("#query", letter)
    view.wait(COUNT, told(directory, "one end of"))
    view.wait("return document.getElementById('match')?.textContent === 'one end of'")
    conditions(0)


def main():
    if sys.argv[1] == "make":
        make(sys.argv[2])
        return 0
    address, directory = sys.argv[1:]
    with browser() as opened:
        page = Page(opened, address, "")
        base.go_through((without_documents, line_breaks, writing, expressions, lengths, metadata, network), page, directory)
        base.calm(opened)
    return base.failures > 0


if __name__ == "__main__":
    sys.exit(main())
