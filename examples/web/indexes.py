#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nginx and the page have to know of the indexes that are mounted at mnt/ here.

    indexes.py INDEX...

Writes page/indexes.json, their names; at/N, a link to the directory of index N; and indexes.conf, which
leads nginx from the beginning of a URL to N. A single INDEX is the whole of the mount, and its URLs
have no name.
"""

import json
import os
import sys


def pattern(name):
    """A regular expression for a name in a URL: each byte as it is, or as %XX."""
    return "".join(rf"(?:\x{byte:02x}|%(?i:{byte:02x}))" for byte in name.encode())


def main():
    indexes = sys.argv[1:]
    if not indexes:
        print(__doc__, file=sys.stderr)
        return 2
    if len(indexes) == 1:
        names, places = [os.path.basename(indexes[0].rstrip("/")).removesuffix(".ngram")], ["../mnt"]
        patterns = [""]
    else:
        names = sorted(os.listdir("mnt"))
        places = [os.path.join("../mnt", name) for name in names]
        try:
            patterns = ["/" + pattern(name) for name in names]
        except UnicodeEncodeError:
            print("run.sh: the name of an index isn't UTF-8; make a symbolic link to it that is", file=sys.stderr)
            return 1
    with open("page/indexes.json", "w", encoding="ascii") as out:
        json.dump(names, out)
    os.mkdir("at")
    with open("indexes.conf", "w", encoding="ascii") as out:
        for number, (place, start) in enumerate(zip(places, patterns)):
            os.symlink(place, f"at/{number}")
            out.write(f'"~^{start}(?<rest>/.*)$" {number};\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
