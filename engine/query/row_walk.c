/* SPDX-License-Identifier: Apache-2.0 */
#include "query/row_walk.h"

#include "base/prefetch.h"
#include "bwt/bwt_prefetch.h"

/* Turns of a walk between two looks at the cancel flag. */
#define TURNS 256u

/* The same between two looks whether storage is waited for (bwt_prefetch.c): where it wasn't, and
 * where it was. */
#define WARM_TURNS 8u
#define COLD_TURNS 64u

/* Rows of the BWT that begin with something that is looked for. */
struct looked {
	uint64_t lo, hi;
	uint64_t most_hi; /* of those up to this one */
	uint64_t live;    /* the live row of lo */
	const struct ng_range *range;
};

/* Those of a shard, ascending. */
struct ng_looked_rows {
	struct looked *list;
	size_t n;
	uint64_t lo, span; /* all of them lie in [lo, lo + span) */
};

static int by_lo(const void *pa, const void *pb)
{
	const struct looked *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

static int rows_add(const struct ng_shard *shard, const struct ng_range *range,
		    struct ng_looked_rows *rows)
{
	bool bad = false;
	const struct ng_interval of_bwt =
		ng_shard_bwt_rows(shard, (struct ng_interval){range->lo, range->hi}, &bad);

	if (bad || of_bwt.lo >= of_bwt.hi)
		return -EUCLEAN;
	rows->list[rows->n++] = (struct looked){of_bwt.lo, of_bwt.hi, 0, range->lo, range};
	return 0;
}

static void rows_sort(struct ng_looked_rows *rows)
{
	uint64_t most = 0;

	if (!rows->n)
		return;
	qsort(rows->list, rows->n, sizeof(*rows->list), by_lo);
	for (size_t i = 0; i < rows->n; i++) {
		most = ng_max(most, rows->list[i].hi);
		rows->list[i].most_hi = most;
	}
	rows->lo = rows->list[0].lo;
	rows->span = most - rows->lo;
}

int ng_row_walk_begin(struct ng_row_walk *walk)
{
	const struct ng_index *index = walk->index;
	const struct ng_ranges *ranges = walk->ranges;
	int r = 0;

	walk->rows = calloc(index->n_shards + 1ull, sizeof(*walk->rows));
	if (!walk->rows)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->n; i++)
		walk->rows[ranges->list[i].shard].n++;
	for (uint32_t s = 0; s < index->n_shards; s++) {
		walk->rows[s].list = calloc(walk->rows[s].n + 1, sizeof(*walk->rows[s].list));
		if (!walk->rows[s].list)
			return -ENOMEM;
		walk->rows[s].n = 0;
	}
	for (size_t i = 0; r == 0 && i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];

		walk->longest = ng_max(walk->longest, range->bytes + range->lead);
		r = rows_add(index->shards[range->shard], range, &walk->rows[range->shard]);
	}
	for (uint32_t s = 0; s < index->n_shards; s++)
		rows_sort(&walk->rows[s]);
	return r;
}

void ng_row_walk_end(struct ng_row_walk *walk)
{
	for (uint32_t s = 0; walk->rows && s < walk->index->n_shards; s++)
		free(walk->rows[s].list);
	free(walk->rows);
}

bool ng_row_walk_has(const struct ng_row_walk *walk, uint32_t s)
{
	return walk->rows[s].n > 0;
}

static void set_bit(struct ng_cached *bits, uint64_t number)
{
	__atomic_fetch_or(&bits->words[number / 64], 1ull << number % 64, __ATOMIC_RELAXED);
}

