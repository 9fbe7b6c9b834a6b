/* Rank, written once and compiled for several instruction sets: bwt_portable.c, bwt_avx2.c and
 * bwt_avx512.c define NG_KERNEL and NG_KERNEL_NAME and include this file. */
#include "bwt/kernel/chains.h"
#include "bwt/kernel/rank.h"
#include "bwt/kernel/search.h"

static unsigned lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	struct row_at at;

	if (!row_visit(bwt, row, &at, damaged)) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	return row_lf(bwt, &at, ret_row, damaged);
}

static bool mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged)
{
	struct row_at at;

	return row_visit(bwt, row, &at, damaged) && row_mark(bwt, &at, ret_sample, damaged);
}

const struct ng_bwt_kernel NG_KERNEL = {
	.name = NG_KERNEL_NAME,
	.step = step,
	.lf = lf,
	.chains_walk = chains_walk,
	.ranks_walk = ranks_walk,
	.searches_walk = searches_walk,
	.mark = mark,
	.mark_rows = mark_rows,
};
