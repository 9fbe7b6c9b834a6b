#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Indexes on storage that is far away: reads that take long, that fail, that are never answered.
here=$(cd "$(dirname "$0")" && pwd)
# The daemon leaves threads behind that wait for storage for ever.
export TSAN_OPTIONS="${TSAN_OPTIONS:-} report_thread_leaks=0"
. "$here/lib.sh"

DELAYED_FS=${DELAYED_FS:-$BUILD/tests/delayed_fs}
[ -x "$DELAYED_FS" ] || skip "DELAYED_FS must be set"
DELAYED_FS=$(realpath "$DELAYED_FS")
export DELAYED_FS NGRAMFS MKNGRAMFS
PYTHONPATH=$here/../lib python3 -B "$here/far.py" || fail "far.py"
finish
