#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build an index on several machines with GNU parallel over ssh.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"

fail() {
	echo "parallel.sh: $*" >&2
	exit 1
}

case ${1:-} in
-h | --help)
	cat <<'TEXT'
usage: TEXT=DIR INDEX=DIR HOSTS=FILE ./parallel.sh [OPTION OF PARALLEL]...

Builds the parts of INDEX on the machines that FILE names, as many at a time as it says, and joins
them. A line of FILE is a machine as ssh takes it, with the number of parts that it builds at once
before it: 4/node1, or 2/user@node2; ":" is this one. A part whose machine goes away is begun again on
another. ssh must not ask for a password. Each machine needs TEXT, INDEX and this directory under the
same paths. The same again goes on after a failure. What can be set is described in settings.sh.
TEXT
	exit 0
	;;
esac
command -v parallel >/dev/null || fail "GNU parallel isn't installed: apt-get install parallel"
[ -r "${HOSTS:-}" ] || fail "set HOSTS to a file with the machines, see --help"
"$here/parts.sh"
dir=$(realpath -s "$INDEX").parts

# A machine that goes away (255 of ssh, or a signal) is worth another try, and bad input (1) isn't: what
# failed is for join.sh to say, by name.
for list in "$dir"/*.list; do
	basename "$list" .list
done | parallel --sshloginfile "$(realpath "$HOSTS")" --retries 3 --joblog "$dir/parallel.log" "$@" \
	"$(printf %q "$here/build-part.sh") $(printf %q "$dir") {} || test \$? -lt 128" || :
exec "$here/join.sh" "$dir"
