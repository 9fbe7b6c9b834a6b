#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the daemon gives up, and that it does all the same what it is for.
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || skip "only root has rights to give up"
grep -qaE '__asan_init' "$NGRAMFS" && skip "AddressSanitizer needs them"
make_corpus
head -n 1000 corpus.jsonl >first.jsonl
tail -n +1001 corpus.jsonl >second.jsonl
build a.ngram first.jsonl
build b.ngram corpus.jsonl

fields() { # DIR FIELD: of all threads
	sed -n "s/^$2:[[:blank:]]*//p" "/proc/${daemons[$1]}/task/"*/status
}
attach a.ngram b.ngram mnt
cat mnt/a/count/the >/dev/null
for task in "/proc/${daemons[mnt]}/task/"*; do
	[ "$task" = "/proc/${daemons[mnt]}/task/*" ] && fail "no threads"
done
is 1 "$(fields mnt NoNewPrivs | sort -u)" "no_new_privs"
# To read what only its owner may; the process that watches unmounts.
is 0000000000000004 "$(fields mnt CapEff | sort -u)" "effective capabilities"
is 0000000000000004 "$(fields mnt CapPrm | sort -u)" "permitted capabilities"
is 0000000000000004 "$(fields mnt CapBnd | sort -u)" "bounding set"
is 2 "$(fields mnt Seccomp | sort -u)" "seccomp"

# ---- an index that has changed, and one that only its owner may read ----
before=$(cat mnt/a/count/the)
"$MKNGRAMFS" --quiet --append -o a.ngram second.jsonl || fail "append"
chmod 0700 a.ngram && chown -R nobody a.ngram && chmod 0400 a.ngram/*
kill -HUP "${daemons[mnt]}"
reopened() { [ "$(cat mnt/a/count/the)" != "$before" ]; }
wait_for reopened || fail "not opened again"
is "$(naive_count the)" "$(cat mnt/a/count/the)" "count after that"

# ---- a session that needs a temporary file ----
python3 - <<'PYTHON' || fail "a long session"
import os
fd = os.open("mnt/b/batch/count", os.O_RDWR)
for _ in range(40):
    os.write(fd, b"nowhere\n" * 10000)
n = 0
while data := os.read(fd, 1 << 17):
    n += data.count(b"0\tnowhere\n")
assert n > 390000, n
PYTHON
detach mnt

# ---- it unmounts by itself; and says what it has given up ----
mkdir d
"$NGRAMFS" -d b.ngram d >d.log 2>&1 &
pid=$!
wait_for answers d || fail "not mounted"
kill -TERM $pid
wait $pid
is 0 $? "status after SIGTERM"
grep -q " $PWD/d fuse" /proc/mounts && fail "still mounted"
grep -q 'in force: no_new_privs yes, capabilities dropped yes, seccomp yes, landlock \(yes\|no\)' d.log ||
	fail "-d says nothing of it"

# In the background, too, and with a file that is open: the mount goes at once, what is open later.
"$NGRAMFS" b.ngram d || fail "not mounted in the background"
exec 3<d/doc/0001.txt
kill -TERM "$(daemon_of d | head -n 1)"
wait_for gone d || fail "it doesn't end"
grep -q " $PWD/d fuse" /proc/mounts && fail "still mounted"
cat <&3 >/dev/null 2>&1 && fail "somebody still answers"
exec 3<&-

# ---- temporary files where TMPDIR says ----
mkdir tmp
export TMPDIR=$PWD/tmp
attach b.ngram mnt
unset TMPDIR
python3 - <<'PYTHON' || fail "a long session by TMPDIR"
import os
fd = os.open("mnt/batch/count", os.O_RDWR)
for _ in range(40):
    os.write(fd, b"nowhere\n" * 10000)
assert os.read(fd, 100).startswith(b"0\tnowhere\n")
PYTHON
detach mnt

attach -o nosandbox b.ngram mnt
is 0 "$(fields mnt Seccomp | sort -u)" "seccomp of -o nosandbox"
is 0 "$(fields mnt NoNewPrivs | sort -u)" "no_new_privs of -o nosandbox"
is "$(sed -n 's/^CapEff:[[:blank:]]*//p' /proc/self/status)" "$(fields mnt CapEff | sort -u)" "capabilities of -o nosandbox"
detach mnt
finish
