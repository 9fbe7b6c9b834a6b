#include "query/tally.h"

/* Entries that aren't worth being added up yet. */
#define COMPACT_MIN 4096u

int ng_tally_add(struct ng_tally *tally, enum ng_next_kind kind, const uint8_t *bytes,
		 unsigned n_bytes, uint64_t count)
{
	struct ng_next *entry;

	if (!count)
		return 0;
	if (tally->n == tally->cap) {
		size_t cap = ng_max(2 * tally->cap, (size_t)64);
		struct ng_next *grown = reallocarray(tally->entries, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		tally->entries = grown;
		tally->cap = cap;
	}
	entry = &tally->entries[tally->n++];
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
static void tally_compact(struct ng_tally *tally)
{
	size_t n = 0;

	if (!tally->n)
		return;
	qsort(tally->entries, tally->n, sizeof(*tally->entries), by_bytes);
	for (size_t i = 0; i < tally->n; i++) {
		if (n && by_bytes(&tally->entries[n - 1], &tally->entries[i]) == 0)
			tally->entries[n - 1].count += tally->entries[i].count;
		else
			tally->entries[n++] = tally->entries[i];
	}
	tally->n = n;
}

/* The same in the order of the list. */
static void tally_finish(struct ng_tally *tally)
{
	tally_compact(tally);
	if (tally->n)
		qsort(tally->entries, tally->n, sizeof(*tally->entries), by_count);
}

struct job {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const ng_cancel *cancel;
	ng_tally_beside beside;
	struct ng_tally *tallies; /* one a shard, and one more */
};

/* Many ranges have much the same beside them: it is added up when it has become twice as much. */
static int shard_tally(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	struct ng_tally *tally = &job->tallies[s];
	size_t most = COMPACT_MIN;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->ranges->n; i++) {
		if (job->ranges->list[i].shard != s)
			continue;
		if (ng_cancelled(job->cancel))
			return -EINTR;
		r = job->beside(job->index, &job->ranges->list[i], job->cancel, tally);
		if (tally->n >= most) {
			tally_compact(tally);
			most = ng_max(2 * tally->n, (size_t)COMPACT_MIN);
		}
	}
	return ng_shard_result(job->index->shards[s], r);
}

static int tallies_join(const struct job *job)
{
	struct ng_tally *all = &job->tallies[job->index->n_shards];
	int r = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; r == 0 && i < job->tallies[s].n; i++) {
			const struct ng_next *e = &job->tallies[s].entries[i];

			r = ng_tally_add(all, e->kind, e->bytes, e->n_bytes, e->count);
		}
	}
	return r;
}

int ng_tally_all(const struct ng_index *index, const struct ng_ranges *ranges,
		 const ng_cancel *cancel, ng_tally_beside beside, struct ng_next **ret_list,
		 size_t *ret_n)
{
	struct job job = {index, ranges, cancel, beside, NULL};
	struct ng_tally *all;
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	job.tallies = calloc(index->n_shards + 1, sizeof(*job.tallies));
	if (!job.tallies)
		return -ENOMEM;
	all = &job.tallies[index->n_shards];
	r = ng_pool_run(index->pool, index->n_shards, shard_tally, &job);
	if (r == 0)
		r = tallies_join(&job);
	if (r == 0) {
		tally_finish(all);
		*ret_n = all->n;
		*ret_list = ng_steal_ptr(&all->entries);
	}
	for (uint32_t s = 0; s <= index->n_shards; s++)
		free(job.tallies[s].entries);
	free(job.tallies);
	return r;
}
