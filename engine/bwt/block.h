/* A block of the BWT: one page of the index file that answers rank on its own.
 *
 * A block holds a stretch of up to NG_MAX_CELLS cells of NG_CELL symbols (the last may be
 * shorter). A cell is two streams of tokens (bwt/token.h): its first half from the front, its
 * second half from the back, so that a rank decodes a quarter of a cell on average. Each stream's
 * move-to-front list begins in the order of the block's alphabet, which is by falling frequency.
 *
 * For each symbol of its alphabet a block has the count before the block in its superblock
 * (bwt/superblocks.h), and a row of counts: by cell for the NG_DENSE first symbols of the alphabet,
 * which most ranks ask for, and by wide cell (NG_WIDE_CELLS cells) for the others. A row is kept as
 * bit planes: bit j of plane b is bit b of the count in cell j, so that a prefix sum is one masked
 * popcount a plane. One more wide row, the last, counts the marked positions (those whose suffix is
 * sampled).
 *
 *   offset  bytes
 *   0       4         start: number of the block's first position, low 32 bits
 *   4       1         its bits 32-39
 *   5       1         n_cells J; wide cells W = ceil(J / NG_WIDE_CELLS)
 *   6       2         n_symbols S
 *   8       2         index of the separator in the alphabet, 0xffff: none
 *   10      2         0
 *   12      4         size: symbols in the block
 *   16      S         alphabet (the separator as 0)
 *           (S+2)/2   planes of each row, 4 bits each, the row of marks last
 *           4 J       cells: first stream's byte (bits 0-11), second's (12-23), tables (4 + 4)
 *           ...       S + 1 counts before the block, base_width bits each
 *           ...       rows: planes of J bits (the first NG_DENSE) or W bits (the others)
 *                     wide cells: marked positions, then their cells' streams
 *
 * Whatever a page holds, reading it stays inside the page and the NG_BLOCK_SLACK bytes behind it,
 * and ends.
 *
 * Why this and not a wavelet tree: bytes a symbol on 100 MB of English, marks left out, and the
 * time of a count of 20 bytes, beside SDSL's wt_huff<rrr_vector<127>> (0.275; 1):
 *
 *   blocks of 32 K symbols, local Huffman wavelet tree, RRR of 60       0.295    3 (a prototype)
 *   the same, 8 K symbols a block                                       0.324    4 (a prototype)
 *   move-to-front tokens, counts by 2 K symbols                         0.283    1.8
 *   dense counts by 1 K and wide ones by 4 K, small decoding tables     0.286    3.6
 *   the same with wide ones by 2 K                                      0.288    4.0
 *   the same, two tokens a look, the next block asked for ahead: this   0.288    5.2
 *
 * The streams alone, with ideal codes: symbols coded directly under 64 tables 0.262; ranks after
 * moves to the front under 16 tables 0.242; with the context of the token before 0.235. Streams
 * of 512 symbols take no more than longer ones: the better choice of tables pays for the fresh
 * list.
 */
#pragma once

#include "bwt/token.h"
#include "format/shardfile.h"

#define NG_CELL_LOG       10u
#define NG_CELL           (1u << NG_CELL_LOG)
#define NG_STREAM         (NG_CELL / 2) /* symbols in a stream at most */
#define NG_WIDE_LOG       11u
#define NG_WIDE           (1u << NG_WIDE_LOG)
#define NG_WIDE_CELLS     (NG_WIDE / NG_CELL)
#define NG_DENSE          16u
#define NG_GRAIN_LOG      7u /* blocks begin at multiples of this many symbols */
#define NG_GRAIN          (1u << NG_GRAIN_LOG)
#define NG_MAX_CELLS      112u
#define NG_MAX_BLOCK      (NG_MAX_CELLS * NG_CELL)
#define NG_BLOCK_HEAD     16u
#define NG_SUPERBLOCK_LOG 22u /* blocks don't cross multiples of this */
#define NG_BLOCK_SLACK    NG_PAGE_BYTES

/* Bits of a count within a superblock, in a shard of so many rows. */
static inline unsigned ng_block_base_width(uint64_t rows)
{
	return ng_min(ng_bits(rows), NG_SUPERBLOCK_LOG);
}

static inline uint64_t ng_block_start(const uint8_t *page)
{
	return ng_load32(page) | (uint64_t)page[4] << 32;
}

static inline unsigned ng_block_cells(const uint8_t *page)
{
	return page[5];
}

static inline unsigned ng_block_symbols(const uint8_t *page)
{
	return ng_load16(page + 6);
}

static inline unsigned ng_block_separator(const uint8_t *page)
{
	return ng_load16(page + 8);
}

static inline uint32_t ng_block_size(const uint8_t *page)
{
	return ng_load32(page + 12);
}

/* Byte offsets of a block's parts, from its numbers of symbols and cells. */
static inline unsigned ng_block_planes_at(unsigned n_symbols)
{
	return NG_BLOCK_HEAD + n_symbols;
}

static inline unsigned ng_block_cells_at(unsigned n_symbols)
{
	return ng_block_planes_at(n_symbols) + (n_symbols + 2) / 2;
}

static inline unsigned ng_block_bases_at(unsigned n_symbols, unsigned n_cells)
{
	return ng_block_cells_at(n_symbols) + 4 * n_cells;
}

static inline unsigned ng_block_rows_at(unsigned n_symbols, unsigned n_cells, unsigned base_width)
{
	return ng_block_bases_at(n_symbols, n_cells) + ((n_symbols + 1) * base_width + 7) / 8;
}

static inline unsigned ng_block_wide_cells(unsigned n_cells)
{
	return (n_cells + NG_WIDE_CELLS - 1) / NG_WIDE_CELLS;
}

/* Bytes of the marked positions of a wide cell of `size` symbols that holds n_marks of them:
 * Elias-Fano with `shift` low bits, or a bitmap where that is smaller. */
static inline unsigned ng_marks_high_bits(unsigned n_marks, unsigned size, unsigned shift)
{
	return n_marks + (size >> shift) + 1;
}

static inline bool ng_marks_are_bitmap(unsigned n_marks, unsigned size, unsigned shift)
{
	return n_marks * shift + ng_marks_high_bits(n_marks, size, shift) > size;
}

static inline unsigned ng_marks_bytes(unsigned n_marks, unsigned size, unsigned shift)
{
	if (!n_marks)
		return 0;
	if (ng_marks_are_bitmap(n_marks, size, shift))
		return (size + 7) / 8;
	return (n_marks * shift + ng_marks_high_bits(n_marks, size, shift) + 7) / 8;
}
