/* What bwt.c and its kernels share. */
#pragma once

#include "bwt/bwt.h"
#include "bwt/superblocks.h"
#include "format/packed.h"

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
	struct ng_superblocks superblocks;
	struct ng_packed hints; /* the block of every NG_MARK_HINTth marked row */
	const struct ng_bwt_kernel *kernel;
	struct ng_decoded *decoded; /* or NULL */
	uint64_t decoded_at;        /* its entry of the first block */
};

/* The line of the map that a row is in. */
static inline const uint8_t *ng_bwt_map_line(const struct ng_bwt *bwt, uint64_t row)
{
	return bwt->map + (row >> NG_GRAIN_LOG) / NG_MAP_LINE_GRAINS * NG_MAP_LINE_BYTES;
}

/* The page of the block that holds a row < rows. */
static inline const uint8_t *ng_bwt_page(const struct ng_bwt *bwt, uint64_t row)
{
	uint64_t grain = row >> NG_GRAIN_LOG;
	const uint8_t *line = ng_bwt_map_line(bwt, row);
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

/* The blocks [first, last] that hint number mark / NG_MARK_HINT and the next one leave; the first
 * to look at is where the marks would be if they were evenly spread, so that mostly no other page
 * is read. */
struct ng_mark_blocks {
	uint64_t first, last, guess;
};

static inline bool ng_bwt_mark_blocks(const struct ng_bwt *bwt, uint64_t mark,
				      struct ng_mark_blocks *ret)
{
	uint64_t hint = mark / NG_MARK_HINT;
	bool bad = false;

	if (hint >= bwt->hints.n)
		return false;
	ret->first = ng_packed_get(&bwt->hints, hint, &bad);
	ret->last = hint + 1 < bwt->hints.n ? ng_packed_get(&bwt->hints, hint + 1, &bad)
					    : bwt->n_blocks - 1;
	if (bad || ret->first > ret->last || ret->last >= bwt->n_blocks)
		return false;
	ret->guess =
		ret->first + ((ret->last - ret->first) * (mark % NG_MARK_HINT) + NG_MARK_HINT / 2) /
				     NG_MARK_HINT;
	return true;
}

/* What a chain makes of the symbol of its step. */
static inline void ng_bwt_chain_took(struct ng_bwt_chain *chain, unsigned symbol, bool *damaged)
{
	chain->left--;
	chain->taken += !chain->marked;
	/* The first row of a document is marked; one that goes on from there is at its end. */
	*damaged |= symbol == NG_SEPARATOR && !chain->marked;
	if (chain->skip) {
		chain->skip--;
	} else if (!chain->to_mark) {
		*--chain->end = (uint8_t)symbol;
	} else if (chain->give) {
		chain->give = symbol == NG_SEPARATOR ? 0 : chain->give - 1;
		if (symbol != NG_SEPARATOR)
			*--chain->end = (uint8_t)symbol;
	}
}

/* Number of symbol before the block at page, for a symbol that isn't in its alphabet. Reads the
 * superblock's table, and the page of the next block that has the symbol. */
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
