#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Answers, read by the tools that people use.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
attach corpus.ngram mnt

# ---- counts ----
for q in the alpha Alpha pha "of the" a aa rare 100 中文 nonesuch; do
	want=$(naive_count "$q")
	is "$want" "$(cat "mnt/count/$q")" "count of $q"
	is "$((${#want} + 1))" "$(stat -c %s "mnt/count/$q")" "size of count/$q"
	is "$want" "$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["cnt"] if sum(h-l for l,h in d["segment_by_shard"])==d["cnt"] else "sum")' "mnt/find/$q")" "find of $q"
done

# ---- documents: the same, byte for byte, whoever reads them ----
docs=$(naive_docs 中文)
is "$docs" "$(find mnt/docs/中文 -type f -printf '%f\n' | sort)" "documents found"
n=$(wc -l <<<"$docs")
is "$n" "$(find mnt/meta/中文 -type f -name '*.json' | wc -l)" "metadata files found"
cmp <(cd mnt/doc && cat $docs) <(cd text && cat $docs) || fail "texts of documents"
is "$docs" "$(cd mnt/docs && grep -rl rare 中文 >/dev/null; grep -rl 中文 中文 | sed 's:.*/::' | sort)" "grep -r"
is "$(cat text/*.txt | wc -c)" "$(cat mnt/doc/{0000..2499}.txt | wc -c)" "bytes of all documents"
is "$(ls -l text | awk '/txt/ { print $5, $9 }')" \
	"$(cd mnt/doc && ls -l {0000..2499}.txt | awk '{ print $5, $9 }')" "ls -l"
long=mnt/docs/the/1234.txt
is "$(wc -c <text/1234.txt)" "$(wc -c <$long)" "wc -c"
is "$(md5sum <text/1234.txt)" "$(md5sum <$long)" "md5sum"
is "$(tail -c 17 text/1234.txt | od -c)" "$(tail -c 17 $long | od -c)" "tail -c"
is "$(head -n 2 text/1234.txt | od -c)" "$(head -n 2 $long | od -c)" "head"
is "$(dd if=text/1234.txt bs=7 skip=100 count=3 2>/dev/null | od -c)" \
	"$(dd if=$long bs=7 skip=100 count=3 2>/dev/null | od -c)" "dd"
is "$(dd if=text/1234.txt bs=8192 skip=1 2>/dev/null | md5sum)" \
	"$(dd if=$long bs=8192 skip=1 iflag=direct 2>/dev/null | md5sum)" "dd with direct I/O"
