/* Rank, written once and compiled for several instruction sets: bwt_portable.c, bwt_avx2.c and
 * bwt_avx512.c define NG_KERNEL and NG_KERNEL_NAME and include this file. */
#include "index/kernel_chains.h"

/* A rank on its way: everything but the decoding. The answer is base + hits when counted from the
 * cell's front, base - hits from its back. */
struct visit {
	uint64_t base;
	struct reader reader;
	unsigned k;
	unsigned wide;   /* index of a symbol with a wide row; 0: it isn't one */
	unsigned target; /* symbols to decode; 0: base is the answer */
	bool from_back;
};

static inline void visit_cell(const struct ng_bwt *bwt, const struct place *at, unsigned k,
			      unsigned symbol, struct visit *v, bool *damaged)
{
	v->k = k;
	v->from_back = at->in_cell > front_half(at->cell_size);
	v->target = v->from_back ? at->cell_size - at->in_cell : at->in_cell;
	reader_of_cell(&v->reader, bwt, at, at->cell, v->from_back);
	v->base = base_of(bwt, at, k, symbol) +
		  row_sum(at, row_find(at, k, damaged), at->cell + v->from_back);
}

/* Prepare the rank of symbol before row <= rows, whose page page_fetch gave. v->k is UINT_MAX where
 * nothing is to decode. */
static inline void visit_start(const struct ng_bwt *bwt, const uint8_t *page, unsigned symbol,
			       uint64_t row, struct visit *v, struct place *at, bool *damaged)
{
	unsigned k;

	*v = (struct visit){.k = UINT_MAX};
	if (row >= bwt->rows) {
		v->base = bwt->total[symbol];
		return;
	}
	if (!place_find(bwt, page, row, at, damaged)) {
		v->base = 0;
		return;
	}
	k = block_find(at->page, symbol);
	if (k == UINT_MAX) {
		v->base = ng_bwt_absent_rank(bwt, at->page, symbol, damaged);
		return;
	}
	if (k >= NG_DENSE) {
		v->base = base_of(bwt, at, k, symbol) + wide_rank(bwt, at, k, damaged);
		v->wide = k;
		return;
	}
	visit_cell(bwt, at, k, symbol, v, damaged);
}

static inline uint64_t visit_answer(const struct visit *v, const struct counter *c)
{
	unsigned hits = counter_at(c, v->target);

	return v->from_back ? v->base - hits : v->base + hits;
}

/* Both ends of an interval of `width` rows in one stream: one pass answers them. */
static inline void step_within(struct visit *v, unsigned width, uint64_t *ret_lo, uint64_t *ret_hi)
{
	struct counter c = {.at = v->k};
	unsigned near = v->from_back ? v->target - width : v->target, hits_near, hits_far;

	count_until(&v->reader, &c, near);
	hits_near = counter_at(&c, near);
	count_until(&v->reader, &c, near + width);
	hits_far = counter_at(&c, near + width);
	*ret_lo = v->from_back ? v->base - hits_far : v->base + hits_near;
	*ret_hi = v->from_back ? v->base - hits_near : v->base + hits_far;
}

static inline uint64_t row_clamp(const struct ng_bwt *bwt, uint64_t row, bool *damaged)
{
	if (__builtin_expect(row > bwt->rows, 0)) {
		*damaged = true;
		return bwt->rows;
	}
	return row;
}

static void step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged)
{
	struct visit a, b;
	struct place at = {0}, bt = {0};
	uint64_t first = bwt->first_row[symbol], width = *hi - *lo, rank_lo, rank_hi;

	const uint8_t *page_lo, *page_hi;

	/* lo < rows, or there would be nothing in the interval. */
	page_lo = page_fetch(bwt, *lo);
	page_hi = page_fetch(bwt, ng_min(*hi, bwt->rows - 1));
	visit_start(bwt, page_lo, symbol, *lo, &a, &at, damaged);
	/* What is left to decode moves the new row by less than a cell, and most often stays in
	 * the same block: that block comes while this one is decoded. */
	page_fetch(bwt, ng_min(first + a.base, bwt->rows - 1));
	if (a.k != UINT_MAX && width <= at.cell_size - at.in_cell &&
	    (a.from_back || at.in_cell + width <= front_half(at.cell_size))) {
		/* The usual case once an interval is small. */
		step_within(&a, (unsigned)width, &rank_lo, &rank_hi);
	} else if (a.wide && width <= at.cell_size - at.in_cell) {
		rank_lo = a.base;
		rank_hi = a.base + cell_count(bwt, &at, at.cell, a.wide, at.in_cell,
					      at.in_cell + (unsigned)width);
	} else {
		struct counter x = {.at = a.k}, y;

		visit_start(bwt, page_hi, symbol, *hi, &b, &bt, damaged);
		page_fetch(bwt, ng_min(first + b.base, bwt->rows - 1));
		y = (struct counter){.at = b.k};
		count_until_both(&a.reader, &x, a.target, &b.reader, &y, b.target);
		rank_lo = visit_answer(&a, &x);
		rank_hi = visit_answer(&b, &y);
	}
	*lo = row_clamp(bwt, first + rank_lo, damaged);
	*hi = row_clamp(bwt, first + rank_hi, damaged);
	if (__builtin_expect(*lo > *hi, 0)) {
		*damaged = true;
		*hi = *lo;
	}
}

#include "index/kernel_rank.h"

static unsigned lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	struct place at;

	if (!row_visit(bwt, row, &at, damaged)) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	return lf_from(bwt, &at, symbol_find(bwt, &at), ret_row, damaged);
}

static bool mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged)
{
	struct place at;

	return row_visit(bwt, row, &at, damaged) && mark_at(bwt, &at, ret_sample, damaged);
}

const struct ng_bwt_kernel NG_KERNEL = {
	.name = NG_KERNEL_NAME,
	.step = step,
	.lf = lf,
	.chains_walk = chains_walk,
	.ranks_walk = ranks_walk,
	.mark = mark,
	.mark_rows = mark_rows,
};
