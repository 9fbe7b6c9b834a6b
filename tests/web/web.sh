#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/web as a visitor sees it: through its API, and with a browser. The screenshots land in
# $BUILD/web.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../mount/lib.sh"
PATH=$PATH:/usr/sbin
for tool in chromedriver nginx; do
	command -v $tool >/dev/null || skip "no $tool"
done
web=$(realpath "$here/../../examples/web")
# nginx's workers are nobody when root runs this.
chmod 755 "$work"
mkdir -m 755 tmp shots

# axe-core is no part of Debian: what AXE names, or npm has installed.
for axe in "${AXE:-}" "$(npm root --global 2>/dev/null)/axe-core/axe.min.js" "$HOME/node_modules/axe-core/axe.min.js"; do
	[ ! -f "$axe" ] || break
done
[ -f "$axe" ] && export AXE=$axe

# Documents with what queries, names and pages trip over, and some to look at.
make_corpus
cat >>corpus.jsonl <<'JSONL'
{"text": "<script>document.title = 'broken'</script> & \"quoted\", it's", "title": "<b>bold</b>"}
{"text": "one\n\ntwo\n\nthree %41 %zz a//b ../.. ?q=1&r=2#end"}
JSONL
build odd.ngram corpus.jsonl
build licences.ngram /usr/share/common-licenses
attach odd.ngram licences.ngram mnt
attach odd.ngram alone

run_web() { # LOG ARGUMENT...
	# With a group of its own, as a terminal gives it one.
	set -m
	TMPDIR=$work/tmp "$web/run.sh" "${@:2}" >"$1" 2>&1 &
	pid=$!
	set +m
	daemons[web]=$pid
	wait_for grep -q '^http' "$1" || { fail "run.sh: $(cat "$1")"; finish; }
	address=$(grep '^http' "$1")
}

# As Ctrl-C does.
end_web() { # LOG
	kill -INT -- "-$pid"
	wait "$pid"
	is 130 $? "exit status of run.sh"
	unset 'daemons[web]'
	is "" "$(ls tmp)" "left behind"
	grep -F "$work/tmp" /proc/mounts && fail "it stays mounted"
	port=${address##*:}
	(: <"/dev/tcp/127.0.0.1/${port%/}") 2>/dev/null && fail "it still listens"
	is "$address" "$(tail -n 1 "$1")" "the last that run.sh says"
}

run_web several.log odd.ngram licences.ngram
python3 -B "$here/api.py" "$address" mnt || fail "api.py"
python3 -B "$here/page.py" "$address" mnt shots || fail "page.py"
python3 -B "$here/keys.py" "$address" mnt || fail "keys.py"
python3 -B "$here/several.py" "$address" mnt || fail "several.py"
[ -z "${BUILD:-}" ] || { mkdir -p "$BUILD/web" && cp shots/* "$BUILD/web"; }
end_web several.log

# What people may try.
python3 -B "$here/strange.py" make strange
build strange.ngram strange
: >nothing.jsonl
build empty.ngram --allow-empty nothing.jsonl
run_web strange.log strange.ngram empty.ngram
python3 -B "$here/strange.py" "$address" strange || fail "strange.py"
end_web strange.log

# One index: its tree is the whole of the mount.
python3 -B "$here/../mount/awkward.py" make awkward
build awkward.ngram --format=text awkward
run_web awkward.log --rate 1000000 awkward.ngram
python3 -B "$here/../mount/awkward.py" web awkward "$address" || fail "awkward.py"
end_web awkward.log
run_web alone.log --rate 20 odd.ngram
python3 -B "$here/api.py" --alone "$address" alone || fail "api.py --alone"
end_web alone.log

# None: what the quickstart indexes, a little of it.
if [ -n "${BUILD:-}" ] && [ -f "$BUILD/build.ninja" ]; then
	run_web quick.log --size 2
	python3 - "$address" <<'PYTHON' || fail "no count in the index of the quickstart"
import sys, urllib.request
sys.exit(int(urllib.request.urlopen(sys.argv[1] + "count/License").read()) < 1)
PYTHON
	end_web quick.log
fi

refuses "takes a number" "$web/run.sh" --port none
refuses "no-such.ngram" env TMPDIR="$work/tmp" "$web/run.sh" no-such.ngram
is "" "$(ls tmp)" "left behind by a failure"
detach mnt
detach alone
finish
