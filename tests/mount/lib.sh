# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the mount tests share; each sources it first. NGRAMFS and MKNGRAMFS: the tools. A test works
# in a directory of its own, $work, which is removed, with whatever is mounted in it, at its end.
# Exit status: 0 passed, 1 failed, 77 skipped.
set -u
export LC_ALL=C.UTF-8

skip() {
	echo "skipped: $*"
	exit 77
}

[ -x "${NGRAMFS:-}" ] && [ -x "${MKNGRAMFS:-}" ] || skip "NGRAMFS and MKNGRAMFS must be set"
NGRAMFS=$(realpath "$NGRAMFS")
MKNGRAMFS=$(realpath "$MKNGRAMFS")
[ -c /dev/fuse ] && [ -r /dev/fuse ] && [ -w /dev/fuse ] || skip "no FUSE here"
[ "$(id -u)" = 0 ] || command -v fusermount3 >/dev/null || skip "no fusermount3"
command -v python3 >/dev/null || skip "no python3"

work=$(mktemp -d "${TMPDIR:-/tmp}/ngramfs-test-XXXXXX") || exit 77
export MOUNT_TEST=$work
failures=0
declare -A daemons=()

release() { # DIR [OPTION]: unmount
	if [ "$(id -u)" = 0 ]; then umount "${@:2}" "$1"; else fusermount3 -u "${@:2}" "$1"; fi
}

