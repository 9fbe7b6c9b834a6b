/* SPDX-License-Identifier: Apache-2.0 */
#include "query/fold.h"

#include "query/index_internal.h"

/* Searches that are walked between two looks at the cancel flag. */
#define TOGETHER 512u

/* Not among the frequent patterns. */
#define NO_NODE (NG_FREQUENT_ROOT - 1)

/* Of so few rows it is looked at what is in front of each before it is tried. */
#define FEW_ROWS  8u
#define SOME_ROWS 32768u /* up to here only in which cells they are */

/* Spellings of an end of the query that occur. */
struct spelling {
	uint64_t lo, hi; /* rows of the BWT; of the empty one all, and not to be used */
	uint64_t left;   /* of these, without those that have been found to have a case in front */
	uint64_t bytes;
	uint32_t node; /* in the shard's table of frequent patterns */
	uint32_t last; /* which of its variants its first character is */
};

struct spellings {
	struct spelling *list;
	size_t n, cap;
};

/* The search of one shard. */
struct fold {
	const struct ng_shard *shard;
	const ng_cancel *cancel;
	unsigned folds;
	const uint32_t *symbols; /* of the query */
	size_t n_symbols;
	uint64_t steps, steps_max;
	/* at[k]: those whose next character ends k symbols before the one in turn. */
	struct spellings at[NG_SYMBOLS_MAX + 1];
	/* Extensions of some of `source`, of which those are kept that occur. */
	struct spellings *source;
	struct ng_bwt_search searches[TOGETHER];
	struct spelling extended[TOGETHER];
	struct {
		size_t from;
		unsigned width;
	} of[TOGETHER];
	size_t n;
};

