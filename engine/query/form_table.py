#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make form_table.c: characters that are typographic variants of one or of a few others. They are
those whose compatibility form (NFKC, from Python's unicodedata) is another character, or up to four
without white space; and those of OWN, where Unicode sees different characters and readers don't.

    python3 form_table.py fold_table.c > form_table.c

fold_table.c says how case is folded: the order of the second list depends on it.
"""
import re
import sys
import unicodedata
from collections import Counter

OWN = {
    "'": "\u2018\u2019\u201a\u201b\u02bc\u2032\u2035\u2039\u203a\u00b4\u275b\u275c",
    '"': "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f\u275d\u275e",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u02d7\u2e3a\u2e3b",
    "/": "\u2044\u2215",
}
OWN = {c: to for to, of in OWN.items() for c in of}
LONGEST = 4
MOST = 150  # that end with the same

HEAD = """\
/* Typographic variants, by Unicode %s and a short list of our own, made by form_table.py. */
#include "query/folding.h"

/* clang-format off */
"""


def form(s):
    """What a string is made of in the end."""
    while True:
        to = "".join(OWN[c] if c in OWN else unicodedata.normalize("NFKC", c) for c in s)
        if to == s:
            return s
        s = to


def is_taken(c, to):
    return to != c and 1 <= len(to) <= LONGEST and (len(to) == 1 or not any(x.isspace() for x in to))


def casefold_of(path):
    """Simple case folding as a function of code points, as fold_table.c has it."""
    with open(path, encoding="utf-8") as f:
        ranges = re.findall(r"\{0x([0-9a-f]+), 0x([0-9a-f]+), (\d), (-?\d+)\}", f.read())
    folds = {c: c + int(delta) for first, last, stride, delta in ranges
             for c in range(int(first, 16), int(last, 16) + 1, int(stride))}
    return lambda c: folds.get(c, c)


def main():
    casefold = casefold_of(sys.argv[1])
    characters = [c for c in range(0x110000) if not 0xd800 <= c < 0xe000]
    forms = {c: form(chr(c)) for c in characters}
    forms = {c: to for c, to in forms.items() if is_taken(chr(c), to)}
    for c in characters:
        for to in forms.get(c, chr(c)):
            folded = casefold(ord(to))
            if folded in forms or casefold(folded) != folded:
                sys.exit("U+%04X: U+%04X is not the end of it" % (c, folded))
    symbols, entries = [], []
    for c, to in sorted(forms.items()):
        entries.append((c, len(symbols), len(to)))
        symbols += map(ord, to)
    by_last = sorted(range(len(entries)), key=lambda i: (casefold(symbols[entries[i][1] + entries[i][2] - 1]), i))
    if max(Counter(casefold(symbols[at + n - 1]) for _, at, n in entries).values()) > MOST:
        sys.exit("more than folding.h has room for")
    print(HEAD % unicodedata.unidata_version, end="")
    print("const struct ng_form ng_forms[] = {")
    for c, at, n in entries:
        print("\t{0x%05x, %d, %d}," % (c, at, n))
    print("};\n")
    print("const size_t ng_forms_n = sizeof(ng_forms) / sizeof(ng_forms[0]);\n")
    for kind, name, numbers, spell in (("uint32_t", "ng_form_symbols", symbols, "0x%04x,"),
                                       ("uint16_t", "ng_forms_by_last", by_last, "%d,")):
        print("const %s %s[] = {" % (kind, name))
        for i in range(0, len(numbers), 12):
            print("\t" + " ".join(spell % k for k in numbers[i:i + 12]))
        print("};\n" if name == "ng_form_symbols" else "};")


main()
