/* SPDX-License-Identifier: Apache-2.0 */
#include "query/fold_ends.h"

#include "query/chars.h"

/* Searches that are walked between two looks at the cancel flag. */
#define TOGETHER 512u

/* Not among the frequent patterns. */
#define NO_NODE (NG_FREQUENT_ROOT - 1)

/* From so many spellings on, or where one of them has many rows, it is looked first which variants
 * are anywhere in the shard. */
#define SEVERAL 4u

/* Of so few rows it is looked at what is in front of each before it is tried. */
#define FEW_ROWS  8u
#define SOME_ROWS 32768u /* up to here only in which cells they are */

/* Some steps of the search of one shard. */
struct fold {
	const struct ng_shard *shard;
	const ng_cancel *cancel;
	unsigned folds;
	const uint32_t *symbols;
	struct ng_fold_ends *ends;
	/* Extensions of some of `source`, of which those are kept that occur. */
	struct ng_spellings *source;
	struct ng_bwt_search searches[TOGETHER];
	struct ng_spelling extended[TOGETHER];
	struct {
		size_t from;
		unsigned width;
	} of[TOGETHER];
	size_t n;
};

static int spellings_add(struct ng_spellings *spellings, const struct ng_spelling *spelling)
{
	if (spellings->n == NG_FOLD_SPELLINGS_MAX)
		return -E2BIG;
	if (spellings->n == spellings->cap) {
		size_t cap = ng_max(2 * spellings->cap, (size_t)64);
		struct ng_spelling *grown = reallocarray(spellings->list, cap, sizeof(*grown));

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
		fold->ends->steps += fold->searches[i].left;
	if (fold->ends->steps > fold->ends->steps_max)
		return -E2BIG;
	ng_bwt_walk_searches(fold->shard->bwt, fold->n, fold->searches, &bad);
	if (bad)
		return -EUCLEAN;
	for (size_t i = 0; r == 0 && i < fold->n; i++) {
		struct ng_spelling *spelling = &fold->extended[i];
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
			r = spellings_add(&fold->ends->at[fold->of[i].width], spelling);
	}
	fold->n = 0;
	return r == 0 && ng_cancelled(fold->cancel) ? -EINTR : r;
}

/* Put variant k of a character in front of spelling `from` of the source: as many of its bytes as
 * the table of frequent patterns has, the others are left to a search. */
static int fold_extend(struct fold *fold, size_t from, const struct ng_variant *variant, unsigned k)
{
	const struct ng_shard *shard = fold->shard;
	struct ng_spelling to = fold->source->list[from];
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
static int bytes_before(struct fold *fold, const struct ng_spelling *spelling,
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
		fold->ends->steps++;
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
static int fold_variants(struct fold *fold, struct ng_spellings *source, size_t begin, size_t end,
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

static int by_row(const void *pa, const void *pb)
{
	const struct ng_spelling *a = pa, *b = pb;

	if (a->lo != b->lo)
		return a->lo > b->lo ? 1 : -1;
	return (a->hi < b->hi) - (a->hi > b->hi);
}

/* No spelling begins another, so that rows which are in two can only come from damaged cells; save
 * where the query ends with a part of a character of white space, behind a run of it: then the
 * shorter one is the occurrence. */
static int spellings_sort(unsigned folds, struct ng_spellings *found)
{
	size_t n = 0;

	if (found->n)
		qsort(found->list, found->n, sizeof(*found->list), by_row);
	for (size_t i = 0; i < found->n; i++) {
		const struct ng_spelling *before = n ? &found->list[n - 1] : NULL;

		if (before && found->list[i].lo < before->hi) {
			if (found->list[i].hi > before->hi || !(folds & NG_FOLD_SPACE))
				return -EUCLEAN;
			continue;
		}
		found->list[n++] = found->list[i];
	}
	found->n = n;
	return 0;
}

/* ---- how often ---- */

static int count_live(const struct fold *fold, const struct ng_spellings *found, uint64_t most,
		      uint64_t *ret_count)
{
	uint64_t count = 0;
	bool bad = false;

	for (size_t i = 0; i < found->n && count < most; i++) {
		struct ng_interval rows = {found->list[i].lo, found->list[i].hi};

		/* What is in no live row isn't kept. */
		rows = most > 1 ? ng_shard_live(fold->shard, rows, &bad) : rows;
		count += rows.hi - rows.lo;
	}
	*ret_count = ng_min(count, most);
	return bad ? -EUCLEAN : 0;
}

/* Occurrences, of which some may be in two spellings: see spellings_sort. */
static int count(const struct fold *fold, const struct ng_spellings *found, uint64_t most,
		 uint64_t *ret_count)
{
	struct ng_spellings sorted = {.n = found->n};
	int r;

	if (found->n < 2 || !(fold->folds & NG_FOLD_SPACE) ||
	    fold->symbols[fold->ends->end - 1] < NG_SYMBOL_BYTE)
		return count_live(fold, found, most, ret_count);
	sorted.list = calloc(found->n, sizeof(*sorted.list));
	if (!sorted.list)
		return -ENOMEM;
	memcpy(sorted.list, found->list, found->n * sizeof(*sorted.list));
	r = spellings_sort(fold->folds, &sorted);
	if (r == 0)
		r = count_live(fold, &sorted, most, ret_count);
	free(sorted.list);
	return r;
}

static uint64_t ends_rows(const struct ng_fold_ends *ends)
{
	uint64_t rows = 0;

	for (unsigned k = 0; k <= NG_SYMBOLS_MAX; k++)
		for (size_t i = 0; i < ends->at[k].n; i++)
			rows += ends->at[k].list[i].hi - ends->at[k].list[i].lo;
	return rows;
}

/* ---- steps ---- */

static bool has_many(const struct ng_spellings *spellings)
{
	bool many = spellings->n >= SEVERAL;

	for (size_t i = 0; i < spellings->n && !many; i++)
		many = spellings->list[i].hi - spellings->list[i].lo > SOME_ROWS;
	return many;
}

/* Put what makes symbol begin - 1 in front of all spellings that have come to it. */
static int fold_symbol(struct fold *fold, uint64_t count_most, struct ng_fold_here *ret_here)
{
	struct ng_spellings *at = fold->ends->at, first;
	size_t begin = fold->ends->begin;
	bool run =
		fold->symbols[begin - 1] == NG_SYMBOL_SPACE && begin > 1 && begin < fold->ends->end;
	struct ng_variant variants[NG_VARIANTS_MAX];
	size_t done = at[1].n, all;
	unsigned n = 0;
	int r = 0;

	if (at[0].n) {
		n = ng_folding_variants(fold->folds, fold->symbols, begin, variants);
		r = ng_chars_keep(fold->shard, has_many(&at[0]), variants, &n);
	}
	if (r == 0 && n)
		r = fold_variants(fold, &at[0], 0, at[0].n, variants, n);
	/* Where the query begins, white space is one character. */
	if (r == 0 && ret_here)
		r = count(fold, &at[1], count_most, &ret_here->count);
	/* However long the run is. */
	for (all = at[1].n; r == 0 && run && done < all; all = at[1].n) {
		r = fold_variants(fold, &at[1], done, all, variants, n);
		done = all;
	}
	/* What such a byte ends may be white space, which the run went on with. */
	for (size_t i = 0; run && fold->symbols[begin - 2] >= NG_SYMBOL_BYTE && i < at[1].n; i++)
		at[1].list[i].left = at[1].list[i].hi - at[1].list[i].lo;
	first = at[0];
	memmove(at, at + 1, NG_SYMBOLS_MAX * sizeof(*at));
	first.n = 0;
	at[NG_SYMBOLS_MAX] = first;
	fold->ends->begin--;
	if (r == 0 && ret_here)
		ret_here->most = ends_rows(fold->ends);
	return r;
}

static bool ends_has_any(const struct ng_fold_ends *ends)
{
	bool any = false;

	for (unsigned k = 0; k <= NG_SYMBOLS_MAX; k++)
		any |= ends->at[k].n > 0;
	return any;
}

int ng_fold_ends_begin(const struct ng_shard *shard, size_t begin, size_t end,
		       struct ng_fold_ends *ret_ends)
{
	const uint64_t rows = shard->params.rows;
	const struct ng_spelling empty = {.hi = rows, .left = rows, .node = NG_FREQUENT_ROOT};

	*ret_ends = (struct ng_fold_ends){.begin = end, .end = end};
	ret_ends->steps_max = NG_FOLD_STEPS_MAX + (uint64_t)(end - begin) * NG_FOLD_STEPS_PER_BYTE;
	return spellings_add(&ret_ends->at[0], &empty);
}

void ng_fold_ends_clear(struct ng_fold_ends *ends)
{
	for (unsigned k = 0; k <= NG_SYMBOLS_MAX; k++)
		free(ends->at[k].list);
	*ends = (struct ng_fold_ends){0};
}

/* The fields that every step needs; the rest is only used behind what fills it. */
static void fold_init(struct fold *fold, const struct ng_shard *shard,
		      const struct ng_fold_symbols *symbols, const ng_cancel *cancel,
		      struct ng_fold_ends *ends)
{
	fold->shard = shard;
	fold->cancel = cancel;
	fold->folds = symbols->folds;
	fold->symbols = symbols->list;
	fold->ends = ends;
	fold->n = 0;
}

int ng_fold_ends_cut(const struct ng_shard *shard, const struct ng_fold_symbols *symbols,
		     struct ng_fold_ends *ends)
{
	/* Each is put in front of nothing, some with several ends. */
	struct ng_spelling empty = {.left = UINT64_MAX, .node = NG_FREQUENT_ROOT};
	struct ng_spellings source = {&empty, 1, 1};
	struct ng_variant variants[NG_VARIANTS_MAX]; /* which searches point to */
	struct fold fold;
	size_t at = 0;
	unsigned n = 0;
	int r = 0;

	fold_init(&fold, shard, symbols, NULL, ends);
	fold.source = &source;
	while (r == 0 &&
	       ng_folding_cut(symbols->folds, symbols->list, ends->end, &at, &variants[n])) {
		unsigned kept = 1;

		r = ng_chars_keep(shard, true, &variants[n], &kept);
		if (r < 0 || !kept)
			continue;
		r = fold_extend(&fold, 0, &variants[n], 0);
		n = (n + 1) % NG_VARIANTS_MAX;
		if (r == 0 && n == 0)
			r = fold_flush(&fold);
	}
	if (r == 0)
		r = fold_flush(&fold);
	return ng_shard_result(shard, r);
}

int ng_fold_ends_step(const struct ng_shard *shard, const struct ng_fold_symbols *symbols,
		      size_t begin, uint64_t count_most, const ng_cancel *cancel,
		      struct ng_fold_ends *ends, struct ng_fold_here *ret_heres)
{
	struct fold fold;
	int r = 0;

	fold_init(&fold, shard, symbols, cancel, ends);
	if (ret_heres)
		memset(ret_heres, 0, (ends->begin - begin) * sizeof(*ret_heres));
	while (r == 0 && ends->begin > begin && ends_has_any(ends))
		r = fold_symbol(&fold, count_most,
				ret_heres ? &ret_heres[ends->begin - 1 - begin] : NULL);
	ends->begin = begin;
	return ng_shard_result(shard, r);
}

int ng_fold_ends_finish(const struct ng_shard *shard, unsigned folds, struct ng_fold_ends *ends)
{
	return ng_shard_result(shard, spellings_sort(folds, &ends->at[0]));
}
