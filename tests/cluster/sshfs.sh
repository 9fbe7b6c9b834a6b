#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index on another machine, which sshfs shows as files: the server is stopped and started again.
. "$(dirname "$0")/hosts.sh"
needs sshfs

make_text 4 "$([ -n "${NG_TEST_BRIEF:-}" ] && echo 3000000 || echo 6000000)"
build_one
mkdir remote
# The daemon maps the index, which direct_io has no way to.
sshfs "host1:$work" remote -o ro,reconnect,ServerAliveInterval=2,ServerAliveCountMax=2 || { fail "sshfs"; finish; }
attach remote/one.ngram mnt
cat >stop <<SH
ip netns pids host1 | xargs -r kill -9
SH
# Every machine has its own namespace of mounts, in which a copy of these would stay.
cat >start <<SH
ip netns exec host1 unshare --uts sh -c "umount -l $work/mnt $work/remote; hostname host1; exec /usr/sbin/sshd -D -e -f $work/ssh/sshd_config" >>sshd.host1 2>&1 </dev/null &
SH
python3 "$here/stopped.py" sshfs mnt text "sh stop" "sh start" || fail "a server that was stopped"
detach mnt "cannot be read"
umount -l remote
finish
