#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Short questions are answered beside any number of long ones.
. "$(dirname "$0")/lib.sh"

# One document with many occurrences, which few samples make slow to locate.
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    out.write("".join(random.choices("ab", k=1000000)))'
build long.ngram --sa-sampling=1024 --format=text long
attach long.ngram mnt
python3 "$(dirname "$0")/load.py" mnt || fail "load.py"
detach mnt
finish
