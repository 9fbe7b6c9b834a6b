#!/bin/bash
# The mount option cache=: the same answers with blocks kept decoded as without, wherever the room
# for them is, and whether there is any.
. "$(dirname "$0")/lib.sh"

make_corpus
head -n 1000 corpus.jsonl >half.jsonl
build corpus.ngram --shard-size=64K corpus.jsonl
build half.ngram --shard-size=64K half.jsonl
mkdir tmp
export TMPDIR=$work/tmp
here() { # DIR: files without a name that the daemon of a mount has there
	find "/proc/${daemons[$1]}/fd" -lname "$TMPDIR/*"
}
taken_kb() { # DIR: what those take
	here "$1" | xargs stat -L -c %b | awk '{ blocks += $1 } END { print blocks / 2 }'
}

# Visit each block some hundred times: through batch, as the kernel would remember counts.
warm() { # DIR
	python3 - "$1/batch/count" <<'PYTHON' || fail "warming $1"
import os, sys
words = ["the", "of", "alpha", "beta", "gamma", "a%2Fb", "100%25", "中文", "naïve", "and"]
queries = "".join(f"{a} {b}{c}\n" for a in words for b in words for c in ("", " ", " t", " a"))
f = os.open(sys.argv[1], os.O_RDWR)
for i in range(100):
    os.write(f, queries.encode())
    while os.read(f, 1 << 16):
        pass
PYTHON
}

# Answers of every kind, for comparing.
ask() { # DIR
	python3 - "$1" <<'PYTHON'
import os, sys
os.chdir(sys.argv[1])
words = ["the", "of", "alpha", "beta", "gamma", "a%2Fb", "100%25", "中文", "naïve", "x\ny", "..", "tab\t",
         "and", "%00", "😀", "Alpha", "rare", "none", "e", " "]
queries = words + [f"{a} {b}" for a in words[:6] for b in words] + [f"of the {a} a" for a in words]

def show(path):
    print(path)
    try:
        sys.stdout.buffer.write(open(path, "rb").read())
    except OSError as error:
        print(error.strerror)
    sys.stdout.flush()

def show_dir(path, most):
    if not os.path.isdir(path):
        return print(path, "isn't there")
    names = sorted(set(os.listdir(path)) - {"more"})
    print(path, names)
    for name in names[:most]:
        show(f"{path}/{name}")

for query in queries:
    for kind in ("count", "find", "next", "prev"):
        show(f"{kind}/{query}")
    for kind in ("docs", "meta", "match"):
        show_dir(f"{kind}/{query}", 2)
for query in words:
    show(f"df/{query}")
    show(f"kwic/{query}")
    show(f"with/case=fold/count/{query}")
    show_dir(f"with/order=random,seed=3/match/{query}", 20)
for doc in range(0, 2500, 50):
    show(f"doc/{doc}.txt")
for name, question in [(f"batch/{kind}", "".join(q + "\n" for q in queries if "\n" not in q))
                       for kind in ("count", "find", "df", "next", "prev")] + [
                       ("trace", open("doc/1234.txt").read()[:3000])]:
    print(name)
    f = os.open(name, os.O_RDWR)
    os.write(f, question.encode())
    while got := os.read(f, 1 << 16):
        sys.stdout.buffer.write(got)
PYTHON
}

same() { # DIR WHAT: that it answers as the index does without
	ask "$1" >got || fail "$2: asking"
	cmp want got >&2 || fail "$2: other answers"
}

attach -o cache=0 corpus.ngram plain
ask plain >want || fail "asking"
[ "$(wc -c <want)" -gt 1000000 ] || fail "only $(wc -c <want) bytes of answers"
is "" "$(here plain)" "a file with cache=0"
warm plain
same plain "cache=0"
detach plain

# ---- decoded, in room of a size, and by default ----
attach -o cache=64M corpus.ngram mnt
is 1 "$(here mnt | wc -l)" "files"
is 0 "$(taken_kb mnt)" "KiB taken after mounting"
same mnt "cold"
warm mnt
[ "$(taken_kb mnt)" -gt 0 ] || fail "nothing is decoded"
same mnt "warm"
is "" "$(ls -A tmp)" "names in TMPDIR"
detach mnt
is "" "$(ls -A tmp)" "what is left in TMPDIR"

attach corpus.ngram mnt
warm mnt
[ "$(taken_kb mnt)" -gt 0 ] || fail "nothing is decoded by default"
same mnt "by default"
detach mnt

# ---- several indexes, opened again while they are asked ----
cp -r half.ngram other.ngram
attach -o cache=64M corpus.ngram half.ngram other.ngram mnt
is 3 "$(here mnt | wc -l)" "files for three"
for index in corpus half other; do
	warm mnt/$index &
	warmers+=($!)
done
wait "${warmers[@]}"
same mnt/corpus "one of several"
for index in half other; do
	cat mnt/$index/kwic/the >kwic.$index || fail "kwic of $index"
done
cmp kwic.half kwic.other || fail "two that are equal"
for index in corpus half; do
	warm mnt/$index &
	warmers+=($!)
