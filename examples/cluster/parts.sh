#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cut the text into parts: INDEX.parts/NNNNN.list names the files of each, one behind the other, so that
# the parts joined in this order number the documents as one build of all would. The other scripts
# begin with this one; by itself it shows how the parts will be.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"

fail() {
	echo "parts.sh: $*" >&2
	exit 1
}

case ${1:-} in
'') ;;
-h | --help)
	cat <<'TEXT'
usage: TEXT=DIR INDEX=DIR [PARTS=N]... ./parts.sh

Lists in INDEX.parts what files of TEXT each of the N parts of INDEX is built from, and prints how
many parts there are. Lists that are there stay, if they still name every file of TEXT. What can be
set is described in settings.sh.
TEXT
	exit 0
	;;
*)
	echo "usage: TEXT=DIR INDEX=DIR ./parts.sh" >&2
	exit 2
	;;
esac

# ---- what was set ----
[ -n "$TEXT" ] && [ -n "$INDEX" ] || fail "set TEXT and INDEX, in $here/settings.sh or in the environment"
[ -d "$TEXT" ] || fail "TEXT: $TEXT is no directory"
[[ $PARTS =~ ^[1-9][0-9]{0,4}$ ]] || fail "PARTS: a number from 1 to 99999, not '$PARTS'"
[[ $THREADS =~ ^[1-9][0-9]{0,3}$ ]] || fail "THREADS: a number from 1 to 4096, not '$THREADS'"
[[ $MEMORY =~ ^[1-9][0-9]*[MG]$ ]] || fail "MEMORY: a size such as 900M or 16G, not '$MEMORY'"
TEXT=$(realpath -s "$TEXT")
INDEX=$(realpath -s "$INDEX")
program=$(command -v "$MKNGRAMFS") || fail "MKNGRAMFS: there is no $MKNGRAMFS here; install it, or name its path"
MKNGRAMFS=$(realpath -s "$program")
dir=$INDEX.parts
case $dir/ in
"$TEXT"/*) fail "INDEX: $INDEX lies in TEXT, and would be read as text" ;;
esac

# ---- the files, and where the cuts are ----
# What find can't read is an error, and no smaller text.
found=$(mktemp) new=
trap 'rm -rf "$found" "$new"' EXIT
find -L "$TEXT" -type f -print0 | LC_ALL=C sort -z >"$found" || fail "TEXT: not all of $TEXT can be read"
mapfile -d '' -t files <"$found"
[ ${#files[@]} -gt 0 ] || fail "TEXT: there is no file in $TEXT"
mapfile -t sizes < <(printf '%s\0' "${files[@]}" | xargs -0 stat -L -c %s --)
[ ${#sizes[@]} = ${#files[@]} ] || fail "TEXT: files come and go in $TEXT"
total=0
for size in "${sizes[@]}"; do
	total=$((total + size))
done

mkdir -p "$dir"
if compgen -G "$dir/*.list" >/dev/null; then
	# A job that goes on must find what it began with.
	printf '%s\0' "${files[@]}" | cmp -s - <(cat "$dir"/*.list) ||
		fail "the files of $TEXT are not those that $dir was begun with; to begin anew, remove $dir"
else
	new=$(mktemp -d "$dir/new.XXXXXX")
	part=-1 last=-1 before=0
	for i in "${!files[@]}"; do
		# The part in which a file begins, if all were equally long; none is empty. In KiB, since a
		# petabyte times PARTS has more than 64 bits in bytes.
		place=$(((before >> 10) * PARTS / ((total >> 10) + 1)))
		if [ $place -gt $last ]; then
			last=$place part=$((part + 1)) length=0
		fi
		length=$((length + ${#files[i]} + 9))
		# What the kernel lets one command have, with room for the environment.
		[ $length -lt 1500000 ] ||
			fail "a part would have more files than a command can be given: set PARTS higher, or make archives of them (tar)"
		printf '%s\0' "${files[i]}" >>"$new/$(printf %05d $part).list"
		before=$((before + sizes[i]))
	done
	mv "$new"/*.list "$dir"
fi
# What every job reads, so that no launcher need carry it along.
declare -p MEMORY THREADS OPTIONS MKNGRAMFS >"$dir/settings.new"
mv "$dir/settings.new" "$dir/settings"

lists=("$dir"/*.list)
echo "${#lists[@]} parts in $dir, of ${#files[@]} files with $((total >> 20)) MiB"
