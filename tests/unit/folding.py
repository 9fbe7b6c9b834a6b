#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of word.h and folding.h against what Python knows of Unicode, which may be a later
version: what was a letter then is one now, and so on.

    folding.py TEST_WORD_FIND
"""
import subprocess
import sys
import unicodedata

TABLE_VERSION = (14, 0)
OWN = {"'": "‘’‚‛ʼ′‵‹›´❛❜", '"': "“”„‟″‶«»〝〞〟❝❞", "-": "‐‑‒–—―−⁃˗⸺⸻", "/": "⁄∕"}
OWN = {c: to for to, of in OWN.items() for c in of}
# Unicode's property White_Space.
SPACES = {*range(9, 14), 0x20, 0x85, 0xa0, 0x1680, *range(0x2000, 0x200b), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000}


def form(c):
    text = chr(c)
    for _ in range(4):
        text = "".join(OWN.get(x) or unicodedata.normalize("NFKC", x) for x in text)
    one, short = len(text) == 1, len(text) <= 4 and not any(ord(x) in SPACES for x in text)
    return [ord(x) for x in text] if one or short else [c]


def main():
    later = tuple(map(int, unicodedata.unidata_version.split(".")[:2])) > TABLE_VERSION
    lines = subprocess.run([sys.argv[1], "--print"], check=True, capture_output=True, text=True).stdout.splitlines()
    words = forms = 0
    assert len(lines) == 0x110000 - 0x800
    for line in lines:
        c, word, space, *symbols = map(int, line.split())
        is_word = unicodedata.category(chr(c))[0] in "LNM"
        assert word == is_word or (later and not word), f"U+{c:04X} {word}"
        assert space == (c in SPACES), f"U+{c:04X} {space}"
        assert symbols == form(c) or (later and symbols == [c]), f"U+{c:04X} {symbols} {form(c)}"
        words += word
        forms += symbols != [c]
    assert words > 130000 and forms > 4000
    for text, want in (("’", "'"), ("ﬁ", "fi"), ("Ａ", "A"), ("—", "-"), ("…", "..."), ("½", "1/2"), ("é", "é"), ("″", '"')):
        assert [chr(x) for x in map(int, lines[ord(text) - (0x800 if ord(text) >= 0xe000 else 0)].split()[3:])] == list(want), text
    print(f"{words} characters of words and {forms} variants agree with Unicode {unicodedata.unidata_version}")


main()
