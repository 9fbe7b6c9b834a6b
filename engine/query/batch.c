/* SPDX-License-Identifier: Apache-2.0 */
#include "query/batch.h"

#include "query/index_internal.h"

/* Patterns that a thread takes at a time: many for those in flight, but few enough for all threads
 * to end at about the same time. */
#define GROUP 512u

struct batch {
	const struct ng_index *index;
	size_t n;
	const struct ng_pattern *patterns;
	const ng_cancel *cancel;
	struct ng_interval *found; /* [n * shards], or NULL: counts are wanted */
	uint64_t *counts;          /* [n], added to by several threads */
};

/* Group number i / shards in shard i % shards. */
static int group_search(void *userdata, uint64_t i)
{
	const struct batch *batch = userdata;
	uint32_t shards = batch->index->n_shards, s = (uint32_t)(i % shards);
	size_t first = i / shards * GROUP, n = ng_min(batch->n - first, (size_t)GROUP);
	struct ng_interval rows[GROUP];
	int r = ng_shard_find_many(batch->index->shards[s], n, batch->patterns + first,
				   batch->cancel, rows);

	for (size_t k = 0; r == 0 && k < n; k++) {
		if (batch->found)
			batch->found[(first + k) * shards + s] = rows[k];
		else
			__atomic_fetch_add(&batch->counts[first + k], rows[k].hi - rows[k].lo,
					   __ATOMIC_RELAXED);
	}
	return r;
}

static int batch_run(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (batch->patterns[i].len == 0)
			return -EINVAL;
	return ng_index_run(batch->index, ng_div_up(batch->n, GROUP) * batch->index->n_shards,
			    group_search, batch);
}

int ng_batch_count(const struct ng_index *index, size_t n, const struct ng_pattern *patterns,
		   const ng_cancel *cancel, uint64_t *ret_counts)
{
	ng_cleanup(ng_freep) uint64_t *counts = calloc(n + 1, sizeof(*counts));
	struct batch batch = {index, n, patterns, cancel, NULL, counts};
	int r;

	if (!counts)
		return -ENOMEM;
	r = batch_run(&batch);
	if (r < 0)
		return r;
	memcpy(ret_counts, counts, n * sizeof(*counts));
	return 0;
}

int ng_batch_find(const struct ng_index *index, size_t n, const struct ng_pattern *patterns,
		  const ng_cancel *cancel, struct ng_interval *ret_by_shard)
{
	size_t cells = n * index->n_shards;
	ng_cleanup(ng_freep) struct ng_interval *found = calloc(cells + 1, sizeof(*found));
	struct batch batch = {index, n, patterns, cancel, found, NULL};
	int r;

	if (!found)
		return -ENOMEM;
	r = batch_run(&batch);
	if (r < 0)
		return r;
	memcpy(ret_by_shard, found, cells * sizeof(*found));
	return 0;
}
