#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends a long question, and the daemon's work on it.
. "$(dirname "$0")/lib.sh"

# One document with many occurrences: listing the documents that hold "a" locates each, which few
# samples make slow.
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    out.write("".join(random.choices("ab", k=500000)) + "\n" + "b\n" * 3 + "ba\n")'
build long.ngram --sa-sampling=1024 --format lines long
attach long.ngram mnt

before=$(cpu_ticks "${daemons[mnt]}")
# A background job of a shell ignores SIGINT.
env --default-signal=INT ls mnt/docs/a >out 2>&1 &
interrupt mnt "$before" $! INT
is 500000 "$(($(cat mnt/count/a) + $(cat mnt/count/b) - 5))" "counts after that"
detach mnt
finish
