/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns over all shards. */
#include "query/index_internal.h"

struct find {
	const struct ng_index *index;
	const uint8_t *pat;
	size_t len;
	const ng_cancel *cancel;
	uint32_t group; /* shards that one thread searches by turns */
	struct ng_interval *by_shard;
};

static int find_in_group(void *userdata, uint64_t g)
{
	const struct find *find = userdata;
	uint64_t s = g * find->group;

	return ng_shards_find(find->index->shards + s,
			      ng_min(find->index->n_shards - s, (uint64_t)find->group), find->pat,
			      find->len, find->cancel, &find->by_shard[s]);
}

int ng_find(const struct ng_index *index, const uint8_t *pat, size_t len, const ng_cancel *cancel,
	    struct ng_interval *ret_by_shard)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	struct find find = {index, pat, len, cancel, 0, NULL};
	bool waits;
	int r;

	if (len == 0)
		return -EINVAL;
	if (index->n_shards == 0)
		return 0;
	if (index->n_shards == 1)
		return ng_shard_find(index->shards[0], pat, len, cancel, ret_by_shard);
	by_shard = calloc(index->n_shards + 1, sizeof(*by_shard));
	if (!by_shard)
		return -ENOMEM;
	find.by_shard = by_shard;
	waits = ng_index_waits(index);
	find.group = (uint32_t)ng_min(
		ng_div_up(index->n_shards, waits ? NG_POOL_WAITERS : ng_pool_threads(index->pool)),
		(uint64_t)NG_SHARDS_TOGETHER);
	r = ng_pool_run(index->pool, waits, ng_div_up(index->n_shards, find.group), find_in_group,
			&find);
	if (r < 0)
		return r;
	memcpy(ret_by_shard, by_shard, index->n_shards * sizeof(*by_shard));
	return 0;
}

int ng_count(const struct ng_index *index, const uint8_t *pat, size_t len, const ng_cancel *cancel,
	     uint64_t *ret_count)
{
	struct ng_interval one, *by_shard = &one;
	ng_cleanup(ng_freep) struct ng_interval *many = NULL;
	uint64_t count = 0;
	int r;

	if (index->n_shards > 1) {
		many = calloc(index->n_shards, sizeof(*many));
		if (!many)
			return -ENOMEM;
		by_shard = many;
	}
	r = ng_find(index, pat, len, cancel, by_shard);
	if (r < 0)
		return r;
	for (uint32_t s = 0; s < index->n_shards; s++)
		count += by_shard[s].hi - by_shard[s].lo;
	*ret_count = count;
	return 0;
}

int ng_index_locate_rows(const struct ng_index *index, uint32_t s, uint64_t row, size_t n,
			 const ng_cancel *cancel, struct ng_match *ret_matches)
{
	const struct ng_shard *shard = index->shards[s];
	int r = ng_shard_locate(shard, row, n, cancel, ret_matches);

	for (size_t i = 0; r == 0 && i < n; i++)
		ret_matches[i].doc += index->first_doc[s];
	return r;
}

int ng_locate(const struct ng_index *index, const struct ng_interval *by_shard, uint64_t first,
	      size_t n, const ng_cancel *cancel, struct ng_match *ret_matches, size_t *ret_n)
{
	size_t done = 0;

	for (uint32_t s = 0; s < index->n_shards && done < n; s++) {
		uint64_t rows = by_shard[s].hi - by_shard[s].lo;
		size_t take;
		int r;

		if (by_shard[s].lo > by_shard[s].hi ||
		    by_shard[s].hi > ng_shard_live_rows(index->shards[s]))
			return -EINVAL;
		if (first >= rows) {
			first -= rows;
			continue;
		}
		take = (size_t)ng_min((uint64_t)(n - done), rows - first);
		r = ng_index_locate_rows(index, s, by_shard[s].lo + first, take, cancel,
					 ret_matches + done);
		if (r < 0)
			return r;
		done += take;
		first = 0;
	}
	*ret_n = done;
	return 0;
}
