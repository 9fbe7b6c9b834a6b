#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build and test everything: what CI runs. Installs what is missing.
set -uo pipefail
export LC_ALL=C.UTF-8
exec </dev/null

usage() {
	cat <<'TEXT'
usage: tests/run.sh [DIR]

Installs the packages that are missing, then builds ngramfs in DIR (by default build-tests/ beside
tests/) and tests it:
  release   all tests, with gcc
  asan      all tests, with clang's AddressSanitizer and UndefinedBehaviorSanitizer
  tsan      the tests of what runs in several threads, with gcc's ThreadSanitizer
and runs the quick ones of tests/lint.sh, and checks the man pages and examples/quickstart.sh. The last
line counts.
TEXT
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
-*)
	usage >&2
	exit 2
	;;
esac
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$top" || exit 1
dir=$(realpath -m "${1:-build-tests}")
mkdir -p "$dir" || exit 1

passed=0 failed=0 skipped=0 table=

begin() {
	printf '\n==== %s\n' "$1"
	SECONDS=0
}

# Add to the counts; the table shows them at the end.
account() { # NAME PASSED FAILED SKIPPED
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	table+=$(printf '  %-14s %4d ok  %4d failing  %4d left out  %4d s' "$@" $SECONDS)$'\n'
}

# One thing that works or doesn't; what it says is shown only when it doesn't.
check() { # NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "$name: fine"
		account "$name" 1 0 0
	else
		printf '%s\n%s: FAILED\n' "$said" "$name"
		account "$name" 0 1 0
	fi
}

# Run a command beside what comes next, as $!; it ends with this script.
beside() { # COMMAND...
	# With job control it has a process group of its own, and so do the processes that it starts.
	set -m
	"$@" &
	set +m
}
end_beside() {
	local group
	for group in $(jobs -pr); do
		kill -- "-$group"
	done
}
trap end_beside EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# How many tests of a meson run passed, failed, and were skipped.
results() { # BUILD
	python3 - "$1/meson-logs/testlog.json" <<'PYTHON'
import json, sys
n = {"OK": 0, "SKIP": 0}
failed = 0
for line in open(sys.argv[1], encoding="utf-8"):
    result = json.loads(line)["result"]
    if result in n:
        n[result] += 1
    elif result == "EXPECTEDFAIL":
        n["OK"] += 1
    else:
        failed += 1
print(n["OK"], failed, n["SKIP"])
PYTHON
}

# Configure NAME with the options of `meson setup`, and build TARGET of it.
build() { # NAME TARGET OPTION...
	local name=$1 target=$2 reconfigure=()
	shift 2
	[ ! -f "$dir/$name/build.ninja" ] || reconfigure=(--reconfigure)
	meson setup "${reconfigure[@]}" --werror "$@" "$dir/$name" >"$dir/$name.log" 2>&1 &&
		nice ninja -C "$dir/$name" --quiet "$target" >>"$dir/$name.log" 2>&1
}

# Whether the build of NAME came to its end; if not, that counts as a failure.
is_built() { # NAME STATUS
	[ "$2" != 0 ] || return 0
	cat "$dir/$1.log"
	echo "$1: does not build"
	account "$1" 0 1 0
	return 1
}

# Run NAME's tests. The sanitizers' memory maps need address space where randomisation may put
# something else, so it is off where it can be.
run_tests() { # NAME OPTION...
	local name=$1 fixed=(setarch "$(uname -m)" -R) status counts
	shift
	"${fixed[@]}" true 2>/dev/null || fixed=()
	rm -f "$dir/$name/meson-logs/testlog.json"
	# More than there are processors, since mount tests often wait for the kernel.
	"${fixed[@]}" meson test -C "$dir/$name" --no-rebuild --print-errorlogs \
		--num-processes $(($(nproc) + 2)) "$@"
	status=$?
	counts=$(results "$dir/$name") || counts="0 1 0"
	# Such as when meson itself gave up.
	[ $status = 0 ] || [ "$(cut -d ' ' -f 2 <<<"$counts")" != 0 ] || counts="${counts/ 0 / 1 }"
	# shellcheck disable=SC2086
	account "$name" $counts
}

begin "packages"
examples/quickstart.sh --install build-essential busybox bzip2 chromium chromium-driver \
	clang clang-format clang-tidy cppcheck debhelper dh-python dpkg-dev fd-find fonts-inter \
	fonts-liberation git glusterfs-client glusterfs-server iproute2 jq less libarchive-tools \
	libclang-rt-14-dev lintian lld lz4 mandoc memcached munge nginx-light nodejs openmpi-bin \
	openssh-client openssh-server openssh-sftp-server p7zip-full parallel perl procps python3 \
	rclone ripgrep rpm rsync rust-coreutils s3fs shellcheck slurm-client slurmctld slurmd sshfs \
	swift-account swift-container swift-object swift-proxy unzip xz-utils zip zsh zstd || exit 1

# Meson has malloc fill all memory that it gives, which takes longer than many a test itself. That
# memory isn't read before it is written is what AddressSanitizer's own filling is for.
export MALLOC_PERTURB_=0
# What is undefined ends in an instruction that isn't one (see below): AddressSanitizer then says where.
export ASAN_OPTIONS=detect_stack_use_after_return=1:handle_sigill=1

# Where python3 is a script that looks for the program, such as pyenv's, that takes longer than most of what the
# tests have it do.
python=$(python3 -c 'import sys; print(sys.executable)')
[ ! -x "$python" ] || [ "$python" = "$(command -v python3)" ] || PATH=${python%/*}:$PATH

begin "release"
CC=gcc build release all
status=$?
# Each of the others is built while the one before is tested, which leaves the processors some time. What is
# inlined before it is instrumented needs no checks of what is then in registers.
CC=clang CC_LD=lld beside build asan all --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false \
	-Dc_args="-g1 -fsanitize-trap=undefined -mllvm -inline-threshold=1000"
asan=$!
is_built release $status && run_tests release
# What is slow already does a little less.
export NG_TEST_BRIEF=1
begin "asan"
wait $asan
status=$?
CC=gcc beside build tsan threads --buildtype=debugoptimized -Db_sanitize=thread -Dc_args=-g1
tsan=$!
is_built asan $status && run_tests asan --timeout-multiplier 4
begin "tsan"
wait $tsan
status=$?
# Those wait most, for one another.
lint=
if clang-format --version | grep -q ' version 14\.'; then
	beside tests/lint.sh format cppcheck shell packages >"$dir/lint.log" 2>&1
	lint=$!
fi
is_built tsan $status && run_tests tsan --suite threads --timeout-multiplier 4

begin "lint"
linted() { # STATUS
	cat "$dir/lint.log"
	return "$1"
}
if [ -n "$lint" ]; then
	wait $lint
	check lint linted $?
else
	echo "left out: it is made for clang-format 14, here is $(clang-format --version)"
	account lint 0 0 1
fi
begin "man pages"
check "man pages" mandoc -T lint -W warning engine/*.[1-9] examples/*.[1-9] fs/*.[1-9]
begin "quickstart"
if [ -w /dev/fuse ]; then
	BUILD=$dir/release check quickstart examples/quickstart.sh --size 8
else
	echo "left out: no FUSE here"
	account quickstart 0 0 1
fi

printf '\n%s\n' "$table"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
