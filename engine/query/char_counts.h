/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside the occurrences of a query, added up: for next.c and prev.c. */
#pragma once

#include "query/index_internal.h"
#include "query/next.h"

struct ng_char_counts {
	struct ng_next *entries;
	size_t n, cap;
};

/* Add count occurrences (0: nothing happens) of a character or byte, or, with n_bytes 0, of a
 * border. The same thing may be added again. -ENOMEM. */
int ng_char_counts_add(struct ng_char_counts *counts, enum ng_next_kind kind, const uint8_t *bytes,
		       unsigned n_bytes, uint64_t count);

/* Have beside(index, range, ...) count what stands beside each range's rows, shards side by side;
 * then make the list of them, as next.h describes it. -EINVAL for ranges that aren't this index's,
 * and the errors of beside. */
typedef int (*ng_char_counts_beside)(const struct ng_index *index, const struct ng_range *range,
				     const ng_cancel *cancel, struct ng_char_counts *counts);
int ng_char_counts_all(const struct ng_index *index, const struct ng_ranges *ranges,
		       const ng_cancel *cancel, ng_char_counts_beside beside,
		       struct ng_next **ret_list, size_t *ret_n);
