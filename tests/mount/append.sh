#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Appending to an index while it is mounted, and SIGHUP, which makes the mount show it.
. "$(dirname "$0")/lib.sh"

printf 'one fish\ntwo fish\n' >fish
printf 'red fish\nblue fish\nred cat\n' >more
printf 'the last fish\n' >last
seq -f 'a fish number %.0f' 2000 >many
build fish.ngram --format lines fish

append() { # ARGUMENT...
	"$MKNGRAMFS" --quiet --append --format lines "$@" || fail "mkngramfs --append $*"
}

hangup() { # DIR WANTED: until the log says so once more
	local before
	before=$(grep -c 'opened again' "$1.log")
	kill -HUP "${daemons[$1]}"
	wait_for eval "[ \$(grep -c 'opened again' $1.log) -gt $before ]" || fail "no answer to SIGHUP"
	grep 'opened again' "$1.log" | tail -n 1 >said
	grep -q "$2" said || fail "the log says '$(cat said)' instead of '$2'"
}

# Everything there is to ask, as names and contents.
snapshot() { # DIR
	(
		cd "$1" || exit
		for query in fish red cat 'blue fish' nothing; do
			echo "$query: $(cat "count/$query") $(cat "find/$query")"
			for dir in docs meta match; do
				if [ -e "$dir/$query" ]; then
					find "$dir/$query" -type f | sort
					find "$dir/$query" -type f -size +0 -exec cat {} + | sort
				fi
			done
		done
		cat stats README
		ls -l . | awk '{ print $1, $5, $9 }'
		for id in 0 1 2 3 4 5; do cat doc/$id.txt doc/$id.json 2>&1; done
	)
}

# ---- one index: the old answers stay until the signal, then all is new ----
attach fish.ngram mnt
attach fish.ngram other
is 2 "$(cat mnt/count/fish)" "count"
is 0 "$(cat mnt/count/red)" "count of what is to come"
[ ! -e mnt/docs/red ] && [ ! -e mnt/doc/2.txt ] || fail "what is to come"
cp fish.ngram/shard-00000.ngs kept
snapshot mnt >old
date_before=$(stat -c %Y fish.ngram/shard-00000.ngs)
touch -d '2020-01-01' fish.ngram/index.json
append -o fish.ngram more
cmp kept fish.ngram/shard-00000.ngs || fail "the old shard has changed"
is "$date_before" "$(stat -c %Y fish.ngram/shard-00000.ngs)" "its time"
snapshot mnt | cmp - old || fail "the mount has changed without a signal"
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
snapshot mnt | cmp - old || fail "the mount has changed without a cache"

inode=$(stat -c %i mnt/count mnt/stats mnt/doc/1.txt mnt/docs/fish)
hangup mnt '1 changed; 5 documents now'
is "5 documents" "$(python3 -c 'import json; print(json.load(open("mnt/stats"))["documents"], "documents")')" "stats"
attach fish.ngram fresh
snapshot fresh >new
snapshot mnt >got
diff got new >&2 || fail "after SIGHUP it is not what a new mount shows"
snapshot mnt | cmp - new || fail "asked again it is not the same"
is "$inode" "$(stat -c %i mnt/count mnt/stats mnt/doc/1.txt mnt/docs/fish)" "inode numbers"
is "$(stat -c %Y fish.ngram/index.json)" "$(stat -c %Y mnt | tail -n 1)" "time of the root"
is "$(stat -c %Y fish.ngram/index.json)" "$(stat -c %Y mnt/count/red)" "time of a file"
is 5 "$(stat -f -c %c mnt)" "documents in statfs"
snapshot other | cmp - old || fail "the other mount has changed"
hangup other '1 changed'
snapshot other | cmp - new || fail "the other mount after its own signal"
detach fresh
detach other

# ---- what is open, mapped, or somebody's directory meanwhile ----
python3 - "${daemons[mnt]}" "$MKNGRAMFS" <<'PYTHON' || fail "files that are open"
import mmap, os, signal, subprocess, sys, time
pid, mkngramfs = int(sys.argv[1]), sys.argv[2]
stats, old_count = open("mnt/stats", "rb", buffering=0), open("mnt/count/the", "rb", buffering=0)
find, doc = open("mnt/find/fish", "rb"), open("mnt/doc/1.txt", "rb")
mapped = mmap.mmap(doc.fileno(), 0, prot=mmap.PROT_READ)
page = os.open("mnt/docs/fish", os.O_RDONLY)
counts = os.open("mnt/count", os.O_RDONLY)
subprocess.run([mkngramfs, "--quiet", "--append", "--format=lines", "-o", "fish.ngram", "last"], check=True)
before = open("mnt.log").read().count("opened again")
os.kill(pid, signal.SIGHUP)
while open("mnt.log").read().count("opened again") == before:
    time.sleep(0.01)
# Each says what it was opened for, though nobody had read it before.
assert b'"documents":5' in stats.read(), "stats"
assert old_count.read() == b"0\n", "count"
assert b'"cnt":4' in find.read(), "find"
assert mapped[:] == b"two fish" and doc.read() == b"two fish", "document"
# A directory that is held answers from the new state, and remembers nothing of it.
def ask(name):
    return open(os.open(name, os.O_RDONLY, dir_fd=counts), "rb").read()
