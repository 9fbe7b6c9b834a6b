#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Going to the background, unmounting while busy, signals.
. "$(dirname "$0")/lib.sh"

printf 'one fish\ntwo fish\n' >fish
build fish.ngram --format lines fish
mkdir mnt

# ---- in the background, once it answers; with no hold on the terminal or the directory ----
for _ in 1 2 3; do
	out=$("$NGRAMFS" fish.ngram "$work/mnt" 2>&1) || fail "status $?"
	is "" "$out" "what it says"
	is 2 "$(cat mnt/count/fish)" "count at once"
	pid=$(daemon_of "$work/mnt")
	is / "$(readlink "/proc/$pid/cwd")" "its directory"
	is /dev/null "$(readlink "/proc/$pid/fd/2")" "its standard error"
	is "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')" "its session"
	release mnt || fail "unmount"
	wait_for gone "$work/mnt" || fail "the daemon stays"
done

# ---- relative paths ----
"$NGRAMFS" fish.ngram mnt && is 2 "$(cat mnt/count/fish)" "relative paths" || fail "relative paths"
is "$work/fish.ngram fuse.ngramfs" "$(awk -v d="$work/mnt" '$2 == d { print $1, $3 }' /proc/mounts)" "/proc/mounts"
is "$work/fish.ngram" "$(df --output=source mnt | tail -n 1)" "df"
grep " $work/mnt " /proc/mounts | grep -q '\brw\b' || fail "not writable"
release mnt
wait_for gone mnt || fail "the daemon stays"

# ---- options of libfuse ----
"$NGRAMFS" -o fsname=aquarium,page=1 fish.ngram mnt || fail "-o fsname"
is aquarium "$(df --output=source mnt | tail -n 1)" "fsname"
is 2 "$(ls mnt/docs/fish | wc -l)" "page beside fsname"
release mnt
wait_for gone mnt || fail "the daemon stays"

# ---- unmounting while busy ----
attach fish.ngram busy
exec 5<busy/doc/0.txt
release busy 2>/dev/null && fail "unmounted while a file is open"
is "one fish" "$(cat <&5)" "the open file"
exec 5<&-
cd busy/docs/fish || fail "cd"
release "$work/busy" 2>/dev/null && fail "unmounted while a directory is in use"
cd "$work" || exit
detach busy
attach fish.ngram busy
exec 5<busy/doc/0.txt
release busy "$([ "$(id -u)" = 0 ] && echo -l || echo -z)" || fail "lazy unmount"
is "one fish" "$(cat <&5)" "the open file after a lazy unmount"
exec 5<&-
wait "${daemons[busy]}"
is 0 $? "exit status after a lazy unmount"
unset 'daemons[busy]'

# ---- signals ----
for signal in TERM INT; do
	# A shell's background job ignores SIGINT.
	env --default-signal=$signal "$NGRAMFS" -f fish.ngram busy 2>log &
	pid=$!
	wait_for answers busy || fail "not mounted"
	kill -$signal $pid
	wait $pid
	is 0 $? "exit status after SIG$signal"
	grep -q " $work/busy " /proc/mounts && fail "still mounted after SIG$signal"
	is "" "$(cat log)" "log after SIG$signal"
done

# SIGHUP only makes it look at the index again, as append.sh has it; also when it was ignored.
(trap '' HUP && exec "$NGRAMFS" -f fish.ngram busy 2>log) &
pid=$!
wait_for answers busy || fail "not mounted"
kill -HUP $pid
wait_for grep -q 'opened again: 0 changed' log || fail "log after SIGHUP: $(cat log)"
is 2 "$(cat busy/count/fish)" "count after SIGHUP"
release busy
wait $pid
is 0 $? "exit status after SIGHUP and unmounting"

# ---- one thread, and the remains of a daemon that was killed ----
attach -s fish.ngram single
is 2 "$(cat single/count/fish)" "count with -s"
is 2 "$(find single/docs/fish -type f | wc -l)" "find with -s"
detach single
"$NGRAMFS" -f fish.ngram mnt 2>/dev/null &
pid=$!
wait_for answers mnt
kill -KILL $pid
wait $pid 2>/dev/null
refuses umount "$NGRAMFS" fish.ngram mnt
release mnt
finish
