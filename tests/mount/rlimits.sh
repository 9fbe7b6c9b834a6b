#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon where memory, descriptors and threads are scarce: it says at mounting that it can't, or
# each question gets its answer or an error. It never ends by itself.
. "$(dirname "$0")/lib.sh"

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
                got, want = open(f"{mount}/kwic/ ", "rb").read().count(b"\n"), spaces
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

spaces = sum(open(f"text/{i:04}.txt", "rb").read().count(b" ") for i in range(2500))
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

# KB of address space, from too little to plenty.
for kb in 8000 40000 60000 150000 400000; do
	try "ulimit -v $kb" limited v $kb "$NGRAMFS" -f corpus.ngram mnt
done
for files in 4 8 12 16 24 48; do
	try "ulimit -n $files" limited n $files "$NGRAMFS" -f corpus.ngram mnt
done
# Root isn't limited by ulimit -u, but by a group of processes.
group=/sys/fs/cgroup/ngramfs-test-$$
if [ -f /sys/fs/cgroup/cgroup.controllers ] && mkdir "$group" 2>/dev/null; then
	in_group() { # NUMBER
		echo "$1" >"$group/pids.max" && echo $BASHPID >"$group/cgroup.procs" && exec "${@:2}"
	}
	if [ -f "$group/pids.max" ]; then
		for pids in 2 5 6 8 20; do
			try "$pids threads" in_group $pids "$NGRAMFS" -f corpus.ngram mnt
		done
	else
		echo "no limit of threads here"
	fi
	rmdir "$group"
fi
[ $mounted -ge 6 ] && [ $right -gt 100 ] || fail "$mounted mounts, $right right answers: too few to show anything"
echo "$mounted mounts, $right right answers, $failed_questions questions failed"
finish
