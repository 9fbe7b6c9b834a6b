/* SPDX-License-Identifier: Apache-2.0 */
/* The memory budget of a build: what --memory grants, divided. */
#pragma once

#include "base/base.h"

/* Everything but what is counted below: buffers of reading, of compression and of the shard that is
 * written, code tables, stacks. */
#define NG_MEMORY_FIXED (128u << 20)

/* The least that a build can do with. */
#define NG_MEMORY_MIN (2 * NG_MEMORY_FIXED)

struct ng_memory_plan {
	uint64_t jobs_bytes;   /* for the batches that are being sorted */
	uint64_t batch_bytes;  /* text and separators that are sorted at once, at most; */
	uint64_t batch_room;   /* what memory would allow of that, >= batch_bytes */
	uint64_t shard_bytes;  /* text and separators of a shard, at most */
	unsigned side_by_side; /* batches sorted side by side */
	bool alone;            /* no text is collected while one is sorted */
};

/* What reading the sources may take beyond NG_INPUT_MEMORY, which NG_MEMORY_FIXED covers, where the
 * largest window of compression in them has window_bytes: half of what there is at most. */
uint64_t ng_memory_for_input(uint64_t memory_bytes, uint64_t window_bytes);

/* Divide memory_bytes, of which input_bytes are for reading, for so many threads. batch_bytes: what
 * the user wants of a batch at most, 0: as much as can be. shard_bytes: what the user wants of a
 * shard; 0: twice the memory, so that the rank structure of its larger half, a third of its text,
 * stays in memory while the other half's text is searched in it. A batch takes some six times its
 * text to sort. Sorting in larger batches and one at a time, by all threads, is faster than merging
 * smaller ones that were sorted side by side, up to four threads; from there on every four threads
 * have a batch, and the next one is collected meanwhile. -EINVAL with err: too little memory. */
int ng_memory_divide(uint64_t memory_bytes, uint64_t input_bytes, uint64_t shard_bytes,
		     uint64_t batch_bytes, unsigned threads, struct ng_memory_plan *ret_plan,
		     struct ng_error *err);

/* Memory that this process may use by default: half of the machine's, or of its cgroup's. */
uint64_t ng_memory_default(void);

/* Bytes of the largest document that may be sorted with so much memory, if there is no NUL in it: 0
 * where there is too little for any. */
uint64_t ng_memory_document_max(uint64_t memory_bytes);

/* The memory that a build takes for a document of so many bytes, all by itself. */
uint64_t ng_memory_document(uint64_t text_bytes, bool has_nul);