cp $long copy && cmp copy text/1234.txt || fail "cp"
cp -a mnt/docs/rare rare && diff -r mnt/docs/rare rare || fail "cp -a"
tar cf - -C mnt/docs rare | tar xOf - | cmp - <(cat mnt/docs/rare/*) || fail "tar"
is "" "$(cat mnt/doc/0050.txt)" "an empty document"
is 0 "$(stat -c %s mnt/doc/0050.txt)" "size of an empty document"
is "$(naive_docs rare)" "$(basename -a mnt/docs/rare/*)" "glob"

python3 - "$long" text/1234.txt <<'PYTHON' || fail "mmap and sendfile"
import mmap, os, sys
want = open(sys.argv[2], "rb").read()
with open(sys.argv[1], "rb") as f:
    assert mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:] == want, "mmap"
    with open("sent", "wb") as out:
        at = 0
        while n := os.sendfile(out.fileno(), f.fileno(), at, 5000):
            at += n
    assert open("sent", "rb").read() == want, "sendfile"
    assert os.pread(f.fileno(), 100, len(want) - 3) == want[-3:], "pread across the end"
    assert os.pread(f.fileno(), 100, len(want) + 9) == b"", "pread beyond the end"
    r, w = os.pipe()
    assert os.splice(f.fileno(), w, 1000) == 1000 and os.read(r, 1000) == want[:1000], "splice"
PYTHON

# ---- one document, one inode ----
is 1 "$(stat -c %i mnt/doc/0003.txt mnt/doc/3.txt mnt/docs/rare/0003.txt mnt/docs/rare/3.txt | sort -u | wc -l)" \
	"inodes of one document"
is 1 "$(stat -c %i mnt/doc/0003.json mnt/meta/rare/0003.json | sort -u | wc -l)" "inodes of its metadata"
is 2 "$(stat -c %i mnt/doc/0003.txt mnt/doc/0003.json | sort -u | wc -l)" "inodes of both"
is "1 444 $(id -u) $(id -g)" "$(stat -c '%h %a %u %g' mnt/doc/0003.txt)" "attributes of a file"
is "555 $(id -u) $(id -g)" "$(stat -c '%a %u %g' mnt/docs/rare)" "attributes of a directory"
is "$(stat -c %Y corpus.ngram/index.json)" "$(stat -c %Y mnt/count/the)" "mtime"

# ---- metadata and matches ----
python3 - <<'PYTHON' || fail "metadata and matches"
import json, os, re
texts = [open(f"text/{i:04}.txt", "rb").read() for i in range(2500)]
meta = json.load(open("mnt/doc/0003.json"))
assert meta["line"] == 4 and meta["path"] == "corpus.jsonl", meta
assert meta["metadata"] == {"id": 3, "note": 'q"ü'}, meta
for q in ("rare", "中文", "a/b"):
    raw = q.encode()
    want = {(i, m.start()) for i, t in enumerate(texts) for m in re.finditer(re.escape(raw), t)}
    d = "mnt/match/" + q.replace("/", "%2F")
    seen = set()
    while True:
        names = sorted(os.listdir(d))
        for n in names:
            if n == "more":
                continue
            raw_answer = open(f"{d}/{n}", "rb").read()
            assert len(raw_answer) == os.stat(f"{d}/{n}").st_size
            a = json.loads(raw_answer)
            t, o = texts[a["document"]], a["offset"]
            assert a["match"] == int(n[:-5]) and a["match_text"] == q and a["doc_len"] == len(t)
            assert t[o:o + len(raw)] == raw
            before, after = t[:o], t[o + len(raw):]
            assert before.endswith(a["before"].encode()) and len(before) - 200 <= len(a["before"].encode()) <= 200 or len(before) >= 200
            assert after.startswith(a["after"].encode()) and 197 <= len(a["after"].encode()) <= 200 or len(after) < 200 and after == a["after"].encode()
            assert "\ufffd" not in a["before"] + a["after"]
            assert a["metadata"]["metadata"]["id"] == a["document"]
            seen.add((a["document"], o))
        if "more" not in names:
            break
        d += "/more"
    assert seen == want, q
s = json.load(open("mnt/stats"))
assert s["documents"] == 2500 and s["text_bytes"] == sum(map(len, texts)) and s["shards"] > 1, s
assert s["index_bytes"] == sum(os.stat("corpus.ngram/" + f).st_size for f in os.listdir("corpus.ngram")), s
PYTHON
grep -q "2500 documents" mnt/README || fail "README"

# ---- directories that list nothing, and those that do ----
is "README batch count df doc docs facet files find grep kwic lines match meta next nextword prev prevword repeats stats trace with wordlist" "$(ls mnt | tr '\n' ' ' | sed 's/ $//')" "the root"
for d in count doc docs find match meta; do
	is "" "$(ls -A mnt/$d)" "listing of $d"
done
is "$(find text -name '*.txt' | wc -l)" "$(stat -f -c %c mnt)" "df -i"

# ---- many readers at once ----
docs=$(naive_docs beta | wc -l)
for i in 1 2 3 4; do
	python3 - $i "$docs" >readers.$i 2>&1 <<'PYTHON' &
import os, random, sys
random.seed(int(sys.argv[1]))
for turn in range(300 if "NG_TEST_BRIEF" in os.environ else 1000):
    i = random.randrange(2500)
    if open(f"mnt/doc/{i}.txt", "rb").read() != open(f"text/{i:04}.txt", "rb").read():
        print("document", i)
    q = random.choice(("alpha", "beta", "gamma")) + str(turn)
    if open(f"mnt/count/{q}").read() != "0\n":
        print("count", q)
n = sum(len(files) for _, _, files in os.walk("mnt/docs/beta"))
if n != int(sys.argv[2]):
    print("documents", n)
PYTHON
done
# shellcheck disable=SC2046  # each job is a word
wait $(jobs -p | grep -v "${daemons[mnt]}")
is "" "$(cat readers.*)" "parallel readers"

detach mnt
finish
