#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs of all kinds read files of all kinds: the right bytes, or a failure that says so.
here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"

make_corpus
build corpus.ngram --shard-size=64K corpus.jsonl
python3 -c '
import random
random.seed(1)
with open("long", "w") as out:
    # What is said of a is a stream from 8,192 occurrences on, and the lines with b from 4,096 on.
    for _ in range(14):
        out.write("".join(random.choices("abc", (62, 34, 4), k=1000)) + "\n")'
build long.ngram --format lines long
attach corpus.ngram long.ngram mnt
python3 "$here/programs.py" mnt || fail "programs"
detach mnt

naive() { # QUERY: occurrences in long, overlapping ones too
	python3 -c 'import re, sys; print(len(re.findall("(?=" + sys.argv[1] + ")", open("long").read())))' "$1"
}

# ---- without streams: no file that could be read wrong, and nothing to ask the daemon twice ----
attach -o nostreams long.ngram mnt
is "$(naive abcab)" "$(wc -l <mnt/kwic/abcab)" "a short one"
for path in kwic/a df/a batch/count trace; do
	refuses "not supported" cat mnt/$path
done
is "$(naive a)" "$(cat mnt/count/a)" "a count"
ls -lR mnt >/dev/null || fail "a name that is listed isn't there"
# Handed on by sshfs, which takes every error of reading for the end of a file: what can be read there
# is right, and what can't isn't there.
server=/usr/lib/openssh/sftp-server
if command -v sshfs >/dev/null && [ -x $server ] && [ "$(id -u)" = 0 ]; then
	printf '#!/bin/sh\nexec %s\n' $server >server
	chmod +x server
	mkdir far
	sshfs -o ssh_command="$work/server" "far:$work/mnt" far || fail "sshfs"
	for path in count/a find/abcab kwic/abcab next/ab df/abcab doc/00.txt; do
		[ -s far/$path ] && cmp -s far/$path mnt/$path || fail "by sshfs: $path"
	done
	for path in kwic/a df/a batch/count trace; do
		refuses "$path" cat far/$path
	done
	umount far
else
	echo "left out: no sshfs here"
fi
detach mnt
finish
