# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# What the scripts beside this file work on. Two lines are to be set, TEXT and INDEX; the others may
# stay. What the environment says goes before what stands here: PARTS=64 ./slurm.sh

# The text: a directory on storage that every machine sees under this same path. All files in it and
# below it are read, in byte order of their paths, as mkngramfs reads them: JSONL, WARC, tar, texts ...,
# compressed or not. A file is never cut, so let there be more of them than parts.
TEXT=${TEXT:-}

# The index to make, on such storage, too. INDEX.parts is made beside it, and stays: the parts are
# what INDEX consists of.
INDEX=${INDEX:-}

# How many parts to build, each of them a job, and how large one is: memory, and processors. They are
# the same for every machine, since a part that was begun on one may be finished on another.
PARTS=${PARTS:-16}
MEMORY=${MEMORY:-4G}
THREADS=${THREADS:-4}

# More options of mkngramfs, for all parts alike, such as --text-store or --text-field=content.
OPTIONS=${OPTIONS:-}

# The program, where every machine has it.
MKNGRAMFS=${MKNGRAMFS:-mkngramfs}

# For parallel.sh and mpi.sh: a file that names the machines, one a line.
HOSTS=${HOSTS:-}
