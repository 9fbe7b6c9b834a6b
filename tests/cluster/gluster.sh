#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index built on, joined on, and served from a Gluster volume of two bricks, one of which is stopped and
# started again under the mount.
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skipped: for root"; exit 77; }
	command -v glusterd >/dev/null || { echo "skipped: no glusterd here"; exit 77; }
	unshare --mount --net --pid --fork true 2>/dev/null || { echo "skipped: no namespaces"; exit 77; }
	# Whatever Gluster starts ends with its namespace of processes.
	IN_NAMESPACE=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc "$BASH" "$0"
fi
. "$(dirname "$0")/../lib/own_mounts.sh"
. "$(dirname "$0")/lib.sh"
needs glusterd glusterfsd gluster ip mount.glusterfs

# ---- a volume of two bricks; Gluster wants an address that isn't 127.0.0.1 ----
ip link set lo up
ip address add 10.77.0.1/32 dev lo
mkdir var log b1 b2 volume
mount -t tmpfs none /run && mkdir /run/gluster && mount --bind var /var/lib/glusterd &&
	mount --bind log /var/log/glusterfs || skip "no directories of Gluster's own"
setfattr -n trusted.test -v 1 b1 2>/dev/null || python3 -c 'import os; os.setxattr("b1", "trusted.test", b"1")' ||
	skip "no extended attributes on $work"
serve glusterd.log glusterd --no-daemon
g() {
	gluster --mode=script "$@"
}
wait_for g peer status >/dev/null || { fail "glusterd: $(tail log/*)"; finish; }
g volume create v transport tcp "10.77.0.1:$work/b1" "10.77.0.1:$work/b2" force >said 2>&1 &&
	g volume start v >>said 2>&1 || { fail "no volume: $(cat said)"; finish; }
wait_for mount -t glusterfs 10.77.0.1:/v volume || { fail "not mounted: $(tail log/*)"; finish; }

# ---- parts built and joined there ----
make_text 4 "$([ -n "${NG_TEST_BRIEF:-}" ] && echo 700000 || echo 1400000)"
build_one
export TEXT=$work/text INDEX=$work/volume/all.ngram PARTS=4 MEMORY=256M THREADS=1
"$cluster/parts.sh" >/dev/null || fail "parts.sh"
# Two machines at once, as far as Gluster can tell.
mkdir other
mount -t glusterfs 10.77.0.1:/v other || fail "mounted once only"
for list in volume/all.ngram.parts/*.list; do
	n=$(basename "$list" .list)
	"$cluster/build-part.sh" "$([ $((10#$n % 2)) = 0 ] && echo volume || echo other)/all.ngram.parts" "$n" || fail "part $n"
done
"$cluster/join.sh" volume/all.ngram.parts >said 2>&1 || fail "join.sh: $(cat said)"
is "" "$(find volume -name '*.building')" "what is left of building"
[ "$(find b1 -name '*.ngs' -size +0 | wc -l)" -gt 0 ] && [ "$(find b2 -name '*.ngs' -size +0 | wc -l)" -gt 0 ] ||
	echo "all shards are on one brick"

# ---- the brick with the first shard is stopped and started ----
contents_of_volume() {
	find volume -type f -exec md5sum {} + | sort
}
contents_of_volume >before
[ -s before ] || fail "the volume is empty"
attach other/all.ngram mnt
brick=b1
[ -s b1/all.ngram.parts/00000.ngram/shard-00000.ngs ] || brick=b2
pid=$(pgrep -f "^/usr/sbin/glusterfsd .*--brick-name $work/$brick ")
[ -n "$pid" ] || fail "which process is $brick?"
python3 "$here/stopped.py" gluster mnt text "kill -9 $pid" \
	"gluster --mode=script volume start v force >/dev/null" || fail "a brick that was stopped"
detach mnt "cannot be read"
umount other
# Each mount finds the brick again for itself; until then it says of the files there that they don't exist.
volume_is_whole() {
	contents_of_volume 2>/dev/null | cmp -s - before
}
wait_for volume_is_whole || fail "volume/ didn't find the brick again"
same_as_one volume/all.ngram
umount volume
finish
