/* SPDX-License-Identifier: Apache-2.0 */
/* The BWT read as a sequence of symbols, cell after cell, as merging does. */
#pragma once

#include "bwt/bwt.h"

/* The rows [start, start + n) of one cell. */
struct ng_bwt_rows {
	uint64_t start;
	uint32_t n;
	uint8_t symbol[NG_CELL]; /* of row start + i, i < n; a separator as 0; then anything */
	/* Bits: bit i % 64 of word i / 64 for row start + i; 0 from n on. */
	uint64_t separators[NG_CELL / 64]; /* the row's symbol is a separator */
	uint64_t marks[NG_CELL / 64];      /* the row's suffix is sampled */
	uint64_t marks_before;             /* rows before start of which that is true */
};

/* Number of cells. Read in order, they give the rows [0, ng_bwt_rows()) without gaps; row i is in
 * cell i / NG_CELL. */
uint64_t ng_bwt_cells(const struct ng_bwt *bwt);

/* Decode cell number cell < ng_bwt_cells(). Thread-safe, each call with rows of its own. O(n): some
 * 3 ns a symbol of English.
 *
 * -EUCLEAN where the cell is damaged: a page that is not what its sum says, or a cell that doesn't
 * end where the next begins or holds what no encoder writes. Then *ret_rows holds anything. What a
 * cell says of the counts before it is not compared: that is ngramfsck's. */
int ng_bwt_read_cell(const struct ng_bwt *bwt, uint64_t cell, struct ng_bwt_rows *ret_rows);
