#!/usr/bin/env bash
# Fuzz one target with clang's libFuzzer and its sanitizers, from its own seeds on.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: tests/fuzz/run.sh NAME [SECONDS [DIR]]

NAME is that of tests/fuzz/fuzz_NAME.c. Runs for SECONDS (default 60), and keeps the build and the
inputs that were found in DIR (default build-fuzz/ beside tests/). The last lines say how many
inputs were run; one that crashes the target is left in DIR, and `DIR/NAME FILE` runs it again.
TEXT
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
'' | -*)
	usage >&2
	exit 2
	;;
esac
top=$(cd "$(dirname "$0")/../.." && pwd)
name=$1 seconds=${2:-60} dir=$(realpath -m "${3:-$top/build-fuzz}")
source=$top/tests/fuzz/fuzz_$name.c
[ -f "$source" ] || { echo "no $source" >&2; exit 2; }

# The engine is instrumented for libFuzzer, too; its own main() comes only with -fsanitize=fuzzer.
[ -f "$dir/build/build.ninja" ] || CC=clang meson setup --buildtype=debugoptimized \
	-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link \
	"$dir/build" "$top" >"$dir.log" 2>&1 || { cat "$dir.log"; exit 1; }
ninja -C "$dir/build" --quiet "tests/fuzz_$name"
libs=$(find "$dir/build/fs" "$dir/build/engine" -name 'lib*.a')
# shellcheck disable=SC2046,SC2086
clang -std=gnu11 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -I"$top/engine" -I"$top/fs" \
	-I"$top/tests/fuzz" "$source" -Wl,--start-group $libs -Wl,--end-group \
	$(pkg-config --cflags --libs fuse3 jansson libarchive liblz4 liblzma libxxhash libzstd zlib) \
	-lbz2 -ldivsufsort -lm -pthread -o "$dir/$name"
mkdir -p "$dir/corpus-$name"
"$dir/build/tests/fuzz_$name" --write-seeds "$dir/corpus-$name"
cd "$dir"
# A zstd frame may ask for a window of 2 GiB, of which only what is used is ever touched.
"./$name" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=4096 -timeout=60 -print_final_stats=1 \
	-artifact_prefix="$dir/$name-" "corpus-$name"
