#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two machines at work on one index: one of them is refused, and nothing is lost. HOSTFS: a
# filesystem that shares a directory as NFS and Gluster do; each of its mounts is a machine. ROUNDS:
# how often all begin at once (default 6, in brief 3).
. "$(dirname "$0")/lib.sh"

[ -x "${HOSTFS:-}" ] || skip "HOSTFS must be set"
HOSTFS=$(realpath "$HOSTFS")
hosts=()

host() { # DIR [OPTION]: a machine that sees `shared` as DIR
	mkdir "$1"
	"$HOSTFS" "${@:2}" shared "$1" 2>"$1.log" &
	hosts+=($!)
	wait_for grep -q " $work/$1 " /proc/mounts || fail "$1 is not mounted: $(cat "$1.log")"
}

leave() {
	cd /
	for dir in one two none replaced; do
		release "$work/$dir" 2>/dev/null
	done
	wait "${hosts[@]}" 2>/dev/null
	clean
}
trap leave EXIT

documents() {
	python3 -c 'import json; print(sum(s["docs"] for s in json.load(open("shared/i/index.json"))["shards"]))'
}

mk() {
	"$MKNGRAMFS" --quiet --format lines "$@"
}

mkdir shared
host one
host two
host none --no-locks
seq 1000 >in.txt
seq 5 >few.txt