static int spellings_add(struct spellings *spellings, const struct spelling *spelling)
{
	if (spellings->n == NG_FOLD_SPELLINGS_MAX)
		return -E2BIG;
	if (spellings->n == spellings->cap) {
		size_t cap = ng_max(2 * spellings->cap, (size_t)64);
		struct spelling *grown = reallocarray(spellings->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		spellings->list = grown;
		spellings->cap = cap;
	}
	spellings->list[spellings->n++] = *spelling;
	return 0;
}

/* Walk what was extended to its end, and keep what occurs. */
static int fold_flush(struct fold *fold)
{
	bool bad = false;
	int r = 0;

	for (size_t i = 0; i < fold->n; i++)
		fold->steps += fold->searches[i].left;
	if (fold->steps > fold->steps_max)
		return -E2BIG;
	ng_bwt_walk_searches(fold->shard->bwt, fold->n, fold->searches, &bad);
	if (bad)
		return -EUCLEAN;
	for (size_t i = 0; r == 0 && i < fold->n; i++) {
		struct spelling *spelling = &fold->extended[i];
		struct ng_interval rows;

		spelling->lo = fold->searches[i].lo;
		spelling->hi = fold->searches[i].hi;
		spelling->left = spelling->hi - spelling->lo;
		if (spelling->left > fold->source->list[fold->of[i].from].left)
			return -EUCLEAN;
		fold->source->list[fold->of[i].from].left -= spelling->left;
		/* What is in removed documents alone doesn't occur. */
		rows = ng_shard_live(fold->shard, (struct ng_interval){spelling->lo, spelling->hi},
				     &bad);
		if (bad)
			return -EUCLEAN;
		if (rows.lo < rows.hi)
			r = spellings_add(&fold->at[fold->of[i].width], spelling);
	}
	fold->n = 0;
	return r == 0 && ng_cancelled(fold->cancel) ? -EINTR : r;
}

/* Put variant k of a character in front of spelling `from` of the source: as many of its bytes as
 * the table of frequent patterns has, the others are left to a search. */
static int fold_extend(struct fold *fold, size_t from, const struct ng_variant *variant, unsigned k)
{
	const struct ng_shard *shard = fold->shard;
	struct spelling to = fold->source->list[from];
	const uint8_t *bytes = variant->bytes;
	size_t left = variant->len;
	uint32_t child;
	bool bad = false;

	while (left && to.node != NO_NODE && shard->has_frequent &&
	       ng_frequent_child(&shard->frequent, to.node, bytes[left - 1], &child, &bad)) {
		to.node = child;
		left--;
	}
	if (left < variant->len)
		ng_frequent_rows(&shard->frequent, to.node, &to.lo, &to.hi, &bad);
	if (bad)
		return -EUCLEAN;
	if (left && to.node == NG_FREQUENT_ROOT)
		ng_bwt_symbol_rows(shard->bwt, bytes[--left], &to.lo, &to.hi);
	if (to.lo > to.hi || to.hi > shard->params.rows)
		return -EUCLEAN;
	if (left || to.node == NG_FREQUENT_ROOT)
		to.node = NO_NODE;
	to.bytes += variant->len;
	to.last = k;
	fold->of[fold->n].from = from;
	fold->of[fold->n].width = variant->width;
	fold->extended[fold->n] = to;
	fold->searches[fold->n++] = (struct ng_bwt_search){to.lo, to.hi, bytes + left, left};
	return fold->n == TOGETHER ? fold_flush(fold) : 0;
}

/* Bytes that may be in front of a spelling: a bit for each, all of them where there are many rows.
 */
static int bytes_before(struct fold *fold, const struct spelling *spelling,
			uint64_t ret_bytes[static NG_BWT_SYMBOL_WORDS])
{
	uint64_t rows = spelling->hi - spelling->lo;
	bool bad = false;

	memset(ret_bytes, rows <= FEW_ROWS ? 0 : 0xff, NG_BWT_SYMBOL_WORDS * sizeof(*ret_bytes));
	if (rows > FEW_ROWS && rows <= SOME_ROWS)
		ng_bwt_symbols(fold->shard->bwt, spelling->lo, spelling->hi, ret_bytes, &bad);
	for (uint64_t row = spelling->lo; rows <= FEW_ROWS && row < spelling->hi; row++) {
		uint64_t before;
		unsigned symbol = ng_bwt_lf(fold->shard->bwt, row, &before, &bad);

		ret_bytes[symbol / 64] |= UINT64_C(1) << symbol % 64;
		fold->steps++;
	}
	return bad ? -EUCLEAN : 0;
}

/* All variants but `last` of a spelling. */
static int fold_extend_others(struct fold *fold, size_t from, const struct ng_variant *variants,
			      unsigned n)
{
	unsigned last = fold->source->list[from].last % n;
	uint64_t before[NG_BWT_SYMBOL_WORDS];
	int r = bytes_before(fold, &fold->source->list[from], before);

	for (unsigned k = 0; r == 0 && k < n; k++) {
		uint8_t byte = variants[k].bytes[variants[k].len - 1];

		if (k != last && before[byte / 64] >> byte % 64 & 1)
			r = fold_extend(fold, from, &variants[k], k);
	}
	return r;
}

/* Put all variants in front of spellings [begin, end) of a list. First that which the character
 * behind has (its case, most often): often all rows have it, and the others need no step. */
static int fold_variants(struct fold *fold, struct spellings *source, size_t begin, size_t end,
			 const struct ng_variant *variants, unsigned n)
{
	int r = 0;

	fold->source = source;
	for (size_t i = begin; r == 0 && i < end; i++) {
		unsigned last = source->list[i].last % n;

		if (source->list[i].left)
			r = fold_extend(fold, i, &variants[last], last);
	}
	if (r == 0)
		r = fold_flush(fold);
	for (size_t i = begin; r == 0 && n > 1 && i < end; i++)
		if (source->list[i].left)
			r = fold_extend_others(fold, i, variants, n);
	return r == 0 ? fold_flush(fold) : r;
}

/* Those that the shard has the bytes of. */
static unsigned variants_keep(const struct ng_shard *shard, struct ng_variant *variants, unsigned n)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < n; k++) {
		bool there = true;

		for (unsigned i = 0; i < variants[k].len; i++) {
			uint64_t lo, hi;

			ng_bwt_symbol_rows(shard->bwt, variants[k].bytes[i], &lo, &hi);
			there &= lo < hi;
		}
		if (there)
			variants[kept++] = variants[k];
	}
	return kept;
}

