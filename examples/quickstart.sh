#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build ngramfs, index text that every Debian has, mount it, and ask it some questions.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: examples/quickstart.sh [--keep] [--size MB]
       examples/quickstart.sh [--size MB] --index INDEX
       examples/quickstart.sh --install [PACKAGE...]

Installs what building ngramfs needs (asking apt-get, with sudo unless you are root), builds it,
indexes documentation, licences and headers of this machine, mounts the index and asks it.

  --keep       leave the index and the mount there, and say how to remove them
  --size MB    index directories of MB megabytes on disk at most, in all (default 100)
  --index      build ngramfs and this INDEX, and do nothing else
  --install    install what building needs, and PACKAGE..., and do nothing else
  -h, --help   print this

BUILD (environment): the build directory, by default build/ beside examples/.
TEXT
}

fail() {
	echo "quickstart: $*" >&2
	exit 1
}

# ---- what it needs ----
packages=(gcc meson ninja-build pkg-config fuse3 libfuse3-dev libarchive-dev libbz2-dev
	libcmocka-dev libdivsufsort-dev libjansson-dev liblz4-dev liblzma-dev libpcre2-dev
	libseccomp-dev libxxhash-dev libzstd-dev zlib1g-dev)

install_missing() { # PACKAGE...
	local missing=() package sudo=()
	command -v dpkg-query >/dev/null || fail "this is no Debian; install by hand: $*"
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			fail "as root, first run: apt-get install ${missing[*]}"
		sudo=(sudo)
	fi
	echo "Installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	"${sudo[@]}" apt-get update -qq
	"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
		fail "apt-get could not install ${missing[*]}"
}

# ---- what to index ----
# Directories with text. Each gets an equal part of the room that those before it have left; of one
# that is too large its largest subdirectories that fit, eight at most.
choose() { # MB
	local dirs=() dir sub room left=$(($1 * 1000)) size n
	for dir in /usr/share/common-licenses /usr/share/perl /usr/lib/python3 /usr/share/doc \
		/usr/include; do
		[ ! -d "$dir" ] || dirs+=("$dir")
	done
	sources=()
	for ((n = ${#dirs[@]}; n > 0; n--)); do
		dir=${dirs[-n]}
		room=$((left / n))
		size=$(du -sk "$dir" | cut -f 1)
		left=$((left - room))
		if [ "$size" -le "$room" ]; then
			sources+=("$dir")
			room=$((room - size))
		else
			while read -r size sub; do
				[ "$size" -le "$room" ] || continue
				sources+=("$sub")
				room=$((room - size))
			done < <(find "$dir" -mindepth 1 -maxdepth 1 -type d -exec du -sk {} + |
				awk -v room=$room '$1 <= room' | sort -rn | head -n 8)
		fi
		left=$((left + room))
	done
	[ ${#sources[@]} -gt 0 ] || fail "found no text to index; give a larger --size"
}

# ---- showing ----
say() {
	printf '\n\033[1m# %s\033[0m\n' "$*"
}

run() { # COMMAND LINE: show it, then do it
	printf '\033[36m$ %s\033[0m\n' "$1"
	# A reader such as head may stop before the writer is done.
	(set +o pipefail && eval "$1")
}

if [ ! -t 1 ]; then
	exec 2>&1
	say() { printf '\n# %s\n' "$*"; }
	run() { printf '$ %s\n' "$1" && (set +o pipefail && eval "$1"); }
fi

umount=umount
[ "$(id -u)" = 0 ] || umount="fusermount3 -u"

keep=false size=100 index=
while [ $# -gt 0 ]; do
	case $1 in
	--keep) keep=true ;;
	--size)
		[[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || fail "--size takes a number of megabytes"
		size=$2
		shift
		;;
	--index)
		[ -n "${2:-}" ] || fail "--index takes the name of an index"
		index=$(realpath -m "$2")
		shift
		;;
	--install)
		shift
		install_missing "${packages[@]}" "$@"
		exit 0
		;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
	shift
done

top=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath -m "${BUILD:-$top/build}")
install_missing "${packages[@]}"
[[ -n $index || -r /dev/fuse && -w /dev/fuse ]] ||
	fail "cannot use /dev/fuse; run 'modprobe fuse' as root, or start the container with" \
		"--device /dev/fuse --cap-add SYS_ADMIN"

say "Build it (in $build)"
if [ ! -f "$build/build.ninja" ]; then
	said=$(meson setup "$build" "$top" 2>&1) || fail "$said"
fi
ninja -C "$build" --quiet engine/mkngramfs fs/ngramfs
PATH=$build/engine:$build/fs:$PATH

if [ -n "$index" ]; then
	choose "$size"
	say "Build an index of text that is on this machine"
	exec mkngramfs -o "$index" "${sources[@]}"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-XXXXXX")
clean() {
	cd /
	! grep -q " $work/mnt fuse.ngramfs " /proc/mounts || $umount "$work/mnt"
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM
cd "$work"

choose "$size"
say "Build an index of text that is on this machine"
run "mkngramfs -o debian.ngram ${sources[*]}"
run "ls -l debian.ngram"

say "Mount it; from here on, every question is a file"
run "mkdir mnt && ngramfs debian.ngram mnt"
run "ls mnt"
run "cat mnt/stats"

say "How often does a string occur? Any string: words, parts of words, punctuation"
run "cat 'mnt/count/free software'"
run "cat 'mnt/count/, or (at your option) any later version'"
run "cat 'mnt/count/ree softw'"
run "cat 'mnt/count/This is not in the text'"
run "head 'mnt/count/#include <stdio.h>' mnt/count/%2Fusr%2Fshare  # a / is written %2F"

say "Which documents hold it? They are files, with their whole text"
run "ls 'mnt/docs/at your option' | head -n 5"
run "find 'mnt/docs/at your option' -type f | wc -l"
run "head -n 3 'mnt/docs/GNU GENERAL PUBLIC LICENSE/'*.txt | head -n 8"
run "test -e 'mnt/docs/This is not in the text' || echo no document holds it"

say "Where do they come from?"
run "cat 'mnt/meta/either version 2 of/'*.json | head -n 5"

say "The matches, each with what stands around it"
run "head -c 400 'mnt/match/free software/0.json'; echo ..."

say "They are files: grep, awk and all the others work on them. Years of copyright, most first:"
run "grep -ohE 'Copyright \(C\) [0-9]{4}' 'mnt/docs/Copyright (C) '/*.txt | awk '{ print \$3 }' | sort | uniq -c | sort -rn | head -n 5"

say "A count is quick: ask many. Which spelling do people prefer?"
run "for w in color colour license licence behavior behaviour; do printf '%8d %s\n' \$(cat mnt/count/\$w) \$w; done"

if $keep; then
	trap - EXIT
	say "Left as it is"
	echo "The mount:   $work/mnt (see README in it)"
	echo "Unmount it:  $umount $work/mnt"
	echo "The index:   $work/debian.ngram"
	echo "Remove all:  rm -r $work (when it is unmounted)"
else
	say "Unmount"
	run "$umount mnt"
fi
