/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a build, and how far it is in one. */
#pragma once

#include "base/base.h"

enum ng_build_phase {
	NG_PHASE_READ,   /* documents are coming in; the caller knows how far */
	NG_PHASE_SORT,   /* suffix sorting */
	NG_PHASE_MERGE,  /* segments becoming one */
	NG_PHASE_ENCODE, /* cells of the BWT, samples */
	NG_PHASE_STORE,  /* text and metadata */
	NG_PHASE_SYNC,   /* to disk, and the rename */
};

/* How far it is; begun with zeroes, written by the thread that does it, and read by others. */
struct ng_shard_progress {
	_Atomic int phase; /* enum ng_build_phase */
	_Atomic uint64_t done_bytes, total_bytes;
	/* As cost.h counts it: */
	_Atomic uint64_t work_before; /* that of all phases before this one, */
	_Atomic uint64_t work;        /* and that of this one, when it is done */
	_Atomic uint64_t changes;     /* odd while a phase begins */
	/* Of this one's work so much is expected in silence (0: none), evenly within so many
	 * nanoseconds, and so many of CPU time, from those two on. */
	_Atomic uint64_t silent, silent_ns, silent_cpu, since, since_cpu;
};

/* A phase begins, with so much to do, which is so much work; the one before is done. */
void ng_shard_phase(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total,
		    uint64_t work);

/* Before the phase that has begun tells anything, so much of its work will be done, on `busy` of so
 * many threads: as time goes by, and CPU time of the process, it counts as done, but for a
 * twentieth. */
void ng_shard_phase_silent(struct ng_shard_progress *progress, uint64_t work, unsigned threads,
			   unsigned busy);

/* The last phase is done. Its name stays. */
void ng_shard_phase_end(struct ng_shard_progress *progress);

/* The work done so far, that of the phases before included; by any thread. */
uint64_t ng_shard_progress_work(const struct ng_shard_progress *progress);