/* Put what makes symbol end - 1 of the query in front of all spellings that have come to it. */
static int fold_symbol(struct fold *fold, size_t end)
{
	bool run = fold->symbols[end - 1] == NG_SYMBOL_SPACE && end > 1 && end < fold->n_symbols;
	struct ng_variant variants[NG_VARIANTS_MAX];
	unsigned n = ng_folding_variants(fold->folds, fold->symbols, end, variants);
	size_t done = fold->at[1].n, all;
	struct spellings first;
	int r = 0;

	n = variants_keep(fold->shard, variants, n);
	if (n && fold->at[0].n)
		r = fold_variants(fold, &fold->at[0], 0, fold->at[0].n, variants, n);
	/* However long the run is. */
	for (all = fold->at[1].n; r == 0 && run && done < all; all = fold->at[1].n) {
		r = fold_variants(fold, &fold->at[1], done, all, variants, n);
		done = all;
	}
	/* What such a byte ends may be white space, which the run went on with. */
	for (size_t i = 0; run && fold->symbols[end - 2] >= NG_SYMBOL_BYTE && i < fold->at[1].n;
	     i++)
		fold->at[1].list[i].left = fold->at[1].list[i].hi - fold->at[1].list[i].lo;
	first = fold->at[0];
	memmove(fold->at, fold->at + 1, NG_SYMBOLS_MAX * sizeof(*fold->at));
	first.n = 0;
	fold->at[NG_SYMBOLS_MAX] = first;
	return r;
}

static int by_row(const void *pa, const void *pb)
{
	const struct spelling *a = pa, *b = pb;

	if (a->lo != b->lo)
		return a->lo > b->lo ? 1 : -1;
	return (a->hi < b->hi) - (a->hi > b->hi);
}

/* What the search of a shard has found, ascending. No spelling begins another, so that rows which
 * are in two can only come from damaged cells; save where the query ends with a part of a character
 * of white space, behind a run of it: then the shorter one is the occurrence. */
static int fold_finish(struct fold *fold)
{
	struct spellings *found = &fold->at[0];
	size_t n = 0;

	if (found->n)
		qsort(found->list, found->n, sizeof(*found->list), by_row);
	for (size_t i = 0; i < found->n; i++) {
		const struct spelling *before = n ? &found->list[n - 1] : NULL;

		if (before && found->list[i].lo < before->hi) {
			if (found->list[i].hi > before->hi || !(fold->folds & NG_FOLD_SPACE))
				return -EUCLEAN;
			continue;
		}
		found->list[n++] = found->list[i];
	}
	found->n = n;
	return ng_shard_result(fold->shard, 0);
}

static bool fold_has_any(const struct fold *fold)
{
	bool any = false;

	for (unsigned k = 0; k <= NG_SYMBOLS_MAX; k++)
		any |= fold->at[k].n > 0;
	return any;
}

static int fold_run(struct fold *fold)
{
	const uint64_t rows = fold->shard->params.rows;
	const struct spelling empty = {.hi = rows, .left = rows, .node = NG_FREQUENT_ROOT};
	int r = spellings_add(&fold->at[0], &empty);

	for (size_t end = fold->n_symbols; r == 0 && end && fold_has_any(fold); end--)
		r = fold_symbol(fold, end);
	return r ? ng_shard_result(fold->shard, r) : fold_finish(fold);
}

struct job {
	const struct ng_index *index;
	unsigned folds;
	uint32_t *symbols;
	size_t n_symbols;
	const ng_cancel *cancel;
	struct spellings *found; /* one a shard */
};

static int shard_fold(void *userdata, uint64_t s)
{
	const struct job *job = userdata;
	struct fold fold;
	int r;

	fold.shard = job->index->shards[s];
	fold.cancel = job->cancel;
	fold.folds = job->folds;
	fold.symbols = job->symbols;
	fold.n_symbols = job->n_symbols;
	fold.steps = 0;
	fold.steps_max = NG_FOLD_STEPS_MAX + (uint64_t)job->n_symbols * NG_FOLD_STEPS_PER_BYTE;
	memset(fold.at, 0, sizeof(fold.at));
	fold.n = 0;
	r = fold_run(&fold);
	if (r == 0)
		job->found[s] = fold.at[0];
	else
		free(fold.at[0].list);
	for (unsigned k = 1; k <= NG_SYMBOLS_MAX; k++)
		free(fold.at[k].list);
	return r;
}

static int found_join(const struct job *job, struct ng_ranges *ret_ranges)
{
	struct ng_ranges ranges = NG_RANGES_INIT;
	bool bad = false;
	size_t n = 0;

	for (uint32_t s = 0; s < job->index->n_shards; s++)
		n += job->found[s].n;
	ranges.list = calloc(n + 1, sizeof(*ranges.list));
	if (!ranges.list)
		return -ENOMEM;
	for (uint32_t s = 0; s < job->index->n_shards; s++) {
		for (size_t i = 0; i < job->found[s].n; i++) {
			const struct spelling *spelling = &job->found[s].list[i];
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
		free(job->found[s].list);
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
