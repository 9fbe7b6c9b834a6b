/* SPDX-License-Identifier: Apache-2.0 */
/* Writing cells (bwt/cell.h). */
#pragma once

#include "bwt/bwt_text.h"
#include "bwt/superblocks.h"

/* A cell takes no more than this: its head, modes, list, counts, planes of nine bits a row (in the
 * first shape), and marked rows. */
#define NG_CELL_BYTES_MAX                                                                          \
	(NG_CELL_HEAD + 8 + NG_SYMBOLS + 1 + (NG_SYMBOLS * NG_SUPERBLOCK_LOG + 7) / 8 +            \
	 9 * NG_CELL / 8 + NG_CELL_PLANES + NG_CELL / 8)

/* Memory for encoding, of one thread. */
struct ng_cell_encoder;

int ng_cell_encoder_new(struct ng_cell_encoder **ret_encoder); /* -ENOMEM */
struct ng_cell_encoder *ng_cell_encoder_free(struct ng_cell_encoder *encoder);

static inline void ng_cell_encoder_freep(struct ng_cell_encoder **encoder)
{
	ng_cell_encoder_free(*encoder);
}

/* Encode the rows [begin, begin + n), begin a multiple of NG_CELL and 1 <= n <= NG_CELL, to
 * to[0..NG_CELL_BYTES_MAX + 7]; returns the bytes that it takes. facts has the occurrences of each
 * symbol, and of NG_MARKS, before the cell in its superblock; those in the cell are added, and
 * `group` to the groups of its symbols. O(n log(symbols)). The same rows give the same bytes. */
size_t ng_cell_encode(struct ng_cell_encoder *encoder, const struct ng_bwt_text *text,
		      uint64_t begin, unsigned n, unsigned mark_shift,
		      struct ng_superblock_facts *facts, uint16_t group, uint8_t *to);
