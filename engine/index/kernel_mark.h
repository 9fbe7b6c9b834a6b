/* Marked rows: those whose suffix is sampled. Part of bwt_kernel.h. */
#pragma once

#include "index/kernel_place.h"

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

/* Bit number of the zero number `n` (from 0) in the bits at p, of which there are `limit`. */
static inline unsigned select_zero(const uint8_t *p, unsigned first_bit, unsigned limit, unsigned n)
{
	for (unsigned at = 0; at < limit; at += 56) {
		uint64_t word = ~ng_field(p, first_bit + at, 56) & ((1ull << 56) - 1);
		unsigned zeros = (unsigned)__builtin_popcountll(word);

		if (n < zeros)
			return at + select_bit(word, n);
		n -= zeros;
	}
	return limit;
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

/* Whether the suffix at a place is sampled; then *ret_sample is its number. */
static inline bool mark_at(const struct ng_bwt *bwt, const struct place *at, uint64_t *ret_sample,
			   bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, before, begin, n_marks;
	unsigned size = ng_min(at->size - (wide << NG_WIDE_LOG), NG_WIDE);
	struct row marks = row_find(at, at->n_symbols, damaged);

	n_marks = row_cell(at, marks, wide);
	if (!n_marks)
		return false;
	begin = (cell_word(at, wide * NG_WIDE_CELLS) & 0xfff) -
		ng_marks_bytes(n_marks, size, bwt->mark_shift);
	if (__builtin_expect(begin > NG_PAGE_BYTES || n_marks > size, 0)) {
		*damaged = true;
		return false;
	}
	if (!cell_mark(at->page + begin, n_marks, size, bwt->mark_shift, at->offset & (NG_WIDE - 1),
		       &before))
		return false;
	*ret_sample = base_of(bwt, at, at->n_symbols, NG_MARKS) + row_sum(at, marks, wide) + before;
	return true;
}
