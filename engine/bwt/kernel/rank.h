/* SPDX-License-Identifier: Apache-2.0 */
/* Walking many ranks at once. Part of kernel.h. */
#pragma once

#include "bwt/kernel/visit.h"

/* The rank of a walk's next byte. Its row may be the one behind the last. */
static inline void rank_step(const struct ng_bwt *bwt, struct ng_bwt_rank_walk *walk,
			     const struct visit *v, bool sound, bool *damaged)
{
	unsigned symbol = *--walk->text_end;
	uint64_t rank = bwt->total[symbol];

	if (__builtin_expect(!sound, 0)) {
		*damaged = true;
		rank = 0;
	} else if (rank && walk->row < bwt->rows) {
		rank = visit_rank(bwt, v, symbol, damaged);
	}
	walk->row = row_clamp(bwt, bwt->first_row[symbol] + rank, damaged);
	*--walk->ranks_end = walk->row;
	walk->left--;
	line_fetch(bwt, ng_min(walk->row, bwt->rows - 1));
}

/* By turns, in two halves, as searches are walked. */
static void ranks_walk(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_rank_walk *walks,
		       bool *damaged)
{
	struct ng_bwt_rank_walk *walking[NG_BWT_CHAINS];
	struct visit visits[NG_BWT_CHAINS];
	bool sound[NG_BWT_CHAINS];
	unsigned in = 0;

	for (unsigned i = 0; i < n; i++)
		if (walks[i].left)
			walking[in++] = &walks[i];
	while (in) {
		for (unsigned i = 0; i < in; i++)
			sound[i] = walking[i]->row >= bwt->rows ||
				   visit_find(bwt, walking[i]->row, &visits[i]);
		for (unsigned i = 0; i < in; i++)
			if (walking[i]->row < bwt->rows)
				entry_fetch(bwt, visits[i].cell, walking[i]->text_end[-1]);
		for (unsigned i = 0; i < in; i++)
			rank_step(bwt, walking[i], &visits[i], sound[i], damaged);
		for (unsigned i = 0; i < in;) {
			if (walking[i]->left)
				i++;
			else
				walking[i] = walking[--in];
		}
	}
}
