/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an encoded cell (bwt/cell.h), found without its readers, for the unit tests that
 * change them. */
#pragma once

#include "bwt/cell.h"

struct cell_parts {
	uint8_t *modes, *list, *separator, *counts, *planes, *marks; /* separator: or NULL */
	unsigned n_modes, n_symbols, n_marks;                        /* n_modes: bytes */
	unsigned n_wide, wide, narrow, shape;
};

/* Of the cell of `size` rows in [begin, end), which must be sound. */
static inline struct cell_parts cell_parts(uint8_t *begin, const uint8_t *end, unsigned size,
					   unsigned mark_shift)
{
	uint32_t word = ng_load32(begin + 4);
	struct cell_parts parts = {.modes = begin + NG_CELL_HEAD,
				   .n_modes = (begin[0] >> 4 & 7) + 1u,
				   .n_symbols = begin[1] + 1u + (word >> 31),
				   .n_marks = begin[2],
				   .n_wide = begin[3],
				   .wide = word & 31,
				   .narrow = word >> 5 & 31,
				   .shape = begin[0] & 15};

	parts.list = parts.modes + parts.n_modes;
	parts.counts = parts.list + parts.n_symbols;
	if (begin[0] >> 7)
		parts.separator = parts.counts++;
	parts.planes = parts.counts + (parts.n_wide * parts.wide +
				       (parts.n_symbols - parts.n_wide) * parts.narrow + 7) /
					      8;
	parts.marks = begin + (end - begin) - ng_marks_bytes(parts.n_marks, size, mark_shift);
	return parts;
}

/* Planes of a cell of so many symbols in a shape. */
static inline unsigned cell_planes(unsigned shape, unsigned n_symbols)
{
	unsigned at = 0, planes = 0;
	const uint8_t *width = ng_cell_shapes[shape];

	for (; at + (1u << *width) < n_symbols; at += 1u << *width++)
		planes += 1 + *width;
	return planes + ng_places_width(n_symbols - at);
}
