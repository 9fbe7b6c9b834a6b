/* SPDX-License-Identifier: Apache-2.0 */
/* The symbols of a BWT as sorting and merging leave them. */
#pragma once

#include "bwt/cell.h"

/* separators: bit i set where row i holds a separator (bwt[i] is then ignored); NULL: a 0 in bwt is
 * the separator. */
struct ng_bwt_text {
	const uint8_t *bwt;
	const uint64_t *separators;
	const uint64_t *marks; /* bit i set where the suffix of row i is sampled */
	uint64_t rows;
};

static inline bool ng_bit(const uint64_t *bits, uint64_t i)
{
	return bits[i >> 6] >> (i & 63) & 1;
}

static inline unsigned ng_bwt_text_symbol(const struct ng_bwt_text *text, uint64_t row)
{
	if (text->separators)
		return ng_bit(text->separators, row) ? NG_SEPARATOR : text->bwt[row];
	return text->bwt[row] ? text->bwt[row] : NG_SEPARATOR;
}
