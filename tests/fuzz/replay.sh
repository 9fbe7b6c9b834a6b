#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a fuzzer that was built with standalone.c over the inputs that are kept for it and its own, and
# over mutations of them: replay.sh PROGRAM MUTATIONS.
here=$(cd "$(dirname "$0")" && pwd)
shopt -s nullglob
kept=("$here/corpus/${1##*/fuzz_}"/*)
mutations=$2
# meson has malloc(3) fill all memory, which takes most of the time of small builds in memory that is kept.
unset MALLOC_PERTURB_
[ -z "${NG_TEST_BRIEF:-}" ] || mutations=$((mutations / 4))
"$1" "${kept[@]}" && exec "$1" --mutate "$mutations" "${kept[@]}"
