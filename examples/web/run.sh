#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Serve indexes as a web page and an HTTP API, on loopback, until Ctrl-C.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<TEXT
usage: ${0##*/} [OPTION]... [INDEX...]

Mounts each INDEX, starts nginx over the mount, and prints the address. Ctrl-C ends all of it. In the
sources, without an INDEX, it builds ngramfs and indexes what examples/quickstart.sh does, and installs
nginx-light if it is missing (asking apt-get, with sudo unless you are root).

  --port N     listen on this port of 127.0.0.1 (default: a free one)
  --rate N     requests a second from one address (default 500)
  --api        answer POST and /api/, too: the API of ../api, over a mount of its own
  --size MB    without an INDEX, index directories of MB megabytes at most, in all (default 100)
  -h, --help   print this

BUILD (environment): the build directory, by default build/ beside examples/. The program ngramfs is
NGRAMFS (environment), or that there, or that of the PATH.
TEXT
}

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# It may be started by a link, as that of the package is.
here=$(cd "$(dirname "$(realpath "$0")")" && pwd)
quickstart=$(realpath "$here/../quickstart.sh")
build=$(realpath -m "${BUILD:-$here/../../build}")
port='' rate=500 size=100 api=none indexes=()
while [ $# -gt 0 ]; do
	case $1 in
	--port | --rate | --size)
		[[ ${2:-} =~ ^[1-9][0-9]{0,6}$ ]] || fail "$1 takes a number"
		declare "${1#--}=$2"
		shift
		;;
	--api) api=api ;;
	-h | --help)
		usage
		exit 0
		;;
	-*)
		usage >&2
		exit 2
		;;
	*) indexes+=("$(realpath -s "$1")") ;;
	esac
	shift
done

# ---- what it needs ----
PATH=$PATH:/usr/sbin
[ -x "$quickstart" ] || [ ${#indexes[@]} -gt 0 ] || fail "name an INDEX"
if ! command -v nginx >/dev/null || ! command -v python3 >/dev/null; then
	[ -x "$quickstart" ] || fail "install nginx (on Debian nginx-light) and python3 first"
	"$quickstart" --install nginx-light python3
fi
[[ -r /dev/fuse && -w /dev/fuse ]] || fail "cannot use /dev/fuse"

# A directory that nginx's workers can enter.
work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-web-XXXXXX")
chmod 755 "$work"
pids=()
clean() {
	local pid mount tries=0
	trap '' INT TERM
	cd /
	# The helper has children, so it has a group of its own.
	for pid in "${pids[@]}"; do
		kill -- "$pid" 2>/dev/null || :
	done
	wait
	# What the helpers' children read may take a moment to end.
	for mount in mnt asked; do
		while grep -q " $work/$mount fuse.ngramfs " /proc/mounts && [ $tries -lt 50 ]; do
			if [ "$(id -u)" = 0 ]; then umount "$work/$mount"; else fusermount3 -u "$work/$mount"; fi 2>/dev/null ||
				sleep 0.1
			tries=$((tries + 1))
		done
	done
	rm -rf --one-file-system "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ ${#indexes[@]} = 0 ]; then
	BUILD=$build "$quickstart" --size "$size" --index "$work/debian.ngram"
	indexes=("$work/debian.ngram")
fi
for ngramfs in "${NGRAMFS:-}" "$build/fs/ngramfs" "$(command -v ngramfs || :)"; do
	[ ! -x "$ngramfs" ] || break
done
[ -x "$ngramfs" ] || fail "there is no ngramfs here; build it, or set NGRAMFS"
ngramfs=$(realpath "$ngramfs")

# ---- the mount: texts to trace are written, so it isn't read-only; nginx refuses the rest ----
cd "$work"
mkdir mnt page
options=timeout=10,spool=256M,lines=10000 user=() as=()
if [ "$(id -u)" = 0 ]; then
	# The workers and the helper are nobody, and so not who mounted.
	group=$(id -g -n nobody)
	setpriv --reuid=nobody --regid="$group" --clear-groups test -x "$work" ||
		fail "set TMPDIR to a directory that everybody may enter"
	options+=,allow_other user=(-g "user nobody $group;") as=(nobody)
fi
"$ngramfs" -o "$options" "${indexes[@]}" mnt
# The API writes to batch and trace, and nobody else comes there: nginx has no name for it.
if [ $api = api ]; then
	mkdir asked
	"$ngramfs" ${user:+-o allow_other} "${indexes[@]}" asked
fi

# ---- the page, the helper, nginx ----
cp "$here"/{index.html,style.css,*.js} page
python3 "$here/indexes.py" "${indexes[@]}"
long=$(($(stat -f -c %l mnt) + 1))

setsid python3 "$here/stream.py" at stream.sock "${as[@]}" &
pids+=("-$!")
[ -n "$port" ] || port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
post=method
if [ $api = api ]; then
	post=api
	setsid python3 "$here/../api/api" --listen unix:api.sock --workers "$((8 + $(nproc)))" ${user:+--user nobody} asked &
	pids+=("-$!")
fi
sed "s/@PORT@/$port/; s/@RATE@/$rate/; s/@LONG@/$long/; s/@API@/$api/; s/@POST@/$post/" "$here/nginx.conf" >nginx.conf
nginx -p "$work/" -e stderr -c nginx.conf "${user[@]}" &
pids+=("$!")

tries=0
until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [ -S stream.sock ] && [[ $api = none || -S api.sock ]]; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] && [ "$(jobs -pr | wc -l)" = ${#pids[@]} ] || fail "it doesn't start"
	sleep 0.05
done
echo "http://127.0.0.1:$port/"
[ ! -t 1 ] || echo "Ctrl-C ends it."
wait -n || :
fail "nginx, stream.py or the API has ended"
