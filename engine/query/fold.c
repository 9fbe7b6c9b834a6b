/* SPDX-License-Identifier: Apache-2.0 */
#include "query/fold.h"

#include "query/fold_ends.h"

struct job {
	const struct ng_index *index;
	unsigned folds;
	uint32_t *symbols;
	size_t n_symbols;
	const ng_cancel *cancel;
	struct ng_fold_ends *found; /* one a shard */
};

static int shard_fold(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	const struct ng_shard *shard = job->index->shards[s];
	const struct ng_fold_symbols symbols = {job->folds, job->symbols};
	struct ng_fold_ends *found = &job->found[s];
	int r = ng_fold_ends_begin(shard, 0, job->n_symbols, found);

	if (r == 0)
		r = ng_fold_ends_step(shard, &symbols, 0, 0, job->cancel, found, NULL);
	return r ? r : ng_fold_ends_finish(shard, job->folds, found);
}

static int found_join(const struct job *job, struct ng_ranges *ret_ranges)
{
	struct ng_ranges ranges = NG_RANGES_INIT;
	bool bad = false;
	size_t n = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++)
		n += job->found[s].at[0].n;
	ranges.list = calloc(n + 1, sizeof(*ranges.list));
	if (!ranges.list)
		return -ENOMEM;
	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; i < job->found[s].at[0].n; i++) {
			const struct ng_spelling *spelling = &job->found[s].at[0].list[i];
			struct ng_interval rows = ng_shard_live(
				job->index->shards[s],
				(struct ng_interval){spelling->lo, spelling->hi}, &bad);

			ranges.list[ranges.n++] = (struct ng_range){.shard = s,
								    .lo = rows.lo,
								    .hi = rows.hi,
								    .first = ranges.count,
								    .bytes = spelling->bytes};
			ranges.count += rows.hi - rows.lo;
		}
		if (bad) {
			free(ranges.list);
			return ng_shard_damaged(job->index->shards[s]);
		}
	}
	*ret_ranges = ranges;
	return 0;
}

/* Whether anything but the query itself folds to this. */
static bool has_variants(const struct job *job)
{
	struct ng_variant variants[NG_VARIANTS_MAX];
	unsigned n = 1;

	for (size_t end = job->n_symbols; end && n == 1; end--)
		n = ng_folding_variants(job->folds, job->symbols, end, variants);
	return n > 1;
}

static int fold_shards(struct job *job, struct ng_ranges *ret_ranges)
{
	const struct ng_index *index = job->index;
	int r;

	job->found = calloc(index->n_shards + 1, sizeof(*job->found));
	if (!job->found)
		return -ENOMEM;
	r = ng_index_run(index, index->n_shards, shard_fold, job);
	if (r == 0)
		r = found_join(job, ret_ranges);
	for (uint32_t s = 0; s < index->n_shards; s++)
		ng_fold_ends_clear(&job->found[s]);
	free(job->found);
	return r;
}

int ng_fold_find_by(const struct ng_index *index, unsigned folds, const uint8_t *pat, size_t len,
		    const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	struct job job = {.index = index, .folds = folds, .cancel = cancel};
	int r;

	if (len == 0)
		return -EINVAL;
	r = ng_folding_query(folds, pat, len, &job.symbols, &job.n_symbols);
	if (r == 0)
		r = has_variants(&job) ? fold_shards(&job, ret_ranges)
				       : ng_ranges_find(index, pat, len, cancel, ret_ranges);
	free(job.symbols);
	return r;
}
