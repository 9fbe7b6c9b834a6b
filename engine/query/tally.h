/* What stands beside the occurrences of a query, added up: for next.c and prev.c. */
#pragma once

#include "query/index_internal.h"
#include "query/next.h"

struct ng_tally {
	struct ng_next *entries;
	size_t n, cap;
};

/* Add count occurrences (0: nothing happens) of a character or byte, or, with n_bytes 0, of a
 * border. The same thing may be added again. -ENOMEM. */
int ng_tally_add(struct ng_tally *tally, enum ng_next_kind kind, const uint8_t *bytes,
		 unsigned n_bytes, uint64_t count);

/* Look for pat in all shards side by side, and have beside(index, s, rows, ...) tally what stands
 * beside the rows of each shard that has it, not an empty interval; then make the list of them, as
 * next.h describes it. The errors of ng_find and those of beside. */
typedef int (*ng_tally_beside)(const struct ng_index *index, uint32_t s, struct ng_interval rows,
			       const uint8_t *pat, size_t len, const ng_cancel *cancel,
			       struct ng_tally *tally);
int ng_tally_all(const struct ng_index *index, const uint8_t *pat, size_t len,
		 const ng_cancel *cancel, ng_tally_beside beside, struct ng_next **ret_list,
		 size_t *ret_n);
