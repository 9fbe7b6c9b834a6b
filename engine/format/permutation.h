/* SPDX-License-Identifier: Apache-2.0 */
/* The inverse of a permutation that is kept as an array: shortcuts along its cycles, in n / t
 * numbers for n. (J. I. Munro, R. Raman, V. Raman and S. S. Rao, Succinct representations of
 * permutations, ICALP 2003.) A shard's suffix array samples are such a permutation; its inverse
 * says where in them a position of the text is.
 *
 * The indices [0, n) are cut into groups of t, the last of which may be smaller. In each group one
 * index is a holder, chosen at random, so that no list of them is kept: their shortcuts are an
 * array by group. A holder's shortcut is the holder before it on its cycle, itself where it is the
 * only one. To find the index of a value j, begin at index j, which is on the same cycle, and go
 * from index to value until a holder is met; go on from its shortcut, which lies before j, until
 * the value is j. That is some 2 t steps on average, fewer on cycles that are shorter.
 *
 *   u32 t, u32 0, u64 seed, then the shortcuts by group as format/packed.h writes numbers. */
#pragma once

#include "format/packed.h"

#define NG_SPACING_MIN 2u
#define NG_SPACING_MAX 64u

/* Values that are looked up side by side at most. */
#define NG_INVERT_MAX 32u

/* Steps from a holder to the next one on its cycle, or around a cycle without any, at most: more
 * happen at random with a chance of e^-64 a holder, so that a seed without them is soon found. */
static inline uint64_t ng_permutation_gap_max(unsigned spacing)
{
	return 64 * (uint64_t)spacing;
}

/* Number in its group of `size` > 0 indices of the holder of a group (the last mixing steps of
 * splitmix64, S. Vigna, public domain). */
static inline unsigned ng_permutation_holder(uint64_t seed, uint64_t group, unsigned size)
{
	uint64_t z = (seed ^ group) * 0xbf58476d1ce4e5b9u;

	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32) % size;
}

/* ---- reading ---- */

/* A view; the memory stays the caller's. */
struct ng_permutation {
	struct ng_packed numbers; /* the permutation: number i is its value at index i */
	struct ng_packed shortcuts;
	uint64_t seed;
	unsigned spacing; /* t */
};

/* Open the shortcuts that ng_permutation_write wrote for numbers; at least 8 bytes beyond both must
 * be readable. pages: of the shortcuts. O(1): whether the numbers are a permutation isn't checked.
 * -EUCLEAN when lengths don't fit. */
int ng_permutation_open(const struct ng_packed *numbers, const struct ng_pages *pages,
			const uint8_t *data, size_t bytes, struct ng_permutation *ret_permutation);

/* The indices of n <= NG_INVERT_MAX values, each below the permutation's n: ret_indices[i] is in
 * [0, n), and the number at it is values[i]. They are stepped by turns, so that their cache misses,
 * and where they aren't in memory their reads, overlap. O(t) expected steps, 2
 * ng_permutation_gap_max(t) + 2 at most. Thread-safe. -EUCLEAN when a value isn't found in so many
 * steps, as in damaged contents, or a page is damaged. */
int ng_permutation_invert(const struct ng_permutation *permutation, unsigned n,
			  const uint64_t *values, uint64_t *ret_indices);

/* ---- writing ---- */

/* Whether numbers[0..n-1], which come from a file, are a permutation of [0, n): 0, -EUCLEAN or
 * -ENOMEM. Takes a bit a number. What follows relies on it. */
int ng_permutation_check(const uint32_t *numbers, uint64_t n);

/* The shortcuts by group, ceil(n / spacing) of them, for the permutation numbers[0..n-1] of [0, n)
 * and a seed. -EAGAIN where the seed leaves a gap too long; ret_shortcuts then holds something.
 * O(n) steps, many cycles by turns. -ENOMEM. */
int ng_permutation_shortcuts(const uint32_t *numbers, uint64_t n, unsigned spacing, uint64_t seed,
			     uint32_t *ret_shortcuts);

/* Write the shortcuts for the permutation numbers[0..n-1] of [0, n) into the section that was begun
 * last, under the first seed that will do. The seeds come from the numbers, so that nobody can make
 * a text for which many fail. -ENOMEM, or the shard's errors, with err set. */
int ng_permutation_write(const uint32_t *numbers, uint64_t n, unsigned spacing,
			 struct ng_shard_writer *shard, struct ng_error *err);
