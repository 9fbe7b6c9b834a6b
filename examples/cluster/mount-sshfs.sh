#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Show here what another machine has mounted: for one that is asked by several. There, it should be
# mounted with `ngramfs -o nostreams`: sshfs takes an error of reading for the end of a file, so files
# whose length isn't known beforehand must not be there.
set -euo pipefail

case $#,${1:-} in
1,-h | 1,--help)
	echo "usage: mount-sshfs.sh [USER@]HOST:MOUNT DIR [OPTION OF SSHFS]..."
	exit 0
	;;
0,* | 1,* | *,-*)
	echo "usage: mount-sshfs.sh [USER@]HOST:MOUNT DIR [OPTION OF SSHFS]..." >&2
	exit 2
	;;
esac
mkdir -p "$2"
# direct_io        what is read comes from there: neither pages that are kept here, nor read-ahead of
#                  128 KiB for an answer of ten bytes
# reconnect        go on when the connection, or the server, comes back; without it, the mount is lost
# ServerAlive...   notice within 45 s that the machine is silent: what waits then has an error
# ...timeout       an answer never changes, so names and sizes may be kept
exec sshfs "$1" "$2" -o ro,direct_io,reconnect,ServerAliveInterval=15,ServerAliveCountMax=3 \
	-o dcache_timeout=3600,attr_timeout=3600,entry_timeout=3600 "${@:3}"
