/* SPDX-License-Identifier: Apache-2.0 */
/* The rank where a chunk of a document ends, found out without the chunk behind it: a walk that
 * begins some bytes behind with every rank there may be, and knows the rank where they become one
 * (insertions.h). */
#pragma once

#include "merge/chunk_queue.h"
#include "merge/insertions.h"

/* For one thread at a time. */
struct ng_lead {
	const struct ng_rank_source *a;
	uint64_t docs_a;
	const struct ng_insertion_source *source;
	const struct ng_insertion_limits *limits;
	/* Its own. */
	uint64_t ranks[NG_INSERTION_PIECE];
	uint8_t text[NG_INSERTION_PIECE];
};

/* Of a chunk that isn't its document's last: 1 with the rank, or 0 where it stays open, since a
 * long text of A's is repeated there. At most limits->lead_max_bytes steps of rank, and fewer where
 * that failed before in a document. -EUCLEAN (a is damaged), or an error of source->read, with err
 * set. */
int ng_lead_find(struct ng_lead *lead, const struct ng_chunk *chunk, uint64_t *ret_rank,
		 struct ng_error *err);
