#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a fuzzer that was built with standalone.c over the inputs that are kept for it and its own, and
# over mutations of them: replay.sh PROGRAM MUTATIONS.
here=$(cd "$(dirname "$0")" && pwd)
shopt -s nullglob
kept=("$here/corpus/${1##*/fuzz_}"/*)
mutations=$2
[ -z "${NG_TEST_BRIEF:-}" ] || mutations=$((mutations / 4))
"$1" "${kept[@]}" && exec "$1" --mutate "$mutations" "${kept[@]}"
