#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make word_table.c: the characters that words are made of, which are those of the general categories
L, N and M (letters, digits and other numbers, marks), from Python's unicodedata.

    python3 word_table.py > word_table.c
"""
import unicodedata

HEAD = """\
/* Letters, numbers and marks of Unicode %s, made by word_table.py. */
#include "query/word.h"

/* clang-format off */
const struct ng_word_range ng_word_ranges[] = {
"""


def main():
    ranges = []
    for c in range(0x110000):
        if unicodedata.category(chr(c))[0] not in "LNM":
            continue
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    print(HEAD % unicodedata.unidata_version, end="")
    for first, last in ranges:
        print("\t{0x%05x, 0x%05x}," % (first, last))
    print("};\n\nconst size_t ng_word_ranges_n = sizeof(ng_word_ranges) / sizeof(ng_word_ranges[0]);\n")
    words = bytearray(0x110000)
    for first, last in ranges:
        words[first:last + 1] = b"\1" * (last + 1 - first)
    print("const uint8_t ng_word_blocks[] = {")
    blocks = [sum(words[c:c + 64]) for c in range(0, 0x110000, 64)]
    packed = [sum((0 if n == 0 else 2 if n == 64 else 1) << 2 * i for i, n in enumerate(blocks[k:k + 4]))
              for k in range(0, len(blocks), 4)]
    for i in range(0, len(packed), 16):
        print("\t" + " ".join("%d," % b for b in packed[i:i + 16]))
    print("};")


main()
