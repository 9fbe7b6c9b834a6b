/* SPDX-License-Identifier: Apache-2.0 */
/* How much work a build is, as merge/cost.h counts it: the same sums that its phases add up. */
#pragma once

#include "build/memory.h"
#include "merge/journal.h"

/* A batch sorted and written as a segment with its text, or as a whole shard, by a job of so many
 * threads. */
uint64_t ng_work_segment(uint64_t rows, bool has_nul, unsigned threads);
uint64_t ng_work_shard(uint64_t rows, bool has_nul, unsigned threads);

/* The one segment of a shard, written as that. */
uint64_t ng_work_complete(uint64_t rows, unsigned threads);

/* A segment that is to be merged. */
struct ng_work_piece {
	uint64_t rows;
	bool made;    /* its own work isn't to be counted */
	bool no_text; /* its text is to be fetched, if it is read */
};

/* Merge pieces until they are one, as ng_merge_plan_run does, without what the journal (NULL: none)
 * has of it; pieces is changed. *ret_work: the work, 0 for one piece. O(n^3) up to
 * NG_MERGE_ORDER_MAX of them. -ENOMEM. */
int ng_work_merges(struct ng_work_piece *pieces, size_t n, const struct ng_journal *journal,
		   size_t shard, unsigned threads, uint64_t *ret_work);

/* How a build goes about it. */
struct ng_work_model {
	uint64_t batch_bytes, shard_bytes;
	bool has_nul;         /* so batches are half as large */
	unsigned job_threads; /* of each batch that is sorted */
	unsigned threads;
	const struct ng_journal *journal; /* what it needn't do again; NULL: none */
};

/* What is left to do of a shard that has so many pieces and then gets `rows` more in batches:
 * sorting, merging, writing. -ENOMEM. */
int ng_work_of_shard(const struct ng_work_model *model, size_t shard,
		     const struct ng_work_piece *pieces, size_t n, uint64_t rows,
		     uint64_t *ret_work);

/* The same of all shards from number `shard` on, which `rows` go into. -ENOMEM. */
int ng_work_of_shards(const struct ng_work_model *model, size_t shard, uint64_t rows,
		      uint64_t *ret_work);

/* What merging two segments keeps in files without a name, in tenths of a byte: for each row of the
 * smaller, and for each of both. */
#define NG_WORK_SMALLER_TENTHS 40u
#define NG_WORK_BOTH_TENTHS    13u

/* What merging a shard of so many rows, or of as many as it may have, takes at its peak in files
 * without a name, in bytes; 0 where it is one batch. -ENOMEM. */
int ng_work_room(const struct ng_work_model *model, uint64_t rows, uint64_t *ret_bytes);
