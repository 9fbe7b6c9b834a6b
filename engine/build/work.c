/* SPDX-License-Identifier: Apache-2.0 */
#include "build/work.h"

#include "merge/cost.h"
#include "merge/merge_order.h"
#include "sort/parallel_sort.h"

uint64_t ng_work_segment(uint64_t rows, bool has_nul, unsigned threads)
{
	return ng_cost(NG_COST_TEXT, rows, threads) +
	       ng_parallel_sort_work(rows, has_nul, threads) +
	       ng_cost(NG_COST_ENCODE, rows, threads);
}

uint64_t ng_work_shard(uint64_t rows, bool has_nul, unsigned threads)
{
	return ng_parallel_sort_work(rows, has_nul, threads) +
	       ng_cost(NG_COST_PATTERNS, rows, threads) + ng_cost(NG_COST_ENCODE, rows, threads) +
	       ng_cost(NG_COST_STORE, rows, threads);
}

uint64_t ng_work_complete(uint64_t rows, unsigned threads)
{
	return ng_cost(NG_COST_COPY, rows, threads) + ng_cost(NG_COST_PATTERNS, rows, threads) +
	       ng_cost(NG_COST_STORE, rows, threads);
}

/* ---- merging ---- */

struct merging {
	struct ng_work_piece *pieces;
	const struct ng_merge_order *order;
	const struct ng_journal *journal;
	size_t shard;
	unsigned threads;
	uint64_t work;
	uint64_t room; /* of files without a name, that the largest merge takes */
};

/* The pieces that were one before. */
struct taken {
	uint64_t first, end;
};

/* Pieces [i, j) of the order become one, which is left in pieces[i]. */
static struct taken stretch_merge(struct merging *m, const struct taken *taken, unsigned i,
				  unsigned j)
{
	struct ng_work_piece *left = &m->pieces[i], *right, *read;
	struct taken a, b;
	unsigned cut;

	if (j - i == 1)
		return taken[i];
	cut = ng_merge_order_cut(m->order, i, j);
	a = stretch_merge(m, taken, i, cut);
	b = stretch_merge(m, taken, cut, j);
	right = &m->pieces[cut];
	read = left->rows < right->rows ? left : right;
	m->room = ng_max(m->room, (NG_WORK_SMALLER_TENTHS * read->rows +
				   NG_WORK_BOTH_TENTHS * (left->rows + right->rows)) /
					  10);
	if (!m->journal || !ng_journal_find(m->journal, NG_STEP_MERGED, m->shard, a.first, b.end)) {
		m->work += ng_cost_merge(left->rows, right->rows, m->threads);
		if (read->no_text)
			m->work += ng_cost(NG_COST_FETCH, read->rows, m->threads);
		read->no_text = false;
	}
	left->rows += right->rows;
	left->no_text |= right->no_text;
	return (struct taken){a.first, b.end};
}

static int merge_all(struct merging *m, struct ng_work_piece *pieces, size_t n)
{
	ng_cleanup(ng_freep) struct ng_merge_order *order = NULL;
	struct taken taken[NG_MERGE_ORDER_MAX];

	if (n > 1 && ng_merge_order_new(&order) < 0)
		return -ENOMEM;
	m->order = order;
	for (size_t at = 0; at + 1 < n;) {
		unsigned k = (unsigned)ng_min(n - at, (size_t)NG_MERGE_ORDER_MAX);
		uint64_t rows[NG_MERGE_ORDER_MAX];

		m->pieces = pieces + at;
		for (unsigned i = 0; i < k; i++) {
			rows[i] = m->pieces[i].rows;
			/* The first one is what those before it became. */
			taken[i] = (struct taken){i ? at + i : 0, at + i + 1};
		}
		ng_merge_order_make(order, rows, k);
		stretch_merge(m, taken, 0, k);
		/* It stands where the next ones can follow it. */
		at += k - 1;
		pieces[at] = m->pieces[0];
	}
	return 0;
}

