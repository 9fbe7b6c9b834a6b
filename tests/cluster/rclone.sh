#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An index on a web server, which rclone shows as files: by the settings of examples/cluster little is
# fetched, and a server that is stopped and started again is no loss.
if [ -z "${IN_NAMESPACE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skipped: for root"; exit 77; }
	unshare --net true 2>/dev/null || { echo "skipped: no namespaces of the network"; exit 77; }
	IN_NAMESPACE=1 exec unshare --net "$BASH" "$0"
fi
. "$(dirname "$0")/lib.sh"
needs rclone ip
ip link set lo up
export RCLONE_CONFIG=$work/rclone.conf RCLONE_CACHE_DIR=$work/cache HOME=$work
printf '[web]\ntype = http\nurl = http://127.0.0.1:8080\n' >rclone.conf

# The namespace's lo has nothing else on it.
fetched() {
	awk '/lo:/ { print $2 }' /proc/net/dev
}
start_server() {
	rclone serve http --addr 127.0.0.1:8080 --read-only "$work/public" >>server.log 2>&1 </dev/null &
	servers+=($!)
	echo $! >server.pid
	wait_for listens 8080 || fail "no server: $(cat server.log)"
}

make_text 4 "$([ -n "${NG_TEST_BRIEF:-}" ] && echo 4000000 || echo 8000000)"
mkdir public remote
build_one
mv one.ngram public
start_server

# ---- what is fetched for a document, by the settings and without them ----
measure() { # COMMAND...: mounts web: at remote
	local before
	"$@" || { fail "$*"; finish; }
	attach remote/one.ngram mnt
	before=$(fetched)
	cat "mnt/doc/$name" >got
	echo $(($(fetched) - before)) >bytes
	cmp got "$work/document" || fail "a document by $1"
	detach mnt
	umount -l remote
}
name=$(python3 -c '
import json, os, pathlib
lines = [line for path in sorted(pathlib.Path("text").rglob("*.jsonl"), key=os.fsencode) for line in open(path)]
open("document", "w").write(json.loads(lines[1000])["text"])
print(f"{1000:0{len(str(len(lines) - 1))}}.txt")')
measure rclone mount web: remote --daemon --read-only
defaults=$(cat bytes)
measure "$cluster/mount-rclone.sh" web: remote
settings=$(cat bytes)
# What rclone fetches by default varies from run to run: 8.4 to 16 MB, and 0.93 to 1.04 MB by the settings.
echo "a document: $defaults bytes fetched by default, $settings by mount-rclone.sh"
[ "$settings" -lt $((defaults / 8)) ] || fail "a document took $settings bytes, and $defaults by default"

# ---- stopped and started ----
"$cluster/mount-rclone.sh" web: remote || fail "mount-rclone.sh"
attach remote/one.ngram mnt
python3 "$here/stopped.py" rclone mnt text "kill -9 $(cat server.pid)" \
	"rclone serve http --addr 127.0.0.1:8080 --read-only $work/public >>server.log 2>&1 & echo \$! >server.pid" ||
	fail "a server that was stopped"
servers+=("$(cat server.pid)")
detach mnt "cannot be read"
umount -l remote
# One that is silent instead, as behind a cut cable; with nothing in memory.
"$cluster/mount-rclone.sh" web: remote || fail "mount-rclone.sh"
attach remote/one.ngram mnt
python3 "$here/stopped.py" "rclone, a silent server" mnt text "kill -STOP $(cat server.pid)" \
	"kill -CONT $(cat server.pid)" || fail "a server that was silent"
detach mnt "cannot be read"
finish
