/* SPDX-License-Identifier: Apache-2.0 */
/* A Feistel network is a permutation of pairs of numbers, whatever its round function (M. Luby and
 * C. Rackoff, How to construct pseudorandom permutations from pseudorandom functions, SIAM J.
 * Comput. 1988). Of numbers below n it is one if it is applied again until a number comes that is
 * below n (J. Black and P. Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002). */
#include "query/shuffle.h"

/* Rounds on fewer bits leave some orders more likely than others: on two in each half, a few
 * numbers' orders differ by some percent. */
#define HALF_BITS_MIN 4u

/* S. Vigna's splitmix64: every bit of x changes every bit of the result. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

struct ng_shuffle ng_shuffle_make(uint64_t n, uint64_t seed)
{
	struct ng_shuffle shuffle = {.n = n};

	shuffle.half_bits = ng_max((ng_bits(n - 1) + 1) / 2, HALF_BITS_MIN);
	for (unsigned round = 0; round < ng_array_size(shuffle.keys); round++)
		shuffle.keys[round] = mix(seed += 0x9e3779b97f4a7c15u);
	return shuffle;
}

uint64_t ng_shuffle_at(const struct ng_shuffle *shuffle, uint64_t i)
{
	uint64_t mask = (UINT64_C(1) << shuffle->half_bits) - 1;

	do {
		uint64_t left = i >> shuffle->half_bits, right = i & mask;

		for (unsigned round = 0; round < ng_array_size(shuffle->keys); round++) {
			uint64_t next = left ^ (mix(right + shuffle->keys[round]) & mask);

			left = right;
			right = next;
		}
		i = left << shuffle->half_bits | right;
	} while (i >= shuffle->n);
	return i;
}
