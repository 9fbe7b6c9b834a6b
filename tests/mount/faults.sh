#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Calls of one kind that fail, one by one: faults.py, which says what that comes to, and, for the kind
# mount, faults_mount.py. The argument is the kind. POINTS: how many of each case (default 12, in brief 4); with a second argument, or
# NG_TEST_ALL=1, all of them.
test=$(realpath "$0")
. "$(dirname "$0")/lib.sh"

[ -f "${FAULTS:-}" ] || skip "FAULTS must be set"
for tool in lz4 zstd; do
	command -v $tool >/dev/null || skip "no $tool"
done
[ $# = 1 ] || export NG_TEST_ALL=1
if [ "$1" = mount ]; then
	python3 -B "${test%.sh}_mount.py" "$work" || fail "$1: $(tail -n 3 log)"
else
	python3 -B "${test%.sh}.py" "$1" "$work" || fail "$1"
fi
finish