# ---- what the filesystem is like ----
: >shared/x
flock -n one/x flock -n two/x true || fail "flock(2) is shared"
flock -n one flock -n two true || fail "flock(2) of directories is shared"
cat >ofd.py <<'PYTHON'
import fcntl, struct, sys
F_OFD_SETLK = 37
files = [open(name, "r+b") for name in sys.argv[1:]]
for f in files:
    fcntl.fcntl(f, F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
PYTHON
python3 ofd.py one/x || fail "no lock of fcntl(2)"
python3 ofd.py one/x two/x 2>/dev/null && fail "fcntl(2) locks are not shared"
python3 ofd.py none/x 2>/dev/null && fail "there are locks without locks"
rm shared/x

# ---- at once, again and again ----
mk -o one/i in.txt || fail "a build"
brief=${NG_TEST_BRIEF:+3}
want=1000 refused=0 merged=0
# As many rounds as it takes until two have met.
for round in $(seq 100); do
	[ "$round" -le "${ROUNDS:-${brief:-6}}" ] || [ $refused = 0 ] || break
	pids=()
	for dir in one two one two; do
		mk --append -o $dir/i in.txt 2>said.${#pids[@]} &
		pids+=($!)
	done
	"$MKNGRAMFS" --quiet --merge two/i 2>said.${#pids[@]} &
	pids+=($!)
	took=0
	for n in "${!pids[@]}"; do
		if wait "${pids[n]}"; then
			[ "$n" = 4 ] && merged=$((merged + 1)) || took=$((took + 1))
		else
			refused=$((refused + 1))
			grep -qE 'another mkngramfs is at work|was replaced just now|changed just now' said.$n ||
				fail "round $round: $(cat said.$n)"
		fi
	done
	want=$((want + took * 1000))
	is $want "$(documents)" "documents after $took appends in round $round"
done
echo "$refused refused, $merged merges"
[ $refused -gt 0 ] || fail "nobody was in anybody's way"
"$NGRAMFSCK" --quiet shared/i || fail "the index is not sound"
is "i" "$(ls shared)" "beside the index"
ls shared/i | grep -qv -e '^shard-' -e '^index.json$' && fail "left behind: $(ls shared/i)"

# ---- one is at work for long ----
mkfifo pipe
refused_all() { # WHAT
	refuses "another mkngramfs is at work" mk --append -o two/i few.txt
	refuses "another mkngramfs is at work" "$MKNGRAMFS" --quiet --merge two/i
	refuses "another mkngramfs is at work" mk --force -o two/i few.txt
}
for first in --append --force; do
	mk $first -o one/i - <pipe &
	pid=$!
	exec 9>pipe
	echo 'from a pipe' >&9
	wait_for [ -e shared/i/mkngramfs.lock ] || fail "no lock"
	refused_all
	[ $first = --force ] && refuses "another mkngramfs is at work" mk --append -o one/i few.txt
	exec 9>&-
	wait $pid || fail "$first beside others that are refused"
	[ ! -e shared/i/mkngramfs.lock ] || fail "$first leaves its lock"
done
is 1 "$(documents)" "documents of what has replaced all"

# One that was killed is in nobody's way, though its file is there.
"$MKNGRAMFS" --quiet --append --format lines -o one/i - <pipe &
pid=$!
exec 9>pipe
wait_for [ -e shared/i/mkngramfs.lock ] || fail "no lock"
kill -KILL $pid
wait $pid 2>/dev/null
exec 9>&-
[ -e shared/i/mkngramfs.lock ] || fail "the killed one's file is gone"
mk --append -o two/i few.txt || fail "after one that was killed"
is 6 "$(documents)" "documents"

# ---- the same new index ----
mk -o one/new - <pipe &
pid=$!
exec 9>pipe
echo 'from a pipe' >&9
wait_for [ -s shared/new.building/journal ] || fail "no build"
for option in "" --force --resume; do
	refuses "another build is at work there" mk $option -o two/new few.txt
done
exec 9>&-
wait $pid || fail "a build beside others that are refused"
is "$(printf 'i\nnew')" "$(ls shared)" "beside the indexes"

# ---- somebody removes the lock, and comes between ----
# Without the lock nothing is published, nor removed.
mk --append -o one/i - <pipe &
pid=$!
exec 9>pipe
echo 'from a pipe' >&9
wait_for [ -e shared/i/mkngramfs.lock ] || fail "no lock"
rm shared/i/mkngramfs.lock
mk --append -o two/i few.txt || fail "an append after the lock was removed"
exec 9>&-
wait $pid && fail "an append whose lock was removed"
is 11 "$(documents)" "documents"
"$NGRAMFSCK" --quiet shared/i || fail "the index is not sound"

# ---- replaced where nothing can be exchanged ----
mkdir shared/i.replaced
refuses "one/i.replaced: is in the way" mk --force -o one/i few.txt
is 11 "$(documents)" "documents of what could not be replaced"
rmdir shared/i.replaced

# ---- no locks ----
refuses "none/i/mkngramfs.lock: cannot be locked: No locks available" mk --append -o none/i few.txt
refuses "see LOCKS in mkngramfs(1)" "$MKNGRAMFS" --quiet --merge none/i
refuses "none/i/mkngramfs.lock: cannot be locked" mk --force -o none/i few.txt
[ ! -e shared/i/mkngramfs.lock ] || fail "a file that cannot be locked stays"
mk -o none/fresh few.txt || fail "a new index, which needs no lock"
mkdir shared/other.building
refuses "none/other.building/mkngramfs.lock: cannot be locked" mk -o none/other few.txt
is 11 "$(documents)" "documents"

# ---- what somebody else puts into the index's place meanwhile stays there ----
# In a directory that can exchange two names, and in one that cannot.
mkfifo input
for place in shared one; do
	mk -o "$place/late" - <input 2>said &
	builder=$!
	exec 7>input
	wait_for test -d "$place/late.building" || fail "$place: no build"
	mkdir "$place/late"
	echo theirs >"$place/late/file"
	echo text >&7
	exec 7>&-
	wait $builder && fail "$place: an index in the place of what appeared there"
	grep -q "$place/late: appeared while the index was built" said || fail "$place: it says $(cat said)"
	is theirs "$(cat "$place/late/file")" "$place: what appeared"
	[ ! -e "$place/late/index.json" ] || fail "$place: an index beside what appeared"
	rm -r "$place/late" "$place/late.building"
done

# ---- a manifest that the other machine replaces while it is read ----
want=$(documents)
host replaced --replaced
for _ in 1 2 3; do
	mk --append -o replaced/i few.txt || fail "a manifest was replaced while it was read"
done
is $((want + 3 * $(wc -l <few.txt))) "$(documents)" "documents of what was replaced"

finish
