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

/* How far it is; read by other threads. */
struct ng_shard_progress {
	_Atomic int phase; /* enum ng_build_phase */
	_Atomic uint64_t done_bytes, total_bytes;
};

/* A phase begins, with so much to do. */
void ng_shard_phase(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total);
