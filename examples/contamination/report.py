# SPDX-License-Identifier: Apache-2.0
"""The report: one page of HTML that refers to nothing outside of it."""

import contextlib
import html
import json
import os
import shutil
import tempfile

from cutting import CLASSES

# Documents that are shown of a stretch, and characters of a stretch and of metadata shown there.
DOCUMENTS = 3
SHORT = 160

# Control characters are no HTML, save for these; each has a picture at U+2400.
PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {0x7f: 0x2421}

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --quiet: #5d6570; --line: #d9dde2;
  --card: #f6f7f8; --dirty: #c62f3b; --suspicious: #e0a100; --clean: #3f8f62; --short: #a3abb5;
  --mark: #ffd9d2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --paper: #15181b; --quiet: #9aa3ad;
  --line: #353b42; --card: #1e2226; --dirty: #ef6a6f; --suspicious: #e3b341; --clean: #58b07f;
  --short: #6b737d; --mark: #6b2a2c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; font-size: 1.3rem; } h3 { margin-bottom: 0; font-size: 1.05rem; }
a { color: inherit; }
.quiet { color: var(--quiet); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: right;
  overflow-wrap: normal; white-space: nowrap; }
th:first-child { padding-left: 0; text-align: left; }
.bar { display: flex; height: 1.25rem; border-radius: .3rem; overflow: hidden; background: var(--line); }
.bar span { min-width: 2px; }
.key { margin-right: .5rem; white-space: nowrap; }
.key i { display: inline-block; width: .7rem; height: .7rem; margin-right: .3rem; border-radius: .15rem; }
.dirty { background: var(--dirty); } .suspicious { background: var(--suspicious); }
.clean { background: var(--clean); } .short { background: var(--short); }
article { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--line); border-left: .3rem solid var(--edge);
  border-radius: .3rem; background: var(--card); content-visibility: auto; contain-intrinsic-size: auto 14rem; }
article.of-dirty { --edge: var(--dirty); } article.of-suspicious { --edge: var(--suspicious); }
h4 { margin: 0; font-size: 1rem; }
.text, q { white-space: pre-wrap; } q { quotes: none; }
.text { margin: .5rem 0; }
mark { border-radius: .15rem; background: var(--mark); color: inherit; }
summary { cursor: pointer; } li { margin: .4rem 0; } ol, ul { padding-left: 1.5rem; }
"""

HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Contamination</title>
<style>{style}</style>
</head>
<body>
<h1>Contamination</h1>
<p>What of a benchmark's entries stands in a text, to the letter: of every entry, all substrings of
{length} characters that begin a word. Below 20 % of them found, the entry is clean; from 80 %, dirty;
between, suspicious. Entries without such a substring are too short, and aren't part of percentages.</p>
"""


def escape(text):
    return html.escape(text.translate(PICTURES))


def shorten(text):
    return text if len(text) <= SHORT else text[:SHORT] + "…"


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "–"


def checked(tally):
    return sum(tally.values()) - tally["too short"]


def marked(text, stretches):
    """The text as HTML, with what is in any of STRETCHES marked."""
    parts, at = [], 0
    for stretch in stretches:
        begin = max(at, stretch.begin)
        if stretch.end <= begin:
            continue
        if parts and begin == at:
            parts[-1] += escape(text[begin:stretch.end])
        else:
            parts += [escape(text[at:begin]), escape(text[begin:stretch.end])]
        at = stretch.end
    return "".join(f"<mark>{part}</mark>" if i % 2 else part for i, part in enumerate(parts)) + escape(text[at:])


def render_place(index, text, place):
    """A document: its name in the mount, its metadata, and its text around the stretch."""
    before, after = index.around(*place)
    metadata = " · ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
                          for key, value in index.metadata(place[0]).items())
    return (f'<li><span class="quiet">doc/{place[0]}.txt · {escape(shorten(metadata))}</span><br>'
            f'<q dir="auto">{escape(before)}<mark>{escape(shorten(text))}</mark>{escape(after)}</q></li>')


