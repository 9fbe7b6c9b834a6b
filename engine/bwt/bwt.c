/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/bwt_internal.h"

/* Which kernels there are, best first. They are one source; avx2 has popcounts and masks in single
 * instructions, and compares 32 symbols of a list at once.
 *
 * What was tried besides, in ns a step of LF where all is in the cache, one chain, nine and 32
 * (avx2: 66, 49, 68): a coded plane made its bits again by AVX-512, which expands 64 bytes in one
 * instruction and counts in eight words by another: 86, 71, 79. The planes of all chains gone down
 * by turns, without a branch that depends on a row: 103, 79, 85 with AVX2, 122, 97, 95 with
 * AVX-512. Both again on a later processor, the second without a branch at all: 90, 81, 81 now;
 * words counted eight at once 89, 86, 86; by turns 96, 113, 112, and in three stages for each turn,
 * so that many chains are on their way in each, nine 98 and 32 92: what was a wrong branch now and
 * then is work that every plane does. */
static const struct ng_bwt_kernel *const *kernels(void)
{
	static const struct ng_bwt_kernel *const portable[] = {&ng_bwt_kernel_portable, NULL};
#ifdef __x86_64__
	static const struct ng_bwt_kernel *const avx2[] = {&ng_bwt_kernel_avx2,
							   &ng_bwt_kernel_portable, NULL};
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
		return avx2;
#endif
	return portable;
}

/* The totals: number of each symbol in the shard, and the rows that begin with it. */
static int totals_make(struct ng_bwt *bwt)
{
	uint64_t row = 0, n = bwt->superblocks.n;

	for (unsigned i = 0; i < NG_SYMBOLS; i++) {
		unsigned symbol = i ? i - 1 : NG_SEPARATOR;
		uint64_t total = 0;

		if (bwt->superblocks.index[symbol] != NG_SUPERBLOCK_NO_SYMBOL)
			total = ng_superblocks_count(&bwt->superblocks, n, symbol);
		bwt->total[symbol] = total;
		bwt->first_row[symbol] = row;
		if (total > bwt->rows - row)
			return -EUCLEAN;
		row += total;
	}
	return row == bwt->rows ? 0 : -EUCLEAN;
}

/* The superblocks' head and last row, which opening reads. */
static int superblocks_open(const struct ng_bwt_parts *parts, struct ng_bwt *bwt)
{
	uint64_t n = ng_div_up(parts->rows, 1ull << NG_SUPERBLOCK_LOG);
	const uint8_t *last;
	int r;

	if (parts->superblocks_bytes < NG_SUPERBLOCK_HEAD ||
	    !ng_bwt_sound(bwt, parts->superblocks, NG_SUPERBLOCK_HEAD))
		return -EUCLEAN;
	r = ng_superblocks_open(parts->superblocks, parts->superblocks_bytes, n, &bwt->superblocks);
	if (r < 0)
		return r;
	last = bwt->superblocks.data + NG_SUPERBLOCK_HEAD +
	       8 * n * (bwt->superblocks.n_symbols + 1);
	if (!ng_bwt_sound(bwt, last, 8 * (bwt->superblocks.n_symbols + 1)))
		return -EUCLEAN;
	return totals_make(bwt);
}

int ng_bwt_open(const struct ng_bwt_parts *parts, struct ng_bwt **ret_bwt)
{
	ng_cleanup(ng_freep) struct ng_bwt *bwt = NULL;
	int r;

	if (parts->rows == 0 || parts->rows >> 40 || parts->cells_bytes < NG_CELL_REACH ||
	    parts->mark_shift > 10)
		return -EUCLEAN;
	bwt = calloc(1, sizeof(*bwt));
	if (!bwt)
		return -ENOMEM;
	bwt->pages = parts->pages;
	bwt->cells = parts->cells;
	bwt->cells_bytes = parts->cells_bytes - NG_CELL_REACH;
	bwt->directory = parts->directory;
	bwt->rows = parts->rows;
	bwt->n_cells = ng_div_up(parts->rows, NG_CELL);
	bwt->mark_shift = parts->mark_shift;
	bwt->kernel = kernels()[0];
	if (parts->directory_bytes != ng_div_up(bwt->n_cells, NG_LINE_CELLS) * NG_LINE_BYTES)
		return -EUCLEAN;
	r = superblocks_open(parts, bwt);
	if (r < 0)
		return r;
	if (ng_packed_open(parts->pages, parts->hints, parts->hints_bytes, &bwt->hints) < 0 ||
	    bwt->hints.n != ng_div_up(ng_bwt_marks(bwt), NG_MARK_HINT))
		return -EUCLEAN;
	*ret_bwt = ng_steal_ptr(&bwt);
	return 0;
}

struct ng_bwt *ng_bwt_close(struct ng_bwt *bwt)
{
	free(bwt);
	return NULL;
}

uint64_t ng_bwt_rows(const struct ng_bwt *bwt)
{
	return bwt->rows;
}

void ng_bwt_symbol_rows(const struct ng_bwt *bwt, unsigned symbol, uint64_t *ret_lo,
			uint64_t *ret_hi)
{
	*ret_lo = bwt->first_row[symbol];
	*ret_hi = *ret_lo + bwt->total[symbol];
}

void ng_bwt_step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged)
{
	bwt->kernel->step(bwt, symbol, lo, hi, damaged);
}

unsigned ng_bwt_lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	return bwt->kernel->lf(bwt, row, ret_row, damaged);
}

void ng_bwt_walk_chains(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
			bool *damaged)
{
	struct ng_bwt_chain *walking[NG_BWT_CHAINS];
	unsigned in = 0;

	for (unsigned i = 0; i < n; i++)
		if (chains[i].left || chains[i].to_mark)
			walking[in++] = &chains[i];
	bwt->kernel->chains_walk(bwt, in, walking, UINT32_MAX, damaged);
}

void ng_bwt_walk_ranks(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_rank_walk *walks,
		       bool *damaged)
{
	bwt->kernel->ranks_walk(bwt, n, walks, damaged);
}

void ng_bwt_walk_searches(const struct ng_bwt *bwt, size_t n, struct ng_bwt_search *searches,
			  bool *damaged)
{
	bwt->kernel->searches_walk(bwt, n, searches, damaged);
}

bool ng_bwt_mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged)
{
	return bwt->kernel->mark(bwt, row, ret_sample, damaged);
}

uint64_t ng_bwt_marks(const struct ng_bwt *bwt)
{
	return ng_superblocks_count(&bwt->superblocks, bwt->superblocks.n, NG_MARKS);
}

void ng_bwt_mark_row(const struct ng_bwt *bwt, uint64_t mark, uint64_t *ret_row, bool *damaged)
{
	bwt->kernel->mark_rows(bwt, 1, &mark, ret_row, damaged);
}

void ng_bwt_mark_rows(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
		      uint64_t *ret_rows, bool *damaged)
{
	bwt->kernel->mark_rows(bwt, n, marks, ret_rows, damaged);
}

const char *const *ng_bwt_kernels(void)
{
	static const char *const all[] = {"avx2", "portable", NULL};

	return kernels()[0] == &ng_bwt_kernel_portable ? all + 1 : all;
}

int ng_bwt_use_kernel(struct ng_bwt *bwt, const char *name)
{
	for (const struct ng_bwt_kernel *const *k = kernels(); *k; k++) {
		if (strcmp((*k)->name, name) == 0) {
			bwt->kernel = *k;
			return 0;
		}
	}
	return -ENOENT;
}
