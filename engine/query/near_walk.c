/* SPDX-License-Identifier: Apache-2.0 */
/* Near occurrences, by walking the text around those of what is rarer: each step back in the text
 * gives a row, and whether something occurs there is whether that row is one of its rows. */
#include "bwt/bwt_prefetch.h"
#include "query/near_pair.h"
#include "query/survivors.h"

/* Occurrences that a thread takes at a time. */
#define PART (8 * NG_BWT_CHAINS)

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
struct looked_rows {
	struct looked *list;
	size_t n;
	uint64_t lo, span; /* all of them lie in [lo, lo + span) */
};

struct job {
	const struct ng_near_pair *pair;
	const struct ng_ranges *leads, *looked_for;
	bool wanted_lead;         /* the leads are the occurrences that are wanted */
	uint64_t longest;         /* of those looked for, with what their rows have before them */
	struct looked_rows *rows; /* of each shard, of those looked for */
};

/* The text around an occurrence. Offsets are of its document. */
struct window {
	uint64_t number;      /* of the occurrence */
	uint64_t begin, end;  /* of the occurrence */
	uint64_t first, last; /* where something may begin that is near */
	uint64_t at;          /* where the chain is */
};

static int by_lo(const void *pa, const void *pb)
{
	const struct looked *a = pa, *b = pb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

static int rows_add(const struct ng_shard *shard, const struct ng_range *range,
		    struct looked_rows *rows)
{
	bool bad = false;
	const struct ng_interval of_bwt =
		ng_shard_bwt_rows(shard, (struct ng_interval){range->lo, range->hi}, &bad);

	if (bad || of_bwt.lo >= of_bwt.hi)
		return -EUCLEAN;
	rows->list[rows->n++] = (struct looked){of_bwt.lo, of_bwt.hi, 0, range->lo, range};
	return 0;
}

static void rows_sort(struct looked_rows *rows)
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

static int job_begin(struct job *job)
{
	const struct ng_index *index = job->pair->index;
	const struct ng_ranges *ranges = job->looked_for;
	int r = 0;

	job->rows = calloc(index->n_shards + 1ull, sizeof(*job->rows));
	if (!job->rows)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->n; i++)
		job->rows[ranges->list[i].shard].n++;
	for (uint32_t s = 0; s < index->n_shards; s++) {
		job->rows[s].list = calloc(job->rows[s].n + 1, sizeof(*job->rows[s].list));
		if (!job->rows[s].list)
			return -ENOMEM;
		job->rows[s].n = 0;
	}
	for (size_t i = 0; r == 0 && i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];

		job->longest = ng_max(job->longest, range->bytes + range->lead);
		r = rows_add(index->shards[range->shard], range, &job->rows[range->shard]);
	}
	for (uint32_t s = 0; s < index->n_shards; s++)
		rows_sort(&job->rows[s]);
	return r;
}

static void job_end(struct job *job)
{
	for (uint32_t s = 0; job->rows && s < job->pair->index->n_shards; s++)
		free(job->rows[s].list);
	free(job->rows);
}

static void set_bit(struct ng_cached *bits, uint64_t number)
{
	__atomic_fetch_or(&bits->words[number / 64], 1ull << number % 64, __ATOMIC_RELAXED);
}

/* How many ranges begin at a row, or before. */
static size_t ranges_before(const struct looked_rows *rows, uint64_t row)
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
static int row_judge(const struct job *job, const struct ng_shard *shard,
		     const struct looked_rows *rows, const struct window *w, uint64_t row,
		     bool *ret_end)
{
	uint64_t distance = job->pair->distance;

	for (size_t i = ranges_before(rows, row); i > 0 && rows->list[i - 1].most_hi > row; i--) {
		const struct looked *looked = &rows->list[i - 1];
		const struct ng_range *range = looked->range;
		uint64_t begin = w->at + range->lead, end = begin + range->bytes;
		bool bad = false;
		struct ng_interval live;

		if (row >= looked->hi || begin > w->end + distance || w->begin > end + distance)
			continue;
		if (job->wanted_lead) {
			set_bit(job->pair->bits, w->number);
			*ret_end = true;
			return 0;
		}
		live = ng_shard_live(shard, (struct ng_interval){row, row + 1}, &bad);
		if (bad || live.lo < looked->live ||
		    live.lo - looked->live >= range->hi - range->lo)
			return -EUCLEAN;
		set_bit(job->pair->bits, range->first + (live.lo - looked->live));
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
		bool waits = ng_bwt_is_cold(shard->bwt, in, rows);

		ng_pages_set_cold(pages, waits);
		*look = turn + (waits ? COLD_TURNS : WARM_TURNS);
	}
	ng_bwt_walk_chains(shard->bwt, n, chains, damaged);
}

/* Walk n <= NG_BWT_CHAINS windows of a shard from their ends to their beginnings. chains[i].row is
 * that of windows[i].at. */
