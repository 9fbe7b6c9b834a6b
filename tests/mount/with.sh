#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tree under other settings, against naive answers.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
build store.ngram --text-store corpus.jsonl
attach corpus.ngram store.ngram mnt
with=mnt/corpus/with

# ---- names ----
is "$(ls mnt/corpus | grep -vx with)" "$(ls $with/context=5)" "what it lists"
is "" "$(ls $with)" "with lists nothing"
is "" "$(ls $with/context=5/count $with/context=5/docs | grep -v :)" "directories in it list nothing"
for name in nonesuch context context= context=4097 page=0 page=100001 min=0 min=1048577 order=any \
	seed=x seed=18446744073709551616 case=Fold case=fold,case=exact context=1,context=1 "context=1," ",context=1" Context=1; do
	[ -e "$with/$name" ] && fail "there is with/$name"
done
[ -e $with/context=1/with ] && fail "with in with"
[ -d $with/context=0,page=1,min=1,order=random,seed=18446744073709551615,case=exact ] || fail "all of them"
refuses "No such file" ls $with/page=x
is 2 "$(stat -c %i {mnt/corpus,mnt/store}/with/page=7 | sort -u | wc -l)" "two indexes"
is 1 "$(stat -c %i $with/page=7,context=9 $with/context=09,page=7 | sort -u | wc -l)" "one inode"
for path in docs/rare kwic/rare match/rare README trace batch/count; do
	is 1 "$(stat -c %i $with/page=7,context=9/$path $with/context=9,page=7,word=no/$path | sort -u | wc -l)" \
		"one inode of $path"
	is 2 "$(stat -c %i $with/page=7/$path $with/page=8/$path | sort -u | wc -l)" "others of $path"
	# min= is of wordlist, too, where it is another number otherwise.
	is 1 "$(stat -c %i $with/page=1000,order=index,case=exact/$path mnt/corpus/$path | sort -u | wc -l)" \
		"defaults written out, $path"
done

# ---- what settings don't change ----
for path in count/the find/the df/the next/the prev/the doc/0003.txt doc/3.json stats count/nonesuch kwic/nonesuch; do
	cmp "mnt/corpus/$path" "$with/context=3,page=2,order=random,min=9/$path" || fail "$path"
done
exec 3<>$with/page=3/batch/count
printf 'the\nof\n' >&3
is "$(naive_count the)	the
$(naive_count of)	of" "$(cat <&3)" "batch"
exec 3>&-
grep -q "at most 37 names" $with/page=37/README || fail "README says the page"

# ---- page ----
for page in 1 7 100 100000; do
	find $with/page=$page/docs/gamma -type f -printf '%f\n' | sort >got
	naive_docs gamma | cmp - got || fail "documents in pages of $page"
	n=$(ls $with/page=$page/docs/gamma | grep -c txt)
	want=$(wc -l <got)
	is $((want < page ? want : page)) "$n" "first page of $page"
done
is 3 "$(ls $with/page=3/match/the | grep -c json)" "matches a page"
is "$(naive_count rare)" "$(find $with/page=2/match/rare $with/page=2/meta/rare -name '*.json' | grep -c match)" "matches"
is 3 "$(ls $with/page=3/meta/the/more/more | grep -c json)" "pages of metadata"

# ---- context and order ----
cat >naive.py <<'PYTHON'
import glob, json, re
from urllib.parse import quote_from_bytes

def shown(text):
    def one(m):
        c = m.group()[0]
        return {9: b"\\t", 10: b"\\n", 92: b"\\\\"}.get(c, b"\\x%02x" % c)
    return re.sub(rb"[\x00-\x1f\x7f\\]", one, text)

texts = [open(path, "rb").read() for path in sorted(glob.glob("text/*.txt"))]

# The corpus is UTF-8, so what was cut can be told by decoding.
def occurrences(query, context):
    pattern = re.compile(b"(?=" + re.escape(query) + b")")
    for number, text in enumerate(texts):
        for m in pattern.finditer(text):
            at, end = m.start(), m.start() + len(query)
            left, right = text[max(at - context, 0):at], text[end:end + context]
            if at > context:
                left = left.decode(errors="ignore").encode()
            if end + context < len(text):
                right = right.decode(errors="ignore").encode()
            yield number, at, left, right

def kwic(index, settings, query):
    path = f"mnt/{index}/with/{settings}/kwic/{quote_from_bytes(query, safe=' ')}"
    lines = open(path, "rb").read().split(b"\n")
    assert lines.pop() == b""
    return lines

