#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Small files that would take much memory: the build stays within --memory, and says why it cannot
# read what it cannot. The files are in bombs.py.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

grep -qaE '__(asan|tsan)_init' "$MKNGRAMFS" && skip "a sanitizer's memory says nothing"
# meson has malloc(3) fill what it gives out, and of a window of 2 GiB only a little is ever touched.
unset MALLOC_PERTURB_
MKNGRAMFS=$MKNGRAMFS python3 -B "$here/bombs.py" || fail "bombs"
finish
