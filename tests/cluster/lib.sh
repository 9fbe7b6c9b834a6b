# SPDX-License-Identifier: Apache-2.0
# What the tests of examples/cluster share, on top of what all mount tests do.
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../mount/lib.sh"
# shellcheck disable=SC2034
cluster=$(realpath "$here/../../examples/cluster")
export MKNGRAMFS

needs() { # PROGRAM...: of packages that not every machine has
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "no $program here"
	done
}

as_root() {
	[ "$(id -u)" = 0 ] || skip "for root"
}

# Processes that the test starts beside the daemons, ended in the opposite order at its end.
servers=()
serve() { # LOG COMMAND...: in the background; $served is its process
	"${@:2}" >>"$1" 2>&1 </dev/null &
	served=$!
	servers+=("$served")
}
stop_servers() {
	local i
	for ((i = ${#servers[@]} - 1; i >= 0; i--)); do
		kill "${servers[i]}" 2>/dev/null
		wait "${servers[i]}" 2>/dev/null
	done
	servers=()
}

# What is mounted in $work, by whatever it is, goes before what serves it.
unmount_all() {
	awk -v work="$work/" 'index($2, work) == 1 { print $2 }' /proc/mounts | sort -r | while read -r dir; do
		umount -l "$dir" 2>/dev/null
	done
}
at_end() { :; } # a test may have more to do
trap 'cd /; at_end; unmount_all; stop_servers; clean' EXIT

# A port that nobody has, from a range that the kernel gives to none.
free_port() {
	python3 - <<'PYTHON'
import random, socket
while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PYTHON
}

listens() { # PORT
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# text/: files of unequal lengths, in two directories, of documents that repeat each other in part.
make_text() { # FILES [BYTES OF EACH]
	python3 "$here/text.py" "$work/text" "$@" || { fail "no text"; finish; }
}

# One index of all of text/, which the joined ones are compared with: as they are, with the default sampling.
build_one() { # OPTION...
	"$MKNGRAMFS" --quiet -o one.ngram --memory=256M "$@" "$work/text" || { fail "mkngramfs $*"; finish; }
}

# What an index says of itself and the sums of its shards. Only their names may differ, since those of
# an index that was merged go on from what it had.
contents() { # INDEX
	jq -c 'del(.manifest_checksum, .shards[].file)' "$1/index.json"
	jq -r '.shards[].file' "$1/index.json" | (cd "$1" && xargs -d '\n' cat --) | md5sum
	ls "$1" | wc -l
}

# Whether INDEX is in every answer what one.ngram is, and, merged, the same files.
same_as_one() { # INDEX
	local index=$1 status
	"$NGRAMFSCK" --quiet "$index" || fail "ngramfsck $index"
	attach "$index" union
	attach one.ngram one
	python3 "$here/same.py" union one "$work/text" || fail "$index answers otherwise than one build"
	detach union
	detach one
	"$MKNGRAMFS" --quiet --merge "$index" --memory=256M || fail "--merge $index"
	is "$(contents one.ngram)" "$(contents "$index")" "$index, merged"
}