def match(index, settings, query, n):
    path = f"mnt/{index}/with/{settings}/match/{quote_from_bytes(query, safe=' ')}/{n}.json"
    return json.load(open(path))

for query in (b"rare", b"alpha beta", "文".encode(), b"x\ny", b"nonesuch"):
    for context in (0, 1, 2, 40, 4096):
        found = {(d, o): (l, r) for d, o, l, r in occurrences(query, context)}
        want = sorted(b"\t".join([b"%d" % d, b"%d" % o, shown(l), shown(query), shown(r)])
                      for (d, o), (l, r) in found.items())
        for index in ("corpus", "store"):
            lines = kwic(index, f"context={context}", query)
            assert sorted(lines) == want, (query, context, index)
            for order in ("order=random", "order=random,seed=5"):
                shuffled = kwic(index, f"{order},context={context}", query)
                assert sorted(shuffled) == want, (query, context, index, order)
                assert len(want) < 20 or shuffled != lines
                assert shuffled == kwic(index, f"context={context},{order}", query)
            assert len(want) < 20 or shuffled != kwic(index, f"order=random,seed=6,context={context}", query)
            for n in {0, len(want) // 2, len(want) - 1} if want else {}:
                for settings, order in ((f"context={context}", lines),
                                        (f"context={context},order=random,seed=5", shuffled)):
                    m = match(index, settings, query, n)
                    left, right = found[m["document"], m["offset"]]
                    assert order[n].split(b"\t")[:2] == [b"%d" % m["document"], b"%d" % m["offset"]]
                    assert m["before"].encode() == left and m["after"].encode() == right, (m, left, right)
                    assert lines[m["match"]] == order[n], m

# Uniform: the first line of many seeds.
lines = kwic("corpus", "context=0", b"rare")
first = [open(f"mnt/corpus/with/order=random,seed={s},context=0/kwic/rare", "rb").readline()[:-1] for s in range(400)]
for line in lines:
    assert 40 < first.count(line) < 130, (line, first.count(line))
PYTHON
is 5 "$(naive_count rare)" "occurrences of rare"
python3 naive.py || fail "context and order"

# ---- min ----
for min in 1 5 200; do
	exec 3<>$with/min=$min/trace
	printf 'qqqqgamma alphaqqqqthe of theqqqqrareq' >&3
	cat <&3 >got
	exec 3>&-
	is 0 "$(python3 -c '
import json, sys
least = min((json.loads(l)["end"] - json.loads(l)["begin"] for l in open("got")), default=None)
print(0 if (least is None) == (int(sys.argv[1]) == 200) and (least or 999) >= int(sys.argv[1]) else least)' $min)" "min=$min"
done

# ---- many settings ----
kb() {
	awk '/^RssAnon/ { print $2 }' "/proc/${daemons[mnt]}/status"
}
python3 - <<'PYTHON' || fail "many settings"
import os
for i in range(2000 if "NG_TEST_BRIEF" in os.environ else 15000):
    assert open(f"mnt/corpus/with/order=random,seed={i}/count/rare").read() == "5\n"
PYTHON
if ! grep -qaE '__(asan|tsan)_init' "$NGRAMFS"; then
	echo "memory: $(kb) KB"
	[ "$(kb)" -le 32768 ] || fail "memory: $(kb) KB"
fi
cd $with/page=7/docs/gamma || fail "cd"
is 8 "$(ls | wc -l)" "in a directory of it"
cd "$work" || exit 1
detach mnt

# ---- an index that changes ----
cp -r store.ngram live.ngram
attach live.ngram mnt
is 5 "$(cat mnt/with/page=7/count/rare)" "before"
is 5 "$(wc -l <mnt/with/context=3/kwic/rare)" "before, kwic"
"$MKNGRAMFS" --quiet --append -o live.ngram corpus.jsonl || fail "append"
exec 4<mnt/with/page=7/docs
kill -HUP "${daemons[mnt]}"
is_new() { [ "$(cat mnt/with/page=7/count/rare)" = 10 ]; }
wait_for is_new || fail "with/page=7/count stays"
is 10 "$(wc -l <mnt/with/context=3/kwic/rare)" "after, kwic"
is 8 "$(ls mnt/with/page=7/docs/rare | wc -l)" "after, docs"
exec 4<&-
detach mnt "opened again"
finish
