#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Indexes of version 4 that were made long ago: they are sound, answer what their documents say, and
# can be added to and merged. ngramfs-index(5) promises that they open for ever.
tests=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=lib.sh
. "$tests/mount/lib.sh"
NGRAMFSCK=$(realpath "$NGRAMFSCK")
documents=$tests/data/documents-4.jsonl.xz
indexes="plain store appended merged many empty"

command -v tar >/dev/null && command -v xz >/dev/null || skip "no tar or xz"
tar -xJf "$tests/data/version-4.tar.xz" || { fail "the indexes can't be unpacked"; finish; }
is "empty/index.json many/shard-00000.ngs" "$(ls -d {empty,many}/* | grep -v many/index | tr '\n' ' ' | sed 's/ $//')" "files"
is 6 "$(grep -l '"format_version": 4' */index.json | wc -l)" "indexes of version 4"
chmod -R a-w $indexes
for index in $indexes; do
	"$NGRAMFSCK" --full --quiet $index || fail "$index is not sound"
done

attach $indexes mnt
python3 -B "$tests/mount/version_4.py" "$documents" mnt >said || fail "answers"
cat said
[ "$(grep -oE '^[0-9]+ compared' said | cut -d ' ' -f 1)" -gt 500 ] || fail "too little was asked"
detach mnt

# ---- what a later version may make, each tool refuses by name ----
change() { # INDEX PYTHON: the statement changes the manifest m
	rm -rf "$1" && cp -r empty "$1" && chmod -R u+w "$1"
	python3 -B - "$1/index.json" "$tests/format" "$2" <<'PYTHON' || { fail "$1"; finish; }
import json, sys
sys.path.insert(0, sys.argv[2])
from xxh3 import xxh3_64
m = json.load(open(sys.argv[1]))
m["manifest_checksum"] = "0" * 16
exec(sys.argv[3])
text = json.dumps(m)
open(sys.argv[1], "w").write(text.replace("0" * 16, "%016x" % xxh3_64(text.encode()), 1))
PYTHON
}

echo 'some text' >in.txt
change later 'm["format_version"] = 5'
change earlier 'm["format_version"] = 3'
change feature 'm["requires"] = ["removals"]'
change field 'm["tokens"] = 1'
cp -r many shard
chmod -R u+w shard
printf '\005' | dd of=shard/shard-00000.ngs bs=1 seek=8 conv=notrunc status=none
while IFS='|' read -r index text; do
	refuses "$text" "$NGRAMFSCK" $index
	refuses "$text" "$NGRAMFS" -f $index "$work"
	refuses "$text" "$MKNGRAMFS" --append -o $index in.txt
	refuses "$text" "$MKNGRAMFS" --merge $index
done <<'END'
later|format version 5; this program reads version 4: use a newer one
earlier|format version 3; this program reads version 4: make the index again from its sources
feature|requires "removals", which this program doesn't know; use a newer one
field|has a field "tokens", which this program doesn't know; use a newer one
END
refuses "format version 5" "$NGRAMFSCK" shard
refuses "format version 5" "$NGRAMFS" -f shard "$work"
change passed_over 'm["x_more"] = 1'
"$NGRAMFSCK" --quiet passed_over || fail "a field that may be passed over isn't"

# What is added goes behind what was there, whatever version the new shards are of; and all together
# can become one.
chmod -R u+w $indexes
printf '%s\n' '{"text":"zqzq the end"}' >more.jsonl
for index in plain store many; do
	"$MKNGRAMFS" --quiet --append -o $index more.jsonl || fail "append to $index"
	"$MKNGRAMFS" --quiet --merge $index || fail "merge $index"
	"$NGRAMFSCK" --full --quiet $index || fail "$index is not sound when it is merged"
done
is 1 "$(ls plain/*.ngs | wc -l)" "shards of plain"
attach plain store many mnt
for index in plain store many; do
	is "1" "$(cat mnt/$index/count/zqzq)" "what was added to $index"
done
is '{"path":"plain.jsonl","line":1,"metadata":{"id":0,"tag":"and"}}' "$(cat mnt/plain/doc/00.json)" "metadata"
lines=$(xz -dc "$documents" | head -n 60 | python3 -c '
import json, sys
print(sum(json.loads(line)["text"].count("the") for line in sys.stdin) + 1)')
is "$lines" "$(cat mnt/plain/count/the)" "count"
detach mnt
finish
