#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of examples/web over an index: counts a second through nginx, each asked once, and the time
from a key stroke in the page to the new count.

    web.py INDEX

Needs wrk, nginx-light, chromium and chromium-driver; NGRAMFS is as for examples/web/run.sh. Both are
measured on loopback, with the browser and wrk on the same processors as the server.
"""

import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "web"))

from webdriver import browser  # noqa: E402

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 2
PATHS = ROUNDS * SECONDS * 20000  # more than are asked
QUERY_CHARS = 12
PASSAGES, STROKES = 20, 20
LIMIT = 9999999


@contextlib.contextmanager
def served(index):
    """The address of the example over index, with a rate that limits nothing."""
    command = [os.path.join(HERE, "..", "..", "examples", "web", "run.sh"), "--rate", str(LIMIT), index]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        try:
            yield run.stdout.readline().strip().rstrip("/")
        finally:
            run.terminate()


def get(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def texts(address, dice):
    """Of documents at random, some 20 MB of text in all."""
    documents = json.loads(get(f"{address}/stats"))["documents"]
    order, size = dice.sample(range(documents), documents), 0
    for number in order:
        text = get(f"{address}/doc/{number}.txt").decode("utf-8", "ignore")
        yield text
        size += len(text)
        if size > 20e6:
            return


def counts(address, text, dice):
    """Counts a second in each round, of substrings that were never asked before."""
    starts = dice.sample(range(len(text) - QUERY_CHARS), PATHS)
    paths = list({f"/count/{urllib.parse.quote(text[at:at + QUERY_CHARS], safe='')}\n"
                  for at in starts})
    share = len(paths) // ROUNDS
    for number in range(ROUNDS):
        with tempfile.NamedTemporaryFile("w", prefix="ngramfs-bench-", encoding="ascii") as file:
            file.writelines(paths[number * share:(number + 1) * share])
            file.flush()
            said = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "-s",
                                   os.path.join(HERE, "web.lua"), address, "--", file.name],
                                  check=True, capture_output=True, text=True).stdout
        figures = dict(line.split() for line in said.splitlines()[-3:])
        if figures["failed"] != "0":
            sys.exit(f"wrk: {figures['failed']} requests failed")
        yield int(figures["requests"]) / float(figures["seconds"])


def strokes(address, text, dice):
    """Milliseconds from each key stroke to the new count, and to all panes where there was time to show
    them, as the page itself measures them."""
    with browser() as page:
        page.go(address)
        for _ in range(PASSAGES):
            at = dice.randrange(len(text) - STROKES)
            page.run("const box = document.getElementById('query'); box.value = ''; box.focus()")
            for letter in text[at:at + STROKES].encode("ascii", "replace").decode().translate(str.maketrans("\r\n\t", "   ")):
                before = page.run("return performance.getEntriesByName('count').length")
                page.press([letter])
                page.wait("return performance.getEntriesByName('count').length > arguments[0]", before)
        times = [page.run("return performance.getEntriesByName(arguments[0]).map(entry => entry.duration)", "count")]
        # The panes of whole words, each when nothing else is asked.
        words = [word for word in text.split() if word.isascii() and word.isalpha() and len(word) > 7]
        for word in dice.sample(words, PASSAGES):
            page.run("const box = document.getElementById('query'); box.value = arguments[0]; box.focus()", word[:-1])
            before = page.run("return performance.getEntriesByName('panes').length")
            page.press([word[-1]])
            page.wait("return performance.getEntriesByName('panes').length > arguments[0]"
                      " || Number(document.getElementById('count').value) > 2000", before)
        times.append(page.run("return performance.getEntriesByName('panes').map(entry => entry.duration)"))
        return times


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    dice = random.Random(5)
    with served(sys.argv[1]) as address:
        text = "".join(texts(address, dice))
        rates = list(counts(address, text, dice))
        print(f"load of the machine: {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors")
        print(f"counts a second, {CONNECTIONS} connections, never asked before: median "
              f"{statistics.median(rates):,.0f}, best {max(rates):,.0f} (must 2,000, aim 6,000)")
        for times, what, aims in zip(strokes(address, text, dice), ("count", "all panes"), ("must 15, aim 10", "must 100, aim 50")):
            times.sort()
            print(f"key stroke to {what}, {len(times)} strokes: median {statistics.median(times):.1f} ms, "
                  f"95 of 100 within {times[len(times) * 95 // 100]:.1f} ms ({aims})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
