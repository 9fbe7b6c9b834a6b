#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an administrator limits is an error when it is passed, and never a shorter answer.
. "$(dirname "$0")/lib.sh"

python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    out.write("".join(random.choices("ab", k=1000000)))'
build long.ngram --sa-sampling=1024 --format=text long

usage() { # TEXT OPTIONS
	local said status
	said=$("$NGRAMFS" -o "$2" long.ngram mnt 2>&1)
	status=$?
	is 2 $status "status of -o $2"
	[[ $said == *"$1"* ]] || fail "-o $2 says '$said'"
}
mkdir mnt
for wrong in timeout=0 timeout=x timeout=86401 searches=0 searches=1025 queue=-1 memory=1X memory= \
	spool=0 lines=1K; do
	usage "-o $wrong: give a number from 1 to" "$wrong"
done

ask() { # FILE: its answer, or the error
	python3 - "$1" <<'PYTHON'
import errno, os, sys
try:
    print(open(sys.argv[1], "rb").read().decode(), end="")
except OSError as e:
    print(errno.errorcode[e.errno])
PYTHON
}

# ---- timeout: whoever asks for too much is told so, and others are answered ----
attach -o timeout=3 long.ngram mnt
before=$(cpu_ticks "${daemons[mnt]}")
is ETIMEDOUT "$(ask mnt/df/a)" "a long question"
rests mnt "$(cpu_ticks "${daemons[mnt]}")" "after the time is over"
is ETIMEDOUT "$(ls mnt/docs/a 2>&1 >/dev/null | grep -q 'timed out' && echo ETIMEDOUT)" "a long listing"
is 0 "$(ask mnt/count/nowhere)" "a short question"
is 1 "$(ask mnt/df/abbabaabbbabab)" "a document frequency that takes less"
# Waiting counts.
for ((i = 0; i < 20; i++)); do ask mnt/df/b >"out$i" & asks[i]=$!; done
wait "${asks[@]}"
is ETIMEDOUT "$(sort -u out*)" "many long questions"
is 499559 "$(ask mnt/count/a)" "a count after that"
detach mnt

# ---- searches and queue: what would wait beyond is refused ----
attach -o searches=1,queue=2 long.ngram mnt
# Three that have each a file open ask it: one is answered, two wait.
readers=()
for q in a b ab; do
	(exec 3<"mnt/df/$q" && : >"open-$q" && cat <&3 >/dev/null 2>&1) &
	readers+=($!)
	wait_for test -e "open-$q" || fail "cannot open df/$q"
done
sleep 1
is EBUSY "$(ask mnt/df/ba)" "a question too many"
is EBUSY "$(ask mnt/df/aa)" "and another"
is 0 "$(ask mnt/count/nowhere)" "a short question"
for pid in "${readers[@]}"; do kill -0 "$pid" || fail "a reader has ended, so nothing was shown"; done
pkill -P "${readers[1]}" cat
wait "${readers[1]}"
# There is room again, as soon as the daemon has heard of that.
is_let_in() {
	timeout -s INT 1 cat mnt/df/bb >/dev/null 2>said && fail "should not have been answered"
	! grep -q busy said
}
wait_for is_let_in || fail "refused, though there was room"
pkill -P "${readers[0]}" cat
pkill -P "${readers[2]}" cat
wait "${readers[@]}"
is 1 "$(ask mnt/df/abbabaabbbab)" "after that"
detach mnt

# ---- lines of a session: a write that would pass them is refused whole ----
attach -o lines=100 long.ngram mnt
python3 - <<'PYTHON' || fail "lines"
import errno, os
fd = os.open("mnt/batch/count", os.O_RDWR)
assert os.write(fd, b"a\n" * 99) == 198
try:
    os.write(fd, b"a\nb\n")
    assert False, "taken"
except OSError as e:
    assert e.errno == errno.EDQUOT, e
os.write(fd, b"b\n")
got = b""
while data := os.read(fd, 100000):
    got += data
assert got == b"499559\ta\n" * 99 + b"500441\tb\n", got
try:
    os.write(fd, b"a\n")
    assert False, "taken"
except OSError as e:
    assert e.errno == errno.EDQUOT, e
# Another session has its own.
other = os.open("mnt/batch/count", os.O_RDWR)
os.write(other, b"b\n" * 100)
assert os.read(other, 1 << 17) == b"500441\tb\n" * 100
PYTHON
detach mnt

# ---- spool, and memory where there is no room on disk either ----
attach -o spool=1M,memory=256K long.ngram mnt
python3 - <<'PYTHON' || fail "spool"
import errno, os
LINE = b"abab\n"

def fill(fd, most):
    """Write until that fails, or so much is written; how much was, and the error."""
    n = 0
    try:
        while n < most:
            n += os.write(fd, LINE * 10000)
    except OSError as e:
        return n, e.errno
    return n, 0

def drain(fd):
    got = b""
    while data := os.read(fd, 1 << 17):
        got += data
    return got

a = os.open("mnt/batch/count", os.O_RDWR)
n, error = fill(a, 1 << 24)
assert error in (errno.ENOSPC, errno.ENOMEM) and 500000 < n < 2 << 20, (n, error)
answers = set(drain(a).splitlines())
assert len(answers) == 1 and answers.pop().endswith(b"\tabab")
# What was answered has given its room back.
os.close(a)
b = os.open("mnt/batch/count", os.O_RDWR)
m, error = fill(b, 1 << 24)
assert error and m >= n - 100000, (m, error)
got = drain(b)
assert got.count(b"\n") == m // len(LINE), (got.count(b"\n"), m)
PYTHON
detach mnt
finish
