/* SPDX-License-Identifier: Apache-2.0 */
/* LF-mapping, one row and many in step. Part of kernel.h. */
#pragma once

#include "bwt/kernel/mark.h"

/* The symbol of a visited row, and the row that it leads to. */
static inline unsigned visit_lf(const struct ng_bwt *bwt, const struct visit *v,
				const struct cell *cell, uint64_t *ret_row, bool *damaged)
{
	unsigned before, place = cell_access(cell, v->size, v->in, &before), symbol;

	*ret_row = 0;
	if (__builtin_expect(place >= cell->n_symbols, 0)) {
		*damaged = true;
		return NG_SEPARATOR;
	}
	symbol = cell_symbol(cell, place);
	if (symbol == NG_SEPARATOR)
		return NG_SEPARATOR;
	*ret_row = bwt->first_row[symbol] + before + cell_before(cell, place) +
		   ng_bwt_before_superblock(bwt, v->cell / NG_SUPERBLOCK_CELLS, symbol, damaged);
	if (__builtin_expect(*ret_row >= bwt->rows, 0)) {
		*damaged = true;
		*ret_row = 0;
	}
	return symbol;
}

static unsigned lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	struct visit v;
	struct cell cell;

	if (row >= bwt->rows || !visit_find(bwt, row, &v)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	entries_fetch(bwt, v.cell);
	cell_open(v.begin, &cell);
	return visit_lf(bwt, &v, &cell, ret_row, damaged);
}

/* A visit of a chain's row, and the step from there. False when the chain has ended. */
static inline bool chain_go(const struct ng_bwt *bwt, struct ng_bwt_chain *chain,
			    const struct visit *v, bool *damaged)
{
	struct cell cell;
	unsigned symbol;

	cell_open(v->begin, &cell);
	if (chain->to_mark && !chain->marked)
		chain->marked = visit_mark(bwt, v, &cell, &chain->sample, damaged);
	if (!chain->left || (chain->marked && !chain->give))
		return false;
	symbol = visit_lf(bwt, v, &cell, &chain->row, damaged);
	ng_bwt_chain_took(chain, symbol, damaged);
	if (!chain->left && !chain->to_mark)
		return false;
	line_fetch(bwt, chain->row);
	return true;
}

/* By turns, in two halves, as searches are walked. */
static unsigned chains_walk(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain **walking,
			    unsigned turns, bool *damaged)
{
	struct visit visits[NG_BWT_CHAINS];

	for (; n && turns; turns--) {
		unsigned left = 0;

		for (unsigned i = 0; i < n; i++) {
			if (walking[i]->row >= bwt->rows ||
			    !visit_find(bwt, walking[i]->row, &visits[i])) {
				*damaged = true;
				return 0;
			}
			entries_fetch(bwt, visits[i].cell);
		}
		for (unsigned i = 0; i < n; i++)
			if (chain_go(bwt, walking[i], &visits[i], damaged))
				walking[left++] = walking[i];
		n = left;
	}
	return n;
}
