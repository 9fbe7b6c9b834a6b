/* What bwt.c and its kernels share. */
#pragma once

#include "index/bwt.h"
#include "index/packed.h"
#include "index/regions.h"

/* One line of the map from position to block: the number of blocks that begin before the line, the
 * numbers in the words before each of its words (9 bits each, none for the first), and the words: a
 * bit a grain, set where a block begins. (S. Vigna, Broadword implementation of rank/select
 * queries, WEA 2008, with a line's words beside its counts.) */
#define NG_MAP_LINE_WORDS  6u
#define NG_MAP_LINE_GRAINS (64 * NG_MAP_LINE_WORDS)
#define NG_MAP_LINE_BYTES  64u

/* Marked rows a hint: hint number i is the number of the block that holds marked row number
 * i * NG_MARK_HINT. A block of text holds about as many, so that most hints leave two blocks. */
#define NG_MARK_HINT 256u

struct ng_bwt_kernel {
	const char *name;
	void (*step)(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		     bool *damaged);
	unsigned (*lf)(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged);
	void (*chains_walk)(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
			    bool *damaged);
	void (*ranks_walk)(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_rank_walk *walks,
			   bool *damaged);
	void (*searches_walk)(const struct ng_bwt *bwt, size_t n, struct ng_bwt_search *searches,
			      bool *damaged);
	bool (*mark)(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged);
	void (*mark_rows)(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			  uint64_t *rows, bool *damaged);
};

extern const struct ng_bwt_kernel ng_bwt_kernel_portable;
#ifdef __x86_64__
extern const struct ng_bwt_kernel ng_bwt_kernel_avx2;
extern const struct ng_bwt_kernel ng_bwt_kernel_avx512;
#endif

struct ng_bwt {
	const uint8_t *blocks;
	const uint8_t *map;
	uint64_t n_blocks;
	uint64_t rows;
	unsigned base_width; /* bits of a count before a block */
	unsigned mark_shift;
	struct ng_token_tables tables;
	uint64_t first_row[NG_SYMBOLS];
	uint64_t total[NG_SYMBOLS]; /* of each symbol in the blocks */
	struct ng_regions regions;
	struct ng_packed hints; /* the block of every NG_MARK_HINTth marked row */
	const struct ng_bwt_kernel *kernel;
};

/* The page of the block that holds a row < rows. */
static inline const uint8_t *ng_bwt_page(const struct ng_bwt *bwt, uint64_t row)
{
	uint64_t grain = row >> NG_GRAIN_LOG;
	const uint8_t *line = bwt->map + grain / NG_MAP_LINE_GRAINS * NG_MAP_LINE_BYTES;
	unsigned within = (unsigned)(grain % NG_MAP_LINE_GRAINS), word = within / 64;
	uint64_t block = ng_load64(line);

	/* Nothing is before word 0: its shift brings in zeroes. */
	block += ng_load64(line + 8) << 9 >> (9 * word) & 511;
	block += (unsigned)__builtin_popcountll(ng_load64(line + 16 + 8 * word) &
						(UINT64_MAX >> (63 - within % 64)));
	/* Only a damaged map gives 0 or too many. */
	if (__builtin_expect(block - 1 >= bwt->n_blocks, 0))
		block = 1;
	return bwt->blocks + (block - 1) * NG_PAGE_BYTES;
}

/* Number of symbol before the block at page, for a symbol that isn't in its alphabet. Reads the
 * region's table, and the page of the next block that has the symbol. */
uint64_t ng_bwt_absent_rank(const struct ng_bwt *bwt, const uint8_t *page, unsigned symbol,
			    bool *damaged);

/* Field of width <= 57 bits at a bit offset; up to 8 bytes from there must be readable. */
static inline uint64_t ng_field(const uint8_t *base, uint64_t bit, unsigned width)
{
	return ng_load64(base + (bit >> 3)) >> (bit & 7) & ((1ull << width) - 1);
}

/* Index of a symbol in a block's alphabet, or UINT32_MAX. */
static inline unsigned ng_block_find(const uint8_t *page, unsigned symbol)
{
	const uint8_t *alphabet = page + NG_BLOCK_HEAD, *at;
	unsigned n = ng_min(ng_block_symbols(page), NG_SYMBOLS);
	unsigned separator = ng_block_separator(page);

	if (symbol == NG_SEPARATOR)
		return separator < n ? separator : UINT32_MAX;
	at = memchr(alphabet, (int)symbol, n);
	/* The separator's place in the alphabet holds a 0 that isn't a NUL byte. */
	if (at && (unsigned)(at - alphabet) == separator)
		at = memchr(at + 1, (int)symbol, n - separator - 1);
	return at ? (unsigned)(at - alphabet) : UINT32_MAX;
}
