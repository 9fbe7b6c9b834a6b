#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of figures, in one run with the peer.

    figures.py [PART...]      count fold size locate extract cold build merge first paths again memory
                              mounting batch kwic docs trace next fairness documents grep
                              far
                              facet where also near word lines regex nextword repeats columns
                              copy, or all of these two lines: questions

The column "reached" has the median of the ratios of many rounds in which both sides took turns; the
columns beside it have the best round of each.

Environment:
    NGRAMFS_BENCH_DIR  where texts and indexes are kept for the next run (2 GB)
    NGRAMFS_SHARED     the directory with corpora/english.jsonl.zst and peers/sdsl_peer.cpp
    MKNGRAMFS NGRAMFS BENCH_ENGINE BENCH_INDEX BARE_FUSE OPEN_READ_CLOSE DELAYED_FS
                       the programs; Meson sets these
Exit status: 0 when the table is printed, whatever it says, 2 usage, 77 when something is missing.
"""

import os
import platform
import sys
import time
import types

import asking
import engine
import far
import mount
import questions
from corpus import Corpus, Failed, Missing
from table import Row, show

PARTS = {
    "count": engine.count,
    "fold": engine.fold,
    "size": engine.size,
    "locate": engine.locate,
    "extract": engine.extract,
    "cold": engine.cold,
    "build": engine.build,
    "merge": engine.merge,
    "first": mount.first,
    "paths": mount.paths,
    "again": mount.again,
    "memory": mount.memory,
    "mounting": mount.mounting,
    "batch": asking.batch,
    "kwic": asking.kwic,
    "docs": asking.docs,
    "trace": asking.trace,
    "next": asking.next_characters,
    "fairness": asking.fairness,
    "documents": asking.documents,
    "grep": asking.grep,
    "far": far.far,
    **questions.PARTS,
}
GROUPS = {"questions": questions.PARTS}
PROGRAMS = ("mkngramfs", "ngramfs", "bench_engine", "bench_index", "bare_fuse", "open_read_close",
            "delayed_fs")


def tools():
    found = {}
    for name in PROGRAMS:
        path = os.environ.get(name.upper(), "")
        if not os.access(path, os.X_OK):
            raise Missing(f"{name.upper()} must name the program; run this by "
                          "meson test --benchmark")
        found[name] = os.path.abspath(path)
    return types.SimpleNamespace(**found)


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.partition(":")[2].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    return (f"{model}, {os.cpu_count()} processors, Linux {platform.release()}; load in the last "
            f"15 minutes {os.getloadavg()[2]:.1f}")


def measure(name, corpus):
    """Rows of one part; when it fails, those that it came to, and one that says why."""
    rows, begin = [], time.monotonic()
    print(f"{name} ...", end="", file=sys.stderr, flush=True)
    try:
        rows.extend(PARTS[name](corpus))
    except (Failed, OSError) as error:
        rows.append(Row(name, f"failed: {error}"))
    print(f" {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return rows


def main():
    chosen = [part for name in sys.argv[1:] or PARTS for part in GROUPS.get(name, [name])]
    if not set(chosen) <= set(PARTS):
        print(__doc__, file=sys.stderr)
        return 2
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.environ.get("NGRAMFS_SHARED") or os.path.join(here, "..", "..", "..", "shared")
    cache = os.environ.get("NGRAMFS_BENCH_DIR") or "figures.cache"
    try:
        corpus = Corpus(os.path.realpath(shared), os.path.abspath(cache), tools())
    except Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        return 77
    rows = []
    for name in chosen:
        rows.extend(measure(name, corpus))
    print(f"\n{show(rows)}\n\n{machine()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
