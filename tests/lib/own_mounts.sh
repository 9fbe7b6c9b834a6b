# SPDX-License-Identifier: Apache-2.0
# For tests that run in a namespace of mounts of their own. It has a copy of each mount that other tests have
# just then, and holds it: their daemons would never learn that it has been unmounted. Sourced first thing in
# the namespace.
# shellcheck shell=bash
mount --make-rprivate /
sed -n 's,^[^ ]* \([^ ]*/ngramfs-test-[^ ]*\) fuse.*,\1,p' /proc/self/mounts | sort -r | while read -r dir; do
	umount -l "$dir" 2>/dev/null
done
