/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks in a plane (bwt/cell.h). Part of kernel.h.
 *
 * Bitmaps say which bytes are there (in a plain plane, which has none, all of them) and which of
 * the others are FF, and a rank is that among the bytes that are there and eight for each FF. The
 * modes with a bitmap all go the same way, without a branch but on the plane's length: a branch
 * that is taken every other time costs more than what it would save. Nearly everything is a
 * popcount. */
#pragma once

#include "bwt/cell.h"

#ifdef __BMI2__
#include <immintrin.h>
#endif

static inline unsigned popcount(uint64_t x)
{
#ifdef __POPCNT__
	return (unsigned)__builtin_popcountll(x);
#else
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (unsigned)(x * 0x0101010101010101ull >> 56);
#endif
}

/* The lowest n bits of a word, all of them from 64 on. n < 256. */
static inline uint64_t low_bits(uint64_t x, unsigned n)
{
#ifdef __BMI2__
	return _bzhi_u64(x, n);
#else
	return n < 64 ? x & ((1ull << n) - 1) : x;
#endif
}

/* a where cond is 1, b where it is 0. The compiler would branch, and a wrong branch costs more than
 * both values. */
static inline unsigned pick(unsigned cond, unsigned a, unsigned b)
{
	unsigned mask = -cond;

	__asm__("" : "+r"(mask));
	return b ^ ((a ^ b) & mask);
}

#define PLANE_WORDS (NG_CELL / 64)
#define FEW_WORDS   4u

_Static_assert(NG_CELL / 8 == 128, "the bitmaps of a plane are two words each");

struct plane {
	const uint8_t *bits; /* the bytes that are there */
	const uint8_t *end;  /* of the plane */
	/* Which bytes are there, and which are FF instead; and how many of each are before each of
	 * the two words, and before their end. */
	uint64_t there[3], full[3];
	uint32_t there_before[3], full_before[3];
	uint32_t before[PLANE_WORDS + 1]; /* ones before each word of bits */
	unsigned ones;
	bool plain; /* no bitmaps; the four above say nothing */
};

static inline unsigned beyond_64(unsigned n)
{
	return n > 64 ? n - 64 : 0;
}

/* Bits of values, from the lowest on, to the places of the bits of a mask. */
static inline uint64_t deposit(uint64_t values, uint64_t mask)
{
#ifdef __BMI2__
	return _pdep_u64(values, mask);
#else
	uint64_t deposited = 0;

	for (; mask; mask &= mask - 1, values >>= 1)
		deposited |= mask & -mask & -(values & 1);
	return deposited;
#endif
}

/* Ones before a bit of the bytes that are there. */
static inline unsigned bits_rank(const struct plane *plane, unsigned at)
{
	return plane->before[at >> 6] +
	       popcount(low_bits(ng_load64(plane->bits + (at >> 6) * 8), at & 63));
}

/* The bitmap of a plane's bytes. */
struct plane_map {
	uint64_t there[2], gone[2]; /* which bytes are there, and which aren't */
	uint64_t runs[2];           /* where runs of those begin */
	unsigned bytes;             /* of the bitmap, and of the bits for runs */
};

static inline void plane_map(const uint8_t *p, unsigned n, unsigned mode, struct plane_map *ret)
{
	unsigned bytes = ng_plane_bytes(n), runs;

	ret->there[0] = low_bits(ng_load64(p), bytes);
	ret->there[1] = low_bits(ng_load64(p + 8), beyond_64(bytes));
	ret->gone[0] = low_bits(~ret->there[0], bytes);
	ret->gone[1] = low_bits(~ret->there[1], beyond_64(bytes));
	ret->runs[0] = ret->gone[0] & ~(ret->gone[0] << 1);
	ret->runs[1] = ret->gone[1] & ~(ret->gone[1] << 1 | ret->gone[0] >> 63);
	runs = popcount(ret->runs[0]) + popcount(ret->runs[1]);
	ret->bytes = ng_plane_map_bytes(n) + pick(mode == NG_PLANE_BOTH, (runs + 7) >> 3, 0);
}

/* The bitmaps of a plane that has one; sets bits and end, too. Returns the bytes that are there. */
static inline unsigned plane_open_map(const uint8_t *p, unsigned n, unsigned mode,
				      struct plane *plane)
{
	uint64_t values, begin[2], ones = mode == NG_PLANE_ONES ? UINT64_MAX : 0, sum_0;
	struct plane_map map;

