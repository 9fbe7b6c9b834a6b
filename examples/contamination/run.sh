#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A report on a small benchmark of which this machine's text is known to hold a part.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: examples/contamination/run.sh [OPTION]... [INDEX...]

Makes a benchmark out of paragraphs of /usr/share/common-licenses: a third of its entries stand there
whole, a third by half, a third not at all. Mounts each INDEX, looks for the entries in it, prints a
table, and leaves a report, contamination.html. Without an INDEX it builds ngramfs and indexes what
examples/quickstart.sh does, the licences included.

  -o FILE      write the report to FILE
  --size MB    without an INDEX, index directories of MB megabytes at most, in all (default 100)
  -h, --help   print this

BUILD (environment): the build directory, by default build/ beside examples/. The program ngramfs is
NGRAMFS (environment), or that there, or that of the PATH.
TEXT
}

fail() {
	echo "run.sh: $*" >&2
	exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
quickstart=$(realpath "$here/../quickstart.sh")
build=$(realpath -m "${BUILD:-$here/../../build}")
output=contamination.html size=100 indexes=()
while [ $# -gt 0 ]; do
	case $1 in
	-o)
		[ -n "${2:-}" ] || fail "-o takes the name of a file"
		output=$2
		shift
		;;
	--size)
		[[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || fail "--size takes a number of megabytes"
		size=$2
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*) indexes+=("$(realpath -s "$1")") ;;
	esac
	shift
done

# ---- what it needs ----
[ -x "$quickstart" ] || [ ${#indexes[@]} -gt 0 ] || fail "name an INDEX"
if ! command -v python3 >/dev/null; then
	[ -x "$quickstart" ] || fail "first run: apt-get install python3"
	"$quickstart" --install python3
fi
[[ -r /dev/fuse && -w /dev/fuse ]] || fail "cannot use /dev/fuse"

work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-contamination-XXXXXX")
clean() {
	if grep -q " $work/mnt fuse.ngramfs " /proc/mounts; then
		if [ "$(id -u)" = 0 ]; then umount "$work/mnt"; else fusermount3 -u "$work/mnt"; fi
	fi
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

if [ ${#indexes[@]} = 0 ]; then
	BUILD=$build "$quickstart" --size "$size" --index "$work/debian.ngram"
	indexes=("$work/debian.ngram")
fi
for ngramfs in "${NGRAMFS:-}" "$build/fs/ngramfs" "$(command -v ngramfs || :)"; do
	[ ! -x "$ngramfs" ] || break
done
[ -x "$ngramfs" ] || fail "there is no ngramfs here; build it, or set NGRAMFS"

# ---- the benchmark, the mount, the report ----
python3 "$here/sample.py" /usr/share/common-licenses/{GPL-2,GPL-3,Apache-2.0} >"$work/licences.jsonl"
mkdir "$work/mnt"
"$ngramfs" "${indexes[@]}" "$work/mnt"
"$here/contamination" --times -o "$output" "$work/licences.jsonl" "$work/mnt"
