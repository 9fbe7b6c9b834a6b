/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents and occurrences count under a scope. What is computed is kept for as long as
 * there is room (cache.h). Thread-safe; every function may be cancelled. Errors as in find.h. */
#pragma once

#include "query/ranges.h"
#include "query/scope.h"
#include "query/survivors.h"

/* Of the occurrences of some ranges, those that count: in these documents, and those that `near`
 * has, if it has anything. */
struct ng_filter {
	struct ng_cached *docs; /* a bit for each document of the index, and how many; NULL: all */
	struct ng_survivors near;
};

/* The filter of a scope for the occurrences of some ranges: for other documents than those that
 * hold one it may say anything. ranges NULL: for all documents; distances aren't looked at then.
 * The scope NULL, or one that asks nothing: an empty filter, which lets everything through. The
 * caller clears it.
 *
 * Cost: that of ng_where_docs. For each string of `also` and `not`, a locate for each of its
 * occurrences; or, where that is less, one for each of the ranges' and the reading of the documents
 * that these are in. Where there is a distance, see near.h. Memory: a bit a document, or an
 * occurrence, and some. */
int ng_filter_get(const struct ng_index *index, const struct ng_scope *scope,
		  const struct ng_ranges *ranges, const ng_cancel *cancel,
		  struct ng_filter *ret_filter);
void ng_filter_clear(struct ng_filter *filter);

/* doc is below the index's numbers of documents. Removed documents don't count. */
static inline bool ng_filter_has(const struct ng_filter *filter, uint64_t doc)
{
	return !filter->docs || (filter->docs->words[doc / 64] >> doc % 64 & 1);
}

static inline bool ng_filter_is_empty(const struct ng_filter *filter)
{
	return !filter->docs && !filter->near.bits;
}

/* Occurrences that may count, of which ng_filter_locate says which do; and the number, among all of
 * the ranges, of one of them. */
static inline uint64_t ng_filter_most(const struct ng_filter *filter,
				      const struct ng_ranges *ranges)
{
	return filter->near.bits ? filter->near.bits->count : ranges->count;
}

static inline uint64_t ng_filter_number(const struct ng_filter *filter, uint64_t i)
{
	return filter->near.bits ? ng_survivors_at(&filter->near, i) : i;
}

/* Where the documents of a scope's filter are short beside the number of occurrences, have it know
 * which of these count, by walking the documents (docs_walk.h): only those are located then. For
 * who is about to locate all. Memory: a bit an occurrence. */
int ng_filter_narrow(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_scope *scope, const ng_cancel *cancel,
		     struct ng_filter *filter);

/* Those that count of [first, first + n) of the ones that may, in index order, *ret_n of them, and,
 * if ret_numbers isn't NULL, their numbers among all. Cost of ng_ranges_locate. */
int ng_filter_locate(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_filter *filter, uint64_t first, size_t n,
		     const ng_cancel *cancel, struct ng_match *ret_matches, uint64_t *ret_numbers,
		     size_t *ret_n);

/* Which occurrences of some ranges count under a scope that asks something. Locates each of them,
 * or walks the documents that count where these are few (docs_walk.h), by all threads of the index,
 * if they aren't known. Memory: a bit an occurrence and some. -EINVAL: the ranges aren't this
 * index's. The caller clears it. */
int ng_survivors_get(const struct ng_index *index, const struct ng_ranges *ranges,
		     const struct ng_scope *scope, const ng_cancel *cancel,
		     struct ng_survivors *ret_survivors);

/* How many of a query's occurrences, which are all that are in the ranges, count under its scope,
 * which asks something: cost and errors of ng_survivors_get. Where the documents that count are
 * short beside the number of occurrences, these are counted in their text (docs_count.h). */
int ng_filter_count(const struct ng_index *index, const struct ng_query *query,
		    const struct ng_ranges *ranges, const ng_cancel *cancel, uint64_t *ret_count);

/* Whether any occurrence counts: as many are located as it takes, by all threads of the index. */
int ng_filter_any(const struct ng_index *index, const struct ng_ranges *ranges,
		  const struct ng_filter *filter, const ng_cancel *cancel, bool *ret_any);
