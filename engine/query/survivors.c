/* SPDX-License-Identifier: Apache-2.0 */
#include "query/survivors.h"

/* Words of bits between two counts of those before. */
#define BLOCK_WORDS 8u

static uint64_t blocks_of(uint64_t n)
{
	return ng_div_up(n, (uint64_t)64 * BLOCK_WORDS);
}

struct ng_cached *ng_survivors_new(XXH128_hash_t key, uint64_t n)
{
	return ng_cached_new(key, blocks_of(n) * (BLOCK_WORDS + 1));
}

/* Behind the bits: how many are set before each block. */
void ng_survivors_count(struct ng_cached *bits, uint64_t n)
{
	uint64_t blocks = blocks_of(n), *before = bits->words + blocks * BLOCK_WORDS;

	bits->count = 0;
	for (uint64_t b = 0; b < blocks; b++) {
		before[b] = bits->count;
		for (unsigned w = 0; w < BLOCK_WORDS; w++)
			bits->count +=
				(uint64_t)__builtin_popcountll(bits->words[b * BLOCK_WORDS + w]);
	}
}

void ng_survivors_clear(struct ng_survivors *survivors)
{
	ng_cached_unref(survivors->bits);
	*survivors = (struct ng_survivors){0};
}

uint64_t ng_survivors_at(const struct ng_survivors *survivors, uint64_t number)
{
	const uint64_t *words = survivors->bits->words;
	uint64_t blocks = blocks_of(survivors->n), lo = 0, hi = blocks, word, left;
	const uint64_t *before = words + blocks * BLOCK_WORDS;

	while (hi - lo > 1) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (before[middle] <= number)
			lo = middle;
		else
			hi = middle;
	}
	left = number - before[lo];
	for (word = lo * BLOCK_WORDS; left >= (uint64_t)__builtin_popcountll(words[word]); word++)
		left -= (uint64_t)__builtin_popcountll(words[word]);
	for (uint64_t bits = words[word];; bits &= bits - 1)
		if (left-- == 0)
			return word * 64 + (uint64_t)__builtin_ctzll(bits);
}
