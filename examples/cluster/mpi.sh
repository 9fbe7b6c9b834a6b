#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build an index with Open MPI's mpirun, for clusters on which that is how programs are started.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd)

# ---- what mpirun starts: process R of N builds the parts R, R + N, R + 2N ... ----
if [ -n "${OMPI_COMM_WORLD_RANK:-}" ] && [ "${1:-}" = --rank ]; then
	lists=("$2"/*.list)
	for ((i = OMPI_COMM_WORLD_RANK; i < ${#lists[@]}; i += OMPI_COMM_WORLD_SIZE)); do
		"$here/build-part.sh" "$2" "$i" || echo "mpi.sh: part $i failed on $(hostname)" >&2
	done
	# A status of 1 would end the others; join.sh sees what is missing.
	exit 0
fi

. "$here/settings.sh"

fail() {
	echo "mpi.sh: $*" >&2
	exit 1
}

case ${1:-} in
-h | --help)
	cat <<'TEXT'
usage: TEXT=DIR INDEX=DIR [HOSTS=FILE] ./mpi.sh [OPTION OF MPIRUN]...

Builds the parts of INDEX with mpirun, each process one after the other, and joins them. Within a job
of Slurm, PBS or Grid Engine mpirun knows its machines; otherwise HOSTS names a host file: a machine a
line, with the number of processes behind it, such as "node1 slots=2". Each machine needs TEXT, INDEX
and this directory under the same paths. The same again goes on after a failure. What can be set is
described in settings.sh.
TEXT
	exit 0
	;;
esac
command -v mpirun >/dev/null || fail "there is no mpirun here: apt-get install openmpi-bin, or load the module that has it"
"$here/parts.sh"
dir=$(realpath -s "$INDEX").parts
hosts=()
[ -z "$HOSTS" ] || hosts=(--hostfile "$HOSTS")
# A process has THREADS threads, so it must not be bound to one processor.
mpirun "${hosts[@]}" --bind-to none "$@" "$here/mpi.sh" --rank "$dir" ||
	echo "mpi.sh: mpirun did not come to its end" >&2
exec "$here/join.sh" "$dir"
