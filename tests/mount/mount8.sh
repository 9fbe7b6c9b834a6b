#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mount -t fuse.ngramfs, and a line of fstab. mount(8) runs what is installed, with an environment of
# its own; so that nothing needs installing, this runs where /usr/local/bin is a private directory.
if [ -z "${IN_NAMESPACE:-}" ]; then
	unshare --mount true 2>/dev/null || exit 77
	IN_NAMESPACE=1 exec unshare --mount "$0"
fi
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "not root"
command -v mount.fuse3 >/dev/null || skip "no mount.fuse3"
mount -t tmpfs none /usr/local/bin && ln -s "$NGRAMFS" /usr/local/bin/ngramfs || skip "no private /usr/local/bin"

printf 'one fish\ntwo fish\n' >fish
build fish.ngram --format lines fish
mkdir mnt

for options in ro rw,page=1 defaults ro,noauto,x-test,allow_other,nofail; do
	mount -t fuse.ngramfs -o $options fish.ngram mnt || fail "mount -o $options"
	is 2 "$(cat mnt/count/fish)" "count, mounted with $options"
	mode=rw
	[[ $options == ro* ]] && mode=ro
	grep " $work/mnt " /proc/mounts | grep -q "\b$mode\b" || fail "$options: not $mode"
	umount mnt || fail "umount"
	wait_for gone mnt && wait_for gone "$work/mnt" || fail "the daemon stays"
done
refuses missing.ngram mount -t fuse.ngramfs missing.ngram mnt
refuses "page=0" mount -t fuse.ngramfs -o page=0 fish.ngram mnt

echo "$work/fish.ngram $work/mnt fuse.ngramfs ro,noauto,allow_other 0 0" >fstab
mount --fstab "$work/fstab" "$work/mnt" && is 2 "$(cat mnt/count/fish)" "by fstab" || fail "fstab"
is "$work/fish.ngram" "$(df --output=source mnt | tail -n 1)" "df"
umount mnt
wait_for gone "$work/mnt" || fail "the daemon stays"
finish
