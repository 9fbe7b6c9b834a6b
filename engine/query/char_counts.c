/* SPDX-License-Identifier: Apache-2.0 */
#include "query/char_counts.h"

/* Entries that aren't worth being added up yet. */
#define COMPACT_MIN 4096u

int ng_char_counts_add(struct ng_char_counts *counts, enum ng_next_kind kind, const uint8_t *bytes,
		       unsigned n_bytes, uint64_t count)
{
	struct ng_next *entry;

	if (!count)
		return 0;
	if (counts->n == counts->cap) {
		size_t cap = ng_max(2 * counts->cap, (size_t)64);
		struct ng_next *grown = reallocarray(counts->entries, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		counts->entries = grown;
		counts->cap = cap;
	}
	entry = &counts->entries[counts->n++];
	*entry = (struct ng_next){.count = count, .kind = kind, .n_bytes = (uint8_t)n_bytes};
	if (n_bytes)
		memcpy(entry->bytes, bytes, n_bytes);
	return 0;
}

/* The bytes behind n_bytes are 0, but a NUL byte is longer than a border. */
static int by_bytes(const void *pa, const void *pb)
{
	const struct ng_next *a = pa, *b = pb;
	int order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

	return order ? order : a->n_bytes - b->n_bytes;
}

static int by_count(const void *pa, const void *pb)
{
	const struct ng_next *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return by_bytes(pa, pb);
}

/* One entry for each thing. The same bytes are always of one kind. */
static void counts_compact(struct ng_char_counts *counts)
{
	size_t n = 0;

	if (!counts->n)
		return;
	qsort(counts->entries, counts->n, sizeof(*counts->entries), by_bytes);
	for (size_t i = 0; i < counts->n; i++) {
		if (n && by_bytes(&counts->entries[n - 1], &counts->entries[i]) == 0)
			counts->entries[n - 1].count += counts->entries[i].count;
		else
			counts->entries[n++] = counts->entries[i];
	}
	counts->n = n;
}

/* The same in the order of the list. */
static void counts_finish(struct ng_char_counts *counts)
{
	counts_compact(counts);
	if (counts->n)
		qsort(counts->entries, counts->n, sizeof(*counts->entries), by_count);
}

struct job {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const ng_cancel *cancel;
	ng_char_counts_beside beside;
	struct ng_char_counts *counts; /* one a shard, and one more */
};

/* Many ranges have much the same beside them: it is added up when it has become twice as much. */
static int shard_count(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	struct ng_char_counts *counts = &job->counts[s];
	size_t most = COMPACT_MIN;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->ranges->n; i++) {
		if (job->ranges->list[i].shard != s)
			continue;
		if (ng_cancelled(job->cancel))
			return -EINTR;
		r = job->beside(job->index, &job->ranges->list[i], job->cancel, counts);
		if (counts->n >= most) {
			counts_compact(counts);
			most = ng_max(2 * counts->n, (size_t)COMPACT_MIN);
		}
	}
	return ng_shard_result(job->index->shards[s], r);
}

static int counts_join(const struct job *job)
{
	struct ng_char_counts *all = &job->counts[job->index->n_shards];
	int r = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; r == 0 && i < job->counts[s].n; i++) {
			const struct ng_next *e = &job->counts[s].entries[i];

			r = ng_char_counts_add(all, e->kind, e->bytes, e->n_bytes, e->count);
		}
	}
	return r;
}

int ng_char_counts_all(const struct ng_index *index, const struct ng_ranges *ranges,
		       const ng_cancel *cancel, ng_char_counts_beside beside,
		       struct ng_next **ret_list, size_t *ret_n)
{
	struct job job = {index, ranges, cancel, beside, NULL};
	struct ng_char_counts *all;
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	job.counts = calloc(index->n_shards + 1, sizeof(*job.counts));
	if (!job.counts)
		return -ENOMEM;
	all = &job.counts[index->n_shards];
	r = ng_index_run(index, index->n_shards, shard_count, &job);
	if (r == 0)
		r = counts_join(&job);
	if (r == 0) {
		counts_finish(all);
		*ret_n = all->n;
		*ret_list = ng_steal_ptr(&all->entries);
	}
	for (uint32_t s = 0; s <= index->n_shards; s++)
		free(job.counts[s].entries);
	free(job.counts);
	return r;
}