def render_entry(index, entry, kind, found, total, stretches):
    """An entry with what was found of it, as an article."""
    items = []
    for stretch in stretches:
        text = entry.text[stretch.begin:stretch.end]
        places = "".join(render_place(index, text, place) for place in stretch.places[:DOCUMENTS])
        items.append(f"<li>characters {stretch.begin:,} to {stretch.end:,}, {stretch.count:,} "
                     f"time{'s' * (stretch.count != 1)}<ul>{places}</ul></li>")
    return (f'<article class="of-{kind}"><h4>{escape(entry.name or f"line {entry.line}")}</h4>'
            f'<div class="quiet">line {entry.line:,} · {kind}: {found:,} of {total:,} substrings</div>'
            f'<div class="text" dir="auto">{marked(entry.text, stretches)}</div>'
            f"<details><summary>{'1 stretch' if len(stretches) == 1 else f'{len(stretches):,} stretches'}, with"
            f" documents</summary><ol>{''.join(items)}</ol></details></article>\n")


def render_bar(tally):
    shown = [(kind, tally[kind]) for kind in reversed(CLASSES) if tally[kind]]
    said = ", ".join(f"{n:,} {kind}" for kind, n in shown) or "no entries"
    spans = "".join(f'<span class="{kind.split()[-1]}" style="flex: {n}"></span>' for kind, n in shown)
    keys = "".join(f'<span class="key"><i class="{kind.split()[-1]}"></i>{n:,} {kind}</span> ' for kind, n in shown)
    return (f'<div class="bar" role="img" aria-label="{said}">{spans}</div>\n'
            f'<div class="quiet">{keys or said}</div>\n')


def render_matrix(benchmarks, indexes, tallies):
    """The percentages of dirty and suspicious entries, a benchmark a row and an index a column."""
    head = "".join(f"<th>{escape(index)}</th>" for index in indexes)
    rows = []
    for b, benchmark in enumerate(benchmarks):
        cells = []
        for tally in tallies[b]:
            n = checked(tally)
            cells.append(f"<td>{percent(tally['dirty'], n)} / {percent(tally['suspicious'], n)}</td>")
        rows.append(f'<tr><th><a href="#b{b}">{escape(benchmark)}</a></th>'
                    f"<td>{sum(tallies[b][0].values()):,}</td>{''.join(cells)}</tr>\n")
    return (f'<div class="wide"><table><thead><tr><th>% dirty / suspicious</th><th>entries</th>{head}</tr></thead>\n'
            f"<tbody>\n{''.join(rows)}</tbody></table></div>\n")


class Report:
    """The report as it is made. Articles wait in temporary files, since what stands above them counts
    them; the memory it takes doesn't depend on their number."""

    def __init__(self, path, length, indexes):
        self.path = path
        self.length = length
        self.indexes = indexes
        self.benchmarks = []
        self.tallies = []
        self.files = contextlib.ExitStack()
        self.body = self.spool()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.files.close()

    def spool(self):
        return self.files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))

    def add_benchmark(self, name, tallies, articles):
        """A benchmark is done: its tallies, one an index, and a spool of articles for each index and
        kind."""
        self.body.write(f'<h2 id="b{len(self.benchmarks)}">{escape(name)}</h2>\n')
        for index, tally, spools in zip(self.indexes, tallies, articles):
            self.body.write(f"<h3>{escape(index)}</h3>\n{render_bar(tally)}")
            for kind in ("dirty", "suspicious"):
                if tally[kind]:
                    self.body.write(f"<details{' open' * (kind == 'dirty')}><summary>{tally[kind]:,} {kind}"
                                    "</summary>\n")
                    self.append(self.body, spools[kind])
                    self.body.write("</details>\n")
        self.benchmarks.append(name)
        self.tallies.append(tallies)

    @staticmethod
    def append(out, spool):
        spool.seek(0)
        shutil.copyfileobj(spool, out)
        spool.close()

    def finish(self):
        """Write the file; it appears under its name when it is complete."""
        part = f"{self.path}.part"
        try:
            with open(part, "w", encoding="utf-8") as out:
                out.write(HEAD.format(style=STYLE, length=self.length))
                out.write(render_matrix(self.benchmarks, self.indexes, self.tallies))
                self.append(out, self.body)
                out.write("</body>\n</html>\n")
            os.replace(part, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise
