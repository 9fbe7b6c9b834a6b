#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/python/session.md: every command on it is run, and prints what the page says.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$work
cp "$here"/../../examples/python/{ngramfs.py,blake.jsonl,session.md} .
# As installed. Root has no need of fusermount3, and may not have it.
mkdir bin
printf '#!/bin/sh\nexec "%s" "$@"\n' "$MKNGRAMFS" >bin/mkngramfs
printf '#!/bin/sh\nexec "%s" "$@"\n' "$NGRAMFS" >bin/ngramfs
[ "$(id -u)" != 0 ] || printf '#!/bin/sh\nexec umount "$2"\n' >bin/fusermount3
chmod +x bin/*
PATH=$work/bin:$PATH python3 "$here/session.py" session.md >out || fail "the page: $(cat out)"
# Those that need no pandas.
n=$(sed -n 's/ commands$//p' out)
[ "${n:-0}" -ge 24 ] || fail "a premise: only ${n:-no} commands"
# A page that is wrong is found out.
sed 's/^2$/3/' session.md >wrong.md
PATH=$work/bin:$PATH python3 "$here/session.py" wrong.md >/dev/null && fail "a wrong page passes"
finish
