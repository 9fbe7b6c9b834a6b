#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Make one index of the parts, if all of them are finished; if not, say which, and why.
set -euo pipefail

usage() {
	cat <<'TEXT'
usage: join.sh INDEX.parts

Joins the parts in INDEX.parts to INDEX, which reads no text and takes seconds. Prints those that are
not finished, each with the last lines of its log, and makes nothing of the others.
TEXT
}

case $#,${1:-} in
1,-h | 1,--help)
	usage
	exit 0
	;;
1,-* | 0,*)
	usage >&2
	exit 2
	;;
1,*) ;;
*)
	usage >&2
	exit 2
	;;
esac
dir=$(realpath -s "$1")
[ -r "$dir/settings" ] || {
	echo "join.sh: $dir/settings is not to be read here; parts.sh makes it" >&2
	exit 1
}
index=${dir%.parts}
[ "$index" != "$dir" ] || {
	echo "join.sh: $dir: the name should end in .parts, and the index is made beside it" >&2
	exit 1
}
. "$dir/settings"

parts=() missing=0
for list in "$dir"/*.list; do
	part=${list%.list}
	if [ -e "$part.ngram/index.json" ]; then
		parts+=("$part.ngram")
	else
		missing=$((missing + 1))
		echo "join.sh: $part is not built; the end of its log:" >&2
		tail -n 3 "$part.log" 2>/dev/null | sed 's/^/    /' >&2 ||
			echo "    (there is none: no machine has begun it, or it does not see this directory)" >&2
	fi
done
if [ $missing -gt 0 ]; then
	echo "join.sh: $missing of $((missing + ${#parts[@]})) parts are not built; mend what hindered them, and run the same again: it builds these alone" >&2
	exit 1
fi
exec "$MKNGRAMFS" --join --resume -o "$index" -- "${parts[@]}"
