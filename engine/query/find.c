/* SPDX-License-Identifier: Apache-2.0 */
#include "query/find.h"

#include "query/fold.h"
#include "query/word_find.h"

static unsigned folds_of(const struct ng_query *query)
{
	return query->fold & ~NG_QUERY_WORD;
}

/* The occurrences of one string, words or not. */
static int string_find(const struct ng_index *index, unsigned folds, const uint8_t *bytes,
		       size_t len, const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	int r;

	if (!folds)
		return ng_ranges_find(index, bytes, len, cancel, ret_ranges);
	r = ng_fold_find_by(index, folds, bytes, len, cancel, ret_ranges);
	/* What programs print for E2BIG is about arguments of theirs. */
	return r == -E2BIG ? -EOVERFLOW : r;
}

/* The occurrences of a query, and of each of its scope's `any`. */
struct found {
	struct ng_ranges lists[1 + NG_SCOPE_STRINGS_MAX];
	size_t n;
};

static void found_clear(struct found *found)
{
	for (size_t i = 0; i < found->n; i++)
		ng_ranges_clear(&found->lists[i]);
}

static int each_find(const struct ng_index *index, const struct ng_query *query,
		     const ng_cancel *cancel, struct found *found)
{
	const struct ng_strings *any = &query->scope->any;
	unsigned folds = folds_of(query);
	int r = string_find(index, folds, query->bytes, query->len, cancel, &found->lists[0]);

	found->n = r == 0;
	for (size_t i = 0; r == 0 && i < any->n; i++) {
		r = string_find(index, folds, any->list[i].bytes, any->list[i].len, cancel,
				&found->lists[1 + i]);
		found->n += r == 0;
	}
	return r;
}

/* All of them in a row, whatever lies in what. */
static int found_concat(const struct found *found, struct ng_ranges *ret_ranges)
{
	struct ng_ranges all = NG_RANGES_INIT;
	size_t n = 0;

	for (size_t i = 0; i < found->n; i++)
		n += found->lists[i].n;
	all.list = calloc(n + 1, sizeof(*all.list));
	if (!all.list)
		return -ENOMEM;
	for (size_t i = 0; i < found->n; i++) {
		const struct ng_ranges *list = &found->lists[i];

		if (list->n)
			memcpy(all.list + all.n, list->list, list->n * sizeof(*list->list));
		all.n += list->n;
		all.count += list->count;
	}
	*ret_ranges = all;
	return 0;
}

/* Words or not, of any of several strings; joined unless they are to be looked at again. */
static int several_find(const struct ng_index *index, const struct ng_query *query, bool joined,
			const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	ng_cleanup(found_clear) struct found found = {.n = 0};
	int r = each_find(index, query, cancel, &found);

	if (r == 0)
		r = joined ? ng_ranges_join(found.n, found.lists, ret_ranges)
			   : found_concat(&found, ret_ranges);
	return r;
}

/* ret_ranges may be NULL. */
static int find_words(const struct ng_index *index, const struct ng_query *query,
		      const ng_cancel *cancel, struct ng_ranges *ret_ranges, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges any = NG_RANGES_INIT;
	const uint8_t *pat = ng_query_varies(query) ? NULL : query->bytes;
	int r;

	if (ng_scope_has_any(query->scope))
		r = several_find(index, query, false, cancel, &any);
	else
		r = string_find(index, folds_of(query), query->bytes, query->len, cancel, &any);
	return r ? r : ng_word_find(index, &any, pat, query->len, cancel, ret_ranges, ret_count);
}

int ng_query_find(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	if (query->fold & NG_QUERY_WORD)
		return find_words(index, query, cancel, ret_ranges, NULL);
	if (ng_scope_has_any(query->scope))
		return several_find(index, query, true, cancel, ret_ranges);
	return string_find(index, folds_of(query), query->bytes, query->len, cancel, ret_ranges);
}

int ng_query_bound(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	if (!query->fold && !ng_scope_has_any(query->scope))
		return ng_count(index, query->bytes, query->len, cancel, ret_count);
	if (query->fold & NG_QUERY_WORD)
		return find_words(index, query, cancel, NULL, ret_count);
	r = ng_query_find(index, query, cancel, &ranges);
	if (r == 0)
		*ret_count = ranges.count;
	return r;
}

static int strings_work(const struct ng_index *index, const struct ng_scope *scope,
			const struct ng_strings *strings, const ng_cancel *cancel, uint64_t *most)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < strings->n; i++) {
		const struct ng_query query = ng_scope_query(scope, &strings->list[i]);
		uint64_t count = 0;

		r = ng_query_bound(index, &query, cancel, &count);
		*most = ng_max(*most, count);
	}
	return r;
}

int ng_query_work(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, uint64_t *ret_count)
{
	const struct ng_scope *scope = query->scope;
	uint64_t work = 0;
	int r = ng_query_bound(index, query, cancel, &work);

	/* Where there is nothing, nothing else is looked at. */
	if (r == 0 && work && ng_scope_limits(scope))
		r = strings_work(index, scope, &scope->also, cancel, &work);
	if (r == 0 && work && ng_scope_limits(scope))
		r = strings_work(index, scope, &scope->not, cancel, &work);
	if (r == 0)
		*ret_count = work;
	return r;
}

int ng_query_count(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	if (!ng_scope_limits(query->scope))
		return ng_query_bound(index, query, cancel, ret_count);
	r = ng_query_find(index, query, cancel, &ranges);
	return r ? r : ng_filter_count(index, query, &ranges, cancel, ret_count);
}

int ng_query_any(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, bool *ret_any, uint64_t *ret_bound)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t count = 0;
	bool any = false;
	int r;

	if (ng_scope_limits(query->scope)) {
		r = ng_query_find(index, query, cancel, &ranges);
		count = ranges.count;
		if (r == 0)
			r = ng_filter_get(index, query->scope, &ranges, cancel, &filter);
		if (r == 0)
			r = ng_filter_any(index, &ranges, &filter, cancel, &any);
	} else {
		r = ng_query_bound(index, query, cancel, &count);
		any = count > 0;
	}
	if (r)
		return r;
	*ret_any = any;
	*ret_bound = count;
	return 0;
}
