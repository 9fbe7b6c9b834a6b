/* Counts by region: what a block cannot answer, because the symbol isn't in its alphabet.
 *
 * A region is 2^NG_REGION_LOG positions. For each symbol of the shard it has the count before the
 * region, and a bit a block that tells whether the block's alphabet has the symbol: the rank at an
 * absent block is the count before the next block that has it, or before the next region.
 *
 *   u32 symbols S, u32 regions R, u16 index[257] (0xffff: not in the shard), padding to 8,
 *   u64 offset[R + 1] from the section's start, then each region:
 *     u64 first block, u64 blocks B, u64 count[S], S rows of (B+7)/8 bytes, padding to 8.
 *   Region R has no blocks; its counts are the shard's. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "index/token.h"

#define NG_REGION_HEAD      528u /* bytes before the offsets: 8 + 2 * 257, padded to 8 */
#define NG_REGION_NO_SYMBOL 0xffffu

struct ng_regions {
	const uint8_t *data;
	size_t bytes;
	uint64_t n; /* regions, without the last that only has counts */
	unsigned n_symbols;
	uint16_t index[NG_SYMBOLS];
};

/* O(1); the regions' own tables are checked when they are used. -EUCLEAN. */
int ng_regions_open(const uint8_t *data, size_t bytes, uint64_t n_regions,
		    struct ng_regions *ret_regions);

/* Occurrences of symbol before region r <= n. -EUCLEAN. */
int ng_regions_count(const struct ng_regions *regions, uint64_t r, unsigned symbol,
		     uint64_t *ret_count);

/* The first block after `block` in region r that has symbol: 1, or 0 when none has. -EUCLEAN. */
int ng_regions_next(const struct ng_regions *regions, uint64_t r, uint64_t block, unsigned symbol,
		    uint64_t *ret_block);

/* ---- writing ---- */

/* What the encoder found in one region. */
struct ng_region_facts {
	uint64_t n_blocks;
	uint64_t count[NG_SYMBOLS]; /* occurrences in the region */
	uint8_t *present;           /* [n_blocks][(NG_SYMBOLS + 7) / 8]: the blocks' alphabets */
};

#define NG_PRESENT_BYTES ((NG_SYMBOLS + 7) / 8)

int ng_regions_write(const struct ng_region_facts *facts, uint64_t n_regions, struct ng_buf *buf);
