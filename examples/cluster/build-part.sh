#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build one part: what the jobs of slurm.sh, parallel.sh and mpi.sh run. It may be killed at any time and
# run again, on any machine: it goes on from the last step that was finished, and does nothing if all are.
set -euo pipefail

usage() {
	echo "usage: build-part.sh INDEX.parts NUMBER"
}

case $#,${1:-} in
1,-h | 1,--help)
	usage
	exit 0
	;;
2,*) ;;
*)
	usage >&2
	exit 2
	;;
esac
dir=$1
name=$(printf %05d "$((10#$2))")
if ! [ -r "$dir/settings" ] || ! [ -r "$dir/$name.list" ]; then
	echo "build-part.sh: $dir/$name.list is not to be read on $(hostname); parts.sh makes it, and every machine must see it" >&2
	exit 1
fi
. "$dir/settings"
mapfile -d '' -t files <"$dir/$name.list"

# The log is beside the part, whatever machine builds it; join.sh shows its end if the part isn't there.
echo "$(date -u +%FT%TZ) $(hostname): part $name, ${#files[@]} files" >>"$dir/$name.log"
# The options are words.
# shellcheck disable=SC2086
exec "$MKNGRAMFS" --resume -o "$dir/$name.ngram" --memory="$MEMORY" --threads="$THREADS" --progress=plain \
	$OPTIONS -- "${files[@]}" >>"$dir/$name.log" 2>&1
