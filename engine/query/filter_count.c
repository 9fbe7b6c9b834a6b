/* SPDX-License-Identifier: Apache-2.0 */
/* How many occurrences count under a scope. */
#include "query/docs_count.h"
#include "query/filter.h"
#include "query/filter_keys.h"
#include "query/index_internal.h"

static bool is_known(const struct ng_index *index, uint64_t hash, const struct ng_ranges *ranges,
		     uint64_t *ret_count)
{
	static const uint64_t kinds[] = {NG_KEY_SURVIVORS, NG_KEY_COUNT};

	for (size_t i = 0; i < ng_array_size(kinds); i++) {
		ng_cleanup(ng_cached_unrefp) struct ng_cached *known =
			ng_cache_get(index->cache, ng_key_of_ranges(hash, kinds[i], ranges));

		if (known) {
			*ret_count = known->count;
			return true;
		}
	}
	return false;
}

/* As a block of the cache, whose count is all that it has. */
static void count_keep(const struct ng_index *index, XXH128_hash_t key, uint64_t count)
{
	struct ng_cached *block = ng_cached_new(key, 1);

	/* It can be counted again. */
	if (!block)
		return;
	block->count = count;
	ng_cache_put(index->cache, block);
	ng_cached_unref(block);
}

int ng_filter_count(const struct ng_index *index, const struct ng_query *query,
		    const struct ng_ranges *ranges, const ng_cancel *cancel, uint64_t *ret_count)
{
	ng_cleanup(ng_survivors_clear) struct ng_survivors survivors = {0};
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t hash = query->scope->hash, count = 0;
	bool in_text = false;
	int r = ng_ranges_check(ranges, index);

	if (r == 0 && is_known(index, hash, ranges, ret_count))
		return 0;
	if (r == 0)
		r = ng_filter_get(index, query->scope, ranges, cancel, &filter);
	/* To find out which documents count may have told which occurrences do. */
	if (r == 0 && is_known(index, hash, ranges, ret_count))
		return 0;
	if (r == 0 && filter.docs && !filter.near.bits)
		r = ng_docs_count_is_better(index, query, filter.docs, ranges->count, &in_text);
	if (r == 0 && in_text) {
		r = ng_docs_count(index, query, filter.docs, cancel, &count);
		if (r == 0)
			count_keep(index, ng_key_of_ranges(hash, NG_KEY_COUNT, ranges), count);
	} else if (r == 0) {
		r = ng_survivors_get(index, ranges, query->scope, cancel, &survivors);
		if (r == 0)
			count = survivors.bits->count;
	}
	if (r == 0)
		*ret_count = count;
	return r;
}
