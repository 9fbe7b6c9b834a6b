# SPDX-License-Identifier: Apache-2.0
"""The report as data: every entry, a line of CSV or an object of JSON."""

import contextlib
import csv
import json
import os
import sys

COLUMNS = ["benchmark", "index", "line", "id", "state", "whole", "found", "strings", "share", "longest", "sources"]


@contextlib.contextmanager
def written(path):
    """A file that appears under its name when it is complete; - is standard output. What is there and isn't
    a plain file, such as a FIFO, is written to."""
    if path == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "w", encoding="utf-8", newline="") as out:
            yield out
        return
    part = f"{path}.part"
    try:
        with open(part, "w", encoding="utf-8", newline="") as out:
            yield out
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


class Csv:
    """A line for each entry in each index. Sources are a line each within their cell."""

    def __init__(self, out, _about):
        self.out = csv.writer(out, lineterminator="\n")
        self.out.writerow(COLUMNS)

    def add(self, benchmark, index, result):
        self.out.writerow([benchmark, index.name, result.entry.line, result.entry.name, result.kind,
                           "yes" if result.whole else "no", result.found, result.total,
                           share(result) if result.total else "", result.longest(), "\n".join(result.sources())])

    def finish(self, _summaries):
        """There is nothing after the last line."""


class Json:
    """One object, written as it grows: {"about": {...}, "entries": [...], "summary": [...]}."""

    def __init__(self, out, about):
        self.out = out
        self.between = ""
        self.out.write(f'{{"about": {dump(about)},\n"entries": [')

    def add(self, benchmark, index, result):
        stretches = [{"begin": s.begin, "end": s.end, "count": s.count,
                      "documents": [{"document": p.document, "source": p.source} for p in s.places]}
                     for s in result.stretches]
        self.out.write(f"{self.between}\n" + dump({
            "benchmark": benchmark, "index": index.name, "line": result.entry.line, "id": result.entry.name,
            "state": result.kind, "whole": result.whole, "found": result.found, "strings": result.total,
            "unknown": result.unknown, "share": share(result) if result.total else None,
            "longest": result.longest(), "stretches": stretches, "sources": result.sources()}))
        self.between = ","

    def finish(self, summaries):
        self.out.write('],\n"summary": [\n' + ",\n".join(map(dump, summaries)) + "]}\n")


def share(result):
    return round(result.found / result.total, 4)


def dump(value):
    return json.dumps(value, ensure_ascii=False)


def summary(benchmark, index, tally, sources):
    """A benchmark in an index, in figures."""
    return {"benchmark": benchmark, "index": index.name, "entries": tally.entries(), "whole": tally["whole"],
            **{kind: tally[kind] for kind in ("untested", "clean", "suspicious", "dirty")},
            "whole_dirty": tally["whole dirty"],
            "sources": [{"source": source, "entries": n} for source, n in sources.most_common()]}
