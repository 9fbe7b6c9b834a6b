#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/api: what it answers beside the text itself, as a client of infini-gram mini and by REST; limits
# and odd requests; and the same behind nginx, where that is.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
PATH=$PATH:/usr/sbin
examples=$(realpath "$here/../../examples")

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
attach corpus.ngram mnt

port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$examples/api/api" --listen "127.0.0.1:$port" --workers 3 --seconds 20 --rows 500 mnt >api.log 2>&1 &
daemons[api]=$!
begun() {
	(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}
wait_for begun || { fail "it doesn't start: $(cat api.log)"; finish; }
python3 -B "$here/api.py" answers "http://127.0.0.1:$port" text || fail "answers"
python3 -B "$here/api.py" requests "http://127.0.0.1:$port" || fail "requests"

# None of that has ended a process.
grep 'another takes its place' api.log && fail "a request ends a process: $(cat api.log)"

# A process that is killed is replaced.
child=$(pgrep -P "${daemons[api]}" | head -n 1)
kill -KILL "$child"
wait_for grep -q 'another takes its place' api.log || fail "no other process"
three() {
	[ "$(pgrep -P "${daemons[api]}" | wc -l)" = 3 ]
}
wait_for three || fail "a process is missing"
# One signal ends all of them.
children=$(pgrep -P "${daemons[api]}")
kill "${daemons[api]}"
wait "${daemons[api]}"
is 0 $? "exit status"
unset 'daemons[api]'
for child in $children; do
	[ ! -e "/proc/$child" ] || fail "a process is left"
done

# What takes too long is given up, and the mount is at rest then.
"$examples/api/api" --listen unix:api.sock --seconds 0.01 --workers 1 mnt >slow.log 2>&1 &
daemons[api]=$!
wait_for test -S api.sock || fail "it doesn't start: $(cat slow.log)"
python3 -B "$here/api.py" slow api.sock || fail "slow ones"
kill "${daemons[api]}"
wait "${daemons[api]}"
unset 'daemons[api]'
[ ! -e api.sock ] || fail "its socket is left"
rests mnt "$(cpu_ticks "${daemons[mnt]}")" "given up"

refuses "no mount of an index" "$examples/api/api" text
for address in 8080 :8080 127.0.0.1: 127.0.0.1:http 127.0.0.1:99999 "[::1]:x"; do
	refuses "api: " "$examples/api/api" --listen "$address" mnt
done
refuses "takes a number above 0" "$examples/api/api" --workers 0 mnt
detach mnt 'regular expression'

# ---- several indexes, behind nginx ----
if command -v nginx >/dev/null; then
	chmod 755 "$work"
	mkdir -m 755 tmp
	printf '%s\n' '{"text": "another index, of one document"}' >other.jsonl
	build other.ngram other.jsonl
	set -m
	TMPDIR=$work/tmp "$examples/web/run.sh" --api --rate 100000 corpus.ngram other.ngram >web.log 2>&1 &
	pid=$!
	set +m
	daemons[web]=$pid
	wait_for grep -q '^http' web.log || { fail "run.sh: $(cat web.log)"; finish; }
	address=$(grep '^http' web.log)
	python3 -B "$here/api.py" nginx "${address%/}" || fail "behind nginx"
	kill -INT -- "-$pid"
	wait "$pid"
	is 130 $? "exit status of run.sh"
	unset 'daemons[web]'
	is "" "$(ls tmp)" "left behind"
	grep -F "$work/tmp" /proc/mounts && fail "it stays mounted"
	is "$address" "$(tail -n 1 web.log)" "the last that run.sh says"
else
	echo "no nginx here: that part is left out"
fi
finish
