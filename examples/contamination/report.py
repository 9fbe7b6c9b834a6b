# SPDX-License-Identifier: Apache-2.0
"""The report: one page of HTML that refers to nothing outside of it."""

import contextlib
import html
import json
import shlex
import shutil
import tempfile

from judging import CLASSES, shown_number
from listing import written

# Characters of a stretch and of metadata that are shown, entries and sources in a list that is shown
# whole, and entries in a part of a longer one.
SHORT = 160
LIST = 20
PART = 50

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
summary { padding: .5rem 0; cursor: pointer; } li { margin: .4rem 0; } ol, ul { padding-left: 1.5rem; }
pre { padding: .75rem; border-radius: .3rem; background: var(--card); white-space: pre-wrap; }
@media (max-width: 40rem) { body { padding: .75rem; } article { padding: .6rem .7rem; }
  summary { padding: .75rem 0; } ol, ul { padding-left: 1.1rem; } th, td { padding: .25rem .5rem; } }
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
"""


def escape(text):
    return html.escape(text.translate(PICTURES))


def shorten(text):
    return text if len(text) <= SHORT else text[:SHORT] + "…"


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "–"


def render_rules(rules):
    """What was asked, and how an entry was judged, in words."""
    return (f"<p>What of a benchmark's entries stands in a text, <b>{escape(rules.matching())}</b>: of every entry, "
            f"all substrings of {rules.length} characters that begin a word. Below "
            f"{shown_number(rules.suspicious)} % of them found, the entry is clean; from "
            f"{shown_number(rules.dirty)} %, dirty; between, suspicious. An entry without such a substring was "
            "looked for as a whole: it is dirty if it is there, and clean if not. Untested, and no part of "
            "percentages, are entries of white space, and those with too many spellings to tell.</p>\n")


def render_about(about):
    """What one needs to cite the report, or to make it again."""
    lines = [f"Made on {about['date']} by: {shlex.join(['contamination', *about['options']])}"]
    for index in about["indexes"]:
        lines.append(f"Index {index['name']}: {index['documents']:,} documents, {index['text_bytes']:,} bytes of "
                     f"text, in format {index['format_version']} of ngramfs")
    for benchmark in about["benchmarks"]:
        lines.append(f"Benchmark {benchmark['name']}: {benchmark['file']}, SHA-256 {benchmark['sha256']}")
    lines.append("Method: Xu et al. 2025, Infini-gram mini, arXiv:2506.12229, section 5")
    return ('<details><summary>How this was made, to cite it</summary>\n<pre dir="auto">'
            f"{escape(chr(10).join(lines))}</pre></details>\n")


def render_sources(sources):
    """The sources of an index that most entries are in."""
    if not sources:
        return ""
    rows = "".join(f"<tr><th>{escape(shorten(source))}</th><td>{n:,}</td></tr>" for source, n in sources.most_common(PART))
    more = f'<p class="quiet">and {len(sources) - PART:,} more</p>' if len(sources) > PART else ""
    return (f"<details{' open' * (len(sources) <= 3)}><summary>{len(sources):,} source{'s' * (len(sources) != 1)}, by "
            f'entries</summary><div class="wide"><table><tbody>{rows}</tbody></table></div>{more}</details>\n')


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


def render_place(place):
    """A document: its name in the mount, its metadata, and its text around the stretch."""
    metadata = " · ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
                          for key, value in place.metadata.items())
    return (f'<li><span class="quiet">doc/{place.document}.txt · {escape(shorten(metadata))}</span><br>'
            f'<q dir="auto">{escape(place.before)}<mark>{escape(shorten(place.match))}</mark>{escape(place.after)}</q></li>')


def render_entry(result):
    """An entry with what was found of it, as an article."""
    items = []
    entry = result.entry
    for stretch in result.stretches:
        places = "".join(map(render_place, stretch.places))
        items.append(f"<li>characters {stretch.begin:,} to {stretch.end:,}, {stretch.count:,} "
                     f"time{'s' * (stretch.count != 1)}<ul>{places}</ul></li>")
    said = "as a whole" if result.whole else f"{result.found:,} of {result.total:,} substrings"
    n = len(result.stretches)
    return (f'<article class="of-{result.kind}"><h4>{escape(entry.name or f"line {entry.line}")}</h4>'
            f'<div class="quiet">line {entry.line:,} · {result.kind}: {said}</div>'
            f'<div class="text" dir="auto">{marked(entry.text, result.stretches)}</div>'
            f"<details><summary>{'1 stretch' if n == 1 else f'{n:,} stretches'}, with"
            f" documents</summary><ol>{''.join(items)}</ol></details></article>\n")


def render_bar(tally):
    shown = [(kind, tally[kind]) for kind in reversed(CLASSES) if tally[kind]]
    said = ", ".join(f"{n:,} {kind}" for kind, n in shown) or "no entries"
    if tally["whole"]:
        short = f'; {tally["whole"]:,} looked for as a whole, {tally["whole dirty"]:,} of them dirty'
    else:
        short = ""
    spans = "".join(f'<span class="{kind.split()[-1]}" style="flex: {n}"></span>' for kind, n in shown)
    keys = "".join(f'<span class="key"><i class="{kind.split()[-1]}"></i>{n:,} {kind}</span> ' for kind, n in shown)
    return (f'<div class="bar" role="img" aria-label="{said}">{spans}</div>\n'
            f'<div class="quiet">{keys or said}{short}</div>\n')


def render_matrix(benchmarks, indexes, tallies):
    """The percentages of dirty and suspicious entries, a benchmark a row and an index a column."""
    head = "".join(f"<th>{escape(index)}</th>" for index in indexes)
    rows = []
    for b, benchmark in enumerate(benchmarks):
        cells = []
        for tally in tallies[b]:
            n = tally.checked()
            cells.append(f"<td>{percent(tally['dirty'], n)} / {percent(tally['suspicious'], n)}</td>")
        rows.append(f'<tr><th><a href="#b{b}">{escape(benchmark)}</a></th>'
                    f"<td>{tallies[b][0].entries():,}</td>{''.join(cells)}</tr>\n")
    return (f'<div class="wide"><table><thead><tr><th>% dirty / suspicious</th><th>entries</th>{head}</tr></thead>\n'
            f"<tbody>\n{''.join(rows)}</tbody></table></div>\n")


class Articles:
    """Articles, which wait in a temporary file, since what stands above them counts them; the memory that
    takes doesn't depend on their size."""

    def __init__(self, files):
        self.file = files.enter_context(tempfile.TemporaryFile())
        self.parts = []
        self.n = 0

    def add(self, article):
        if self.n % PART == 0:
            self.parts.append(self.file.tell())
        self.n += 1
        self.file.write(article.encode())

    def write(self, out):
        """Write them to OUT: a list of more than PART in parts, each folded."""
        ends = [*self.parts[1:], self.file.tell()]
        self.file.seek(0)
        for number, (begin, end) in enumerate(zip(self.parts, ends)):
            if len(self.parts) > 1:
                out.write(f"<details><summary>{number * PART + 1:,} to {min(self.n, (number + 1) * PART):,}</summary>\n")
            out.write(self.file.read(end - begin).decode())
            if len(self.parts) > 1:
                out.write("</details>\n")
        self.file.close()


