/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_find.h"

#include "query/word_left.h"
#include "query/word_right.h"

struct job {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const uint8_t *pat;
	size_t len;
	const ng_cancel *cancel;
	struct ng_word_ranges_found *found; /* one a shard */
};

/* Those of a range's rows that nothing of a word stands behind. */
static int right_find(const struct job *job, const struct ng_range *range,
		      struct ng_interval **ret_rows, size_t *ret_n)
{
	const struct ng_shard *shard = job->index->shards[range->shard];
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	const uint8_t *pat = job->pat;
	int r = 0;

	if (!pat) {
		r = ng_range_text(job->index, range, job->cancel, &text);
		pat = text.data;
	}
	return r ? r
		 : ng_word_right(shard, pat, range->bytes,
				 (struct ng_interval){range->lo, range->hi}, job->cancel, ret_rows,
				 ret_n);
}

static int range_find(const struct job *job, const struct ng_range *range,
		      struct ng_word_ranges_found *found)
{
	ng_cleanup(ng_freep) struct ng_interval *rows = NULL;
	size_t n = 0;
	int r = right_find(job, range, &rows, &n);

	return r ? r
		 : ng_word_left(job->index, range->shard, rows, n, range->bytes, job->cancel,
				found);
}

/* Append rows of a range's string to a list, which has room for *cap ranges. */
static int rows_append(const struct ng_range *range, const struct ng_interval *rows, size_t n,
		       struct ng_ranges *ranges, size_t *cap)
{
	if (n > *cap - ranges->n) {
		size_t more = ng_max(2 * *cap, ranges->n + n);
		struct ng_range *grown = reallocarray(ranges->list, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		ranges->list = grown;
		*cap = more;
	}
	for (size_t i = 0; i < n; i++) {
		ranges->list[ranges->n] = *range;
		ranges->list[ranges->n].lo = rows[i].lo;
		ranges->list[ranges->n++].hi = rows[i].hi;
	}
	return 0;
}

/* Of several strings: what stands before them is looked at when each place is there once. */
static int shard_find_several(const struct job *job, uint32_t s, struct ng_word_ranges_found *found)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges all = NG_RANGES_INIT, joined = NG_RANGES_INIT;
	size_t cap = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->ranges->n; i++) {
		const struct ng_range *range = &job->ranges->list[i];
		ng_cleanup(ng_freep) struct ng_interval *rows = NULL;
		size_t n = 0;

		if (range->shard != s)
			continue;
		r = ng_cancelled(job->cancel) ? -EINTR : right_find(job, range, &rows, &n);
		if (r == 0)
			r = rows_append(range, rows, n, &all, &cap);
	}
	if (r == 0)
		r = ng_ranges_join(1, &all, &joined);
	for (size_t i = 0; r == 0 && i < joined.n; i++) {
		const struct ng_interval rows = {joined.list[i].lo, joined.list[i].hi};

		r = ng_word_left(job->index, s, &rows, 1, joined.list[i].bytes, job->cancel, found);
	}
	return r;
}

static int by_row(const void *pa, const void *pb)
{
	const struct ng_range *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

static int shard_find(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	struct ng_word_ranges_found *found = &job->found[s];
	int r = job->pat ? 0 : shard_find_several(job, (uint32_t)s, found);

	for (size_t i = 0; job->pat && r == 0 && i < job->ranges->n; i++)
		if (job->ranges->list[i].shard == s)
			r = ng_cancelled(job->cancel)
				    ? -EINTR
				    : range_find(job, &job->ranges->list[i], found);
	if (r == 0 && found->n)
		qsort(found->list, found->n, sizeof(*found->list), by_row);
	return ng_shard_result(job->index->shards[s], r);
}

static int found_join(const struct job *job, struct ng_ranges *ret_ranges)
{
	struct ng_ranges all = NG_RANGES_INIT;
	size_t n = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++)
		n += job->found[s].n;
	all.list = calloc(n + 1, sizeof(*all.list));
	if (!all.list)
		return -ENOMEM;
	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; i < job->found[s].n; i++) {
			struct ng_range *range = &all.list[all.n++];

			*range = job->found[s].list[i];
			range->first = all.count;
			all.count += range->hi - range->lo;
		}
	}
	*ret_ranges = all;
	return 0;
}

int ng_word_find(const struct ng_index *index, const struct ng_ranges *ranges, const uint8_t *pat,
		 size_t len, const ng_cancel *cancel, struct ng_ranges *ret_ranges,
		 uint64_t *ret_count)
{
	struct job job = {index, ranges, pat, len, cancel, NULL};
	uint64_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ranges->n; i++)
		if (!ng_range_fits(&ranges->list[i], index) || ranges->list[i].lead ||
		    (pat && ranges->list[i].bytes != len))
			r = -EINVAL;
	if (r < 0)
		return r;
	job.found = calloc(index->n_shards + 1, sizeof(*job.found));
	if (!job.found)
		return -ENOMEM;
	for (uint32_t s = 0; s < index->n_shards; s++)
		job.found[s].only_count = !ret_ranges;
	r = ng_index_run(index, index->n_shards, shard_find, &job);
	for (uint32_t s = 0; s < index->n_shards; s++)
		count += job.found[s].count;
	if (r == 0 && ret_ranges)
		r = found_join(&job, ret_ranges);
	if (r == 0 && ret_count)
		*ret_count = count;
	for (uint32_t s = 0; s < index->n_shards; s++)
		free(job.found[s].list);
	free(job.found);
	return r;
}
