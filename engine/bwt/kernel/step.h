/* SPDX-License-Identifier: Apache-2.0 */
/* One step of backward search: the rank of a symbol at both ends of an interval. Part of
 * kernel.h. */
#pragma once

#include "bwt/kernel/visit.h"

/* The ends of an interval, found in the directory: two visits, or one where both are in one cell.
 * An end may be the row behind the last. */
struct ends {
	struct visit lo, hi;
	bool one, lo_sound, hi_sound;
};

static inline void ends_find(const struct ng_bwt *bwt, unsigned symbol, uint64_t lo, uint64_t hi,
			     struct ends *e)
{
	entry_fetch(bwt, lo >> NG_CELL_LOG, symbol);
	e->lo_sound = visit_find(bwt, lo, &e->lo);
	e->one = hi >> NG_CELL_LOG == e->lo.cell && hi < bwt->rows;
	e->hi_sound = e->one || hi >= bwt->rows || visit_find(bwt, hi, &e->hi);
	if (!e->one)
		entry_fetch(bwt, ng_min(hi, bwt->rows - 1) >> NG_CELL_LOG, symbol);
}

/* Nothing is found where an index is damaged. */
static inline void step_fail(uint64_t *lo, uint64_t *hi, bool *damaged)
{
	*damaged = true;
	*hi = *lo;
}

/* Both ends in one cell: the usual case once an interval is small. What is left to find out when
 * the counts before the cell are known moves the new rows by less than a cell: theirs comes while
 * this one's planes are read. */
static inline void step_in_cell(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo,
				uint64_t *hi, const struct visit *v, bool ahead, bool *damaged)
{
	unsigned a = v->in, b = v->in + (unsigned)(*hi - *lo), place;
	struct cell cell;
	uint64_t first;

	cell_open(v->begin, &cell);
	place = cell_find(&cell, symbol);
	if (place == NOT_LISTED) {
		*hi = *lo;
		return;
	}
	first = bwt->first_row[symbol] + cell_before(&cell, place) +
		ng_bwt_before_superblock(bwt, v->cell / NG_SUPERBLOCK_CELLS, symbol, damaged);
	if (ahead)
		row_fetch(bwt, first);
	if (b != a + 1) {
		cell_rank_both(&cell, v->size, place, &a, &b);
	} else if (cell_rank_here(&cell, v->size, place, a, &a)) {
		b = a + 1;
	} else {
		*hi = *lo;
		return;
	}
	*lo = first + a;
	*hi = first + b;
}

/* The step from *lo < *hi <= rows, whose ends are found. */
static inline void step_from(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
			     const struct ends *e, bool ahead, bool *damaged)
{
	uint64_t first = bwt->first_row[symbol];

	if (__builtin_expect(!e->lo_sound || !e->hi_sound, 0)) {
		step_fail(lo, hi, damaged);
		return;
	}
	if (bwt->total[symbol] == 0) {
		*lo = *hi = first;
		return;
	}
	if (e->one) {
		step_in_cell(bwt, symbol, lo, hi, &e->lo, ahead, damaged);
	} else {
		uint64_t end = *hi >= bwt->rows ? bwt->total[symbol]
						: visit_rank(bwt, &e->hi, symbol, damaged);

		*lo = first + visit_rank(bwt, &e->lo, symbol, damaged);
		*hi = first + end;
	}
	*lo = row_clamp(bwt, *lo, damaged);
	*hi = row_clamp(bwt, *hi, damaged);
	if (__builtin_expect(*lo > *hi || *damaged, 0))
		step_fail(lo, hi, damaged);
}

static void step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged)
{
	struct ends e;

	ends_find(bwt, symbol, *lo, *hi, &e);
	step_from(bwt, symbol, lo, hi, &e, true, damaged);
}
