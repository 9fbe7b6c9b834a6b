#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What can't be done in a mount, and wrong ways to ask for one.
. "$(dirname "$0")/lib.sh"

printf 'one fish two fish\nred fish\n' >fish
build fish.ngram --format lines fish
attach -o ro fish.ngram mnt
ls mnt/docs/fish >/dev/null

python3 - <<'PYTHON' || fail "errno of what changes something"
import errno, os, sys
bad = 0

def fails(code, what, *args):
    global bad
    try:
        what(*args)
        print("FAILED: no error:", what.__name__, args, file=sys.stderr)
    except OSError as e:
        if e.errno == code:
            return
        print("FAILED:", what.__name__, args, e, file=sys.stderr)
    bad += 1

for f in ("mnt/README", "mnt/count/fish", "mnt/doc/0.txt", "mnt/docs/fish/0.txt", "mnt/find/fish"):
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND,
                  os.O_WRONLY | os.O_CREAT):
        fails(errno.EROFS, os.open, f, flags)
    fails(errno.EROFS, os.truncate, f, 0)
    fails(errno.EROFS, os.unlink, f)
    fails(errno.EROFS, os.rename, f, f + "2")
    fails(errno.EROFS, os.chmod, f, 0o644)
    fails(errno.EROFS, os.chown, f, 1, 1)
    fails(errno.EROFS, os.utime, f)
    fails(errno.EROFS, os.link, f, "mnt/docs/x")
    fails(errno.ENOTDIR, os.listdir, f)
    fails(errno.ENOTDIR, os.stat, f + "/x")
    fails(errno.EINVAL, os.readlink, f)
for d in ("mnt", "mnt/count", "mnt/docs", "mnt/docs/fish", "mnt/doc"):
    fails(errno.EISDIR, os.read, os.open(d, os.O_RDONLY), 1)
    fails(errno.EISDIR, os.open, d, os.O_WRONLY)
    if d != "mnt/count": # every name exists there
        fails(errno.EROFS, os.mkdir, d + "/nonesuch")
        fails(errno.EROFS, os.symlink, "x", d + "/nonesuch.lnk")
        fails(errno.EROFS, os.open, d + "/nonesuch", os.O_WRONLY | os.O_CREAT)
for d in ("mnt/count", "mnt/docs", "mnt/docs/fish"):
    fails(errno.EROFS, os.rmdir, d)
assert not os.access("mnt/README", os.W_OK) and os.access("mnt/README", os.R_OK)
try:
    assert os.listxattr("mnt/README") == []
except OSError as e:
    assert e.errno == errno.EOPNOTSUPP, e
sys.exit(bad > 0)
PYTHON

# Remounted for writing by someone who insists, or mounted so to begin with: it is still refused, to
# root by the daemon, and to others by the files' modes.
still_refused() {
	local why="Permission denied"
	[ "$(id -u)" = 0 ] && why="Read-only file system"
	refuses "$why" mkdir mnt/docs/nonesuch
	refuses "$why" rm -f mnt/doc/0.txt
	refuses "$why" rmdir mnt/docs
	refuses "$why" touch mnt/nonesuch
	refuses "$why" ln -s x mnt/nonesuch
	refuses "$why" mkfifo mnt/nonesuch
	refuses "" ln mnt/README mnt/nonesuch
	refuses "" chmod 600 mnt/README
	refuses "$why" mv mnt/README mnt/x
	refuses "$why" truncate -s 0 mnt/README
	refuses "$why" sh -c 'echo x >>mnt/README'
	refuses "$why" sh -c 'echo x >mnt/doc/0.txt'
	refuses "$why" sh -c 'echo x 1<>mnt/count/fish >&1'
	refuses "$why" sh -c 'echo x >>mnt/kwic/fish'
	is "one fish two fish" "$(cat mnt/doc/0.txt)" "a document after that"
	is "3" "$(cat mnt/count/fish)" "count after that"
	grep -q "exact" mnt/README || fail "README after that"
}
if [ "$(id -u)" = 0 ] && mount -o remount,rw mnt 2>/dev/null; then
	still_refused
fi
detach mnt
attach fish.ngram mnt
still_refused
detach mnt

# ---- the command line ----
usage() { # TEXT ARGUMENT...: status 2
	local text=$1
	shift
	refuses "$text" "$NGRAMFS" "$@"
	"$NGRAMFS" "$@" >/dev/null 2>&1
	is 2 $? "exit status of ngramfs $*"
}

failure() { # TEXT ARGUMENT...: status 1
	local text=$1
	shift
	refuses "$text" "$NGRAMFS" "$@"
	"$NGRAMFS" "$@" >/dev/null 2>&1
	is 1 $? "exit status of ngramfs $*"
}

mkdir empty not-an-index
echo x >not-an-index/file
usage "usage:"
usage "mount point" fish.ngram
usage "nonesuch" -o nonesuch=1 fish.ngram empty
usage "nonesuch" fish.ngram empty -o ro,nonesuch
usage "--nonesuch" --nonesuch fish.ngram empty
for n in 0 -1 x 1x "" 1000001 99999999999999999999; do
	usage "page=$n" -o "page=$n" fish.ngram empty
done
usage "threads=0" -o threads=0 fish.ngram empty
for front in "" -f; do
	failure "missing" $front missing.ngram empty
	failure "mkngramfs" $front missing.ngram empty
	failure "not-an-index" $front not-an-index empty
	failure "nowhere" $front fish.ngram nowhere
	failure "mkdir" $front fish.ngram nowhere
	failure "not a directory" $front fish.ngram fish
	failure "fish" $front fish.ngram fish.ngram/ empty
done
cp -r fish.ngram other.ngram
failure "fish.ngram: holds an index.json, as an index does, which would be hidden" other.ngram fish.ngram
attach fish.ngram mnt
failure "mnt: ngramfs is mounted there already; umount it first" fish.ngram mnt
failure "mnt/: ngramfs is mounted there already" fish.ngram "$work/mnt/../mnt/"
detach mnt
mkdir soon.ngram.building
failure "soon.ngram/: there is no such index yet: a build of it is at work or was interrupted" soon.ngram/ empty
refuses "soon.ngram: there is no such index yet" "$NGRAMFSCK" soon.ngram
is "fuse: unknown option(s): \`-o nonesuch=1'" "$("$NGRAMFS" -o nonesuch=1 fish.ngram empty 2>&1 | head -n 1)" "an option that isn't there"
head -c 100 /dev/zero >not-an-index/index.json
failure "index.json" not-an-index empty
cp -r fish.ngram cut.ngram
for shard in cut.ngram/*; do
	[ "$shard" = cut.ngram/index.json ] || truncate -s -1 "$shard"
done
failure "cut.ngram" cut.ngram empty
grep -q " $work/empty " /proc/mounts && fail "something is mounted"

"$NGRAMFS" --help >out || fail "status of --help"
grep -q "usage: ngramfs" out && grep -q "page=N" out || fail "--help"
"$NGRAMFS" -V >out || fail "status of -V"
grep -qE '^ngramfs [0-9]+\.[0-9]+' out || fail "-V"
finish
