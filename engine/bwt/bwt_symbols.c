/* SPDX-License-Identifier: Apache-2.0 */
/* Which symbols rows have. */
#include "bwt/kernel/cell.h"

#include "bwt/bwt_internal.h"

void ng_bwt_symbols(const struct ng_bwt *bwt, uint64_t lo, uint64_t hi,
		    uint64_t ret_symbols[static NG_BWT_SYMBOL_WORDS], bool *damaged)
{
	memset(ret_symbols, 0, NG_BWT_SYMBOL_WORDS * sizeof(*ret_symbols));
	for (uint64_t i = lo >> NG_CELL_LOG; i << NG_CELL_LOG < hi; i++) {
		const uint8_t *begin, *end;
		struct cell cell;

		if (i >= bwt->n_cells || !ng_bwt_cell_find(bwt, i, &begin, &end)) {
			*damaged = true;
			return;
		}
		cell_open(begin, &cell);
		for (unsigned place = 0; place < cell.n_symbols; place++) {
			unsigned symbol = cell_symbol(&cell, place);

			ret_symbols[symbol / 64] |= UINT64_C(1) << symbol % 64;
		}
	}
}
