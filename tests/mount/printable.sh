#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names of strangers in what the tools say: whatever is in them, no control character, no piece of a
# character and nothing that turns the direction of a text reaches the terminal or the log, and no
# name makes a line of its own.
tests=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=lib.sh
. "$tests/mount/lib.sh"
NGRAMFSCK=$(realpath "$NGRAMFSCK")

# ESC [ 31 m, BEL, an operating system command, CSI as a character of C1 and as a byte, an override
# and an isolate of direction, DEL, a byte that is no UTF-8, a line that isn't the tool's.
evil=$'e\e[31mvil\a\e]0;t\a\u009b31m\x9b31m\u202egnp.\u2066\x7f\xff\nmkngramfs: note: forged'
evil8=$'e\e[31mvil\a\e]0;t\a\u009b31m\u202egnp.\u2066\x7f\nmkngramfs: note: forged' # in UTF-8
shown='e\x1b[31mvil\x07\x1b]0;t\x07\xc2\x9b31m'

# What a tool has said, in FILE: printable, and with the name in it.
clean_said() { # FILE WHAT
	python3 - "$1" <<'PYTHON' || fail "$2"
import re, sys, unicodedata
said = open(sys.argv[1], "rb").read()
text = said.decode("utf-8")  # or it fails
for line in text.split("\n"):
    bad = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn")]
    assert not bad, f"{bad} in {line!r}"
    assert not line.startswith("mkngramfs: note: forged"), "a line of the name's own"
PYTHON
	grep -qF -e "$shown" "$1" || fail "$2: the name isn't in: $(head -c 600 "$1" | cat -v)"
}

# says STATUS WHAT COMMAND...: on both streams together
says() {
	local want=$1 what=$2 status
	shift 2
	"$@" >said 2>&1
	status=$?
	is "$want" $status "$what: exit status"
	clean_said said "$what"
}

mk() { "$MKNGRAMFS" --threads=1 "$@"; }

printf '%s\n' '{"text":"one two three"}' '{"text":"four five six"}' >good.jsonl
mk -q -o "$evil" good.jsonl || fail "an index of that name"
mk -q -o plain good.jsonl || fail "an index"

# A manifest with something else in it, and a checksum that is right.
manifest() { # INDEX PYTHON: the statement changes m
	rm -rf "$1" && cp -r plain "$1"
	EVIL=$evil8 python3 -B - "$1/index.json" "$tests/format" "$2" <<'PYTHON' || fail "$1"
import json, os, re, sys
sys.path.insert(0, sys.argv[2])
from xxh3 import xxh3_64
evil = os.environ["EVIL"]
m = json.load(open(sys.argv[1]))
m["manifest_checksum"] = "0" * 16
exec(sys.argv[3])
text = json.dumps(m, indent=2) + "\n"
sum = "%016x" % xxh3_64(text.encode())
open(sys.argv[1], "w").write(text.replace('"manifest_checksum": "' + "0" * 16, '"manifest_checksum": "' + sum))
PYTHON
}

# ---- ngramfsck ----
says 0 "the index's name" "$NGRAMFSCK" "$evil"
says 0 "the same, --full" "$NGRAMFSCK" --full "$evil"
says 1 "no index of that name" "$NGRAMFSCK" "no $evil"
says 2 "a value of that name" "$NGRAMFSCK" --threads="$evil" plain
cp -r plain foreign
echo >"foreign/$evil"
says 0 "a foreign file" "$NGRAMFSCK" foreign
cp -r plain lost
echo '{}' >lost/index.json
printf 'no shard' >"lost/$evil.ngs"
says 1 "a shard that no manifest knows" "$NGRAMFSCK" lost
cp -r "$evil" "damaged $evil"
printf x | dd of="damaged $evil/shard-00000.ngs" bs=1 seek=5000 conv=notrunc status=none
says 1 "a damaged shard" "$NGRAMFSCK" "damaged $evil"
manifest field 'm[evil] = 1'
manifest shardfield 'm["shards"][0][evil] = 1'
manifest requires 'm["requires"] = [evil]'
manifest remembered 'm["x_options"] = ["--format=" + evil]'
manifest remembered2 'm["x_options"] = ["--text-field=" + evil]'
manifest file 'm["shards"][0]["file"] = evil'
for index in field shardfield requires; do
	says 1 "a manifest: $index" "$NGRAMFSCK" $index
	says 1 "appended to: $index" mk --append -o $index good.jsonl
	says 1 "merged: $index" mk --merge $index
	says 1 "mounted: $index" "$NGRAMFS" -f $index "$work"
done
"$NGRAMFSCK" file >said 2>&1 && fail "a shard's file of that name"
printf '%s\n' "$shown" >>said # which it doesn't name
clean_said said "a manifest: file"
says 1 "appended to: another format" mk --append -o remembered good.jsonl
says 1 "appended to: another field" mk --append --text-field=body -o remembered2 good.jsonl

