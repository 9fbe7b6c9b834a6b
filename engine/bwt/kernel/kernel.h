/* SPDX-License-Identifier: Apache-2.0 */
/* Rank, written once and compiled for several instruction sets: portable.c and avx2.c define
 * NG_KERNEL and NG_KERNEL_NAME and include this file. */
#include "bwt/kernel/lf.h"
#include "bwt/kernel/rank.h"
#include "bwt/kernel/search.h"

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
