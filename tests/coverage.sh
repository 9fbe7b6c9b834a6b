#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How much of the engine and of the daemon the tests run.
set -uo pipefail
export LC_ALL=C.UTF-8

usage() {
	cat <<'TEXT'
usage: tests/coverage.sh [ARGUMENT...]

Builds with gcc and its counters in DIR (by default build-coverage/ beside tests/), runs `meson test`
with these arguments (all tests without; `--suite unit`, or names), and prints which lines of engine and
fs were run: a table by file, then each function of which nothing was. Fails below LINES_MIN percent of all
lines (92), or when a test does. Needs gcovr.

What is killed while it runs leaves no counts: those lines count where something else runs them, too.
TEXT
}

case ${1:-} in
-h | --help)
	usage
	exit 0
	;;
esac
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$top" || exit 1
dir=$(realpath -m "${DIR:-build-coverage}")
lines=${LINES_MIN:-92}
command -v gcovr >/dev/null || { echo "gcovr is missing: apt-get install gcovr" >&2; exit 1; }

# Counters that several threads add to; no inlining, so that each function is one.
if [ ! -f "$dir/build.ninja" ]; then
	CC=gcc meson setup --buildtype=debug -Doptimization=g -Db_coverage=true \
		"-Dc_args=['-fprofile-update=atomic', '-DNG_COVERAGE']" "$dir" >/dev/null || exit 1
fi
nice ninja -C "$dir" --quiet || exit 1
find "$dir" -name '*.gcda' -delete
NG_TEST_BRIEF=1 meson test -C "$dir" --no-rebuild --num-processes "$(nproc)" --timeout-multiplier 4 "$@"
status=$?

mkdir -p "$dir/report"
gcovr --root "$top" --object-directory "$dir" --filter "$top/engine/" --filter "$top/fs/" --gcov-ignore-parse-errors \
	--json "$dir/report/lines.json" --txt "$dir/report/lines.txt" "$dir" || exit 1
cat "$dir/report/lines.txt"
python3 - "$dir/report/lines.json" "$top" "$lines" <<'PYTHON' || status=1
import json, re, sys

report, top, least = json.load(open(sys.argv[1])), sys.argv[2], float(sys.argv[3])
head = re.compile(r"^[A-Za-z_].*?\b(\w+)\([^;]*$")
total = run = 0
print("Functions of which no line was run:")
for file in sorted(report["files"], key=lambda file: file["file"]):
    lines = {line["line_number"]: line["count"] for line in file["lines"] if not line.get("gcovr/noncode")}
    total += len(lines)
    run += sum(count > 0 for count in lines.values())
    source = open(f"{top}/{file['file']}", encoding="utf-8").read().split("\n")
    name, counts = None, {}
    for number, text in enumerate(source, 1):
        match = head.match(text)
        if match and not text.startswith(("#", "struct ng_json", "typedef", "_Static_assert")):
            name = match.group(1)
        if number in lines:
            counts.setdefault(name, []).append(lines[number])
    for name, of in counts.items():
        if name and not any(of):
            print(f"  {file['file']}: {name} ({len(of)} lines)")
percent = 100 * run / max(total, 1)
print(f"{run} of {total} lines of engine and fs: {percent:.1f} % (at least {least:g})")
sys.exit(percent < least)
PYTHON
exit $status
