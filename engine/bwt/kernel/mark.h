/* Marked rows: those whose suffix is sampled. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/place.h"

/* Number of the set bit of rank n in a word that has more than n. */
static inline unsigned select_bit(uint64_t word, unsigned n)
{
#ifdef __BMI2__
	return (unsigned)__builtin_ctzll(_pdep_u64(1ull << n, word));
#else
	while (n--)
		word &= word - 1;
	return (unsigned)__builtin_ctzll(word);
#endif
}

/* Bit number of the one number `n` (from 0) in the bits at p, of which there are `limit`; of the
 * zero, where flip is all ones. limit or more: there is none. */
static inline unsigned select_bits(const uint8_t *p, unsigned first_bit, unsigned limit, unsigned n,
				   uint64_t flip)
{
	for (unsigned at = 0; at < limit; at += 56) {
		uint64_t word = (ng_field(p, first_bit + at, 56) ^ flip) & ((1ull << 56) - 1);
		unsigned bits = (unsigned)__builtin_popcountll(word);

		if (n < bits)
			return at + select_bit(word, n);
		n -= bits;
	}
	return limit;
}

static inline unsigned select_zero(const uint8_t *p, unsigned first_bit, unsigned limit, unsigned n)
{
	return select_bits(p, first_bit, limit, n, UINT64_MAX);
}

static inline bool cell_mark(const uint8_t *marks, unsigned n_marks, unsigned size, unsigned shift,
			     unsigned position, unsigned *ret_before)
{
	unsigned high = n_marks * shift, limit = ng_marks_high_bits(n_marks, size, shift);
	unsigned bucket = position >> shift, bit, i, low = position & ((1u << shift) - 1);

	if (ng_marks_are_bitmap(n_marks, size, shift)) {
		unsigned before = 0;

		for (i = 0; i + 56 <= position; i += 56)
			before += (unsigned)__builtin_popcountll(ng_field(marks, i, 56));
		before += (unsigned)__builtin_popcountll(ng_field(marks, i, position - i));
		*ret_before = before;
		return marks[position >> 3] >> (position & 7) & 1;
	}
	bit = bucket ? select_zero(marks, high, limit, bucket - 1) + 1 : 0;
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

/* The marked positions of a wide cell of `size` rows that has n_marks of them, or NULL where they
 * don't fit. */
static inline const uint8_t *cell_marks(const struct ng_bwt *bwt, const struct place *at,
					unsigned wide, unsigned n_marks, unsigned size)
{
	unsigned begin = (cell_word(at, wide * NG_WIDE_CELLS) & 0xfff) -
			 ng_marks_bytes(n_marks, size, bwt->mark_shift);

	if (__builtin_expect(begin > NG_PAGE_BYTES || n_marks > size, 0))
		return NULL;
	return at->page + begin;
}

/* Whether the suffix at a place is sampled; then *ret_sample is its number. */
static inline bool mark_at(const struct ng_bwt *bwt, const struct place *at, uint64_t *ret_sample,
			   bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, before, n_marks;
	unsigned size = ng_min(at->size - (wide << NG_WIDE_LOG), NG_WIDE);
	struct row row = row_find(at, at->n_symbols, damaged);
	const uint8_t *marks;

	n_marks = row_cell(at, row, wide);
	if (!n_marks)
		return false;
	marks = cell_marks(bwt, at, wide, n_marks, size);
	if (__builtin_expect(!marks, 0)) {
		*damaged = true;
		return false;
	}
	if (!cell_mark(marks, n_marks, size, bwt->mark_shift, at->offset & (NG_WIDE - 1), &before))
		return false;
	*ret_sample = base_of(bwt, at, at->n_symbols, NG_MARKS) + row_sum(at, row, wide) + before;
	return true;
}

/* ---- from a mark's number to its row ---- */

/* Offset in a wide cell of its mark number `mark` < n_marks; size or more: it isn't there. */
static inline unsigned cell_select(const uint8_t *marks, unsigned n_marks, unsigned size,
				   unsigned shift, unsigned mark)
{
	unsigned high = n_marks * shift, limit = ng_marks_high_bits(n_marks, size, shift), bit;

	if (ng_marks_are_bitmap(n_marks, size, shift))
		return select_bits(marks, 0, size, mark, 0);
	bit = select_bits(marks, high, limit, mark, 0);
	return (bit - mark) << shift | (unsigned)ng_field(marks, mark * shift, shift);
}

/* Row of mark number `mark` of a block, which `row` counts; at is the block's first row. */
static inline bool block_select(const struct ng_bwt *bwt, const struct place *at, struct row row,
				unsigned mark, uint64_t *ret_row)
{
	unsigned wide = 0, n_marks, size, offset;
	const uint8_t *marks;

	while (mark >= (n_marks = row_cell(at, row, wide))) {
		mark -= n_marks;
		if (++wide >= row.width)
			return false;
	}
	if (wide << NG_WIDE_LOG >= at->size)
		return false;
	size = ng_min(at->size - (wide << NG_WIDE_LOG), NG_WIDE);
	marks = cell_marks(bwt, at, wide, n_marks, size);
	if (!marks)
		return false;
	offset = cell_select(marks, n_marks, size, bwt->mark_shift, mark);
	*ret_row = ng_block_start(at->page) + (wide << NG_WIDE_LOG) + offset;
	return offset < size && *ret_row < bwt->rows;
}

/* Row of mark number `mark`, which is in one of the blocks, by bisection from the guess on. */
static inline bool blocks_select(const struct ng_bwt *bwt, struct ng_mark_blocks b, uint64_t mark,
				 uint64_t *ret_row)
{
	bool damaged = false;

	for (;;) {
		const uint8_t *page = bwt->blocks + b.guess * NG_PAGE_BYTES;
		struct place at;
		struct row row;
		uint64_t base;

		if (ng_block_start(page) >= bwt->rows ||
		    !place_find(bwt, page, ng_block_start(page), &at, &damaged))
			return false;
		row = row_find(&at, at.n_symbols, &damaged);
		if (damaged)
			return false;
		base = base_of(bwt, &at, at.n_symbols, NG_MARKS);
		if (mark >= base && mark - base < row_sum(&at, row, row.width))
			return block_select(bwt, &at, row, (unsigned)(mark - base), ret_row);
		if (b.guess == (mark < base ? b.first : b.last))
			return false;
		if (mark < base)
			b.last = b.guess - 1;
		else
			b.first = b.guess + 1;
		b.guess = b.first + (b.last - b.first) / 2;
	}
}

#define MARK_GROUP 32u

/* The blocks of all marks are asked for before the first is read. */
static void mark_rows(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks, uint64_t *rows,
		      bool *damaged)
{
	for (unsigned i = 0; i < n; i += MARK_GROUP) {
		unsigned here = ng_min(n - i, MARK_GROUP);
		struct ng_mark_blocks blocks[MARK_GROUP];
		bool found[MARK_GROUP];

		for (unsigned k = 0; k < here; k++) {
			found[k] = ng_bwt_mark_blocks(bwt, marks[i + k], &blocks[k]);
			if (found[k])
				page_lines_fetch(bwt->blocks + blocks[k].guess * NG_PAGE_BYTES);
		}
		for (unsigned k = 0; k < here; k++) {
			if (found[k] && blocks_select(bwt, blocks[k], marks[i + k], &rows[i + k]))
				continue;
			rows[i + k] = 0;
			*damaged = true;
		}
	}
}
