#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is read of a directory, and what is not: links, files by several names, JSON among texts,
# sources of nothing.
. "$(dirname "$0")/lib.sh"

# run STATUS ARGUMENT...: mkngramfs must exit with STATUS; what it says is in $work/err
run() {
	local want=$1 status
	shift
	"$MKNGRAMFS" "$@" 2>"$work/err"
	status=$?
	is "$want" $status "status of mkngramfs $*: $(cat "$work/err")"
}

# says TEXT...: the last run said each of them
says() {
	local text
	for text; do
		grep -qF -e "$text" "$work/err" || fail "it should say '$text': $(cat "$work/err")"
	done
}

# holds INDEX "PATH TEXT" ...: these documents, in this order
holds() {
	attach "$1" mnt
	python3 - "${@:2}" <<'PYTHON' || fail "documents of $1"
import json, sys
n = json.load(open("mnt/stats"))["documents"]
found = [json.load(open(f"mnt/doc/{i}.json"))["path"] + " " + open(f"mnt/doc/{i}.txt", encoding="utf-8").read() for i in range(n)]
assert found == sys.argv[1:], (found, sys.argv[1:])
PYTHON
	detach mnt
	rm -r "$1" mnt mnt.log
}

# ---- a cache of downloads: names are links to contents ----
mkdir -p hub/blobs hub/snapshots/abc
printf '{"text":"hf zebra"}\n' >hub/blobs/1234
ln -s ../../blobs/1234 hub/snapshots/abc/train.jsonl
printf 'a readme' >hub/blobs/5678
ln -s ../../blobs/5678 hub/snapshots/abc/README.md
run 0 -o x.ngram hub/snapshots/abc
holds x.ngram "hub/snapshots/abc/README.md a readme" "hub/snapshots/abc/train.jsonl hf zebra"
run 0 -o x.ngram --list-passed=passed hub
says "read before  2, passed over" "passed over  2, see passed"
printf 'hub/snapshots/abc/README.md\tread under another name\nhub/snapshots/abc/train.jsonl\tread under another name\n' |
	cmp - passed || fail "the list: $(cat passed)"
holds x.ngram "hub/blobs/1234 hf zebra" "hub/blobs/5678 a readme"
run 1 -o x.ngram --no-follow --force --list-passed=passed hub/snapshots
says "hub/snapshots: no document in it; --list-passed=FILE lists"

# ---- all that a directory may hold; the index is made beside it, and within reach of a link ----
mkdir -p d/sub
printf 'one' >d/a
printf 'two' >d/sub/b
printf 'bin\0ary' >d/binary
ln d/a d/hard
ln -s sub d/to-sub
ln -s ../.. d/sub/up
ln -s . d/loop
ln -s nowhere d/dead
ln -s /dev/null d/null
mkfifo d/pipe
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("d/socket")'
mkdir -p out/place
mv d hub out/place
cd out/place || finish
run 0 -o x.ngram --progress=json --list-passed=passed "--skip-bad=ta	b" d
python3 - "$work/err" <<'PYTHON' || fail "counts of what was passed over: $(tail -n 1 "$work/err")"
import json, sys
last = json.loads(open(sys.argv[1]).read().splitlines()[-1])
wanted = {"binary_files": 1, "dangling_links": 1, "links": 0, "fifos": 1, "sockets": 1, "devices": 1, "documents": 4,
          "rejected": 0, "json_texts": 0}
assert {name: last[name] for name in wanted} == wanted, last
# hard, loop, to-sub, d itself in up, and two links of the cache.
assert last["read_before"] == 6, last
# The index, the list and the rejected lines.
assert last["own_files"] == 3, last
PYTHON
sort passed >"$work/sorted"
for line in 'd/binary	a binary file' 'd/dead	a link that leads nowhere' 'd/hard	read under another name' \
	'd/loop	read under another name' 'd/null	a device' 'd/pipe	a FIFO' 'd/socket	a socket' \
	'd/to-sub	read under another name' 'd/sub/up/passed	written by this build' \
	'd/sub/up/ta\x09b	written by this build' 'd/sub/up/x.ngram.building	written by this build' \
	'd/sub/up/d	read under another name'; do
	grep -qxF -e "$line" "$work/sorted" || fail "not in the list: $line ($(cat "$work/sorted"))"
done
rm passed "ta	b"
holds x.ngram "d/a one" "d/sub/b two" "d/sub/up/hub/blobs/1234 hf zebra" "d/sub/up/hub/blobs/5678 a readme"
run 0 -o x.ngram --no-follow d
says "links        5, passed over" "FIFOs        1, passed over" "sockets      1, passed over"
holds x.ngram "d/a one" "d/sub/b two"
run 0 -o x.ngram d/sub/b d d/a
says "read before"
holds x.ngram "d/sub/b two" "d/a one" "d/sub/up/hub/blobs/1234 hf zebra" "d/sub/up/hub/blobs/5678 a readme"