done
rm -r other.ngram
cp -r corpus.ngram other.ngram
kill -HUP "${daemons[mnt]}"
wait_for test -e mnt/other/doc/2499.txt || fail "not opened again"
wait "${warmers[@]}"
warm mnt/other
same mnt/corpus "one that stayed"
same mnt/other "one that was replaced"
is 3 "$(here mnt | wc -l)" "files after that"
detach mnt

# ---- a shard that is cut off below blocks that are decoded ----
cp -r half.ngram cut.ngram
attach -o cache=64M cut.ngram half.ngram mnt
warm mnt/cut
for shard in cut.ngram/shard*; do truncate -s 4096 "$shard"; done
refuses "Input/output error" cat "mnt/cut/count/of the alpha"
refuses "Input/output error" cat "mnt/cut/kwic/beta gamma"
is "$(grep -aoh the text/0*.txt | wc -l)" "$(cat mnt/half/count/the)" "the other"
detach mnt error

# ---- a relative TMPDIR, and one that is removed, when a daemon opens an index again ----
in_background() { # DIR: where its room is
	rm -r other.ngram
	cp -r half.ngram other.ngram
	TMPDIR=$1 "$NGRAMFS" -o cache=64M other.ngram "$work/mnt" || fail "not mounted"
	daemons[mnt]=$(daemon_of "$work/mnt")
}
exchange() {
	rm -r other.ngram
	cp -r corpus.ngram other.ngram
	kill -HUP "${daemons[mnt]}"
	wait_for test -e mnt/doc/2499.txt || fail "not opened again"
}
end() {
	release mnt || fail "unmount"
	wait_for gone "$work/mnt" || fail "the daemon goes on"
	unset "daemons[mnt]"
}
in_background tmp
exchange
warm mnt
is 1 "$(here mnt | wc -l)" "files where TMPDIR was relative"
same mnt "relative TMPDIR"
end
mkdir removed
in_background "$work/removed"
rmdir removed
exchange
warm mnt
is "" "$(find "/proc/${daemons[mnt]}/fd" -lname "$work/removed/*")" "files where TMPDIR is no more"
same mnt "TMPDIR that is no more"
end

# ---- a disk that doesn't give back what is kept on it ----
attach -o cache=64M half.ngram mnt
warm mnt
truncate -s 0 "$(here mnt)" || fail "truncate"
refuses "Input/output error" cat "mnt/count/of the alpha"
refuses "Input/output error" cat "mnt/kwic/beta gamma"
detach mnt error

# ---- sizes that are none, and rooms that are none ----
mkdir empty
fails() { # STATUS TEXT ARGUMENT...
	local status=$1
	refuses "$2" "$NGRAMFS" "${@:3}" corpus.ngram empty
	"$NGRAMFS" "${@:3}" corpus.ngram empty 2>/dev/null
	is "$status" $? "exit status of ngramfs ${*:3}"
}
for size in "" x -1 1x 1.5G 5KB "5 " 99999999999999999999 99999999T; do
	fails 2 "cache=$size" -o "cache=$size"
done
touch file
for dir in nowhere file; do
	export TMPDIR=$work/$dir
	fails 1 "$TMPDIR" -o cache=64M
	fails 1 "set TMPDIR, or give cache=0" -f -o cache=64M
	for option in rw cache=0; do
		attach -o $option half.ngram mnt
		is 2 "$(cat mnt/count/rare)" "count with $option and no $dir"
		detach mnt
	done
done
export TMPDIR=$work/tmp
# A process that may not have files so large.
(
	ulimit -f 1024
	fails 1 "File too large" -o cache=64M
	attach half.ngram limited
	is 2 "$(cat limited/count/rare)" "count within limits"
	detach limited
	[ $failures = 0 ]
) || fail "with a limit of the size of files"

# ---- filesystems with little room, or none ----
[ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=1M none small || finish
export TMPDIR=$work/small
attach -o cache=64M corpus.ngram mnt
warm mnt
[ "$(taken_kb mnt)" -le 512 ] || fail "$(taken_kb mnt) KiB taken of 1 MiB"
same mnt "1 MiB"
detach mnt
# Half of what is free, at most.
mount -o remount,size=16M small
attach -o cache=64M corpus.ngram mnt
warm mnt
[ "$(taken_kb mnt)" -gt 0 ] && [ "$(taken_kb mnt)" -le 8192 ] || fail "$(taken_kb mnt) KiB taken of 16 MiB"
same mnt "16 MiB"
detach mnt
# All of it taken by somebody else.
attach -o cache=64M corpus.ngram mnt
head -c 16M /dev/zero >small/zeroes 2>/dev/null
warm mnt
is 0 "$(taken_kb mnt)" "KiB taken of none"
same mnt "no room"
detach mnt
fails 1 "no room for the cache there" -o cache=64M
attach half.ngram mnt
is 2 "$(cat mnt/count/rare)" "count by default where there is no room"
detach mnt
umount small
finish
