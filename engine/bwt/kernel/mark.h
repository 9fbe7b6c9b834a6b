/* SPDX-License-Identifier: Apache-2.0 */
/* Marked rows: those whose suffix is sampled. Part of kernel.h. */
#pragma once

#include "bwt/kernel/visit.h"

/* Number of the set bit of rank n in a word that has more than n. */
static inline unsigned select_bit(uint64_t word, unsigned n)
{
	while (n--)
		word &= word - 1;
	return (unsigned)__builtin_ctzll(word);
}

/* Bit number of the one number `n` (from 0) in the bits at p, of which there are `limit`; of the
 * zero, where flip is all ones. limit or more: there is none. */
static inline unsigned select_bits(const uint8_t *p, unsigned first_bit, unsigned limit, unsigned n,
				   uint64_t flip)
{
	for (unsigned at = 0; at < limit; at += 56) {
		uint64_t word = (ng_field(p, first_bit + at, 56) ^ flip) & ((1ull << 56) - 1);
		unsigned bits = popcount(word);

		if (n < bits)
			return at + select_bit(word, n);
		n -= bits;
	}
	return limit;
}

/* The lowest bit of each field of `width` bits in a word, as many as fit into 56. */
static const uint64_t field_ones[] = {
	0x0000000000000000, 0x00ffffffffffffff, 0x0055555555555555, 0x0009249249249249,
	0x0011111111111111, 0x0004210842108421, 0x0001041041041041, 0x0002040810204081,
	0x0001010101010101, 0x0000201008040201, 0x0000010040100401,
};

/* Whether one of the lowest n fields of a word has a value. */
static inline bool fields_have(uint64_t word, unsigned n, unsigned width, unsigned value)
{
	uint64_t ones = field_ones[width], other = word ^ value * ones;

	/* Above a field that has it, others may seem to. */
	return low_bits((other - ones) & ~other & ones << (width - 1), n * width) != 0;
}

/* Whether one of a cell's marked rows has these lower bits, of 1 to 10: of those that aren't marked
 * nearly all are told by that alone, without a branch that is taken now and then. */
static inline bool marks_have(const uint8_t *marks, unsigned n_marks, unsigned shift, unsigned low)
{
	static const uint8_t fields[] = {0, 56, 28, 18, 14, 11, 9, 8, 7, 6, 5};
	unsigned each = fields[shift], first = ng_min(n_marks, each), rest = n_marks - first;
	bool have = fields_have(ng_load64(marks), first, shift, low);

	have |= fields_have(ng_field(marks, each * shift, 56), ng_min(rest, each), shift, low);
	return have | (rest > each);
}

/* Whether a position of a cell of `size` rows is one of its marked ones, and how many are before.
 */
static inline bool marks_find(const uint8_t *marks, unsigned n_marks, unsigned size, unsigned shift,
			      unsigned position, unsigned *ret_before)
{
	unsigned high = n_marks * shift, limit = ng_marks_high_bits(n_marks, size, shift);
	unsigned bucket = position >> shift, bit, i, low = position & ((1u << shift) - 1);

	if (ng_marks_are_bitmap(n_marks, size, shift)) {
		unsigned before = 0;

		for (i = 0; i + 56 <= position; i += 56)
			before += popcount(ng_field(marks, i, 56));
		*ret_before = before + popcount(ng_field(marks, i, position - i));
		return marks[position >> 3] >> (position & 7) & 1;
	}
	if (shift && !marks_have(marks, n_marks, shift, low))
		return false;
	bit = bucket ? select_bits(marks, high, limit, bucket - 1, UINT64_MAX) + 1 : 0;
	for (i = bit - bucket; bit < limit && (marks[(high + bit) >> 3] >> ((high + bit) & 7) & 1);
	     bit++, i++) {
		unsigned value = (unsigned)ng_field(marks, i * shift, shift);

		if (value >= low) {
			*ret_before = i;
			return value == low;
		}
	}
	return false;
}

/* Where a cell's marked rows are, or NULL where they don't fit. */
static inline const uint8_t *cell_marks(const struct ng_bwt *bwt, const struct visit *v,
					const struct cell *cell)
{
	unsigned bytes = ng_marks_bytes(cell->n_marks, v->size, bwt->mark_shift);

	return bytes <= (size_t)(v->end - v->begin) ? v->end - bytes : NULL;
}

