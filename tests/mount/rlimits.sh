#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon where memory, descriptors and threads are scarce: it says at mounting that it can't, or
# each question gets its answer or an error. It never ends by itself.
here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"

grep -qaE '__(asan|tsan)_init' "$NGRAMFS" && skip "a sanitizer needs address space"
make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
the=$(naive_count the)
mounted=0 failed_questions=0 right=0

ask_all() { # 12 clients at once; prints how many answers were right and how many questions failed
	python3 - mnt "$the" <<'PYTHON'
import os, sys, threading
mount, the = sys.argv[1], sys.argv[2].encode() + b"\n"
right, failed, wrong = [], [], []

def ask(i):
    try:
        for k in range(6):
            kind = (i + k) % 6
            if kind == 0:
                got, want = open(f"{mount}/count/the", "rb").read(), the
            elif kind == 1:
                got, want = open(f"{mount}/count/nowhere {i} {k}", "rb").read(), b"0\n"
            elif kind == 2:
                got, want = open(f"{mount}/doc/{i + 100}.txt", "rb").read(), open(f"text/{i + 100:04}.txt", "rb").read()
            elif kind == 3:
                got, want = open(f"{mount}/kwic/the", "rb").read().count(b"\n"), int(the)
            elif kind == 4:
                fd = os.open(f"{mount}/batch/count", os.O_RDWR)
                try:
                    os.write(fd, b"the\n" * 3000)
                    got = b""
                    while data := os.read(fd, 1 << 17):
                        got += data
                finally:
                    os.close(fd)
                want = (the[:-1] + b"\tthe\n") * 3000
            else:
                got, want = sorted(os.listdir(f"{mount}/docs/rare")), rare
            (right if got == want else wrong).append((kind, got))
    except OSError as e:
        failed.append(e.errno)

rare = [f"{i:04}.txt" for i in range(2500) if b"rare" in open(f"text/{i:04}.txt", "rb").read()]
threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not wrong, str(wrong)[:300]
print(len(right), len(failed))
PYTHON
}

