/* SPDX-License-Identifier: Apache-2.0 */
/* Document frequency: in how many documents a query occurs. */
#pragma once

#include "query/filter.h"

/* Distinct documents that hold one of these occurrences, as far as a filter, which may be empty,
 * lets them through. Exact: every occurrence is located, by all threads of the index;
 * O(sa_sampling) rank steps each. Memory: see docset.h. Thread-safe; ends within a tenth of a
 * second when cancelled. -EINVAL for ranges that aren't this index's, and the errors of query.h. */
int ng_df_filtered(const struct ng_index *index, const struct ng_ranges *ranges,
		   const struct ng_filter *filter, const ng_cancel *cancel, uint64_t *ret_docs);

/* The same without a filter. */
int ng_df(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	  uint64_t *ret_docs);
