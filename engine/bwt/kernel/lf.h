/* SPDX-License-Identifier: Apache-2.0 */
/* LF-mapping, one row and many in step. Part of kernel.h. */
#pragma once

#include "bwt/kernel/mark.h"

/* The symbol of a visited row, and how often it occurs before it in its superblock. */
static inline unsigned visit_access(const struct visit *v, const struct cell *cell,
				    unsigned *ret_before, bool *damaged)
{
	unsigned before, place = cell_access(cell, v->size, v->in, &before);

	*ret_before = 0;
	if (__builtin_expect(place >= cell->n_symbols, 0)) {
		*damaged = true;
		return NG_SEPARATOR;
	}
	*ret_before = before + cell_before(cell, place);
	return cell_symbol(cell, place);
}

/* The row that one leads to whose symbol is known, and how often that occurs before it in its
 * superblock. */
static inline uint64_t row_behind(const struct ng_bwt *bwt, uint64_t cell, unsigned symbol,
				  unsigned before, bool *damaged)
{
	uint64_t row;

	if (symbol == NG_SEPARATOR)
		return 0;
	row = bwt->first_row[symbol] + before +
	      ng_bwt_before_superblock(bwt, cell / NG_SUPERBLOCK_CELLS, symbol, damaged);
	if (__builtin_expect(row >= bwt->rows, 0)) {
		*damaged = true;
		return 0;
	}
	return row;
}

static unsigned lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	unsigned symbol, before;
	struct visit v;
	struct cell cell;

	if (row >= bwt->rows || !visit_find(bwt, row, &v)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	entries_fetch(bwt, v.cell, 1);
	cell_open(v.begin, &cell);
	symbol = visit_access(&v, &cell, &before, damaged);
	*ret_row = row_behind(bwt, v.cell, symbol, before, damaged);
	return symbol;
}

/* A step of a chain, as far as its row's cell tells. */
struct chain_step {
	struct ng_bwt_chain *chain;
	uint64_t cell;
	unsigned symbol, before;
};

/* A visit of a chain's row. False when the chain ends there. */
static inline bool chain_visit(const struct ng_bwt *bwt, struct ng_bwt_chain *chain,
			       const struct visit *v, const struct cell *cell,
			       struct chain_step *ret, bool *damaged)
{
	if (chain->to_mark && !chain->marked)
		chain->marked = visit_mark(bwt, v, cell, &chain->sample, damaged);
	if (!chain->left || (chain->marked && !chain->give))
		return false;
	ret->chain = chain;
	ret->cell = v->cell;
	ret->symbol = visit_access(v, cell, &ret->before, damaged);
	return true;
}

/* The step. False when the chain ends with it. */
static inline bool chain_go(const struct ng_bwt *bwt, const struct chain_step *step, bool *damaged)
{
	struct ng_bwt_chain *chain = step->chain;

	chain->row = row_behind(bwt, step->cell, step->symbol, step->before, damaged);
	ng_bwt_chain_took(chain, step->symbol, damaged);
	if (!chain->left && !chain->to_mark)
		return false;
	line_fetch(bwt, chain->row);
	return true;
}

/* Symbols of a cell that nearly three of four rows have one of. */
#define AHEAD 2u

/* Lines of a superblock's entries that one chain asks for: of the most frequent 24 symbols. */
#define ENTRY_LINES 3u

/* Ask for the cells that a row leads to if it has one of its cell's most frequent symbols, which
 * most rows have, while it is found out which one it has. */
static inline void ahead_fetch(const struct ng_bwt *bwt, const struct visit *v,
			       const struct cell *cell)
{
	for (unsigned place = 0; place < ng_min(cell->n_symbols, AHEAD); place++) {
		unsigned symbol = cell_symbol(cell, place);
		uint64_t row = cell_before(cell, place);

		if (symbol == NG_SEPARATOR)
			continue;
		row += bwt->first_row[symbol] + ng_superblocks_count(&bwt->superblocks,
								     v->cell / NG_SUPERBLOCK_CELLS,
								     symbol);
		row_fetch(bwt, row);
		/* It may be one of two cells. */
		if ((row + v->in) >> NG_CELL_LOG != row >> NG_CELL_LOG)
			row_fetch(bwt, row + v->in);
	}
}

/* A chain by itself, which has nothing to do but to wait for its next cell. */
static unsigned chain_walk(const struct ng_bwt *bwt, struct ng_bwt_chain *chain, unsigned turns,
			   bool *damaged)
{
	for (; turns; turns--) {
		struct chain_step step;
		struct visit v;
		struct cell cell;

		if (chain->row >= bwt->rows || !visit_find(bwt, chain->row, &v)) {
			*damaged = true;
			return 0;
		}
		entries_fetch(bwt, v.cell, ENTRY_LINES);
		cell_open(v.begin, &cell);
		if (!ng_pages_cold(bwt->pages))
			ahead_fetch(bwt, &v, &cell);
		if (!chain_visit(bwt, chain, &v, &cell, &step, damaged) ||
		    !chain_go(bwt, &step, damaged))
			return 0;
	}
	return 1;
}

/* By turns, in three parts: their cells are found in the directory and asked for; then these are
 * read, and the entries of their rows' symbols asked for; then those are, and the directory's next
 * lines asked for. */
static unsigned chains_walk(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain **walking,
			    unsigned turns, bool *damaged)
{
	struct visit visits[NG_BWT_CHAINS];
	struct chain_step steps[NG_BWT_CHAINS];

	for (; n > 1 && turns; turns--) {
		unsigned going = 0, left = 0;

		for (unsigned i = 0; i < n; i++) {
			if (walking[i]->row >= bwt->rows ||
			    !visit_find(bwt, walking[i]->row, &visits[i])) {
				*damaged = true;
				return 0;
			}
		}
		for (unsigned i = 0; i < n; i++) {
			struct chain_step *step = &steps[going];
			struct cell cell;

			cell_open(visits[i].begin, &cell);
			if (!chain_visit(bwt, walking[i], &visits[i], &cell, step, damaged))
				continue;
			if (step->symbol != NG_SEPARATOR)
				entry_fetch(bwt, step->cell, step->symbol);
			going++;
		}
		for (unsigned i = 0; i < going; i++)
			if (chain_go(bwt, &steps[i], damaged))
				walking[left++] = steps[i].chain;
		n = left;
	}
	return n == 1 && turns ? chain_walk(bwt, walking[0], turns, damaged) : n;
}
