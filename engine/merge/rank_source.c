/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/rank_source.h"

static void symbol_rows(const void *of, unsigned symbol, uint64_t *ret_lo, uint64_t *ret_hi)
{
	ng_bwt_symbol_rows(of, symbol, ret_lo, ret_hi);
}

static void step(const void *of, unsigned symbol, uint64_t *lo, uint64_t *hi, bool *damaged)
{
	ng_bwt_step(of, symbol, lo, hi, damaged);
}

static void walk_ranks(const void *of, unsigned n, struct ng_bwt_rank_walk *walks, bool *damaged)
{
	ng_bwt_walk_ranks(of, n, walks, damaged);
}

struct ng_rank_source ng_bwt_rank_source(const struct ng_bwt *bwt)
{
	return (struct ng_rank_source){bwt, ng_bwt_rows(bwt), symbol_rows, step, walk_ranks};
}
