/* Document frequency: in how many documents a query occurs. */
#pragma once

#include "query/query.h"

/* Distinct documents that hold an occurrence of by_shard (from ng_find). Exact: every occurrence is
 * located, by all threads of the index; O(sa_sampling) rank steps each. Memory: see docset.h.
 * Thread-safe; ends within a tenth of a second when cancelled. -EINVAL for intervals that aren't
 * this index's, and the errors of query.h. */
int ng_df(const struct ng_index *index, const struct ng_interval *by_shard, const ng_cancel *cancel,
	  uint64_t *ret_docs);
