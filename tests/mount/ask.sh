#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Document frequencies, and what follows and precedes a query, against naive answers.
. "$(dirname "$0")/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
build store.ngram --text-store corpus.jsonl
# Bytes that are no character, which JSONL cannot hold.
mkdir raw
printf 'a\xff\xe4\xb8b$END a%%41\x01' >raw/1
printf 'a\xe4\xb8\xada\\a\ta' >raw/2
build raw.ngram raw
attach corpus.ngram store.ngram raw.ngram mnt

cat >naive.py <<'PYTHON'
import glob, json, re, sys
from collections import Counter
from urllib.parse import quote_from_bytes

def shown(text):
    return {b"\t": b"\\t", b"\n": b"\\n", b"\\": b"\\\\"}.get(
        text, b"\\x%02x" % text[0] if text[0] < 32 or text[0] == 127 else text)

def is_character(text):
    try:
        return len(text.decode()) == 1
    except UnicodeDecodeError:
        return False

def following(text, end):
    if end == len(text):
        return b"$END", "$END"
    for n in range(1, 5):
        if is_character(text[end:end + n]):
            return shown(text[end:end + n]), text[end:end + n].decode()
    return b"%%%02X" % text[end], "%%%02X" % text[end]

def preceding(text, at):
    if at == 0:
        return b"$START", "$START"
    for n in range(1, min(at, 4) + 1):
        if is_character(text[at - n:at]):
            return shown(text[at - n:at]), text[at - n:at].decode()
    return b"%%%02X" % text[at - 1], "%%%02X" % text[at - 1]

def spell(query):
    name = quote_from_bytes(query, safe=" ")
    return "%2E%2E" if name == ".." else name

bad = 0
def check(what, got, want):
    global bad
    if got != want:
        print("FAILED:", what, got[:300], "instead of", want[:300], file=sys.stderr)
        bad += 1

def read(path):
    return open(path, "rb").read()

def ask(index, what, lines):
    with open(f"mnt/{index}/with/escape=percent/batch/{what}", "r+b", buffering=0) as f:
        f.write(b"".join(l.encode() + b"\n" for l in lines))
        out = b""
        while data := f.read(1 << 16):
            out += data
    return out.split(b"\n")[:-1]

def test(indexes, texts, queries):
    lines = [spell(q) for q in queries]
    batches = {(i, w): ask(i, w, lines) for i in indexes for w in ("df", "next", "prev")}
    for number, query in enumerate(queries):
        df, count, after, before, spelled = 0, 0, Counter(), Counter(), {}
        pattern = re.compile(b"(?=" + re.escape(query) + b")")
        for text in texts:
            df += query in text
            for m in pattern.finditer(text):
                count += 1
                for found, counter in ((following(text, m.start() + len(query)), after),
                                       (preceding(text, m.start()), before)):
                    counter[found[0]] += 1
                    spelled[found[0]] = found[1]
        line = lines[number]
        for index in indexes:
            want = b"%d\n" % df
            path = f"mnt/{index}/df/{line}"
            check(path, read(path), want)
            check(path + " in batch", batches[index, "df"][number], want[:-1] + b"\t" + line.encode())
            for what, counter in (("next", after), ("prev", before)):
                path = f"mnt/{index}/{what}/{line}"
                want = [b"%d\t%.6f\t%s" % (n, n / count, c) for c, n in counter.items()]
                data = read(path)
                got = data.split(b"\n")[:-1]
                check(path, sorted(got), sorted(want))
                counts = [int(l.split(b"\t")[0]) for l in got]
                check(path + ": order", counts, sorted(counts, reverse=True))
                check(path + " again", read(path), data)
                answer, asked = batches[index, what][number].rsplit(b"\t", 1)
                check(path + " in batch", asked, line.encode())
                check(path + " as JSON", sorted(map(tuple, json.loads(answer))),
                      sorted((n, spelled[c]) for c, n in counter.items()))

test(["corpus", "store"], [read(f) for f in sorted(glob.glob("text/*.txt"))],
     [b"rare", b"the", b"alpha beta", "中文".encode(), "中".encode()[:2], "ï".encode(), b"x\ny", b"tab\t",
      b"\0", b"100%", b"a/b", b"..", b" ", b"a", b"of the", b"nonesuch"])
test(["raw"], [read(f) for f in sorted(glob.glob("raw/*"))],
     [b"a", b"b", b"$", b"$END", b"\xff", b"\xe4", b"\xe4\xb8", b"\xad", b"\\", b"41", b" "])
sys.exit(bad > 0)
PYTHON
python3 naive.py || fail "answers"

# ---- from a shell ----
is "$(naive_docs the | wc -l)" "$(cat mnt/corpus/df/the)" "df"
is 0 "$(cat mnt/corpus/df/nonesuch)" "df of what doesn't occur"
is 0 "$(stat -c %s mnt/corpus/next/nonesuch)" "size of what doesn't occur"
is "" "$(cat mnt/corpus/next/nonesuch mnt/corpus/prev/nonesuch)" "beside what doesn't occur"
cat mnt/corpus/next/a >all
is "$(head -n 1 all)" "$(head -n 1 mnt/corpus/next/a)" "head"
is "$(tail -n 1 all)" "$(tail -n 1 mnt/corpus/next/a)" "tail"
cp mnt/corpus/next/a copy && cmp copy all || fail "cp"
dd if=mnt/corpus/next/a bs=7 2>/dev/null | cmp - all || fail "dd"
is "$(wc -c <all)" "$(wc -c <mnt/corpus/next/a)" "wc"
is "$(stat -c %i mnt/corpus/df/the)" "$(stat -c %i mnt/corpus/df/th%65)" "inodes"
for dir in df next prev; do
	is "" "$(ls mnt/corpus/$dir)" "$dir lists"
	refuses "Invalid argument" cat mnt/corpus/$dir/%zz
done
readers=()
for i in 1 2 3 4; do
	cat mnt/corpus/prev/e >all.$i &
	readers+=($!)
done
wait "${readers[@]}"
cat mnt/corpus/prev/e >all
[ -s all ] || fail "nothing before e"
for i in 1 2 3 4; do cmp all all.$i || fail "readers side by side"; done
detach mnt

# ---- a long one, interrupted: each occurrence has to be located, which few samples make slow ----
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    for i in range(40):
        out.write("".join(random.choices("ab", k=10000)) + "\n")'
build long.ngram --sa-sampling=512 --format lines long
attach long.ngram mnt
before=$(cpu_ticks "${daemons[mnt]}")
cat mnt/df/a >/dev/null &
interrupt mnt "$before" $!
cat mnt/df/a >all &
is 40 "$(cat mnt/df/abababab)" "one beside it"
wait $!
is 40 "$(cat all)" "all of it"
detach mnt
finish
