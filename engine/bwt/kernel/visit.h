/* SPDX-License-Identifier: Apache-2.0 */
/* Visits of rows: finding a row's cell, and what is counted before it. Part of kernel.h. */
#pragma once

#include "bwt/bwt_internal.h"
#include "bwt/kernel/cell.h"

/* Lines of a cell that most ranks read: its head, list and counts, and its first planes. As many as
 * the average cell has: with four, extraction takes a fifth longer. */
#define CELL_LINES 6u

static inline void cell_fetch(const uint8_t *cell)
{
#pragma GCC unroll 6
	for (unsigned line = 0; line < CELL_LINES; line++)
		__builtin_prefetch(cell + 64 * line);
}

static inline void line_fetch(const struct ng_bwt *bwt, uint64_t row)
{
	__builtin_prefetch(ng_directory_line(bwt->directory, row >> NG_CELL_LOG));
}

/* The entries of a superblock that most rows need: those of the most frequent symbols, of which a
 * line has eight. */
static inline void entries_fetch(const struct ng_bwt *bwt, uint64_t cell, unsigned lines)
{
	const uint8_t *first = bwt->superblocks.data + NG_SUPERBLOCK_HEAD +
			       8 * (cell / NG_SUPERBLOCK_CELLS) * (bwt->superblocks.n_symbols + 1);

	for (unsigned line = 0; line < lines; line++)
		__builtin_prefetch(first + 64 * line);
}

static inline void entry_fetch(const struct ng_bwt *bwt, uint64_t cell, unsigned symbol)
{
	__builtin_prefetch(
		ng_superblocks_at(&bwt->superblocks, cell / NG_SUPERBLOCK_CELLS, symbol));
}

/* Ask for the cell of a row <= rows, before the row is quite known. */
static inline void row_fetch(const struct ng_bwt *bwt, uint64_t row)
{
	cell_fetch(ng_bwt_cell_guess(bwt, ng_min(row, bwt->rows - 1) >> NG_CELL_LOG));
}

/* A row of a cell. */
struct visit {
	uint64_t cell;
	const uint8_t *begin, *end; /* of the cell's bytes */
	unsigned in, size;          /* the row in the cell, and its rows */
};

/* The cell of a row < rows, which is asked for. False: damaged. */
static inline bool visit_find(const struct ng_bwt *bwt, uint64_t row, struct visit *v)
{
	v->cell = row >> NG_CELL_LOG;
	v->in = (unsigned)row & (NG_CELL - 1);
	v->size = ng_bwt_cell_size(bwt, v->cell);
	if (!ng_bwt_cell_find(bwt, v->cell, &v->begin, &v->end))
		return false;
	cell_fetch(v->begin);
	return true;
}

/* Occurrences before a cell of a symbol that isn't in its list. */
static __attribute__((__noinline__)) uint64_t absent_rank(const struct ng_bwt *bwt, uint64_t number,
							  unsigned symbol, bool *damaged)
{
	uint64_t r = number / NG_SUPERBLOCK_CELLS, begin = r * NG_SUPERBLOCK_CELLS;
	unsigned in = (unsigned)(number - begin) + 1;
	unsigned groups = ng_superblocks_groups(&bwt->superblocks, r, symbol);

	*damaged |= !ng_bwt_sound(bwt, ng_superblocks_at(&bwt->superblocks, r, symbol), 8);
	for (; in < NG_SUPERBLOCK_CELLS; in++) {
		unsigned group = in / NG_GROUP_CELLS, place;
		const uint8_t *at, *end;
		struct cell cell;

		if (!(groups >> group))
			break;
		if (!(groups >> group & 1))
			in = (group + (unsigned)__builtin_ctz(groups >> group)) * NG_GROUP_CELLS;
		if (begin + in >= bwt->n_cells)
			break;
		if (!ng_bwt_cell_find(bwt, begin + in, &at, &end)) {
			*damaged = true;
			return 0;
		}
		cell_open(at, &cell);
		place = cell_find(&cell, symbol);
		if (place != NOT_LISTED)
			return ng_bwt_before_superblock(bwt, r, symbol, damaged) +
			       cell_before(&cell, place);
	}
	return ng_bwt_before_superblock(bwt, r + 1, symbol, damaged);
}

/* Occurrences before the visited row of a symbol that the shard has. */
static inline uint64_t visit_rank(const struct ng_bwt *bwt, const struct visit *v, unsigned symbol,
				  bool *damaged)
{
	uint64_t r = v->cell / NG_SUPERBLOCK_CELLS;
	struct cell cell;
	unsigned place;

	cell_open(v->begin, &cell);
	place = cell_find(&cell, symbol);
	if (place == NOT_LISTED)
		return absent_rank(bwt, v->cell, symbol, damaged);
	return ng_bwt_before_superblock(bwt, r, symbol, damaged) + cell_before(&cell, place) +
	       cell_rank(&cell, v->size, place, v->in);
}

static inline uint64_t row_clamp(const struct ng_bwt *bwt, uint64_t row, bool *damaged)
{
	if (__builtin_expect(row > bwt->rows, 0)) {
		*damaged = true;
		return bwt->rows;
	}
	return row;
}
