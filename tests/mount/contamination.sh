#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/contamination finds in its benchmarks what was planted, and its report shows just that.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
example=$(realpath "$here/../../examples/contamination")
contamination=$example/contamination
# A report has its date.
export SOURCE_DATE_EPOCH=1000000000

python3 "$here/contamination.py" make || { fail "no corpora"; finish; }
build 'a&b.ngram' 'a&b.jsonl'
# Several shards.
build c.ngram --shard-size=8K c.jsonl
attach 'a&b.ngram' c.ngram both

# ---- two benchmarks, two indexes ----
fields=(--field stem --field options)
"$contamination" -o one.html 'q&a <1>.jsonl' both >one || fail "status $?"
"$contamination" -o other.html "${fields[@]}" choices.jsonl both/{a\&b,c} >other || fail "status $?"
python3 -c '
import json
# The same entries with a field that both have.
for name, fields in [("q&a <1>", ["question"]), ("choices", ["stem", "options"])]:
    with open(name + ".jsonl") as lines, open("both-" + name + ".jsonl", "w") as out:
        for line in lines:
            if line.strip():
                entry = json.loads(line)
                values = [entry[field] for field in fields]
                entry["prompt"] = [values[0], *values[1]] if len(values) > 1 else values
                line = json.dumps(entry) + "\n"
            out.write(line)
'
mkdir renamed
mv 'both-q&a <1>.jsonl' 'renamed/q&a <1>.jsonl'
gzip -nc both-choices.jsonl >renamed/choices.jsonl.gz
ls "$example" >before
"$contamination" --times --field prompt -o report.html renamed/q* renamed/c* both >table 2>times ||
	fail "status $?"
