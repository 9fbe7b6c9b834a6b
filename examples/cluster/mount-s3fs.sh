#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Show a bucket of S3 as files for ngramfs to read an index from, where s3fs is what there is. It fetches
# 5 MB at least for each page of 4 KiB: prefer mount-rclone.sh, or give it a disk for all of the index.
set -euo pipefail

usage="usage: mount-s3fs.sh BUCKET[:/PATH] DIR CACHE [OPTION OF S3FS]..."
case $#,${1:-} in
1,-h | 1,--help)
	echo "$usage"
	exit 0
	;;
0,* | 1,* | 2,* | *,-*)
	echo "$usage" >&2
	exit 2
	;;
esac
mkdir -p "$2" "$3"
# use_cache                      what was fetched stays in CACHE, which may come to hold all of the index
# multipart_size, parallel_count 5 MB for each place, the least that s3fs takes, instead of 50
# stat_cache_expire              an index's files never change
# retries, ..._timeout           when the server is gone, say so instead of waiting for minutes
exec s3fs "$1" "$2" -o ro,use_cache="$3",multipart_size=5,parallel_count=1,stat_cache_expire=86400 \
	-o retries=1,connect_timeout=5,readwrite_timeout=20 "${@:4}"
