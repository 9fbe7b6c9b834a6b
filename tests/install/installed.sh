#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `meson install` puts into place, and that it works from there: mount(8), manual pages, and
# systemd's unit, whose commands are run here as systemd would. BUILD: the build directory.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../mount/lib.sh"
command -v meson >/dev/null || skip "no meson"

DESTDIR=$work/root meson install -C "$BUILD" --no-rebuild >log 2>&1 || { fail "$(cat log)"; finish; }
prefix=$(find root -path '*/bin/ngramfs') && prefix=$work/${prefix%/bin/ngramfs}

# ---- what is there ----
wanted=(bin/{mkngramfs,ngramfs,ngramfsck}
	share/man/man1/{mkngramfs,ngramfs,ngramfsck}.1
	share/man/man5/ngramfs-index.5 share/man/man7/ngramfs-{cluster,examples,queries}.7
	share/bash-completion/completions/{mkngramfs,ngramfs,ngramfsck}
	share/zsh/site-functions/_ngramfs
	lib/systemd/system/ngramfs@.service)
if command -v mandoc >/dev/null; then
	wanted+=(share/doc/ngramfs/html/{mkngramfs.1,ngramfs.1,ngramfsck.1,ngramfs-index.5,ngramfs-cluster.7,ngramfs-examples.7,ngramfs-queries.7}.html)
	grep -q 'href="ngramfs.1.html"' "$prefix/share/doc/ngramfs/html/mkngramfs.1.html" || fail "pages refer to each other"
fi
is "$(printf '%s\n' "${wanted[@]}" | sort)" "$(cd "$prefix" && find . -type f | sed 's,^\./,,' | sort)" \
	"files below the prefix"
is "$(find "$prefix" -type f | wc -l)" "$(find root -type f | wc -l)" "files in all"
for tool in mkngramfs ngramfs ngramfsck; do
	"$prefix/bin/$tool" --version | grep -q "^$tool [0-9]" || fail "$tool --version"
	"$prefix/bin/$tool" --help | grep -q "$tool(1)" || fail "$tool --help names its page"
	[ "$(bash -c '. "$1" && complete -p "$2"' - "$prefix/share/bash-completion/completions/$tool" $tool)" ] ||
		fail "completion of $tool"
done
if command -v man >/dev/null; then
	for page in "mkngramfs 1" "ngramfs 1" "ngramfsck 1" "ngramfs-index 5" "ngramfs-cluster 7" "ngramfs-examples 7" "ngramfs-queries 7"; do
		# shellcheck disable=SC2086
		set -- $page
		MANPATH=$prefix/share/man man -w "$2" "$1" >/dev/null || fail "man $2 $1"
	done
fi

# ---- mount(8) with the program installed ----
if [ "$(id -u)" = 0 ]; then
	NGRAMFS=$prefix/bin/ngramfs MKNGRAMFS=$prefix/bin/mkngramfs bash "$here/../mount/mount8.sh" >log 2>&1
	case $? in
	0 | 77) ;;
	*) fail "mount -t fuse.ngramfs: $(cat log)" ;;
	esac
fi

# ---- the unit ----
NGRAMFS=$prefix/bin/ngramfs
unit=ngramfs@books.service
sed "s,$(sed 's,.*/root/,/,' <<<"$prefix")/bin/ngramfs,$NGRAMFS," "$prefix/lib/systemd/system/ngramfs@.service" >$unit
grep -q "^ExecStart=$NGRAMFS " $unit || fail "the unit starts another program"
if command -v systemd-analyze >/dev/null; then
	# It looks for pages where they aren't yet.
	said=$(systemd-analyze verify --man=no "./$unit" 2>&1) || fail "systemd-analyze verify: $said"
	grep -F ngramfs <<<"$said" && fail "systemd-analyze complains"
fi

printf 'one fish\ntwo fish\n' >fish
build books.ngram --format lines fish
build more.ngram --format lines fish
INDEX="$work/books.ngram $work/more.ngram" MOUNTPOINT=$work/mnt/books OPTIONS=page=2
export INDEX MOUNTPOINT OPTIONS

# Run the commands of a setting: systemd replaces $NAME by words and ${NAME} by one, and $$ by $.
execute() { # SETTING
	local line
	while read -r line; do
		(eval "${line//\$\$/\$}") || return 1
	done < <(sed -n "s/^$1=//p" $unit | sed 's/\${[A-Z]*}/"&"/g')
}
started() { # COUNT of the first index
	execute ExecStartPre && execute ExecStart || { fail "the unit's start"; finish; }
	pid=$(daemon_of "$MOUNTPOINT")
	[[ $pid =~ ^[0-9]+$ ]] || { fail "no main process, or several: '$pid'"; finish; }
	is "$1 2" "$(cat "$MOUNTPOINT"/{books,more}/count/fish | xargs)" "counts"
}
[ "$(id -u)" = 0 ] || finish
grep -qx Type=forking $unit || fail "the type isn't forking"
for state in idle busy; do
	started 2
	[ $state = idle ] || exec 5<"$MOUNTPOINT/books/doc/0.txt"
	kill "$pid"
	wait_for gone "$MOUNTPOINT" || fail "SIGTERM doesn't end it when $state"
	execute ExecStopPost || fail "after the end, $state"
	exec 5<&-
	grep -F "$MOUNTPOINT" /proc/mounts && fail "the mount stays when $state"
done
started 2
printf 'no fish\n' | "$MKNGRAMFS" --quiet --append --format lines -o books.ngram - || fail "append"
MAINPID=$pid execute ExecReload
wait_for eval '[ "$(cat "$MOUNTPOINT/books/count/fish")" = 3 ]' || fail "ExecReload shows nothing new"
kill -KILL "$pid"
wait_for gone "$MOUNTPOINT"
ls "$MOUNTPOINT" 2>/dev/null && fail "a killed daemon answers"
execute ExecStopPost || fail "after a crash"
grep -F "$MOUNTPOINT" /proc/mounts && fail "the mount stays after a crash"
OPTIONS=
started 3
umount "$MOUNTPOINT" || fail "umount by hand"
wait_for gone "$MOUNTPOINT" || fail "umount by hand doesn't end it"
finish
