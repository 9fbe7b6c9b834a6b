#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make fold_table.c out of Unicode's CaseFolding.txt: simple case folding, which is the lines of
status C and S, as ranges.

    python3 fold_table.py CaseFolding.txt > fold_table.c
"""
import re
import sys

HEAD = """\
/* Simple case folding of Unicode %s, made by fold_table.py out of its CaseFolding.txt. */
#include "query/casefold.h"

/* clang-format off */
"""


def read(path):
    """The version, and [(code point, what it folds to)], ascending."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    version = re.match(r"# CaseFolding-([0-9.]+)\.txt", text).group(1)
    lines = re.findall(r"^([0-9A-F]+); [CS]; ([0-9A-F]+);", text, re.M)
    return version, sorted((int(a, 16), int(b, 16)) for a, b in lines)


def ranges_of(folds):
    """[[first, last, stride, delta]]: neighbours, or every second one, that are moved as far."""
    ranges = []
    for c, to in folds:
        if ranges:
            first, last, stride, delta = ranges[-1]
            if to - c == delta and c - last in (1, 2) and (first == last or c - last == stride):
                ranges[-1] = [first, c, c - last, delta]
                continue
        ranges.append([c, c, 1, to - c])
    return ranges


def main():
    version, folds = read(sys.argv[1])
    ranges = ranges_of(folds)
    order = sorted(range(len(ranges)), key=lambda i: ranges[i][0] + ranges[i][3])
    print(HEAD % version, end="")
    print("const struct ng_fold_range ng_fold_ranges[] = {")
    for first, last, stride, delta in ranges:
        print("\t{0x%05x, 0x%05x, %d, %d}," % (first, last, stride, delta))
    print("};\n")
    print("const size_t ng_fold_ranges_n = sizeof(ng_fold_ranges) / sizeof(ng_fold_ranges[0]);\n")
    print("const uint16_t ng_fold_by_target[] = {")
    for i in range(0, len(order), 16):
        print("\t" + " ".join("%d," % k for k in order[i:i + 16]))
    print("};")


main()