assert ask("last") == b"1\n" and ask("fish") == b"5\n", "count in a held directory"
assert open(os.open("5.txt", os.O_RDONLY, dir_fd=page), "rb").read() == b"the last fish", "new document"
assert open(os.open("1.txt", os.O_RDONLY, dir_fd=page), "rb").read() == b"two fish", "old document"
os.stat("never", dir_fd=counts)
subprocess.run([mkngramfs, "--quiet", "--append", "--format=lines", "-o", "fish.ngram", "last"], check=True)
before += 1
os.kill(pid, signal.SIGHUP)
while open("mnt.log").read().count("opened again") == before:
    time.sleep(0.01)
assert ask("last") == b"2\n" and ask("fish") == b"6\n", "count in a directory held since long"
assert open("mnt/count/last").read() == "2\n"
PYTHON

# ---- an index that can't be opened: the mount goes on ----
snapshot mnt >old
mv fish.ngram away
before=$(wc -l <mnt.log)
kill -HUP "${daemons[mnt]}"
wait_for grep -q 'cannot open again: .*fish.ngram' mnt.log || fail "no word of what is missing"
snapshot mnt | cmp - old || fail "an index that is gone"
mv away fish.ngram
cp fish.ngram/shard-00002.ngs kept
truncate -s -1 fish.ngram/shard-00002.ngs
kill -HUP "${daemons[mnt]}"
wait_for grep -q 'cannot open again: .*shard-00002' mnt.log || fail "no word of what is damaged"
cp kept fish.ngram/shard-00002.ngs
# A shard was written to, so it is opened anew, though it is what it was.
hangup mnt '1 changed'
snapshot mnt | cmp - old || fail "nothing has changed"

# ---- replaced by another index, in which the same numbers are other documents ----
exec 5<mnt/doc/0.txt
"$MKNGRAMFS" --quiet --force --format lines -o fish.ngram more || fail "--force"
hangup mnt '1 changed; 3 documents now'
is "red fish blue fish" "$(cat mnt/doc/0.txt; echo " $(cat mnt/doc/1.txt)")" "documents"
is "2 1" "$(cat mnt/count/fish mnt/count/cat | tr '\n' ' ' | sed 's/ $//')" "counts"
[ ! -e mnt/docs/two ] || fail "a query of the index that was"
# Out of the cache, or not at all.
cat <&5 >out 2>err && is "one fish" "$(cat out)" "a document that is no more"
exec 5<&-
detach mnt 'cannot open again'

# ---- several indexes: the ones that didn't change keep their caches ----
build cats --format lines more
attach -d fish.ngram cats mnt
is "2 2" "$(cat mnt/fish/count/fish mnt/cats/count/fish | tr '\n' ' ' | sed 's/ $//')" "counts of both"
append -o fish.ngram last
hangup mnt '1 changed'
before=$(wc -l <mnt.log)
is 2 "$(cat mnt/cats/count/fish)" "count of the other"
tail -n +$((before + 1)) mnt.log | grep -q LOOKUP && fail "the unchanged index was asked again"
is 3 "$(cat mnt/fish/count/fish)" "count of the one"
is 3 "$(ls mnt/fish/docs/fish | wc -l)" "its documents"
detach mnt .

# ---- many readers, and many changes ----
build busy.ngram --format lines fish
attach -o page=10 busy.ngram mnt
cat >reader.py <<'PYTHON'
import os, random, sys, time
random.seed(int(sys.argv[1]))
seen = 0
while not os.path.exists("stop"):
    for _ in range(200):
        n = int(open("mnt/count/fish").read())
        # Counts never fall, and everything asked after one is at least as new.
        assert n >= seen, (n, seen)
        seen = n
        assert int(open("mnt/count/fish").read()) >= n
        assert open("mnt/doc/1.txt").read() == "two fish"
        name = f"mnt/count/{random.choice(['one', 'two', 'a', 'number', 'fish number 1'])}"
        assert open(name).read().endswith("\n")
        os.path.exists(f"mnt/docs/number {random.randrange(3000)}")
    ids = [i for root, _, files in os.walk("mnt/docs/fish") for i in files]
    assert len(ids) == len(set(ids)) >= 2, ids
    assert open("mnt/stats").read().startswith('{"documents":')
PYTHON
readers=()
for i in 1 2 3 4; do
	python3 reader.py $i 2>reader$i.err &
	readers+=($!)
done
for i in $(seq 12); do
	split -n "l/$i/12" many >part
	append -o busy.ngram part
	hangup mnt '1 changed'
	is $((2 + $(split -n "l/$i/12" many | wc -l) + ${sum:=0})) "$(cat mnt/count/fish)" "count after change $i"
	sum=$((sum + $(wc -l <part)))
done
: >stop
for i in 1 2 3 4; do
	wait "${readers[i - 1]}" || fail "reader $i: $(tail -n 3 reader$i.err)"
done
is 2002 "$(cat mnt/count/fish)" "count at last"
grep -c ngs "/proc/${daemons[mnt]}/maps" >maps
is 13 "$(cat maps)" "shards that the daemon has mapped"
detach mnt
finish