grep -q 's: cutting .*, stretches .*, documents .*, writing ' times || fail "times: $(cat times)"
python3 "$here/contamination.py" check table report.html || fail "the report"
is "" "$(ls "$example" | diff before -)" "what was left beside the sources"
# One at a time gives the same, and so do those of one benchmark alone.
"$contamination" --jobs 1 --field prompt -o again.html renamed/q* renamed/c* both/* >table.again ||
	fail "status $?"
cmp report.html again.html || fail "one job, another report"
is "$(head -n -1 table)" "$(head -n -1 table.again)" "one job"
is "$(sed -n 2,3p table | tr -s ' ')" "$(sed -n 2,3p one | tr -s ' ')" "the first alone"
is "$(sed -n 4,5p table | tr -s ' ')" "$(sed -n 2,3p other | tr -s ' ')" "the second alone"
is "The report: report.html" "$(tail -n 1 table)" "last line"

# ---- wrong input: what is wrong and where, and no report ----
wrong() { # TEXT JSONL...
	local text=$1
	printf '%s\n' "${@:2}" >bad.jsonl
	refuses "contamination: bad.jsonl:$text" "$contamination" -o bad.html bad.jsonl both
}
wrong "2: Expecting" '{"text":"a"}' '{"text":'
wrong "1: 'utf-8' codec can't decode" $'{"text":"\xff"}'
wrong "3: no field 'text'" '{"text":"a"}' '' '{"question":"a"}'
wrong "1: not a JSON object" '["text"]'
wrong "1: field 'text' is no text" '{"text":7}'
wrong "1: half of a surrogate pair" '{"text":"\ud83d"}'
wrong "1: which field is the text? Name it with --field; there are q, a" '{"q":"a","a":"b"}'
wrong "1: " "$(printf '[%.0s' {1..100000})"
head -c 100 renamed/choices.jsonl.gz >cut.jsonl.gz
refuses "contamination: cut.jsonl.gz: " "$contamination" -o bad.html cut.jsonl.gz both
(head -c 40 renamed/choices.jsonl.gz; head -c 40 /dev/zero | tr '\0' '\377') >spoilt.jsonl.gz
refuses "contamination: spoilt.jsonl.gz: " "$contamination" -o bad.html spoilt.jsonl.gz both
cp choices.jsonl plain.jsonl.gz
refuses "contamination: plain.jsonl.gz: Not a gzipped file" "$contamination" -o bad.html plain.jsonl.gz both
cp choices.jsonl plain.jsonl.bz2
refuses "contamination: plain.jsonl.bz2: " "$contamination" -o bad.html plain.jsonl.bz2 both
refuses "contamination: no.jsonl: No such file" "$contamination" -o bad.html no.jsonl both
refuses "contamination: renamed: not a mount of an index" "$contamination" -o bad.html choices.jsonl renamed
refuses "contamination: no/such.html" "$contamination" --field prompt -o no/such.html renamed/c* both
if command -v zstd >/dev/null; then
	zstd -q renamed/q* -o z.jsonl.zst
	is "$(sed -n '2s/^q&a <1>/z/p' table | tr -s ' ')" \
		"$("$contamination" --field prompt -o z.html z.jsonl.zst 'both/a&b' | sed -n 2p | tr -s ' ')" "zstd"
	head -c 100 z.jsonl.zst >cut.jsonl.zst
	refuses "contamination: cut.jsonl.zst: zstd could not read it" "$contamination" -o bad.html cut.jsonl.zst both
fi
for arguments in "" "--no-such-option" "choices.jsonl" "both" "--jobs 0 choices.jsonl both" "--length 9 choices.jsonl both" "--length 100001 choices.jsonl both" \
	"--dirty 0 choices.jsonl both" "--dirty 101 choices.jsonl both" "--dirty a choices.jsonl both" \
	"--suspicious 90 choices.jsonl both" "--csv - --json - choices.jsonl both"; do
	"$contamination" $arguments >said 2>&1
	is 2 $? "status of '$arguments'"
	grep -q '^usage: contamination \[OPTION\]... BENCHMARK... MOUNT...$' said || fail "usage: $(cat said)"
done
"$contamination" --help | grep -q -e '--field' || fail "--help"
[ -z "$(ls | grep bad.html)" ] || fail "a report of wrong input: $(ls)"
: >empty.jsonl
is "empty a&b 0 0 0 0 0 0 – –" "$("$contamination" -o e.html empty.jsonl 'both/a&b' | sed -n 2p | tr -s ' ')" "empty"
detach both
attach -o ro c.ngram mnt
refuses "mnt/with/min=50,docs=3/trace: Read-only file system" "$contamination" -o bad.html --field stem choices.jsonl mnt
detach mnt

# ---- written otherwise: wrapped, in upper case, with other quotes and blanks ----
python3 "$here/contamination.py" plant
build spoilt.ngram --shard-size=32K spoilt.jsonl
attach spoilt.ngram mnt
for folds in "" case space form "case space form"; do
	options=()
	for fold in $folds; do options+=("--ignore-$fold"); done
	"$contamination" "${options[@]}" --json spoilt.json --csv spoilt.csv -o spoilt.html straight.jsonl mnt >said ||
		fail "status $?"
	# shellcheck disable=SC2086
	python3 "$here/contamination.py" judge $folds || fail "written otherwise, ignoring '$folds'"
done
grep -q '<b>without regard to upper and lower case; white space' spoilt.html || fail "the report's matching"
grep -q 'by: contamination --length=50 .* --ignore-form' spoilt.html || fail "the report's options"
grep -q '<tr><th>https://upper.example/</th><td>42</td></tr>' spoilt.html || fail "the report's sources"
is 5 "$(grep -c '<summary>[0-9]* to [0-9]*</summary>' spoilt.html)" "folded parts"
# Other lengths and thresholds; data on standard output; progress.
is 80 "$("$contamination" --length 40 --suspicious 10 --dirty 30.5 --csv - -o o.html --progress straight.jsonl mnt 2>progress |
	grep -cE '^straight,mnt,[0-9]+,(half|whole)-[0-9]+,dirty,no,')" "halves, dirty from 30.5 %"
grep -q '^straight: 0 entries; 286 more in mnt$' progress || fail "progress: $(cat progress)"
is 286 "$("$contamination" --json - -o o.html straight.jsonl mnt | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["entries"]))')" "JSON"
is 40 "$("$contamination" --source path --csv - -o o.html straight.jsonl mnt | grep -cE 'half-.*,spoilt.jsonl$')" "--source"
detach mnt

# ---- portions, texts of more than 1 MiB, too many spellings ----
python3 -c '
import json, random
random.seed(4)
print(json.dumps({"text": "".join(chr(random.randrange(0x4e00, 0x9fff)) for _ in range(360000))}))
print(json.dumps({"text": "".join(random.choices("aA", k=400000))}))
print(json.dumps({"text": " ".join("".join(random.choices("bcdef", k=4)) for _ in range(200))}))' >long.jsonl
build long.ngram long.jsonl
attach long.ngram mnt
python3 "$here/contamination.py" parts "$example" || fail "parts"
detach mnt

# ---- the demonstration ----
if [ -d /usr/share/common-licenses ]; then
	build licences.ngram /usr/share/common-licenses
	"$example/run.sh" -o licences.html licences.ngram >said 2>times || fail "run.sh: $(cat said times)"
	# A third each: clean, suspicious and dirty.
	read -r name index entries whole untested clean suspicious dirty _ < <(sed -n 2p said)
	third=$((entries / 3))
	[ "$entries" -gt 30 ] && [ "$whole $untested" = "0 0" ] && [ "$clean" -ge $third ] &&
		[ "$suspicious" -ge $third ] && [ "$dirty" -ge $third ] || fail "run.sh: $(cat said)"
	is "licences mnt" "$name $index" "run.sh"
	[ -s licences.html ] || fail "no report"
fi
finish