int ng_work_merges(struct ng_work_piece *pieces, size_t n, const struct ng_journal *journal,
		   size_t shard, unsigned threads, uint64_t *ret_work)
{
	struct merging m = {.journal = journal, .shard = shard, .threads = threads};
	int r = merge_all(&m, pieces, n);

	if (r == 0)
		*ret_work = m.work;
	return r;
}

/* ---- shards ---- */

static uint64_t batch_rows(const struct ng_work_model *model)
{
	return ng_max(model->has_nul ? model->batch_bytes / 2 : model->batch_bytes, 1ull);
}

static bool is_done(const struct ng_work_model *model, enum ng_step_kind kind, size_t shard,
		    uint64_t first, uint64_t end)
{
	return model->journal && ng_journal_find(model->journal, kind, shard, first, end);
}

static uint64_t pieces_work(const struct ng_work_model *model, size_t shard,
			    const struct ng_work_piece *pieces, size_t n)
{
	uint64_t work = 0;

	for (size_t i = 0; i < n; i++)
		if (!pieces[i].made && !is_done(model, NG_STEP_SEGMENT, shard, i, i + 1))
			work += ng_work_segment(pieces[i].rows, model->has_nul, model->job_threads);
	return work;
}

int ng_work_of_shard(const struct ng_work_model *model, size_t shard,
		     const struct ng_work_piece *pieces, size_t n, uint64_t rows,
		     uint64_t *ret_work)
{
	ng_cleanup(ng_freep) struct ng_work_piece *all = NULL;
	uint64_t batch = batch_rows(model), sum = rows, merges;
	size_t most = n + 1 + (size_t)(rows / batch) + 1, k = n;
	int r;

	if (is_done(model, NG_STEP_SHARD, shard, 0, 0)) {
		*ret_work = 0;
		return 0;
	}
	all = calloc(most, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		all[i] = pieces[i];
		sum += pieces[i].rows;
	}
	while (rows > 0) {
		uint64_t here = ng_min(rows, batch);

		all[k++].rows = here;
		rows -= here;
	}
	if (k <= 1) {
		*ret_work = !k            ? 0
			    : all[0].made ? ng_work_complete(sum, model->threads)
					  : ng_work_shard(sum, model->has_nul, model->job_threads);
		return 0;
	}
	*ret_work = pieces_work(model, shard, all, k);
	r = ng_work_merges(all, k, model->journal, shard, model->threads, &merges);
	if (r == 0)
		*ret_work += merges + ng_work_complete(sum, model->threads);
	return r;
}

int ng_work_room(const struct ng_work_model *model, uint64_t rows, uint64_t *ret_bytes)
{
	ng_cleanup(ng_freep) struct ng_work_piece *pieces = NULL;
	uint64_t batch = batch_rows(model);
	size_t n = 0;
	struct merging m = {.threads = model->threads};
	int r;

	rows = ng_min(rows, model->shard_bytes);
	pieces = calloc((size_t)(rows / batch) + 1, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	while (rows > 0) {
		uint64_t here = ng_min(rows, batch);

		pieces[n++].rows = here;
		rows -= here;
	}
	r = merge_all(&m, pieces, n);
	if (r == 0)
		*ret_bytes = m.room;
	return r;
}

static bool has_steps(const struct ng_journal *journal, size_t shard)
{
	size_t n = 0;
	const struct ng_step *steps = journal ? ng_journal_steps(journal, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		if (steps[i].shard == shard)
			return true;
	return false;
}

int ng_work_of_shards(const struct ng_work_model *model, size_t shard, uint64_t rows,
		      uint64_t *ret_work)
{
	uint64_t work = 0, full = 0;

	while (rows > 0) {
		uint64_t here = ng_min(rows, model->shard_bytes), one = full;
		bool same = here == model->shard_bytes && !has_steps(model->journal, shard);

		/* Most are like each other. */
		if (!same || !full) {
			int r = ng_work_of_shard(model, shard, NULL, 0, here, &one);

			if (r < 0)
				return r;
			full = same ? one : full;
		}
		work += one;
		rows -= here;
		shard++;
	}
	*ret_work = work;
	return 0;
}
