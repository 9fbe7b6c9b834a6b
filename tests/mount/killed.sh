#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon is killed under readers of every kind: none is left hanging. KILLS: how often for each
# kind (default 3, in brief 1).
. "$(dirname "$0")/lib.sh"

brief=${NG_TEST_BRIEF:+1}
kills=${KILLS:-${brief:-3}}
make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
readers=6

# Ask until that fails, which it must not before the daemon is dead.
ask_on() { # KIND
	local i=0
	case $1 in
	count) while cat "mnt/count/$BASHPID $((i += 1))" >/dev/null 2>&1; do :; done ;;
	next) while cat "mnt/next/the $BASHPID $((i += 1))" >/dev/null 2>&1; do :; done ;;
	kwic) while cat "mnt/kwic/ " >/dev/null 2>&1; do :; done ;;
	docs) while cat mnt/docs/gamma/*.txt >/dev/null 2>&1; do :; done ;;
	batch) while (exec 3<>mnt/batch/count && printf 'the\nof\n' >&3 && cat <&3) >/dev/null 2>&1; do :; done ;;
	esac
}

all_gone() { # PID...
	local pid
	for pid in "$@"; do
		[ ! -d "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status" || return 1
	done
}

for kind in count next kwic docs batch; do
	for ((run = 0; run < kills; run++)); do
		attach corpus.ngram mnt
		pids=()
		for ((i = 0; i < readers; i++)); do
			ask_on $kind &
			pids+=($!)
		done
		before=$(cpu_ticks "${daemons[mnt]}")
		wait_for has_worked "${daemons[mnt]}" $((before + 4 + RANDOM % 8)) || fail "$kind: nothing is asked"
		all_gone "${pids[@]}" && fail "$kind: the readers have ended before"
		kill -KILL "${daemons[mnt]}"
		wait_for all_gone "${pids[@]}" "${daemons[mnt]}" || fail "$kind: readers hang"
		wait "${daemons[mnt]}" "${pids[@]}" 2>/dev/null
		unset "daemons[mnt]"
		# What is dead says so: nothing looks as if it didn't occur.
		refuses "not connected" cat mnt/count/the
		umount mnt || fail "$kind: cannot unmount"
	done
	echo "$kind: $kills kills"
done

# ---- and what watches over it goes with it ----
watches() { # how many of this test there are
	local p n=0
	for p in /proc/[0-9]*; do
		# It may be in a mount namespace of its own.
		[ "$(readlink "$p/exe")" = "$NGRAMFS" ] &&
			tr '\0' '\n' <"$p/environ" | grep -qxF "MOUNT_TEST=$work" && n=$((n + 1))
	done
	echo $n
}
no_watches() { [ "$(watches)" = 0 ]; }
wait_for no_watches || fail "$(watches) processes are left of daemons that were killed"
attach corpus.ngram mnt
is 2 "$(watches)" "the daemon, and the process that watches over it"
detach mnt
wait_for no_watches || fail "a process is left of a daemon that has ended"
finish
