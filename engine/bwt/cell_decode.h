/* SPDX-License-Identifier: Apache-2.0 */
/* A cell (bwt/cell.h) decoded as a whole, as merging and checking read it. */
#pragma once

#include "bwt/superblocks.h"

struct ng_cell_facts {
	unsigned n_symbols;
	uint16_t list[NG_SYMBOLS];
	uint32_t before[NG_SYMBOLS]; /* in the superblock, of each symbol of the list, as it says */
	uint32_t marks_before;       /* the same of marked rows */
	uint16_t places[NG_CELL + 8]; /* of each row's symbol in the list */
	uint64_t marks[NG_CELL / 64]; /* bits: the row is marked */
	unsigned n_marks;
};

/* Decode the cell of `size` rows in the bytes [begin, end), behind which NG_CELL_REACH are
 * readable. False where they don't hold what ng_cell_encode writes: then *ret_why, a phrase, says
 * what is wrong. O(size log(symbols)). */
bool ng_cell_decode(const uint8_t *begin, const uint8_t *end, unsigned size, unsigned mark_shift,
		    struct ng_cell_facts *ret, const char **ret_why);
