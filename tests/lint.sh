#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Look at the sources without running them.
set -uo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: tests/lint.sh [CHECK...]

Checks of what is in the repository, all of them unless some are named:
  warnings    builds everything with gcc and with clang, no warning let through (meson.build)
  tidy        clang-tidy over engine and fs (.clang-tidy)
  cppcheck    over engine and fs (tests/cppcheck.txt)
  shell       shellcheck over every shell script (.shellcheckrc)
  format      clang-format over every file of C (.clang-format)
  packages    whether the packages of Fedora and Arch can be read (tests/install/foreign.sh)

It is made for the versions that Debian 12 has: LLVM 14, cppcheck 2.10, shellcheck 0.9. Builds are in
DIR, by default build-lint/ beside tests/. Exit status: 0 nothing found.
TEXT
}

top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$top" || exit 1
dir=$(realpath -m "${DIR:-build-lint}")
jobs=$(nproc)

build() { # COMPILER
	[ -f "$dir/$1/build.ninja" ] || CC=$1 meson setup --werror --buildtype=debugoptimized "$dir/$1" >/dev/null || return 1
	nice ninja -C "$dir/$1" --quiet "${@:2}"
}

warnings() {
	build gcc && build clang
}

tidy() {
	[ -f "$dir/clang/build.ninja" ] || CC=clang meson setup --werror --buildtype=debugoptimized "$dir/clang" >/dev/null ||
		return 1
	# The kernels are one source, compiled for several processors: the portable one is looked at.
	find engine fs -name '*.c' ! -path '*/kernel/avx2.c' -print0 |
		nice xargs -0 -P "$jobs" -n 4 clang-tidy --quiet -p "$dir/clang" 2>/dev/null
}

cppchecked() {
	nice cppcheck --quiet --enable=warning,performance,portability --inline-suppr --std=c11 -j "$jobs" \
		--suppressions-list=tests/cppcheck.txt --error-exitcode=1 -Iengine -Ifs -D_GNU_SOURCE \
		-D__BYTE_ORDER__=1 -D__ORDER_LITTLE_ENDIAN__=1 engine fs
}

shell() {
	local scripts
	mapfile -t scripts < <(grep -rlIE --exclude-dir='build*' --exclude-dir=.git \
		'^(#!.*[ /](ba)?sh$|# shellcheck shell=)' .)
	[ ${#scripts[@]} -gt 30 ] || { echo "where are the scripts?"; return 1; }
	printf '%s\0' "${scripts[@]}" | nice xargs -0 -P "$jobs" -n 8 shellcheck --severity=warning --format=gcc
}

packages() {
	tests/install/foreign.sh --check
}

format() {
	local said
	command -v clang-format >/dev/null || { echo "clang-format is missing"; return 1; }
	# It takes longer to begin than to look at a file.
	said=$(find engine examples fs tests -name '*.[ch]' -print0 |
		nice xargs -0 -P "$jobs" -n 64 clang-format --dry-run --Werror 2>&1) && return 0
	grep 'code should be clang-formatted' <<<"$said" || echo "$said"
	return 1
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(format shell packages cppcheck warnings tidy)
status=0
for check in "${checks[@]}"; do
	case $check in
	warnings | tidy | shell | format | packages) run=$check ;;
	cppcheck) run=cppchecked ;;
	*)
		usage >&2
		exit 2
		;;
	esac
	if $run; then
		echo "$check: nothing found"
	else
		echo "$check: FAILED"
		status=1
	fi
done
exit $status
