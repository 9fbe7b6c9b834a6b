/* What a block of the BWT (bwt/block.h) is made of, decoded: a stream into its symbols, the
 * marked positions of a wide cell into bits. Used where whole blocks are read and where they are
 * checked. Thread-safe; whatever the bytes are, nothing is read outside of the page and the
 * NG_BLOCK_SLACK bytes behind it. */
#pragma once

#include "bwt/bwt_internal.h"

/* Bytes that decoding a stream writes at most: the last two runs may go beyond its end, and runs
 * are written in pieces. */
#define NG_STREAM_ROOM 1024u
_Static_assert(NG_STREAM_ROOM <= NG_CELL, "a stream may be decoded to where its cell goes");

/* The size <= NG_STREAM symbols of the stream at `stream` (in a page of bwt's), in the order of the
 * stream. list: what is written for each of the n_symbols >= 1 symbols of the block's alphabet, in
 * its order. table: number of the stream's code table, less than the BWT's. Writes ret[0..size-1]
 * and anything behind that, up to NG_STREAM_ROOM. Returns false where the stream has a rank outside
 * of the alphabet, or a run that goes beyond its end. O(size + n_symbols). */
bool ng_stream_decode(const struct ng_bwt *bwt, const uint8_t *stream, unsigned table,
		      const uint8_t *list, unsigned n_symbols, unsigned size,
		      uint8_t ret[NG_STREAM_ROOM]);

#define NG_MARKS_NO_ORDER UINT32_MAX

/* The marked positions of a wide cell of `size` rows whose n_marks <= size marks are written at
 * `marks` (in a page of bwt's): bit i of *ret_bits is set for its row i, bits from size on are 0.
 * Returns the number of marks that are there, which is another one than n_marks in a damaged page,
 * or NG_MARKS_NO_ORDER where they don't ascend within the cell. */
unsigned ng_marks_decode(const struct ng_bwt *bwt, const uint8_t *marks, unsigned n_marks,
			 unsigned size, uint64_t ret_bits[NG_WIDE / 64]);
