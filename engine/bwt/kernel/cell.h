/* SPDX-License-Identifier: Apache-2.0 */
/* Rank and access in a cell (bwt/cell.h). Part of kernel.h.
 *
 * Whatever a cell holds, reading it stays within NG_CELL_REACH bytes, and ends: places and rows are
 * cut to what is left of them, so that no plane seems longer than NG_CELL. */
#pragma once

#include "bwt/kernel/plane.h"

#define NOT_LISTED UINT32_MAX

struct cell {
	const uint8_t *list, *counts, *planes, *shape;
	uint64_t modes;
	unsigned n_symbols; /* in the list */
	unsigned separator; /* its place, or NOT_LISTED */
	unsigned n_wide, wide, narrow;
	unsigned n_marks, marks_before;
};

static inline void cell_open(const uint8_t *p, struct cell *ret)
{
	unsigned head = p[0], has_separator = head >> 7;
	uint32_t word = ng_load32(p + 4);

	ret->shape = ng_cell_shapes[head & 15];
	ret->n_symbols = p[1] + 1u + (word >> 31);
	ret->n_marks = p[2];
	ret->n_wide = p[3];
	ret->wide = word & 31;
	ret->narrow = word >> 5 & 31;
	ret->marks_before = word >> 10 & ((1u << 21) - 1);
	ret->modes = ng_load64(p + NG_CELL_HEAD);
	ret->list = p + NG_CELL_HEAD + (head >> 4 & 7) + 1;
	ret->separator = has_separator ? ret->list[ret->n_symbols] : NOT_LISTED;
	ret->counts = ret->list + ret->n_symbols + has_separator;
	ret->planes = ret->counts + ((ret->n_symbols * ret->narrow +
				      ng_min(ret->n_wide, ret->n_symbols) *
					      (ret->wide - ng_min(ret->narrow, ret->wide)) +
				      7) >>
				     3);
}

/* Place of a byte among n, or NOT_LISTED. Up to 31 bytes behind them are read. */
static inline unsigned byte_find(const uint8_t *p, unsigned n, unsigned byte)
{
#ifdef __AVX2__
	__m256i all = _mm256_set1_epi8((char)byte);

	for (unsigned i = 0; i < n; i += 32) {
		__m256i some = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		uint32_t found = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, some));

		if (found) {
			i += (unsigned)__builtin_ctz(found);
			return i < n ? i : NOT_LISTED;
		}
	}
#else
	const uint64_t ones = 0x0101010101010101ull;

	for (unsigned i = 0; i < n; i += 8) {
		uint64_t other = ng_load64(p + i) ^ byte * ones;
		uint64_t zero = (other - ones) & ~other & ones << 7;

		if (zero) {
			i += (unsigned)__builtin_ctzll(zero) >> 3;
			return i < n ? i : NOT_LISTED;
		}
	}
#endif
	return NOT_LISTED;
}

/* Place of a symbol in the cell's list, or NOT_LISTED. */
static inline unsigned cell_find(const struct cell *cell, unsigned symbol)
{
	unsigned n = cell->n_symbols, at;

	if (symbol == NG_SEPARATOR)
		return cell->separator < n ? cell->separator : NOT_LISTED;
	at = byte_find(cell->list, n, symbol);
	/* The separator's place holds a 0 that isn't a NUL byte. */
	if (__builtin_expect(at == cell->separator && at != NOT_LISTED, 0)) {
		unsigned more = byte_find(cell->list + at + 1, n - at - 1, symbol);

		at = more == NOT_LISTED ? NOT_LISTED : at + 1 + more;
	}
	return at;
}

static inline unsigned cell_symbol(const struct cell *cell, unsigned place)
{
	return place == cell->separator ? NG_SEPARATOR : cell->list[place];
}

/* Occurrences of the symbol at a place of the list before the cell in its superblock. */
static inline unsigned cell_before(const struct cell *cell, unsigned place)
{
	unsigned more = cell->wide - ng_min(cell->narrow, cell->wide);
	unsigned bit = place * cell->narrow + ng_min(place, cell->n_wide) * more;
	unsigned width = place < cell->n_wide ? cell->wide : cell->narrow;

	return (unsigned)low_bits(ng_load64(cell->counts + (bit >> 3)) >> (bit & 7), width);
}

/* A walk down a cell's planes. */
struct descent {
	const uint8_t *p, *shape;
	uint64_t modes;
	unsigned n;     /* rows that are left */
	unsigned at;    /* first place of the group */
	unsigned width; /* planes of the group */
	struct plane plane;
};

static inline void descent_begin(const struct cell *cell, unsigned size, struct descent *d)
{
	d->p = cell->planes;
	d->shape = cell->shape;
	d->modes = cell->modes;
	d->n = size;
	d->at = 0;
}

/* To the next group. True where a plane leads on from it, which is then open; the last has none. */
static inline bool descent_group(struct descent *d, const struct cell *cell)
{
	d->width = *d->shape++;
	if (d->at + (1u << d->width) >= cell->n_symbols) {
		d->width = ng_places_width(cell->n_symbols - d->at);
		return false;
	}
	return true;
}

static inline void descent_plane(struct descent *d)
{
	plane_open(d->p, d->n, d->modes & 3, &d->plane);
	d->p = d->plane.end;
	d->modes >>= 2;
}

/* Beyond the group, to the `more` rows of those behind it. */
static inline void descent_pass(struct descent *d, unsigned more)
{
	for (unsigned w = d->width; w; w--, d->modes >>= 2)
		d->p = plane_skip(d->p, d->n - more, d->modes & 3);
	d->at += 1u << d->width;
	d->n = more;
}