class Report:
    """The report as it is made."""

    def __init__(self, path, rules, about):
        self.path = path
        self.rules = rules
        self.about = about
        self.benchmarks = []
        self.tallies = []
        self.files = contextlib.ExitStack()
        self.body = self.files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.files.close()

    def articles(self):
        """Places for what is found in one index."""
        return {kind: Articles(self.files) for kind in ("suspicious", "dirty")}

    def add_benchmark(self, name, tallies, articles, sources):
        """A benchmark is done: its tallies, its articles and its sources, one an index."""
        self.body.write(f'<h2 id="b{len(self.benchmarks)}">{escape(name)}</h2>\n')
        for index, tally, lists, counts in zip(self.about["indexes"], tallies, articles, sources):
            self.body.write(f"<h3>{escape(index['name'])}</h3>\n{render_bar(tally)}{render_sources(counts)}")
            for kind in ("dirty", "suspicious"):
                if tally[kind]:
                    shown = kind == "dirty" and tally[kind] <= LIST
                    self.body.write(f"<details{' open' * shown}><summary>{tally[kind]:,} {kind}</summary>\n")
                    lists[kind].write(self.body)
                    self.body.write("</details>\n")
        self.benchmarks.append(name)
        self.tallies.append(tallies)

    def finish(self):
        """Write the file."""
        with written(self.path) as out:
            out.write(HEAD.format(style=STYLE) + render_rules(self.rules) + render_about(self.about))
            out.write(render_matrix(self.benchmarks, [index["name"] for index in self.about["indexes"]], self.tallies))
            self.body.seek(0)
            shutil.copyfileobj(self.body, out)
            out.write("</body>\n</html>\n")
