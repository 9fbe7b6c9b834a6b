/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/bwt_read.h"

#include "bwt/bwt_internal.h"
#include "bwt/cell_decode.h"

uint64_t ng_bwt_cells(const struct ng_bwt *bwt)
{
	return bwt->n_cells;
}

int ng_bwt_read_cell(const struct ng_bwt *bwt, uint64_t cell, struct ng_bwt_rows *ret_rows)
{
	unsigned size = ng_bwt_cell_size(bwt, cell);
	const uint8_t *begin, *end;
	struct ng_cell_facts facts;
	uint8_t symbols[NG_SYMBOLS];
	bool damaged = false;
	const char *why;

	if (!ng_bwt_cell_find(bwt, cell, &begin, &end) ||
	    !ng_cell_decode(begin, end, size, bwt->mark_shift, &facts, &why))
		return -EUCLEAN;
	ret_rows->start = cell << NG_CELL_LOG;
	ret_rows->n = size;
	ret_rows->marks_before =
		facts.marks_before +
		ng_bwt_before_superblock(bwt, cell / NG_SUPERBLOCK_CELLS, NG_MARKS, &damaged);
	memcpy(ret_rows->marks, facts.marks, sizeof(facts.marks));
	memset(ret_rows->separators, 0, sizeof(ret_rows->separators));
	for (unsigned k = 0; k < facts.n_symbols; k++) {
		symbols[k] = (uint8_t)facts.list[k];
		if (facts.list[k] != NG_SEPARATOR)
			continue;
		symbols[k] = 0;
		for (unsigned i = 0; i < size; i++)
			ret_rows->separators[i >> 6] |= (uint64_t)(facts.places[i] == k)
							<< (i & 63);
	}
	for (unsigned i = 0; i < size; i++)
		ret_rows->symbol[i] = symbols[facts.places[i]];
	return damaged ? -EUCLEAN : 0;
}
