/* SPDX-License-Identifier: Apache-2.0 */
/* The documents for which conditions on the metadata hold, and the occurrences that are in them.
 * Both are computed once and kept for as long as there is room (cache.h). Thread-safe; every
 * function may be cancelled. Errors as in query.h. */
#pragma once

#include "query/cache.h"
#include "query/ranges.h"
#include "query/where.h"

/* A bit for each document of an index. */
struct ng_filter {
	struct ng_cached *docs; /* count: how many bits are set */
};

/* Those documents: O(documents), some steps each where a shard has a column of the field; the
 * metadata of every document is read and parsed where it hasn't. The caller clears it. where NULL:
 * an empty filter, which lets every document through. */
int ng_filter_get(const struct ng_index *index, struct ng_where *where, const ng_cancel *cancel,
		  struct ng_filter *ret_filter);
void ng_filter_clear(struct ng_filter *filter);

/* doc is below the index's numbers of documents. Removed documents don't count. */
static inline bool ng_filter_has(const struct ng_filter *filter, uint64_t doc)
{
	return !filter->docs || (filter->docs->words[doc / 64] >> doc % 64 & 1);
}

/* Whether the index may have documents with every field that the conditions name; false only where
 * each shard says that none of its documents has one of them. */
int ng_where_fits(const struct ng_index *index, const struct ng_where *where, bool *ret_fits);

/* Which occurrences of some ranges are in such documents. count: how many. */
struct ng_survivors {
	struct ng_cached *bits;
	uint64_t n; /* occurrences of the ranges */
};

/* Locates every occurrence, by all threads of the index, if they aren't known. Memory: a bit an
 * occurrence and some. -EINVAL: the ranges aren't this index's. The caller clears it. */
int ng_survivors_get(const struct ng_index *index, const struct ng_ranges *ranges,
		     struct ng_where *where, const ng_cancel *cancel,
		     struct ng_survivors *ret_survivors);
void ng_survivors_clear(struct ng_survivors *survivors);

/* Which occurrence the survivor of a number < count is. O(log(occurrences)). */
uint64_t ng_survivors_at(const struct ng_survivors *survivors, uint64_t number);

/* Whether any occurrence is in such a document: as many are located as it takes. */
int ng_filter_any(const struct ng_index *index, const struct ng_ranges *ranges,
		  const struct ng_filter *filter, const ng_cancel *cancel, bool *ret_any);
