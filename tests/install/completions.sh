#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The completions know every option of --help, and the shells complete by them. Needs the tools, but
# no FUSE.
set -u
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
completions=$(realpath "$here/../../examples/packaging/completions")
command -v python3 >/dev/null || exit 77
failures=0

fail() {
	echo "FAILED: $*" >&2
	failures=$((failures + 1))
}

# The part of a completion that is of one command.
of_command() { # FILE COMMAND
	case $1 in
	*.bash) sed -n "/^_$2() {/,/^}/p" "$1" ;;
	*) sed -n "/^$2)/,/;;/p; /^common=(/,/^)/p" "$1" ;;
	esac
}

for tool in "$MKNGRAMFS" "$NGRAMFS" "$NGRAMFSCK"; do
	name=${tool##*/}
	help=$("$tool" --help) || fail "$name --help"
	# The table's lines begin with blanks; --option is the first or second word of each.
	mapfile -t options < <(sed -nE 's/^ +(-[[:alnum:]], +)?(--[a-z-]+).*/\2/p' <<<"$help" | sort -u)
	[ ${#options[@]} -ge 2 ] || fail "$name --help has ${#options[@]} long options"
	mapfile -t mount_options < <(sed -nE 's/^ +-o ([a-z_]+).*/\1/p' <<<"$help")
	for file in "$completions"/*; do
		part=$(of_command "$file" "$name")
		for option in "${options[@]}"; do
			grep -qE -e "(^|[^[:alnum:]-])$option([^[:alnum:]-]|$)" <<<"$part" ||
				fail "${file##*/} has no $option of $name"
		done
		for option in "${mount_options[@]}"; do
			grep -qw -e "$option" <<<"$part" || fail "${file##*/} has no -o $option of $name"
		done
		# Nor others than those.
		while read -r option; do
			printf '%s\n' "${options[@]}" | grep -qxe "$option" ||
				fail "${file##*/} has $option, which $name has not"
		done < <(grep -oE -e '(^|[^[:alnum:]-])--[a-z][a-z-]+' <<<"$part" | grep -oe '--.*' | sort -u)
	done
done

for shell in bash zsh; do
	command -v $shell >/dev/null || { echo "no $shell here"; continue; }
	python3 "$here/completions.py" $shell "$completions" || fail $shell
done
[ $failures = 0 ] && echo passed
exit $((failures > 0))
