#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run a page of commands and their outputs, and compare.

    session.py PAGE [--write]

In ```console a command follows `$ `, and what it prints stands below it; ```python is a session, as for
doctest, all of it in one; ```python NAME is passed over where the module NAME isn't installed. --write
puts what was printed into the page. The last line says how many commands were run."""

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
import traceback

FENCE = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.M | re.S)


def shell(command, _):
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True)
    return done.stdout + (f"exit status {done.returncode}\n" if done.returncode else "")


def python(source, names):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(source + "\n", "page", "single"), names)
        except Exception:
            out.write(traceback.format_exc())
    return out.getvalue()


def commands(text, kind):
    """Of a block: each command as it is written, as it is run, and what the page says of it."""
    first, more = ("$ ", None) if kind == "console" else (">>> ", "... ")
    found = []
    for line in text.splitlines(keepends=True):
        if line.startswith(first):
            found.append([line, line[len(first):], ""])
        elif found and not found[-1][2] and more and line.startswith(more):
            found[-1][0] += line
            found[-1][1] += line[len(more):]
        elif found:
            found[-1][2] += line
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = file.read()
    names, n, wrong = {"__name__": "__main__"}, 0, 0

    def run(block):
        nonlocal n, wrong
        kind, needs, text = block.groups()
        if kind not in ("console", "python") or (needs and not importlib.util.find_spec(needs)):
            return block[0]
        written = ""
        for shown, source, said in commands(text, kind):
            got = (shell if kind == "console" else python)(source, names)
            n += 1
            if got != said:
                wrong += 1
                print(f"{shown}  the page: {said!r}\n  now:      {got!r}")
            written += shown + got
        return f"```{kind}{' ' + needs if needs else ''}\n{written}```"

    new = FENCE.sub(run, page)
    if "--write" in sys.argv:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write(new)
    print(f"{n} commands")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