/* How many ranges begin at a row, or before. */
static size_t ranges_before(const struct ng_looked_rows *rows, uint64_t row)
{
	size_t lo = 0, hi = rows->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (rows->list[middle].lo <= row)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* What of what is looked for a row begins with: whether the window's walk may end. */
static int row_judge(const struct ng_row_walk *walk, const struct ng_shard *shard,
		     const struct ng_looked_rows *rows, const struct ng_row_window *w, uint64_t row,
		     uint64_t at, bool *ret_end)
{
	uint64_t distance = walk->distance;

	for (size_t i = ranges_before(rows, row); i > 0 && rows->list[i - 1].most_hi > row; i--) {
		const struct looked *looked = &rows->list[i - 1];
		const struct ng_range *range = looked->range;
		uint64_t begin = at + range->lead, end = begin + range->bytes;
		bool bad = false;
		struct ng_interval live;

		if (row >= looked->hi || begin > w->end + distance || w->begin > end + distance)
			continue;
		if (walk->wanted_windows) {
			set_bit(walk->bits, w->number);
			*ret_end = true;
			return 0;
		}
		live = ng_shard_live(shard, (struct ng_interval){row, row + 1}, &bad);
		if (bad || live.lo < looked->live ||
		    live.lo - looked->live >= range->hi - range->lo)
			return -EUCLEAN;
		set_bit(walk->bits, range->first + (live.lo - looked->live));
	}
	return 0;
}

/* One turn of chains, of which those walk that have something left. A walk of many turns has to say
 * itself when it is looked whether their pages are in memory. */
static void turn_walk(const struct ng_shard *shard, unsigned turn, struct ng_bwt_chain *chains,
		      unsigned n, unsigned *look, bool *damaged)
{
	const struct ng_pages *pages = ng_shard_file_pages(shard->file);
	bool cold = ng_pages_cold(pages);
	uint64_t rows[NG_BWT_CHAINS];
	unsigned in = 0;

	for (unsigned i = 0; i < n && (cold || turn >= *look); i++)
		if (chains[i].left)
			rows[in++] = chains[i].row;
	if (cold)
		ng_bwt_prefetch_rows(shard->bwt, in, rows);
	/* Where the walk begins was read just now, in finding the rows. */
	if (turn >= *look) {
		bool waits = cold ? ng_bwt_was_cold(shard->bwt, in, rows, ng_thread_sleeps())
				  : ng_bwt_is_cold(shard->bwt, in, rows);

		ng_pages_set_cold(pages, waits);
		*look = turn + (waits ? COLD_TURNS : WARM_TURNS);
	}
	ng_bwt_walk_chains(shard->bwt, n, chains, damaged);
}

/* Windows on the way: where their chains are. */
struct walking {
	const struct ng_row_walk *walk;
	const struct ng_shard *shard;
	const struct ng_looked_rows *rows;
	const struct ng_row_window *windows;
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	uint64_t at[NG_BWT_CHAINS];
	bool done[NG_BWT_CHAINS];
	unsigned n, open;
};

/* Look at where the chains are, and have those that aren't at their end go one step. */
static int chains_look(struct walking *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		const struct ng_row_window *w = &g->windows[i];
		struct ng_bwt_chain *chain = &g->chains[i];
		bool end = g->at[i] <= w->first;
		int r = 0;

		chain->left = 0;
		if (g->done[i])
			continue;
		if (chain->row - g->rows->lo < g->rows->span && g->at[i] <= w->last)
			r = row_judge(g->walk, g->shard, g->rows, w, chain->row, g->at[i], &end);
		if (r)
			return r;
		if (end) {
			g->done[i] = true;
			g->open--;
			continue;
		}
		chain->left = chain->skip = 1;
		g->at[i]--;
	}
	return 0;
}

static int windows_walk(struct walking *g)
{
	unsigned look = 2;
	bool bad = false;
	int r = 0;

	for (unsigned turn = 1; r == 0 && g->open; turn++) {
		r = chains_look(g);
		if (r == 0 && g->open)
			turn_walk(g->shard, turn, g->chains, g->n, &look, &bad);
		if (bad)
			r = -EUCLEAN;
		if (r == 0 && turn % TURNS == 0 && ng_cancelled(g->walk->cancel))
			r = -EINTR;
	}
	return r == 0 && ng_cancelled(g->walk->cancel) ? -EINTR : r;
}

int ng_row_walk_windows(const struct ng_row_walk *walk, uint32_t s,
			const struct ng_row_window *windows, unsigned n)
{
	struct walking g = {.walk = walk,
			    .shard = walk->index->shards[s],
			    .rows = &walk->rows[s],
			    .windows = windows,
			    .n = n,
			    .open = n};
	struct ng_match places[NG_BWT_CHAINS] = {0};
	uint64_t rows[NG_BWT_CHAINS];
	int r;

	for (unsigned i = 0; i < n; i++)
		places[i] = (struct ng_match){windows[i].doc, windows[i].last};
	r = ng_shard_rows_behind(g.shard, n, places, rows, g.at);
	for (unsigned i = 0; r == 0 && i < n; i++)
		g.chains[i] = (struct ng_bwt_chain){.row = rows[i]};
	return ng_shard_result(g.shard, r ? r : windows_walk(&g));
}
