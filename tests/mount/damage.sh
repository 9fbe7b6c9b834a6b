#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A shard that is damaged while it is mounted: EIO, a line in the log, and the daemon lives on.
. "$(dirname "$0")/lib.sh"

make_corpus
printf 'one fish\n' >fish
build fish.ngram --format lines fish

# Ask for everything, from an own process, with all caches cold; prints how often the answer was an
# error, and fails for any error but EIO, and for an answer that was right before and is wrong now
# when it mustn't be.
ask() {
	python3 - "$1" <<'PYTHON'
import errno, os, sys
may_be_wrong = sys.argv[1] == "corrupt"
errors = 0

def attempt(what, *args):
    global errors
    try:
        return what(*args)
    except OSError as e:
        if e.errno != errno.EIO and not (may_be_wrong and e.errno == errno.ENOENT):
            print("unexpected:", e, file=sys.stderr)
            sys.exit(1)
        errors += 1

def read(path):
    return open(path, "rb").read()

for i in range(0, 2500, 7):
    text = attempt(read, f"mnt/bad/doc/{i}.txt")
    if text is not None and text != read(f"text/{i:04}.txt") and not may_be_wrong:
        print("wrong text", i, file=sys.stderr)
        sys.exit(1)
    attempt(read, f"mnt/bad/doc/{i}.json")
for q in ("the", "of", "alpha", "beta", "gamma alpha", "中文", "nonesuch", "e", "ab", "rare"):
    for d in ("count", "find"):
        attempt(read, f"mnt/bad/{d}/{q}")
    for d in ("docs", "meta", "match"):
        for name in attempt(os.listdir, f"mnt/bad/{d}/{q}") or []:
            if name != "more":
                attempt(read, f"mnt/bad/{d}/{q}/{name}")
print(errors)
PYTHON
}

check() { # KIND, with the shards damaged in bad.ngram
	local errors
	errors=$(ask "$1") || fail "$1: an answer that shouldn't be"
	echo "$1: $errors errors"
	[ "$1" = corrupt ] || [ "$errors" -gt 100 ] || fail "$1: only $errors errors"
	if [ "$errors" -gt 0 ]; then
		grep -q "ngramfs: $work/bad.ngram: error:" mnt.log || fail "$1: nothing in the log"
		[ "$(grep -c error mnt.log)" -le 200 ] || fail "$1: the log is flooded"
	fi
	kill -0 "${daemons[mnt]}" || fail "$1: the daemon has died"
	is 1 "$(cat mnt/fish/count/fish)" "$1: count in a sound index beside it"
	is "one fish" "$(cat mnt/fish/docs/fish/0.txt)" "$1: a document of it"
	is "README batch count df doc docs facet files find grep kwic lines match meta next nextword prev prevword repeats stats trace with wordlist" "$(ls mnt/bad | tr '\n' ' ' | sed 's/ $//')" "$1: the directory"
}

for kind in empty half page corrupt; do
	build bad.ngram --shard-size=64K corpus.jsonl
	attach bad.ngram fish.ngram mnt
	for shard in bad.ngram/*; do
		size=$(stat -c %s "$shard")
		case $shard:$kind in
		*/index.json:*) ;;
		*:empty) truncate -s 0 "$shard" ;;
		*:half) truncate -s $((size / 2)) "$shard" ;;
		*:page) truncate -s 4096 "$shard" ;;
		*:corrupt)
			head -c $((size - 8192)) /dev/urandom |
				dd of="$shard" bs=4096 seek=1 conv=notrunc status=none
			;;
		esac
	done
	check $kind
	detach mnt "bad.ngram: error:"
	rm -rf bad.ngram
done

# A byte that was wrong before anybody read it: whoever needs its page gets an error, all others
# what they ask for, and the log says once where it is.
build bad.ngram corpus.jsonl
offset=$(python3 - bad.ngram/shard-00000.ngs <<'PYTHON'
import struct, sys
f = open(sys.argv[1], "r+b")
n, table = struct.unpack("<12xI8xQ", f.read(32))
f.seek(table)
kinds = {e[0]: e[2] for e in struct.iter_unpack("<IIQQQ", f.read(32 * n))}
at = kinds[9] + 1234  # metadata frames
f.seek(at)
byte = f.read(1)[0] ^ 8
f.seek(at)
f.write(bytes([byte]))
print(at // 4096 * 4096)
PYTHON
)
attach bad.ngram mnt
for _ in 1 2 3; do
	cat mnt/doc/0000.json >/dev/null 2>&1 && fail "metadata from a damaged page"
	cmp text/0000.txt mnt/doc/0000.txt || fail "a document beside the damage"
done
is 1 "$(grep -c "bad.ngram: error: shard-00000.ngs: section metadata frames: offset $offset: " mnt.log)" \
	"lines that say where"
detach mnt "bad.ngram: error:"
finish