try() { # WHAT COMMAND...: that puts itself under a limit and becomes the daemon
	local what=$1 pid status figures
	shift
	mkdir -p mnt
	"$@" >mnt.log 2>&1 &
	pid=$!
	daemons[mnt]=$pid
	until answers mnt || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
	if ! kill -0 $pid 2>/dev/null; then
		wait $pid
		status=$?
		unset "daemons[mnt]"
		is 1 $status "$what: status of mounting"
		[ -s mnt.log ] || fail "$what: not mounted, without a word"
		echo "$what: not mounted: $(tail -n 1 mnt.log)"
		# Where there is no process for fusermount3 either, it is left, not connected.
		if grep -q " $PWD/mnt fuse" /proc/mounts; then release mnt; fi
		return
	fi
	figures=$(ask_all) || fail "$what: a wrong answer"
	# When those are done, there is room again, for one at least.
	kill -0 $pid || fail "$what: the daemon has ended: $(tail -n 2 mnt.log)"
	release mnt || fail "$what: cannot unmount"
	wait $pid
	is 0 $? "$what: status of the daemon: $(tail -n 2 mnt.log)"
	unset "daemons[mnt]"
	grep -iE 'libgcc|abort|assert|sanitizer' mnt.log && fail "$what: the log"
	echo "$what: ${figures% *} right, ${figures#* } failed"
	mounted=$((mounted + 1)) right=$((right + ${figures% *})) failed_questions=$((failed_questions + ${figures#* }))
}

limited() { # LETTER VALUE COMMAND...
	ulimit "-$1" "$2" && exec "${@:3}"
}

# For a user who isn't root, see below: so many threads more than there are of this user.
limited_threads() { # NUMBER COMMAND...
	limited u $(($(ps -L -U "$(id -u)" --no-headers | wc -l) + $1)) "${@:2}"
}

if [ "${1:-}" = threads ]; then
	for threads in 2 4 8 12 20 60; do
		try "ulimit -u, $threads more" limited_threads $threads "$NGRAMFS" -f corpus.ngram mnt
	done
	[ $mounted -ge 1 ] && [ $right -gt 20 ] || fail "$mounted mounts, $right right answers: too few to show anything"
	finish
fi

# KB of address space, from too little to plenty.
for kb in 8000 40000 60000 150000 400000; do
	try "ulimit -v $kb" limited v $kb "$NGRAMFS" -f corpus.ngram mnt
done
for files in 4 8 12 16 24 48; do
	try "ulimit -n $files" limited n $files "$NGRAMFS" -f corpus.ngram mnt
done
# A control group that limits what processes of it may have, by the second version's hierarchy or the first's.
group_new() { # CONTROLLER LIMIT OF-VERSION-1: prints the file of its limit, and sets group
	group=
	if grep -qw "$1" /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		group=/sys/fs/cgroup/ngramfs-test-$$ limit=$2
	elif [ -f "/sys/fs/cgroup/$1/cgroup.procs" ]; then
		group=/sys/fs/cgroup/$1/ngramfs-test-$$ limit=$3
	fi
	[ -n "$group" ] && mkdir "$group" 2>/dev/null && [ -f "$group/$limit" ] && return 0
	echo "no limit of $1 by a control group here"
	[ ! -d "$group" ] || rmdir "$group"
	return 1
}

in_group() { # VALUE COMMAND...
	echo "$1" >"$group/$limit" && echo $BASHPID >"$group/cgroup.procs" && exec "${@:2}"
}

group_end() {
	wait_for rmdir "$group" || fail "$group is in use"
}

if group_new pids pids.max pids.max; then
	for pids in 2 5 6 8 20; do
		try "$pids threads" in_group $pids "$NGRAMFS" -f corpus.ngram mnt
	done
	group_end
fi

# Memory beyond a group's limit isn't refused: the kernel kills. With what the manual says it needs, nothing
# is lacking; with less, the daemon's end is seen by all who ask, and what it has told is right.
if group_new memory memory.max memory.limit_in_bytes; then
	before=$failed_questions
	for mb in 48 96; do
		try "a group of $mb MB" in_group ${mb}M "$NGRAMFS" -f -o memory=8M corpus.ngram mnt
	done
	is "$before" $failed_questions "questions that failed in a group with room"
	for mb in 2 4 8; do
		(in_group ${mb}M "$NGRAMFS" -f corpus.ngram mnt) >mnt.log 2>&1 &
		daemons[mnt]=$!
		until answers mnt || ! kill -0 "${daemons[mnt]}" 2>/dev/null; do sleep 0.02; done
		ask_all >asked || fail "a group of $mb MB: a wrong answer: $(cat asked)"
		if kill -0 "${daemons[mnt]}" 2>/dev/null; then
			detach mnt
			echo "a group of $mb MB: $(cat asked) (right, failed)"
			continue
		fi
		wait "${daemons[mnt]}"
		is 137 $? "a group of $mb MB: status of the daemon"
		unset "daemons[mnt]"
		if grep -q " $PWD/mnt fuse.ngramfs " /proc/mounts; then
			refuses "not connected" cat mnt/count/the
			release mnt || fail "a group of $mb MB: cannot unmount"
		fi
		echo "a group of $mb MB: killed"
	done
	group_end
fi

# Root isn't limited by ulimit -u. Another user may not have the device; in a namespace of mounts there is one
# that everybody may open.
if [ "$(id -u)" = 0 ] && unshare --mount setpriv --reuid=nobody --regid=nogroup --clear-groups true 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare --mount bash -c '. "$0/../lib/own_mounts.sh" && mknod device c 10 229 && chmod 666 device &&
		mount --bind device /dev/fuse && mkdir nobody && chmod 711 . && chown nobody nobody && cd nobody &&
		cp "$1" ngramfs && cp "$2" mkngramfs && cp "$0/lib.sh" "$0/rlimits.sh" . && chmod 755 * &&
		exec env -u HOME PATH=/usr/bin:/bin TMPDIR=$PWD NGRAMFS=$PWD/ngramfs MKNGRAMFS=$PWD/mkngramfs \
			setpriv --reuid=nobody --regid=nogroup --clear-groups bash rlimits.sh threads' \
		"$here" "$NGRAMFS" "$MKNGRAMFS"
	status=$?
	case $status in 0) ;; 77) echo "ulimit -u: left out" ;; *) fail "ulimit -u" ;; esac
else
	echo "no other user to be limited by ulimit -u"
fi
[ $mounted -ge 6 ] && [ $right -gt 100 ] || fail "$mounted mounts, $right right answers: too few to show anything"
echo "$mounted mounts, $right right answers, $failed_questions questions failed"
finish
