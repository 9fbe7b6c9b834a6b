#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every awkward query, in every way to write it, is that query and no other.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

python3 -B "$here/awkward.py" make text || { fail "no text"; finish; }
build text.ngram --shard-size=64K --format=text text
attach text.ngram mnt
python3 -B "$here/awkward.py" ask text mnt || fail "a query is taken for another"
detach mnt
finish