# ---- JSON: found or named it is the same; a stray one among texts is one of them ----
mkdir n
printf '{"text":"a"}\n{"text":"b"}\n' >n/data.jl
printf '[{"text":"c"}]' >n/list.json
printf '{\n  "name": "stray",\n  "version": "1"\n}\n' >n/package.json
printf 'plain' >n/zz
run 0 -o found.ngram --list-passed=passed n
says "JSON files   1, taken for texts"
grep -qP '^n/package.json\tnot passed over, but taken for a text: JSON, no field "text"' passed || fail "$(cat passed)"
run 0 -o named.ngram n/*
cmp found.ngram/shard-00000.ngs named.ngram/shard-00000.ngs || fail "named, the files are another index"
holds found.ngram "n/data.jl a" "n/data.jl b" "n/list.json c" "n/package.json $(cat n/package.json)
" "n/zz plain"
run 1 -o x.ngram n/package.json
says 'n/package.json: no field "text"; the longest string is --text-field='"'name'" 'nothing else is in the sources'
run 0 -o x.ngram --text-field=name n/package.json
holds x.ngram "n/package.json stray"
run 0 -o x.ngram --format=text n/package.json
holds x.ngram "n/package.json $(cat n/package.json)
"
printf '{"content":"caf\\u00e9 one"}\n{"content":"two"}\n' >n/other
for source in n n/other; do
	run 1 -o x.ngram $source
	says "n/other:1: no field \"text\"; the longest string is --text-field='content'"
done
printf '{"messages":[{"role":"user","content":"a path"}],"id":1}\n' >chat.jsonl
run 0 -o x.ngram --text-field=messages.0.content chat.jsonl
attach x.ngram mnt
is '{"path":"chat.jsonl","line":1,"metadata":{"messages":[{"role":"user"}],"id":1}}' "$(cat mnt/doc/0.json)" "metadata"
detach mnt
# Later documents are found in the same place.
run 0 -o x.ngram --append chat.jsonl
says "added        1 (6 bytes"

# ---- what an index remembers, and for how long ----
options() { # INDEX
	python3 -c 'import json, sys; print(*json.load(open(sys.argv[1] + "/index.json")).get("x_options", []))' "$1"
}
mkdir linked
ln -s ../m linked/m
printf 'member' >m
printf '{"t":"x\\ud800"}\n' >half
run 0 -o r.ngram --no-follow --bad-unicode=replace --text-field=t --format=jsonl --shard-size=1M half
is "--format=jsonl --text-field=t --bad-unicode=replace --no-follow=yes --shard-size=1048576" "$(options r.ngram)" \
	"options of a build"
run 0 -o r.ngram --append half
run 1 -o r.ngram --append linked
says "linked: no document in it"
run 1 -o r.ngram --append --format=text linked m
says "was made with --format=jsonl, not text; without that option" "--force"
run 0 -o r.ngram --append --format=jsonl --text-field=t --shard-size=2M half
is "--format=jsonl --text-field=t --bad-unicode=replace --no-follow=yes --shard-size=2097152" "$(options r.ngram)" \
	"options of the same kind"
run 0 -o r.ngram --append --force --format=text --allow-empty linked m
is "--format=text --text-field=t --bad-unicode=replace --no-follow=yes --shard-size=2097152" "$(options r.ngram)" \
	"other options"
run 0 --merge r.ngram
is "--format=text --text-field=t" "$(options r.ngram | cut -d' ' -f 1-2)" "options after a merge"
holds r.ngram "half x�" "half x�" "half x�" "m member"
run 2 -o r.ngram --append --text-field=$'\xff' m

# ---- archives in a directory are read as those that are named ----
mkdir tars
printf 'member' >m
tar cf tars/t.tar m
run 0 -o y.ngram tars
holds y.ngram "tars/t.tar/m member"

# ---- sources of nothing ----
mkdir void
run 1 -o y.ngram n/zz void
says "void: no document in it (--allow-empty"
[ ! -e y.ngram ] || fail "an index in spite of it"
run 0 -o y.ngram --allow-empty n/zz void
holds y.ngram "n/zz plain"
run 1 -o y.ngram - </dev/null
says "-: no document in it"
printf '{"no":1}\n' >bad.jsonl
run 1 -o y.ngram --skip-bad=bad bad.jsonl
says "no document in the sources"
run 0 -o y.ngram --force --skip-bad=bad bad.jsonl n/zz
run 1 -o z.ngram --skip-bad=bad bad.jsonl
says "bad: exists (--skip-bad would overwrite it)"
run 1 -o z.ngram --list-passed=passed n/zz
says "passed: exists (--list-passed would overwrite it)"
run 1 -o z.ngram --list-passed=void/passed n/zz void
says "within the source"
run 1 -o z.ngram --list-passed=/dev/full d
[ ! -e z.ngram ] || fail "an index with a list that cannot be written"
finish
