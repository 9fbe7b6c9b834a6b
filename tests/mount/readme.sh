#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands of README.md, as they are written there, on a /usr/share/doc of which the answers are known.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skipped: another /usr/share/doc takes root"; exit 77; }
	unshare --mount true 2>/dev/null || { echo "skipped: no namespaces of mounts"; exit 77; }
	IN_NAMESPACE=1 exec unshare --mount "$0"
fi
. "$here/../lib/own_mounts.sh"
. "$here/lib.sh"
for tool in jq gzip; do
	command -v $tool >/dev/null || skip "no $tool"
done

mkdir doc bin
ln -s "$NGRAMFS" "$MKNGRAMFS" bin
python3 "$here/readme.py" corpus "$top/README.md" doc article.txt
mount --bind doc /usr/share/doc
PATH=$work/bin:$PATH
python3 "$here/readme.py" run "$top/README.md" || fail "README.md"
! mountpoint -q mnt || umount mnt
finish
