#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Show an object store, or what rclone serves, as files for ngramfs to read an index from.
set -euo pipefail

case $#,${1:-} in
1,-h | 1,--help)
	echo "usage: mount-rclone.sh REMOTE:PATH DIR [OPTION OF RCLONE MOUNT]..."
	exit 0
	;;
0,* | 1,* | *,-*)
	echo "usage: mount-rclone.sh REMOTE:PATH DIR [OPTION OF RCLONE MOUNT]..." >&2
	exit 2
	;;
esac
mkdir -p "$2"
# ngramfs reads single pages of 4 KiB, here and there. What rclone does by default is made for whole files:
# it asks for 128 MiB from each such place on, and fills a buffer of 16 MiB before it goes elsewhere.
# --buffer-size, --vfs-read-chunk-size ...   ask for the page alone
# --vfs-read-wait                            go to the next place at once
# --use-server-modtime, --dir-cache-time     an index's files never change, so they are listed once
# --contimeout, --timeout, --low-level-...   when the server is gone, say so instead of waiting for minutes
exec rclone mount "$1" "$2" --daemon --read-only \
	--buffer-size 0 --vfs-read-chunk-size 4k --vfs-read-chunk-size-limit 4k --vfs-read-wait 0 \
	--use-server-modtime --dir-cache-time 1000h \
	--contimeout 5s --timeout 20s --low-level-retries 3 "${@:3}"
