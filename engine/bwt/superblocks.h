/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by superblock, a superblock being NG_SUPERBLOCK_CELLS cells: what the counts in cells
 * begin from, and which cells have a symbol at all.
 *
 *   u32 symbols S, u32 superblocks R, u16 index[257] (0xffff: not in the shard), padding to 528,
 *   u64 entry[R + 1][S + 1]: for each superblock one of each symbol, the most frequent of the shard
 *       first, so that a line or three have nearly all that is asked for, and last one of marked
 * rows. bits 16-63: how many there are before the superblock; bits 0-15: bit g is set where one of
 *       the NG_GROUP_CELLS cells of its group g has the symbol in its list (0 for the marks).
 *       The row behind the last superblock has the shard's totals.
 *
 * A symbol that isn't in a cell's list has, before any row of that cell, as many occurrences as
 * before the next cell that has it, or before the next superblock. */
#pragma once

#include "base/buf.h"
#include "bwt/cell.h"

#define NG_SUPERBLOCK_LOG       18u
#define NG_SUPERBLOCK_CELLS     (1u << (NG_SUPERBLOCK_LOG - NG_CELL_LOG))
#define NG_GROUP_CELLS          (NG_SUPERBLOCK_CELLS / 16)
#define NG_SUPERBLOCK_HEAD      528u /* bytes before the entries */
#define NG_SUPERBLOCK_NO_SYMBOL 0xffffu

/* The column of marked rows. */
#define NG_MARKS NG_SYMBOLS

struct ng_superblocks {
	const uint8_t *data;
	uint64_t n; /* superblocks, without the totals */
	unsigned n_symbols;
	uint16_t
		index[NG_SYMBOLS]; /* of a symbol in a row of entries, or NG_SUPERBLOCK_NO_SYMBOL */
	uint16_t column[NG_SYMBOLS + 1]; /* the same, and the marks'; the marks' for no symbol */
};

/* O(1). The bytes stay the caller's. -EUCLEAN. */
int ng_superblocks_open(const uint8_t *data, size_t bytes, uint64_t n_superblocks,
			struct ng_superblocks *ret_superblocks);

/* The entry of superblock r <= n for a symbol that the shard has, or of NG_MARKS. (For another
 * symbol some entry.) */
static inline const uint8_t *ng_superblocks_at(const struct ng_superblocks *superblocks, uint64_t r,
					       unsigned symbol)
{
	return superblocks->data + NG_SUPERBLOCK_HEAD +
	       8 * (r * (superblocks->n_symbols + 1) + superblocks->column[symbol]);
}

static inline uint64_t ng_superblocks_count(const struct ng_superblocks *superblocks, uint64_t r,
					    unsigned symbol)
{
	return ng_load64(ng_superblocks_at(superblocks, r, symbol)) >> 16;
}

static inline unsigned ng_superblocks_groups(const struct ng_superblocks *superblocks, uint64_t r,
					     unsigned symbol)
{
	return ng_load16(ng_superblocks_at(superblocks, r, symbol));
}

/* ---- writing ---- */

/* What the encoder found in one superblock. */
struct ng_superblock_facts {
	uint32_t count[NG_SYMBOLS + 1]; /* occurrences in it; of marks last */
	uint16_t groups[NG_SYMBOLS];    /* as in an entry */
};

/* Append the section to buf. O(n_superblocks). -ENOMEM. */
int ng_superblocks_write(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			 struct ng_buf *buf);