# ---- mkngramfs ----
says 1 "no source of that name" mk -o x "no $evil"
says 2 "a format of that name" mk -o x --format="$evil" good.jsonl
says 1 "an index in a source" mk -o "$evil/x" "$evil"
echo '{"text":3}' >"bad $evil"
says 1 "a file that is bad" mk -q -o x --format=jsonl "bad $evil"
says 1 "an index in its way" mk -o "$evil" good.jsonl
EVIL=$evil8 python3 - <<'PYTHON' || fail "archives"
import io, json, os, tarfile
evil = os.environ["EVIL"]
raw = evil.translate({c: None for c in range(32)})  # what JSON may have as it is
for name, value in ("fields", {raw: "x", evil: "y"}), ("nested", {"a": {raw: "x", "n": {evil: "y"}}, evil: 3}):
    open(name + ".jsonl", "w", encoding="utf-8").write(json.dumps(value, ensure_ascii=False) + "\n")
open("columns.csv", "w").write('"%s","%s"\n1,2\n' % (evil, evil))
open("column.csv", "w").write('"%s",b\n1,2\n' % evil)
open("text.jsonl", "w", encoding="utf-8").write('{"text":"' + raw + '\\q"}\n')
name = os.fsdecode(os.fsencode(evil) + b"\xff")
with tarfile.open("t.tar", "w", format=tarfile.GNU_FORMAT) as tar:
    for data in b"x\0y", b"x" * 24_000_000:  # a binary one, and a document that is too large
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
PYTHON
says 1 "columns" mk -q -o x --format=csv --text-field=text column.csv
says 1 "two columns of a name" mk -q -o x --format=csv --text-field=text columns.csv
says 1 "a member" mk -q --memory=256M -o x t.tar
# Lines aren't shown at all, but for the file of rejects, which keeps them byte for byte, nor are
# fields that cannot be given back as --text-field.
for file in text fields nested; do
	mk -q -o x $file.jsonl >said 2>&1 && fail "$file.jsonl is good"
	grep -q "^mkngramfs: $file.jsonl:1: " said || fail "$file.jsonl: no place is named"
	printf '%s\n' "$shown" >>said
	clean_said said "a line of $file.jsonl"
done
mkdir tree
cp "bad $evil" "tree/bad $evil"
printf 'x\0y' >"tree/$evil"
ln -s nowhere "tree/link $evil"
mkfifo "tree/fifo $evil"
mk -q -o x --allow-empty --format=jsonl --skip-bad=rejected --list-passed=passed tree || fail "a tree"
is 2 "$(wc -l <rejected)" "rejected"
cut -f 1 rejected >said
clean_said said "--skip-bad"
is 2 "$(wc -l <passed)" "passed over"
tr '\t' ' ' <passed >said
clean_said said "--list-passed"
rm -rf x rejected
mk -q --memory=256M -o x --allow-empty --skip-bad=rejected --list-passed="passed $evil" t.tar || fail "a bad member"
cut -f 1 rejected >said
clean_said said "--skip-bad of members"
tr '\t' ' ' <"passed $evil" >said
clean_said said "--list-passed of members"
mkdir w.building
printf '%s\n' '{"options":"x"}' >w.building/journal
: >"w.building/$evil"
says 1 "a foreign file in the work directory" mk --force -o w good.jsonl
rm "w.building/$evil"
EVIL=$evil8 python3 - <<'PYTHON'
import json, os
with open("w.building/journal", "w") as out:
    out.write(json.dumps({"options": os.environ["EVIL"]}) + "\n" + json.dumps({"step": os.environ["EVIL"]}) + "\n")
PYTHON
says 1 "options of a build that is resumed" mk --resume -o w good.jsonl
says 0 "a summary" mk -o "new $evil" --skip-bad="new $evil.bad" good.jsonl

# ---- ngramfs ----
says 1 "no index of that name" "$NGRAMFS" -f "no $evil" "$work"
says 1 "no mount point of that name" "$NGRAMFS" -f plain "no $evil"
says 2 "an option of that name" "$NGRAMFS" -f -o "page=$evil8" plain "$work"
says 2 "another one" "$NGRAMFS" -f -o "no $evil8" plain "$work"
mkdir twin
cp -r "$evil" "twin/$evil"
says 1 "two of a name" "$NGRAMFS" -f "$evil" "twin/$evil" "$work"
cp -r "$evil" "hit $evil"
attach -d "$evil" "hit $evil" mnt
cat "mnt/$evil/count/$evil" >/dev/null || fail "a count"
# A page that every question needs is damaged under the mount.
python3 - "hit $evil/shard-00000.ngs" <<'PYTHON'
import os, sys
f = open(sys.argv[1], "r+b")
size = os.path.getsize(sys.argv[1])
for at in range(4096, size - 4096, 512):
    f.seek(at)
    f.write(b"\xa5")
PYTHON
cat "mnt/hit $evil/count/one" >/dev/null 2>&1 && fail "a damaged index answers"
grep -q 'error: ' mnt.log || fail "the damage isn't in the log"
grep -E 'error: ' mnt.log >said
clean_said said "the log of damage"
detach mnt .
clean_said mnt.log "the log"
finish
