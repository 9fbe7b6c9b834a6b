#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""search.py MOUNT QUERY"""
import os
import pathlib
import sys
from urllib.parse import quote

mount = pathlib.Path(sys.argv[1])
query = quote(os.fsencode(sys.argv[2]), safe=" ").replace(".", "%2E").replace("-", "%2D")
print((mount / "count" / query).read_text().strip(), "occurrences")
docs = sorted(path.stem for path in (mount / "docs" / query).rglob("*.txt"))
print(*docs, sep="\n", end="\n" if docs else "", flush=True)
if docs:
    sys.stdout.buffer.write((mount / "doc" / (docs[0] + ".txt")).read_bytes())
    print("\n" + (mount / "doc" / (docs[0] + ".json")).read_text(encoding="utf-8"), end="")