static int windows_walk(const struct job *job, uint32_t s, struct window *windows,
			struct ng_bwt_chain *chains, unsigned n)
{
	const struct ng_shard *shard = job->pair->index->shards[s];
	const struct looked_rows *rows = &job->rows[s];
	unsigned open = n, look = 2;
	bool done[NG_BWT_CHAINS] = {false}, bad = false;

	for (unsigned turn = 1; open; turn++) {
		for (unsigned i = 0; i < n; i++) {
			struct window *w = &windows[i];
			bool end = false;

			chains[i].left = 0;
			if (done[i])
				continue;
			if (chains[i].row - rows->lo < rows->span && w->at <= w->last) {
				int r = row_judge(job, shard, rows, w, chains[i].row, &end);

				if (r)
					return r;
			}
			if (end || w->at <= w->first) {
				done[i] = true;
				open--;
				continue;
			}
			chains[i].left = chains[i].skip = 1;
			w->at--;
		}
		if (open)
			turn_walk(shard, turn, chains, n, &look, &bad);
		if (bad)
			return -EUCLEAN;
		if (turn % TURNS == 0 && ng_cancelled(job->pair->cancel))
			return -EINTR;
	}
	return ng_cancelled(job->pair->cancel) ? -EINTR : 0;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The window of an occurrence whose document's number is the shard's. */
static int window_make(const struct job *job, const struct ng_shard *shard, uint64_t number,
		       const struct ng_match *match, struct window *ret)
{
	uint64_t distance = job->pair->distance, begin, bytes;
	struct window w = {.number = number, .begin = match->offset};
	int r = ng_shard_doc_extent(shard, match->doc, &begin, &bytes);

	if (r)
		return r;
	w.end = w.begin + ng_ranges_at(job->leads, number)->bytes;
	if (w.end > bytes || bytes == 0)
		return -EUCLEAN;
	w.first = minus(w.begin, distance + job->longest);
	w.last = ng_min(w.end + distance, bytes - 1);
	*ret = w;
	return 0;
}

/* Leads of one shard, n <= NG_BWT_CHAINS, that have been located. */
static int leads_judge(const struct job *job, uint32_t s, const uint64_t *numbers,
		       const struct ng_match *matches, unsigned n)
{
	const struct ng_index *index = job->pair->index;
	const struct ng_shard *shard = index->shards[s];
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	struct window windows[NG_BWT_CHAINS];
	struct ng_match places[NG_BWT_CHAINS];
	uint64_t rows[NG_BWT_CHAINS], offsets[NG_BWT_CHAINS];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		places[i] = matches[i];
		places[i].doc -= index->first_doc[s];
		r = window_make(job, shard, numbers[i], &places[i], &windows[i]);
		places[i].offset = windows[i].last;
	}
	if (r == 0)
		r = ng_shard_rows_behind(shard, n, places, rows, offsets);
	for (unsigned i = 0; r == 0 && i < n; i++) {
		windows[i].at = offsets[i];
		chains[i] = (struct ng_bwt_chain){.row = rows[i]};
	}
	return r ? r : windows_walk(job, s, windows, chains, n);
}

/* Whether a lead, of which it is known where it is, is walked from. */
static bool is_led(const struct job *job, uint64_t number, uint64_t doc)
{
	return ng_near_has(job->pair->docs, doc) &&
	       (!job->wanted_lead || ng_near_has(job->pair->of, number));
}

/* Those of a part that are in one shard are walked together. */
static int part_walk(void *userdata, uint64_t part)
{
	const struct job *job = userdata;
	const struct ng_index *index = job->pair->index;
	struct ng_match matches[PART];
	uint64_t numbers[PART];
	size_t n = 0, kept = 0;
	int r = ng_ranges_locate(index, job->leads, part * PART, PART, job->pair->cancel, matches,
				 &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t number = part * PART + i;

		if (!is_led(job, number, matches[i].doc))
			continue;
		numbers[kept] = number;
		matches[kept++] = matches[i];
	}
	for (size_t i = 0, some; r == 0 && i < kept; i += some) {
		uint32_t s = ng_ranges_at(job->leads, numbers[i])->shard;

		for (some = 1; some < NG_BWT_CHAINS && i + some < kept; some++)
			if (ng_ranges_at(job->leads, numbers[i + some])->shard != s)
				break;
		if (job->rows[s].n)
			r = ng_shard_result(
				index->shards[s],
				leads_judge(job, s, numbers + i, matches + i, (unsigned)some));
	}
	return r;
}

int ng_near_walk(const struct ng_near_pair *pair)
{
	bool wanted_lead = pair->ranges->count <= pair->others->count;
	struct job job = {.pair = pair,
			  .leads = wanted_lead ? pair->ranges : pair->others,
			  .looked_for = wanted_lead ? pair->others : pair->ranges,
			  .wanted_lead = wanted_lead};
	int r = job_begin(&job);

	if (r == 0)
		r = ng_index_run(pair->index, ng_div_up(job.leads->count, (uint64_t)PART),
				 part_walk, &job);
	job_end(&job);
	return r;
}
