/* Walking many chains of LF steps at once. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/lf.h"

/* Where a chain is. False when it has ended. */
static inline bool chain_visit(const struct ng_bwt *bwt, struct ng_bwt_chain *chain,
			       struct row_at *ret_at, bool *damaged)
{
	if ((!chain->left && !chain->to_mark) || !row_visit(bwt, chain->row, ret_at, damaged))
		return false;
	if (chain->to_mark && !chain->marked)
		chain->marked = row_mark(bwt, ret_at, &chain->sample, damaged);
	return chain->left > 0 && (!chain->marked || chain->give);
}

static inline void chain_step(const struct ng_bwt *bwt, struct ng_bwt_chain *chain,
			      const struct row_at *at, bool *damaged)
{
	unsigned symbol = row_lf(bwt, at, &chain->row, damaged);

	ng_bwt_chain_took(chain, symbol, damaged);
	page_fetch(bwt, chain->row);
}

/* The first of chains[i..n-1] that has not ended, of which the others are taken out, as if it were
 * chains[i]. False when there is none. */
static inline bool chain_next(const struct ng_bwt *bwt, unsigned i, unsigned *n,
			      struct ng_bwt_chain **chains, struct row_at *ret_at, bool *damaged)
{
	while (i < *n) {
		if (chain_visit(bwt, chains[i], ret_at, damaged))
			return true;
		chains[i] = chains[--*n];
	}
	return false;
}

/* By turns. While one chain's symbol is decoded, the next one's stream is on its way; and so are
 * the pages of the next turn, as soon as their rows are known. */
static void chains_walk(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
			bool *damaged)
{
	struct ng_bwt_chain *walking[NG_BWT_CHAINS];
	struct row_at places[2];

	for (unsigned i = 0; i < n; i++) {
		page_fetch(bwt, ng_min(chains[i].row, bwt->rows - 1));
		walking[i] = &chains[i];
	}
	while (n) {
		bool more = chain_next(bwt, 0, &n, walking, &places[0], damaged);

		for (unsigned i = 0; more; i++) {
			const struct row_at *here = &places[i & 1];

			more = chain_next(bwt, i + 1, &n, walking, &places[(i + 1) & 1], damaged);
			/* One without steps to go ends at its next visit. */
			chain_step(bwt, walking[i], here, damaged);
		}
	}
}
