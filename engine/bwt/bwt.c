#include "bwt/bwt_internal.h"

#include "bwt/superblocks.h"

/* Which kernels there are, best first.
 *
 * Measured on 100 MB of English (see tests/bench): the AVX kernels differ from the portable one in
 * what the compiler may use (BMI2 shifts, hardware popcount) and in following the move-to-front
 * list of ng_bwt_lf in a vector register instead of tracing it back. */
static const struct ng_bwt_kernel *const *kernels(void)
{
	static const struct ng_bwt_kernel *const portable[] = {&ng_bwt_kernel_portable, NULL};
#ifdef __x86_64__
	static const struct ng_bwt_kernel *const avx2[] = {&ng_bwt_kernel_avx2,
							   &ng_bwt_kernel_portable, NULL};
	static const struct ng_bwt_kernel *const avx512[] = {
		&ng_bwt_kernel_avx512, &ng_bwt_kernel_avx2, &ng_bwt_kernel_portable, NULL};
	bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
			__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");

	if (has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi"))
		return avx512;
	if (has_avx2)
		return avx2;
#endif
	return portable;
}

uint64_t ng_bwt_absent_rank(const struct ng_bwt *bwt, const uint8_t *page, unsigned symbol,
			    bool *damaged)
{
	uint64_t next = (uint64_t)(page - bwt->blocks) / NG_PAGE_BYTES;
	uint64_t superblock = ng_block_start(page) >> NG_SUPERBLOCK_LOG;
	unsigned k;

	if (bwt->superblocks.index[symbol] == NG_SUPERBLOCK_NO_SYMBOL)
		return 0;
	do {
		int r = ng_superblocks_next(&bwt->superblocks, superblock, next, symbol, &next);

		if (r == 0)
			return ng_superblocks_count(&bwt->superblocks, superblock + 1, symbol);
		if (r < 0 || next >= bwt->n_blocks) {
			*damaged = true;
			return 0;
		}
		page = bwt->blocks + next * NG_PAGE_BYTES;
		k = ng_block_find(page, symbol);
	} while (k == UINT32_MAX);
	return ng_superblocks_count(&bwt->superblocks, superblock, symbol) +
	       ng_field(page + ng_block_bases_at(ng_min(ng_block_symbols(page), NG_SYMBOLS),
						 ng_min(ng_block_cells(page), NG_MAX_CELLS)),
			(uint64_t)k * bwt->base_width, bwt->base_width);
}

/* The totals: number of each symbol in the shard, and the rows that begin with it. */
static int totals_make(struct ng_bwt *bwt)
{
	uint64_t row = 0;

	for (unsigned i = 0; i < NG_SYMBOLS; i++) {
		unsigned symbol = i ? i - 1 : NG_SEPARATOR;
		uint64_t total = 0;

		if (bwt->superblocks.index[symbol] != NG_SUPERBLOCK_NO_SYMBOL)
			total = ng_superblocks_count(&bwt->superblocks, bwt->superblocks.n, symbol);
		bwt->total[symbol] = total;
		bwt->first_row[symbol] = row;
		if (total > bwt->rows - row)
			return -EUCLEAN;
		row += total;
	}
	return row == bwt->rows ? 0 : -EUCLEAN;
}

int ng_bwt_open(const struct ng_bwt_parts *parts, struct ng_bwt **ret_bwt)
{
	ng_cleanup(ng_freep) struct ng_bwt *bwt = NULL;
	uint64_t grains = ng_div_up(parts->rows, NG_GRAIN);
	int r;

	if (parts->rows == 0 || parts->rows >> 40 || parts->blocks_bytes < 2 * NG_PAGE_BYTES ||
	    parts->blocks_bytes % NG_PAGE_BYTES || parts->mark_shift > 10)
		return -EUCLEAN;
	bwt = calloc(1, sizeof(*bwt));
	if (!bwt)
		return -ENOMEM;
	bwt->blocks = parts->blocks;
	bwt->n_blocks = parts->blocks_bytes / NG_PAGE_BYTES - 1;
	bwt->map = parts->map;
	bwt->rows = parts->rows;
	bwt->base_width = ng_block_base_width(parts->rows);
	bwt->mark_shift = parts->mark_shift;
	bwt->kernel = kernels()[0];
	if (parts->map_bytes < ng_div_up(grains, NG_MAP_LINE_GRAINS) * NG_MAP_LINE_BYTES)
		return -EUCLEAN;
	r = ng_superblocks_open(parts->superblocks, parts->superblocks_bytes,
				ng_div_up(parts->rows, 1ull << NG_SUPERBLOCK_LOG),
				&bwt->superblocks);
	if (r == 0)
		r = totals_make(bwt);
	if (r < 0)
		return r;
	if (ng_packed_open(parts->pages, parts->hints, parts->hints_bytes, &bwt->hints) < 0 ||
	    bwt->hints.n != ng_div_up(ng_bwt_marks(bwt), NG_MARK_HINT))
		return -EUCLEAN;
	r = ng_token_tables_open(parts->tables, parts->tables_bytes, &bwt->tables);
	if (r < 0)
		return r;
	*ret_bwt = ng_steal_ptr(&bwt);
	return 0;
}

struct ng_bwt *ng_bwt_close(struct ng_bwt *bwt)
{
	if (bwt)
		ng_token_tables_clear(&bwt->tables);
	free(bwt);
	return NULL;
}

uint64_t ng_bwt_rows(const struct ng_bwt *bwt)
{
	return bwt->rows;
}

void ng_bwt_use_decoded(struct ng_bwt *bwt, struct ng_decoded *decoded, uint64_t first_entry)
{
	bwt->decoded = decoded;
	bwt->decoded_at = first_entry;
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
	bwt->kernel->chains_walk(bwt, n, chains, damaged);
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
	static const char *const all[] = {"avx512", "avx2", "portable", NULL};
	const char *best = kernels()[0]->name;

	for (unsigned i = 0; all[i]; i++)
		if (strcmp(all[i], best) == 0)
			return all + i;
	return all + 2;
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
