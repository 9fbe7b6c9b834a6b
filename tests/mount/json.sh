#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# JSON in, as Python's json module would have it, through mkngramfs and a mount: lines, objects over
# several lines, arrays. json_cases.py has the cases and judges.
judge=$(realpath "$(dirname "$0")")/json_cases.py
. "$(dirname "$0")/lib.sh"

# ---- what is JSON, and what isn't: a value each, in the metadata of a line and of an element ----
for form in lines array; do
	python3 -B "$judge" write-values "$form" values.json || fail "write-values $form"
	[ $form = lines ] && format=jsonl || format=json
	build $form --format="$format" --skip-bad=$form.bad values.json
	attach $form mnt
	python3 -B "$judge" check-values "$form" mnt $form.bad || fail "values as $form"
	detach mnt
done

# ---- many objects, in every form that they may have ----
python3 -B "$judge" write-objects objects || fail "write-objects"
build objects.ngram objects
attach objects.ngram mnt
python3 -B "$judge" check-objects objects mnt || fail "objects"
detach mnt
# The files, named, are the same index.
build named.ngram objects/*
cmp objects.ngram/shard-00000.ngs named.ngram/shard-00000.ngs || fail "named, the files are another index"

# ---- lines that are nearly JSON ----
python3 -B "$judge" write-damaged damaged.jsonl || fail "write-damaged"
build damaged.ngram --skip-bad=damaged.bad damaged.jsonl
attach damaged.ngram mnt
python3 -B "$judge" check-damaged damaged.jsonl mnt damaged.bad || fail "damaged lines"
detach mnt

# ---- what is no Unicode ----
printf '{"text": "a\\ud800b", "m": "\\ud800"}\n{"text": "c\xff", "m": "\xe4\xb8"}\n' >bad.jsonl
refuses "bad.jsonl:1: lone surrogate \\ud800" "$MKNGRAMFS" -o no.ngram bad.jsonl
build mended.ngram --bad-unicode=replace bad.jsonl
attach mended.ngram mnt
is "a�b c�" "$(cat mnt/doc/0.txt) $(cat mnt/doc/1.txt)" "texts that were mended"
is '{"path":"bad.jsonl","line":1,"metadata":{"m":"\ud800"}}' "$(cat mnt/doc/0.json)" "metadata keep an escape"
is '{"path":"bad.jsonl","line":2,"metadata":{"m":"�"}}' "$(cat mnt/doc/1.json)" "metadata that were mended"
detach mnt
"$NGRAMFSCK" -q mended.ngram lines array objects.ngram || fail "ngramfsck"
finish
