/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks over a BWT, wherever they come from: the index's compressed structure, or a table of one
 * that is in memory (sort/occ.h). What is built by backward steps asks here. */
#pragma once

#include "bwt/bwt.h"

/* The functions have the meaning, and the guarantees, of their namesakes in bwt/bwt.h:
 * ng_bwt_step and so on. `of` is what they are given. */
struct ng_rank_source {
	const void *of;
	uint64_t rows;
	void (*symbol_rows)(const void *of, unsigned symbol, uint64_t *ret_lo, uint64_t *ret_hi);
	void (*step)(const void *of, unsigned symbol, uint64_t *lo, uint64_t *hi, bool *damaged);
	void (*walk_ranks)(const void *of, unsigned n, struct ng_bwt_rank_walk *walks,
			   bool *damaged);
};

/* Those of the index's structure, which stays the caller's. */
struct ng_rank_source ng_bwt_rank_source(const struct ng_bwt *bwt);
