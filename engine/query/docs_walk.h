/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences in some documents, found by walking these instead of locating all there are. */
#pragma once

#include "query/ranges.h"
#include "query/survivors.h"

/* Whether that is less work, of documents that docs has a bit for, and the count of: *ret_better.
 * O(1) where they are many; otherwise a look at each, up to as many as there are occurrences.
 * Errors of query.h. */
int ng_docs_walk_is_better(const struct ng_index *index, const struct ng_ranges *ranges,
			   const struct ng_cached *docs, bool *ret_better);

/* Set the bits, in a block of ng_survivors_new that has none set, of those occurrences of the
 * ranges that are in one of the documents. Cost: a step for each byte of these, and the sampling's
 * for each of them; on all threads of the index; can be cancelled. Memory: 24 bytes a document.
 * Errors of query.h. Thread-safe. */
int ng_docs_walk(const struct ng_index *index, const struct ng_ranges *ranges,
		 const struct ng_cached *docs, const ng_cancel *cancel, struct ng_cached *bits);