	plane_map(p, n, mode, &map);
	/* The runs that are FF, by their first bytes. A carry goes from there through each, and
	 * clears it. */
	values = mode == NG_PLANE_BOTH ? ng_load64(p + ng_plane_map_bytes(n)) : ones;
	begin[0] = deposit(values, map.runs[0]);
	begin[1] = deposit(ones | values >> (popcount(map.runs[0]) & 63), map.runs[1]);
	sum_0 = map.gone[0] + begin[0];
	plane->full[0] = map.gone[0] & ~sum_0;
	plane->full[1] = map.gone[1] & ~(map.gone[1] + begin[1] + (sum_0 < map.gone[0]));
	plane->full[2] = 0;
	plane->full_before[0] = 0;
	plane->full_before[1] = popcount(plane->full[0]);
	plane->full_before[2] = plane->full_before[1] + popcount(plane->full[1]);
	plane->there[0] = map.there[0];
	plane->there[1] = map.there[1];
	plane->there[2] = 0;
	plane->there_before[0] = 0;
	plane->there_before[1] = popcount(map.there[0]);
	plane->there_before[2] = plane->there_before[1] + popcount(map.there[1]);
	plane->bits = p + map.bytes;
	return plane->there_before[2];
}

/* The plane of 0 <= n <= NG_CELL rows that begins at p. */
static inline void plane_open(const uint8_t *p, unsigned n, unsigned mode, struct plane *ret)
{
	unsigned there, ones_there, full = 0, sum = 0;

	ret->plain = mode == NG_PLANE_PLAIN;
	if (ret->plain) {
		there = ng_plane_bytes(n);
		ret->bits = p;
	} else {
		there = plane_open_map(p, n, mode, ret);
		full = ret->full_before[2];
	}
	ret->end = ret->bits + there;
	/* Words behind the end are counted, too, and not looked at. */
#pragma GCC unroll 4
	for (unsigned w = 0; w < FEW_WORDS; w++) {
		ret->before[w] = sum;
		sum += popcount(ng_load64(ret->bits + 8 * w));
	}
	ret->before[FEW_WORDS] = sum;
	if (there > 8 * FEW_WORDS) {
#pragma GCC unroll 12
		for (unsigned w = FEW_WORDS; w < PLANE_WORDS; w++) {
			ret->before[w] = sum;
			sum += popcount(ng_load64(ret->bits + 8 * w));
		}
		ret->before[PLANE_WORDS] = sum;
	}
	/* A byte that goes on behind the rows is never right, but may be met. */
	ones_there = bits_rank(ret, 8 * there);
	ret->ones = ng_min(8 * full + ones_there, n);
}

static inline const uint8_t *plane_skip(const uint8_t *p, unsigned n, unsigned mode)
{
	struct plane_map map;

	if (mode == NG_PLANE_PLAIN)
		return p + ng_plane_bytes(n);
	plane_map(p, n, mode, &map);
	return p + map.bytes + popcount(map.there[0]) + popcount(map.there[1]);
}

/* Where bit i <= n is: eight for each FF before it, and its place among the bits that are there. */
struct plane_at {
	unsigned fulls, at;
	bool there, full;
};

static inline void plane_find(const struct plane *plane, unsigned i, struct plane_at *ret)
{
	unsigned in = i & 7, half = i >> 9, shift = i >> 3 & 63;
	uint64_t there, full;

	if (plane->plain) {
		*ret = (struct plane_at){.at = i, .there = true};
		return;
	}
	there = plane->there[half];
	full = plane->full[half];
	ret->there = there >> shift & 1;
	ret->full = full >> shift & 1;
	ret->fulls = 8 * (plane->full_before[half] + popcount(low_bits(full, shift))) +
		     (in & -(unsigned)ret->full);
	ret->at = 8 * (plane->there_before[half] + popcount(low_bits(there, shift))) +
		  (in & -(unsigned)ret->there);
}

/* Ones before bit i <= n: i at most, and never less than before a smaller i, whatever the plane
 * holds. */
static inline unsigned plane_rank(const struct plane *plane, unsigned i)
{
	struct plane_at at;

	plane_find(plane, i, &at);
	return at.fulls + bits_rank(plane, at.at);
}

/* The same of a bit i < n, and the bit. */
static inline unsigned plane_rank_bit(const struct plane *plane, unsigned i, unsigned *ret_bit)
{
	struct plane_at at;
	uint64_t word;

	plane_find(plane, i, &at);
	word = ng_load64(plane->bits + (at.at >> 6) * 8);
	*ret_bit = (unsigned)(word >> (at.at & 63) & (unsigned)at.there) | at.full;
	return at.fulls + plane->before[at.at >> 6] + popcount(low_bits(word, at.at & 63));
}
