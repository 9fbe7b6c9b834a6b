/* One step of backward search: the rank of a symbol at both ends of an interval. Part of
 * bwt_kernel.h. */
#pragma once

#include "bwt/kernel/place.h"

/* A rank on its way: everything but the decoding. The answer is base + hits when counted from the
 * cell's front, base - hits from its back. */
struct visit {
	uint64_t base;
	struct reader reader;
	unsigned k;
	unsigned wide;   /* index of a symbol with a wide row; 0: it isn't one */
	unsigned target; /* symbols to decode; 0: base is the answer */
	bool from_back;
	struct counter counter; /* of what is decoded, unless a lane has its own */
	unsigned stop;          /* where decoding may pause: target, or before */
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
	struct decoded decoded;
	unsigned k;

	*v = (struct visit){.k = UINT_MAX};
	if (row >= bwt->rows) {
		v->base = bwt->total[symbol];
		return;
	}
	decoded = decoded_visit(bwt, page, row);
	if (decoded.head) {
		k = decoded_find(&decoded, symbol);
		v->base = k == NG_DECODED_ABSENT ? ng_bwt_absent_rank(bwt, page, symbol, damaged)
						 : decoded_rank(&decoded, k);
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

/* The answer, once c has decoded up to the target. */
static inline uint64_t visit_answer(const struct visit *v, const struct counter *c)
{
	unsigned hits = counter_at(c, v->target);

	return v->from_back ? v->base - hits : v->base + hits;
}

/* Both ends of an interval of `width` rows in one stream: one pass answers them. It has come to
 * v->stop, the nearer end. */
static inline void visit_answer_both(struct visit *v, unsigned width, uint64_t *ret_lo,
				     uint64_t *ret_hi)
{
	unsigned far = v->stop + width, hits_near = counter_at(&v->counter, v->stop), hits_far;

	count_until(&v->reader, &v->counter, far);
	hits_far = counter_at(&v->counter, far);
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

/* A step between looking up its place and decoding. */
struct stepping {
	uint64_t first; /* row of the symbol */
	unsigned width; /* of the interval, where one stream answers both ends */
	enum { STEP_STREAM, STEP_WIDE, STEP_ENDS } way;
	struct visit a, b; /* b: only for STEP_ENDS */
	struct place at;   /* of the first end */
};

/* What is left to decode moves the new row by less than a cell, and most often stays in the same
 * block: that block comes while this one is decoded. */
static inline void next_fetch(const struct ng_bwt *bwt, const struct stepping *s,
			      const struct visit *v)
{
	page_fetch(bwt, ng_min(s->first + v->base, bwt->rows - 1));
}

/* Everything but the decoding; `ahead`: the next step's pages are asked for. lo < rows, or there
 * would be nothing in the interval. */
static inline void step_start(const struct ng_bwt *bwt, unsigned symbol, uint64_t lo, uint64_t hi,
			      const uint8_t *page_lo, const uint8_t *page_hi, bool ahead,
			      struct stepping *s, bool *damaged)
{
	uint64_t width = hi - lo;
	struct visit *a = &s->a, *b = &s->b;
	struct place bt = {0};

	s->at = (struct place){0};
	s->first = bwt->first_row[symbol];
	visit_start(bwt, page_lo, symbol, lo, a, &s->at, damaged);
	if (ahead)
		next_fetch(bwt, s, a);
	s->width = (unsigned)width;
	if (a->k != UINT_MAX && width <= s->at.cell_size - s->at.in_cell &&
	    (a->from_back || s->at.in_cell + width <= front_half(s->at.cell_size))) {
		/* The usual case once an interval is small. */
		s->way = STEP_STREAM;
		a->stop = a->from_back ? a->target - s->width : a->target;
	} else if (a->wide && width <= s->at.cell_size - s->at.in_cell) {
		s->way = STEP_WIDE;
	} else {
		s->way = STEP_ENDS;
		visit_start(bwt, page_hi, symbol, hi, b, &bt, damaged);
		if (ahead)
			next_fetch(bwt, s, b);
		a->stop = a->target;
		b->stop = b->target;
		b->counter.at = b->k;
	}
	a->counter.at = a->k;
}

/* The step, when its visits have been decoded up to where they stop. */
static inline void step_finish(const struct ng_bwt *bwt, struct stepping *s, uint64_t *ret_lo,
			       uint64_t *ret_hi, bool *damaged)
{
	uint64_t rank_lo, rank_hi;

	if (s->way == STEP_STREAM) {
		visit_answer_both(&s->a, s->width, &rank_lo, &rank_hi);
	} else if (s->way == STEP_WIDE) {
		rank_lo = s->a.base;
		rank_hi = rank_lo + cell_count(bwt, &s->at, s->at.cell, s->a.wide, s->at.in_cell,
					       s->at.in_cell + s->width);
	} else {
		rank_lo = visit_answer(&s->a, &s->a.counter);
		rank_hi = visit_answer(&s->b, &s->b.counter);
	}
	*ret_lo = row_clamp(bwt, s->first + rank_lo, damaged);
	*ret_hi = row_clamp(bwt, s->first + rank_hi, damaged);
	if (__builtin_expect(*ret_lo > *ret_hi, 0)) {
		*damaged = true;
		*ret_hi = *ret_lo;
	}
}

static void step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged)
{
	const uint8_t *page_lo = page_fetch(bwt, *lo);
	const uint8_t *page_hi = page_fetch(bwt, ng_min(*hi, bwt->rows - 1));
	struct stepping s;

	step_start(bwt, symbol, *lo, *hi, page_lo, page_hi, true, &s, damaged);
	if (s.way == STEP_ENDS)
		count_until_both(&s.a.reader, &s.a.counter, s.a.stop, &s.b.reader, &s.b.counter,
				 s.b.stop);
	else if (s.way == STEP_STREAM)
		count_until(&s.a.reader, &s.a.counter, s.a.stop);
	step_finish(bwt, &s, lo, hi, damaged);
}
