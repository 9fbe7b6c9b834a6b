#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package builds, passes lintian, is installed, runs the quickstart and is purged: all that
# in a view of this system of which nothing remains.
set -u
if [ -z "${IN_NAMESPACE:-}" ]; then
	for tool in dpkg-buildpackage dh lintian ninja; do
		command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
	done
	[ -w /dev/fuse ] || { echo "skipped: no FUSE here"; exit 77; }
	unshare --mount true 2>/dev/null || { echo "skipped: no namespaces of mounts"; exit 77; }
	IN_NAMESPACE=1 exec unshare --mount "$0"
fi
. "$(dirname "$0")/../lib/own_mounts.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
view=$(mktemp -d) || exit 77
skip() {
	echo "skipped: no overlay of this system"
	exit 77
}
trap 'umount -l "$view"; rmdir "$view"' EXIT
mount -t tmpfs none "$view" && mkdir "$view"/{upper,work,root} || skip
mount -t overlay none -o "lowerdir=/,upperdir=$view/upper,workdir=$view/work" "$view/root" || skip
for dir in proc dev sys; do
	mount --rbind /$dir "$view/root/$dir" || skip
done
# What is mounted elsewhere is no part of the overlay.
mkdir -p "$view/root/$top" && mount --bind "$top" "$view/root/$top" || skip
# Nor need the whole system's manual pages be read once more.
rm -f "$view/root/var/lib/man-db/auto-update"
# Nor need it be fast: most of the time is the compiler's.
chroot "$view/root" env -C / DEB_CFLAGS_APPEND="-O1 -g0" DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=$(nproc)" HOME=/root \
	PATH=/usr/sbin:/usr/bin:/sbin:/bin "$top/examples/packaging/build-deb.sh" --try /var/tmp/ngramfs-deb