/* Occurrences of the symbol at `place` among the first *a, and the first *b >= *a, of the cell's
 * rows. */
static inline void cell_rank_both(const struct cell *cell, unsigned size, unsigned place,
				  unsigned *a, unsigned *b)
{
	unsigned i = *a, k = *b, lo = 0;
	struct descent d;

	descent_begin(cell, size, &d);
	while (descent_group(&d, cell)) {
		unsigned more, i_more, k_more;

		descent_plane(&d);
		i_more = plane_rank(&d.plane, i);
		k_more = plane_rank(&d.plane, k);
		more = d.plane.ones;
		if (place < d.at + (1u << d.width)) {
			d.n -= more;
			i = ng_min(i - i_more, d.n);
			k = ng_min(k - k_more, d.n);
			break;
		}
		descent_pass(&d, more);
		i = i_more;
		k = k_more;
	}
	place -= d.at;
	for (unsigned e = 0; e < d.width; e++) {
		unsigned lo_ones, i_ones, k_ones, zeroes, bit = place >> e & 1;

		descent_plane(&d);
		lo_ones = e ? plane_rank(&d.plane, lo) : 0;
		i_ones = plane_rank(&d.plane, i);
		k_ones = plane_rank(&d.plane, k);
		zeroes = d.n - d.plane.ones;
		lo = pick(bit, zeroes + lo_ones, lo - lo_ones);
		i = pick(bit, zeroes + i_ones, i - i_ones);
		k = pick(bit, zeroes + k_ones, k - k_ones);
	}
	*a = i - lo;
	*b = k - lo;
}

/* The occurrences of the symbol at `place` among the first i rows, where row i < size has it; false
 * where it has another one. What two ends that are neighbours need, for half of the work. */
static inline bool cell_rank_here(const struct cell *cell, unsigned size, unsigned place,
				  unsigned i, unsigned *ret_rank)
{
	unsigned lo = 0;
	struct descent d;

	descent_begin(cell, size, &d);
	while (descent_group(&d, cell)) {
		unsigned i_more, goes_on;

		descent_plane(&d);
		i_more = plane_rank_bit(&d.plane, i, &goes_on);
		if (goes_on != (place >= d.at + (1u << d.width)))
			return false;
		if (!goes_on) {
			d.n -= d.plane.ones;
			i = ng_min(i - i_more, d.n);
			break;
		}
		descent_pass(&d, d.plane.ones);
		i = i_more;
	}
	place -= d.at;
	for (unsigned e = 0; e < d.width; e++) {
		unsigned lo_ones, i_ones, bit, zeroes;

		descent_plane(&d);
		lo_ones = e ? plane_rank(&d.plane, lo) : 0;
		i_ones = plane_rank_bit(&d.plane, i, &bit);
		if (bit != (place >> e & 1))
			return false;
		zeroes = d.n - d.plane.ones;
		lo = pick(bit, zeroes + lo_ones, lo - lo_ones);
		i = pick(bit, zeroes + i_ones, i - i_ones);
	}
	*ret_rank = i - lo;
	return true;
}

/* The same with one end. */
static inline unsigned cell_rank(const struct cell *cell, unsigned size, unsigned place, unsigned i)
{
	unsigned lo = 0;
	struct descent d;

	descent_begin(cell, size, &d);
	while (descent_group(&d, cell)) {
		unsigned more, i_more;

		descent_plane(&d);
		i_more = plane_rank(&d.plane, i);
		more = d.plane.ones;
		if (place < d.at + (1u << d.width)) {
			d.n -= more;
			i = ng_min(i - i_more, d.n);
			break;
		}
		descent_pass(&d, more);
		i = i_more;
	}
	place -= d.at;
	for (unsigned e = 0; e < d.width; e++) {
		unsigned lo_ones, i_ones, zeroes, bit = place >> e & 1;

		descent_plane(&d);
		lo_ones = e ? plane_rank(&d.plane, lo) : 0;
		i_ones = plane_rank(&d.plane, i);
		zeroes = d.n - d.plane.ones;
		lo = pick(bit, zeroes + lo_ones, lo - lo_ones);
		i = pick(bit, zeroes + i_ones, i - i_ones);
	}
	return i - lo;
}

/* The place in the list of the symbol of row i < size, and its occurrences in the cell before. */
static inline unsigned cell_access(const struct cell *cell, unsigned size, unsigned i,
				   unsigned *ret_before)
{
	unsigned lo = 0, place = 0;
	struct descent d;

	descent_begin(cell, size, &d);
	while (descent_group(&d, cell)) {
		unsigned i_more, goes_on;

		descent_plane(&d);
		i_more = plane_rank_bit(&d.plane, i, &goes_on);
		if (!goes_on) {
			d.n -= d.plane.ones;
			i = ng_min(i - i_more, d.n);
			break;
		}
		descent_pass(&d, d.plane.ones);
		i = i_more;
	}
	for (unsigned e = 0; e < d.width; e++) {
		unsigned lo_ones, i_ones, bit, zeroes;

		descent_plane(&d);
		lo_ones = e ? plane_rank(&d.plane, lo) : 0;
		i_ones = plane_rank_bit(&d.plane, i, &bit);
		zeroes = d.n - d.plane.ones;
		place |= bit << e;
		lo = pick(bit, zeroes + lo_ones, lo - lo_ones);
		i = pick(bit, zeroes + i_ones, i - i_ones);
	}
	*ret_before = i - lo;
	return d.at + place;
}
