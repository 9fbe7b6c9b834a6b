/* The BWT read as a sequence of symbols, block after block, as merging does. */
#pragma once

#include "bwt/bwt.h"

/* The rows [start, start + n) of one block. Large: 140 KiB. */
struct ng_bwt_rows {
	uint64_t start;
	uint32_t n;
	uint32_t n_symbols;           /* of the block's alphabet */
	uint8_t symbol[NG_MAX_BLOCK]; /* of row start + i, i < n; a separator as 0; then anything */
	/* Bits: bit i % 64 of word i / 64 for row start + i; 0 from n on. */
	uint64_t separators[NG_MAX_BLOCK / 64]; /* the row's symbol is a separator */
	uint64_t marks[NG_MAX_BLOCK / 64];      /* the row's suffix is sampled */
	uint64_t marks_before;                  /* rows before start of which that is true */
};

/* Number of blocks. Read in order, they give the rows [0, ng_bwt_rows()) without gaps. */
uint64_t ng_bwt_blocks(const struct ng_bwt *bwt);

/* The number of the block that holds a row < ng_bwt_rows(). */
uint64_t ng_bwt_block_of(const struct ng_bwt *bwt, uint64_t row);

/* Decode block number block < ng_bwt_blocks(). Thread-safe, each call with rows of its own. O(n):
 * 3.3 ns a symbol of English.
 *
 * -EUCLEAN where the block is damaged: its head and the map and the next block's head don't agree
 * on its rows, its parts don't lie in its page, or what is in them is no stream or list of marks.
 * Then *ret_rows holds anything. What a block says of the counts before it and in its cells is not
 * compared with its symbols: that is ng_block_examine's. */
int ng_bwt_read_block(const struct ng_bwt *bwt, uint64_t block, struct ng_bwt_rows *ret_rows);

/* The same, with each symbol's index in the block's alphabet instead of it, so that separators need
 * no bits, and have none. -EUCLEAN also where the alphabet has all NG_SYMBOLS. */
int ng_bwt_read_indices(const struct ng_bwt *bwt, uint64_t block, struct ng_bwt_rows *ret_rows);
