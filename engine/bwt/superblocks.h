/* Counts by superblock, a superblock being 2^NG_SUPERBLOCK_LOG positions: what blocks count from,
 * and what a block cannot answer, because the symbol isn't in its alphabet: the rank there is the
 * count before the next block that has it (each superblock has a bit for each symbol and
 * NG_PRESENT_BLOCKS blocks that says whether one of them has it), or before the next superblock.
 *
 *   u32 symbols S, u32 superblocks R, u16 index[257] (0xffff: not in the shard), padding to 8,
 *   u64 count[R + 1][S + 1]: of each symbol before each superblock, and of marked positions last;
 *   the row behind the last superblock is the shard's totals,
 *   u64 offset[R] from the section's start, then each superblock:
 *     u64 first block, u64 blocks B, S rows of a bit for each NG_PRESENT_BLOCKS of them,
 *     whole bytes each, padding to 8. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "bwt/token.h"

#define NG_SUPERBLOCK_HEAD      528u /* bytes before the counts: 8 + 2 * 257, padded to 8 */
#define NG_SUPERBLOCK_NO_SYMBOL 0xffffu
#define NG_PRESENT_BLOCKS       2u

struct ng_superblocks {
	const uint8_t *data;
	size_t bytes;
	uint64_t n; /* superblocks, without the totals */
	unsigned n_symbols;
	uint16_t index[NG_SYMBOLS]; /* of a symbol in a row of counts, or NG_SUPERBLOCK_NO_SYMBOL */
	uint16_t column[NG_SYMBOLS + 1]; /* the same, and the marks'; the marks' for no symbol */
};

/* The column of marked positions. */
#define NG_MARKS NG_SYMBOLS

/* O(1); the superblocks' own tables are checked when they are used. -EUCLEAN. */
int ng_superblocks_open(const uint8_t *data, size_t bytes, uint64_t n_superblocks,
			struct ng_superblocks *ret_superblocks);

/* Occurrences before superblock r <= n of a symbol that the shard has, or of NG_MARKS. (Of another
 * symbol some number, for damaged data.) */
static inline uint64_t ng_superblocks_count(const struct ng_superblocks *superblocks, uint64_t r,
					    unsigned symbol)
{
	return ng_load64(superblocks->data + NG_SUPERBLOCK_HEAD +
			 8 * (r * (superblocks->n_symbols + 1) + superblocks->column[symbol]));
}

/* The first block after `block` in superblock r that may have symbol, its neighbours' bit being its
 * own: 1, or 0 when none has. -EUCLEAN. */
int ng_superblocks_next(const struct ng_superblocks *superblocks, uint64_t r, uint64_t block,
			unsigned symbol, uint64_t *ret_block);

/* The blocks [*ret_first, *ret_first + *ret_n) of superblock r < n, and whether the bit of blocks
 * *ret_first + group * NG_PRESENT_BLOCKS on is set for a symbol that the shard has. For checks;
 * O(1). -EUCLEAN where the superblock's table doesn't fit; has is false then, too. */
int ng_superblocks_blocks(const struct ng_superblocks *superblocks, uint64_t r, uint64_t *ret_first,
			  uint64_t *ret_n);
bool ng_superblocks_has(const struct ng_superblocks *superblocks, uint64_t r, uint64_t group,
			unsigned symbol);

/* ---- writing ---- */

/* What the encoder found in one superblock. */
struct ng_superblock_facts {
	uint64_t n_blocks;
	uint64_t count[NG_SYMBOLS + 1]; /* occurrences in the superblock; of marks last */
	uint8_t *present; /* [n_blocks][(NG_SYMBOLS + 7) / 8]: the blocks' alphabets */
};

#define NG_PRESENT_BYTES ((NG_SYMBOLS + 7) / 8)

int ng_superblocks_write(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			 struct ng_buf *buf);