/* Whether the suffix of a visited row is sampled; then *ret_sample is its number. */
static inline bool visit_mark(const struct ng_bwt *bwt, const struct visit *v,
			      const struct cell *cell, uint64_t *ret_sample, bool *damaged)
{
	const uint8_t *marks;
	unsigned before;

	if (!cell->n_marks)
		return false;
	marks = cell_marks(bwt, v, cell);
	if (__builtin_expect(!marks, 0)) {
		*damaged = true;
		return false;
	}
	if (!marks_find(marks, cell->n_marks, v->size, bwt->mark_shift, v->in, &before))
		return false;
	*ret_sample =
		ng_bwt_before_superblock(bwt, v->cell / NG_SUPERBLOCK_CELLS, NG_MARKS, damaged) +
		cell->marks_before + before;
	return true;
}

static bool mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged)
{
	struct visit v;
	struct cell cell;

	if (row >= bwt->rows || !visit_find(bwt, row, &v)) {
		*damaged = true;
		return false;
	}
	cell_open(v.begin, &cell);
	return visit_mark(bwt, &v, &cell, ret_sample, damaged);
}

/* ---- from a mark's number to its row ---- */

/* Offset in a cell of its mark number `mark`; size or more: it isn't there. */
static inline unsigned marks_select(const uint8_t *marks, unsigned n_marks, unsigned size,
				    unsigned shift, unsigned mark)
{
	unsigned high = n_marks * shift, limit = ng_marks_high_bits(n_marks, size, shift), bit;

	if (ng_marks_are_bitmap(n_marks, size, shift))
		return select_bits(marks, 0, size, mark, 0);
	bit = select_bits(marks, high, limit, mark, 0);
	return (bit - mark) << shift | (unsigned)ng_field(marks, mark * shift, shift);
}

/* Marked rows of a cell, whose number its head doesn't say where a bitmap has many. */
static inline unsigned marks_number(const uint8_t *marks, const struct cell *cell, unsigned size)
{
	unsigned n = 0;

	if (cell->n_marks < NG_CELL_MARKS_BITMAP)
		return cell->n_marks;
	for (unsigned i = 0; i < size; i += 56)
		n += popcount(ng_field(marks, i, ng_min(size - i, 56u)));
	return n;
}

/* Row of mark number `mark`, which is in one of the cells, by bisection from the guess on. */
static inline bool cells_select(const struct ng_bwt *bwt, struct ng_mark_cells c, uint64_t mark,
				uint64_t *ret_row, bool *damaged)
{
	for (unsigned tries = 0;; tries++) {
		struct visit v;
		struct cell cell;
		const uint8_t *marks;
		uint64_t base;
		unsigned offset;

		if (!visit_find(bwt, c.guess << NG_CELL_LOG, &v))
			return false;
		cell_open(v.begin, &cell);
		marks = cell_marks(bwt, &v, &cell);
		if (!marks)
			return false;
		base = ng_bwt_before_superblock(bwt, v.cell / NG_SUPERBLOCK_CELLS, NG_MARKS,
						damaged) +
		       cell.marks_before;
		if (mark >= base && mark - base < marks_number(marks, &cell, v.size)) {
			offset = marks_select(marks, cell.n_marks, v.size, bwt->mark_shift,
					      (unsigned)(mark - base));
			*ret_row = (c.guess << NG_CELL_LOG) + offset;
			return offset < v.size;
		}
		if (c.guess == (mark < base ? c.first : c.last))
			return false;
		if (mark < base)
			c.last = --c.guess;
		else
			c.first = ++c.guess;
		/* A guess is seldom off by more than a cell or two. */
		if (tries > 1)
			c.guess = c.first + (c.last - c.first) / 2;
	}
}

#define MARK_GROUP 32u

/* The cells of all marks are asked for before the first is read. */
static void mark_rows(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks, uint64_t *rows,
		      bool *damaged)
{
	for (unsigned i = 0; i < n; i += MARK_GROUP) {
		unsigned here = ng_min(n - i, MARK_GROUP);
		struct ng_mark_cells cells[MARK_GROUP];
		bool found[MARK_GROUP];

		for (unsigned k = 0; k < here; k++) {
			found[k] = ng_bwt_mark_cells(bwt, marks[i + k], &cells[k]);
			if (found[k])
				line_fetch(bwt, cells[k].guess << NG_CELL_LOG);
		}
		for (unsigned k = 0; k < here; k++)
			if (found[k])
				row_fetch(bwt, cells[k].guess << NG_CELL_LOG);
		for (unsigned k = 0; k < here; k++) {
			if (found[k] &&
			    cells_select(bwt, cells[k], marks[i + k], &rows[i + k], damaged))
				continue;
			rows[i + k] = 0;
			*damaged = true;
		}
	}
}
