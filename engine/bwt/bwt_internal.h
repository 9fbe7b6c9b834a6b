/* SPDX-License-Identifier: Apache-2.0 */
/* What bwt.c and its kernels share. */
#pragma once

#include "bwt/bwt.h"
#include "bwt/directory.h"
#include "bwt/superblocks.h"
#include "format/packed.h"

/* Marked rows a hint: hint number i is the number of the cell that holds marked row number
 * i * NG_MARK_HINT. A cell of text that is sampled every 112 bytes holds nine. */
#define NG_MARK_HINT 64u

struct ng_bwt_kernel {
	const char *name;
	void (*step)(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		     bool *damaged);
	unsigned (*lf)(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged);
	/* Walk for some turns, in each of which every chain makes a step; those that have ended are
	 * taken out of walking[0..n-1]. Returns how many are left. */
	unsigned (*chains_walk)(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain **walking,
				unsigned turns, bool *damaged);
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
#endif

struct ng_bwt {
	const uint8_t *cells;
	const uint8_t *directory;
	uint64_t cells_bytes; /* without the slack */
	uint64_t rows, n_cells;
	unsigned mark_shift;
	const struct ng_pages *pages; /* or NULL */
	uint64_t first_row[NG_SYMBOLS];
	uint64_t total[NG_SYMBOLS]; /* of each symbol */
	struct ng_superblocks superblocks;
	struct ng_packed hints; /* the cell of every NG_MARK_HINTth marked row */
	const struct ng_bwt_kernel *kernel;
};

/* Bytes of a section have been compared with their sums. */
static inline bool ng_bwt_sound(const struct ng_bwt *bwt, const void *at, size_t bytes)
{
	return ng_pages_ok(bwt->pages, at, bytes);
}

/* Rows of a cell. */
static inline unsigned ng_bwt_cell_size(const struct ng_bwt *bwt, uint64_t cell)
{
	return (unsigned)ng_min(bwt->rows - (cell << NG_CELL_LOG), (uint64_t)NG_CELL);
}

/* Where cell number cell < n_cells lies, read from the directory without a check. Any address
 * within the section comes out, whatever the directory says. */
static inline const uint8_t *ng_bwt_cell_guess(const struct ng_bwt *bwt, uint64_t cell)
{
	uint64_t at = ng_directory_begin(ng_directory_line(bwt->directory, cell), cell);

	return bwt->cells + ng_min(at, bwt->cells_bytes);
}

/* The same, checked, the cell's bytes included. False: damaged. */
static inline bool ng_bwt_cell_find(const struct ng_bwt *bwt, uint64_t cell,
				    const uint8_t **ret_begin, const uint8_t **ret_end)
{
	const uint8_t *line = ng_directory_line(bwt->directory, cell);
	uint64_t begin = ng_directory_begin(line, cell), end = ng_directory_end(line, cell);

	*ret_begin = bwt->cells + begin;
	*ret_end = bwt->cells + end;
	return __builtin_expect(ng_pages_ok_within(bwt->pages, line) && begin < end &&
					end <= bwt->cells_bytes &&
					ng_bwt_sound(bwt, bwt->cells + begin, end - begin),
				1);
}

/* Occurrences before superblock r of a symbol that the shard has, or of NG_MARKS. */
static inline uint64_t ng_bwt_before_superblock(const struct ng_bwt *bwt, uint64_t r,
						unsigned symbol, bool *damaged)
{
	const uint8_t *entry = ng_superblocks_at(&bwt->superblocks, r, symbol);

	/* Entries lie at multiples of 8 from the section's beginning, a page's. */
	*damaged |= !ng_pages_ok_within(bwt->pages, entry);
	return ng_load64(entry) >> 16;
}

/* The cells [first, last] that hint number mark / NG_MARK_HINT and the next one leave; the first to
 * look at is where the marks would be if they were evenly spread, so that mostly no other is read.
 */
struct ng_mark_cells {
	uint64_t first, last, guess;
};

static inline bool ng_bwt_mark_cells(const struct ng_bwt *bwt, uint64_t mark,
				     struct ng_mark_cells *ret)
{
	uint64_t hint = mark / NG_MARK_HINT;
	bool bad = false;

	if (hint >= bwt->hints.n)
		return false;
	ret->first = ng_packed_get(&bwt->hints, hint, &bad);
	ret->last = hint + 1 < bwt->hints.n ? ng_packed_get(&bwt->hints, hint + 1, &bad)
					    : bwt->n_cells - 1;
	if (bad || ret->first > ret->last || ret->last >= bwt->n_cells)
		return false;
	ret->guess =
		ret->first + ((ret->last - ret->first) * (mark % NG_MARK_HINT) + NG_MARK_HINT / 2) /
				     NG_MARK_HINT;
	return true;
}

/* What a chain makes of the symbol of its step. */
static inline void ng_bwt_chain_took(struct ng_bwt_chain *chain, unsigned symbol, bool *damaged)
{
	chain->left = symbol + 1 == chain->until ? 0 : chain->left - 1;
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

/* Field of width <= 57 bits at a bit offset; up to 8 bytes from there must be readable. */
static inline uint64_t ng_field(const uint8_t *base, uint64_t bit, unsigned width)
{
	return ng_load64(base + (bit >> 3)) >> (bit & 7) & ((1ull << width) - 1);
}
