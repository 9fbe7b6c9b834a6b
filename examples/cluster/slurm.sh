#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build an index with Slurm: a job array, one task a part, and a job that joins them.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.sh"

fail() {
	echo "slurm.sh: $*" >&2
	exit 1
}

case ${1:-} in
-h | --help)
	cat <<'TEXT'
usage: TEXT=DIR INDEX=DIR ./slurm.sh [OPTION OF SBATCH]...

Submits a job array that builds the parts of INDEX, and a job that joins them when they have ended.
The same again goes on after a failure: finished parts cost a second each. What can be set is
described in settings.sh; options such as --partition=long --time=24:00:00 --account=me are for both
jobs. The joining says in INDEX.parts/join.log what is amiss.
TEXT
	exit 0
	;;
esac
command -v sbatch >/dev/null || fail "there is no sbatch here; run this where jobs are submitted"

"$here/parts.sh"
dir=$(realpath -s "$INDEX").parts
lists=("$dir"/*.list)
most=$(scontrol show config | awk '$1 == "MaxArraySize" { print $3 }')
[ ${#lists[@]} -le "${most:-1001}" ] ||
	fail "${#lists[@]} parts, and this cluster's arrays have $most tasks at most (MaxArraySize): set PARTS lower"

# A little more than mkngramfs is told to take: what the kernel keeps for the job counts, too.
case $MEMORY in
*G) mib=$((${MEMORY%G} * 1024)) ;;
*) mib=${MEMORY%M} ;;
esac
array=$(sbatch --parsable --array="0-$((${#lists[@]} - 1))" --cpus-per-task="$THREADS" --mem="$((mib * 9 / 8 + 64))M" \
	--output=/dev/null "$@" "$here/build.sbatch" "$here" "$dir")
# After any end, not after success alone: then it would wait for ever, and nobody were told.
join=$(sbatch --parsable --dependency="afterany:${array%%;*}" --output="$dir/join.log" "$@" \
	"$here/join.sbatch" "$here" "$dir")
echo "job ${array%%;*} builds the parts, job ${join%%;*} joins them to $INDEX; see squeue, and $dir/join.log"
