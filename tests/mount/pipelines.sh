#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every block of examples/pipelines.md prints what Python finds in the same text.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
command -v jq >/dev/null || skip "no jq"

python3 "$here/pipelines.py" make || { fail "no corpus"; finish; }
for name in corpus old new; do
	build $name.ngram $name.jsonl
done
# Pages so small that there are more/ of them.
attach -o page=20 corpus.ngram mnt
attach old.ngram new.ngram both
# sort takes room by the size of what it reads, and a session says 1 GiB: Meson has malloc fill what it
# gives, and that is 18 GB then.
unset MALLOC_PERTURB_
python3 "$here/pipelines.py" check "$here/../../examples/pipelines.md" || fail "pipelines.md"
detach mnt
detach both
finish
