#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of simple case folding against what Python knows of Unicode, which may be another
version: characters get folded that had not been there before, but none is folded otherwise.

    casefold.py TEST_CASEFOLD
"""
import subprocess
import sys
import unicodedata

TABLE_VERSION = (17, 0)


def known(c):
    return unicodedata.category(chr(c)) not in ("Cn", "Cs")


def simple(c):
    """What Python says that c folds to by itself; None where it knows only the full folding."""
    s = chr(c)
    full = s.casefold()
    if len(full) == 1:
        return ord(full)
    # One to several: the simple folding is the small letter, if that is one other.
    return ord(s.lower()) if len(s.lower()) == 1 and s.lower() != s else None


def main():
    lines = subprocess.run([sys.argv[1], "--print"], check=True, capture_output=True, text=True)
    table = dict(map(int, line.split()) for line in lines.stdout.splitlines())
    older = tuple(map(int, unicodedata.unidata_version.split(".")[:2])) <= TABLE_VERSION
    wrong = []
    for c, to in table.items():
        if known(c) and (not known(to) or chr(c).casefold() != chr(to).casefold()):
            wrong.append("U+%04X must not fold to U+%04X" % (c, to))
    for c in filter(known, range(0x110000) if older else table):
        to = simple(c)
        if to is not None and table.get(c, c) != to:
            wrong.append("U+%04X folds to U+%04X, not U+%04X" % (c, table.get(c, c), to))
    print("\n".join(wrong) or "%d foldings agree with Unicode %s" % (
        len(table), unicodedata.unidata_version))
    return bool(wrong) or len(table) < 1400


sys.exit(main())