clean() {
	local dir pid
	cd /
	grep -o " $work/[^ ]* fuse.ngramfs " /proc/mounts | while read -r dir _; do
		release "$dir" "$([ "$(id -u)" = 0 ] && echo -l || echo -z)"
	done
	for pid in "${daemons[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	chmod -R u+w "$work" # copies of read-only directories
	rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 77

fail() {
	echo "FAILED: ${BASH_SOURCE[-1]##*/}:${BASH_LINENO[-2]}: $*" >&2
	failures=$((failures + 1))
}

is() { # WANT GOT WHAT
	[ "$1" = "$2" ] || fail "$3: '${2:0:300}' instead of '${1:0:300}'"
}

# A command that must fail, and what it must say.
refuses() { # TEXT COMMAND...
	local text=$1 said
	shift
	said=$("$@" 2>&1) && fail "should fail: $*"
	[[ $said == *"$text"* ]] || fail "$*: should say '$text', said '$said'"
}

finish() {
	[ $failures = 0 ] && echo passed && exit 0
	echo "$failures failures" >&2
	exit 1
}

wait_for() { # COMMAND...: until it succeeds, two minutes at most
	local begun=$SECONDS
	until "$@" 2>/dev/null; do
		[ $((SECONDS - begun)) -lt 120 ] || return 1
		sleep 0.02
	done
}

# More densely sampled than by default: what tests ask is mostly located, and that takes a half of the time.
build() { # INDEX ARGUMENT...
	"$MKNGRAMFS" --quiet --sa-sampling=16 -o "$@" || { fail "mkngramfs -o $*"; finish; }
}

answers() {
	[ -d "$1/" ] && grep -q " $(realpath "$1") fuse.ngramfs " /proc/mounts &&
		[ -n "$(ls "$1")" ]
}

# Mount in the foreground, with its log in DIR.log; the last argument is DIR.
attach() { # ARGUMENT... DIR
	local dir=${*: -1}
	mkdir -p "$dir"
	"$NGRAMFS" -f "$@" >"$dir.log" 2>&1 &
	daemons[$dir]=$!
	wait_for answers "$dir" || { fail "not mounted: $(cat "$dir.log")"; finish; }
}

# Unmount; the daemon must end by itself with status 0, having complained of nothing.
detach() { # DIR [PATTERN that the log may show]
	local dir=$1 pid=${daemons[$1]} status
	release "$dir" || fail "cannot unmount $dir"
	wait "$pid"
	status=$?
	unset "daemons[$dir]"
	is 0 $status "exit status of the daemon"
	if grep -iE 'error|warning|runtime|sanitizer' "$dir.log" | grep -vE "${2:-^$}" >&2; then
		fail "the log complains"
	fi
	return 0
}

# Processor time that a process has taken, in hundredths of a second. Unlike the time of day it says
# something even where others run beside it.
cpu_ticks() { # PID
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

has_worked() { # PID TICKS
	[ "$(cpu_ticks "$1")" -ge "$2" ]
}

# The daemon comes to rest, within a second of work since it had taken so many ticks.
rests() { # DIR TICKS WHAT
	local now=$2 before=
	until [ "$now" = "$before" ]; do
		before=$now
		sleep 0.3
		now=$(cpu_ticks "${daemons[$1]}")
		[ $((now - $2)) -lt 100 ] || { fail "$3: the daemon works on"; return; }
	done
	echo "$3: at rest after $((now - $2)) ticks"
}

# End with SIGNAL a process that asks for something long, in the midst of it; the daemon leaves it,
# too. BEFORE: the daemon's ticks before it was asked.
interrupt() { # DIR BEFORE PID [SIGNAL]
	local signal=${4:-TERM} ticks status
	wait_for has_worked "${daemons[$1]}" $(($2 + 5)) || fail "the daemon does nothing"
	ticks=$(cpu_ticks "${daemons[$1]}")
	kill -"$signal" "$3" || fail "what was to be interrupted has come to its end"
	wait "$3"
	status=$?
	is $((128 + $(kill -l "$signal"))) $status "exit status of what was interrupted"
	rests "$1" "$ticks" "interrupted"
}

# Whether a process is of this test, and of no other that runs beside it: its environment says so,
# or, where mount(8) has made a new one, its namespace.
is_mine() { # /proc/PID
	[ "$(readlink "$1/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || return 1
	[ -n "${IN_NAMESPACE:-}" ] || tr '\0' '\n' <"$1/environ" | grep -qxF "MOUNT_TEST=$work"
}

# The daemons of this test that have DIR as an argument, and whether there are none.
daemon_of() { # DIR
	local p
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/exe")" = "$NGRAMFS" ] && tr '\0' '\n' <"$p/cmdline" | grep -qxF "$1" &&
			is_mine "$p" && echo "${p#/proc/}"
	done
}

gone() { # DIR
	[ -z "$(daemon_of "$1")" ]
}

# corpus.jsonl of 2,500 documents, and each one's text in text/NNNN.txt, numbered like the
# documents of the index. Some are empty, some long, some hold what names must escape.
make_corpus() {
	mkdir text
	python3 - <<'PYTHON'
import json, random
random.seed(7)
words = ["the", "of", "alpha", "beta", "gamma", "a/b", "100%", "中文", "naïve", "x\ny", "..", "tab\there",
         "and", "\u0000", "😀", "Alpha"]
with open("corpus.jsonl", "w", encoding="utf-8") as out:
    for i in range(2500):
        n = 0 if i % 100 == 50 else 5000 if i == 1234 else random.randint(1, 30)
        text = " ".join(random.choice(words) for _ in range(n))
        if i % 500 == 3:
            text += " rare"
        out.write(json.dumps({"text": text, "id": i, "note": 'q"ü'}) + "\n")
        open(f"text/{i:04}.txt", "wb").write(text.encode())
PYTHON
}

# Occurrences, overlapping ones too, and the documents that hold the query, from the texts.
naive_count() { # QUERY
	python3 - "$1" <<'PYTHON'
import glob, os, re, sys
q = os.fsencode(sys.argv[1])
print(sum(len(re.findall(b"(?=" + re.escape(q) + b")", open(f, "rb").read()))
          for f in glob.glob("text/*.txt")))
PYTHON
}

naive_docs() { # QUERY
	python3 - "$1" <<'PYTHON'
import glob, os, sys
q = os.fsencode(sys.argv[1])
for f in sorted(glob.glob("text/*.txt")):
    if q in open(f, "rb").read():
        print(os.path.basename(f))
PYTHON
}
