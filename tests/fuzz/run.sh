#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Look for inputs that break what reads a stranger's input.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: tests/fuzz/run.sh [SECONDS [TARGET...]]

Builds the fuzzers with clang, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer in DIR, and runs
each TARGET (all of tests/fuzz/fuzz_TARGET.c) for SECONDS (60). Begins with the target's own inputs and
those in tests/fuzz/corpus/TARGET; those that are found are kept in DIR/corpus/TARGET, and an input that breaks
something in DIR/TARGET-*. Exit status: 0 nothing found.

DIR is $DIR, by default build-fuzz/ beside tests/. To keep what was found as part of the tests:
    DIR/tests/fuzz_TARGET -merge=1 tests/fuzz/corpus/TARGET DIR/corpus/TARGET
TEXT
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(realpath -m "${DIR:-$top/build-fuzz}")
seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]{0,6}$ ]] || { usage >&2; exit 2; }
shift $(($# ? 1 : 0))
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
	for file in "$top"/tests/fuzz/fuzz_*.c; do
		name=${file##*/fuzz_}
		[ "$name" = index.c ] || targets+=("${name%.c}")
	done
fi

CC=clang meson setup --reconfigure --buildtype=debugoptimized -Dlibfuzzer=true -Db_sanitize=address,undefined \
	-Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link "$dir" "$top" >/dev/null 2>&1 ||
	CC=clang meson setup --buildtype=debugoptimized -Dlibfuzzer=true -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link "$dir" "$top"
ninja -C "$dir" "${targets[@]/#/tests/fuzz_}" "${targets[@]/#/tests/seeds_}"

status=0
for name in "${targets[@]}"; do
	mkdir -p "$dir/corpus/$name"
	"$dir/tests/seeds_$name" --write-seeds "$dir/corpus/$name"
	kept=()
	[ ! -d "$top/tests/fuzz/corpus/$name" ] || kept=("$top/tests/fuzz/corpus/$name")
	echo "==== $name"
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$dir/tests/fuzz_$name" -max_total_time="$seconds" \
		-print_final_stats=1 -verbosity=1 -rss_limit_mb=2048 -malloc_limit_mb=4096 -timeout=60 \
		-artifact_prefix="$dir/$name-" "$dir/corpus/$name" "${kept[@]}" ||
		status=1
done
exit $status
