/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/superblocks.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

struct made {
	uint64_t n;
	struct ng_superblock_facts *facts;
	uint8_t *data; /* ends where the allocation does */
	size_t bytes;
};

/* Superblocks with random symbols: one is in one of `rarity` of them, and some are nowhere. */
static void make(struct made *made, uint64_t n, unsigned rarity, uint64_t *rng)
{
	struct ng_buf buf = NG_BUF_INIT;

	/* What stands in the buffer before stays. */
	assert_int_equal(ng_buf_append(&buf, "before", 6), 0);
	made->n = n;
	made->facts = calloc(n + 1, sizeof(*made->facts));
	assert_non_null(made->facts);
	for (uint64_t r = 0; r < n; r++) {
		struct ng_superblock_facts *facts = &made->facts[r];

		for (unsigned s = 0; s < NG_SYMBOLS; s++) {
			if (s % 5 == 3 || scratch_random(rng) % rarity)
				continue;
			facts->count[s] = (uint32_t)(1 + scratch_random(rng) % 1000);
			facts->groups[s] = (uint16_t)(1 + scratch_random(rng) % UINT16_MAX);
		}
		facts->count[NG_MARKS] = (uint32_t)(scratch_random(rng) % 100000);
	}
	assert_int_equal(ng_superblocks_write(made->facts, n, &buf), 0);
	assert_memory_equal(buf.data, "before", 6);
	made->bytes = buf.len - 6;
	made->data = malloc(made->bytes);
	assert_non_null(made->data);
	memcpy(made->data, buf.data + 6, made->bytes);
	ng_buf_free(&buf);
}

static void drop(struct made *made)
{
	free(made->facts);
	free(made->data);
}

static void check(const struct made *made)
{
	uint64_t before[NG_SYMBOLS + 1] = {0};
	struct ng_superblocks superblocks;
	unsigned n_symbols = 0;

	assert_int_equal(ng_superblocks_open(made->data, made->bytes, made->n, &superblocks), 0);
	assert_int_equal(superblocks.n, made->n);
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		n_symbols += superblocks.index[s] != NG_SUPERBLOCK_NO_SYMBOL;
	assert_int_equal(superblocks.n_symbols, n_symbols);
	for (uint64_t r = 0; r <= made->n; r++) {
		for (unsigned s = 0; s <= NG_MARKS; s++) {
			unsigned groups =
				r < made->n && s < NG_SYMBOLS ? made->facts[r].groups[s] : 0;

			if (s < NG_SYMBOLS && superblocks.index[s] == NG_SUPERBLOCK_NO_SYMBOL) {
				for (uint64_t k = 0; k < made->n; k++)
					assert_int_equal(made->facts[k].count[s], 0);
				continue;
			}
			assert_int_equal(ng_superblocks_count(&superblocks, r, s), before[s]);
			assert_int_equal(ng_superblocks_groups(&superblocks, r, s), groups);
			if (r < made->n)
				before[s] += made->facts[r].count[s];
		}
	}
}

static void test_random(void **state)
{
	static const struct {
		uint64_t n;
		unsigned rarity;
	} cases[] = {{0, 1}, {1, 1}, {1, 2}, {1, 400}, {7, 3}, {40, 1}, {300, 50}};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct made made;

		make(&made, cases[i].n, cases[i].rarity, &rng);
		check(&made);
		drop(&made);
	}
}

/* Sums beyond 32 bits: a superblock's own are below 2^32, those of many aren't. */
static void test_large_counts(void **state)
{
	struct made made = {.n = 6, .facts = calloc(6, sizeof(*made.facts))};
	struct ng_buf buf = NG_BUF_INIT;

	assert_non_null(made.facts);
	for (uint64_t r = 0; r < made.n; r++) {
		made.facts[r].count['a'] = made.facts[r].count[NG_SEPARATOR] = UINT32_MAX;
		made.facts[r].count[NG_MARKS] = UINT32_MAX - 1;
		made.facts[r].groups['a'] = made.facts[r].groups[NG_SEPARATOR] = UINT16_MAX;
	}
	assert_int_equal(ng_superblocks_write(made.facts, made.n, &buf), 0);
	made.data = buf.data;
	made.bytes = buf.len;
	check(&made);
	drop(&made);
}

static void test_wrong_lengths(void **state)
{
	uint64_t rng = naive_seed();
	struct ng_superblocks superblocks;
	struct made made;

	make(&made, 3, 4, &rng);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, 2, &superblocks), -EUCLEAN);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, 4, &superblocks), -EUCLEAN);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, UINT64_MAX, &superblocks),
			 -EUCLEAN);
	for (size_t cut = 0; cut < made.bytes; cut++)
		assert_int_equal(ng_superblocks_open(made.data, cut, 3, &superblocks), -EUCLEAN);
	drop(&made);
}

/* Whatever the bytes are: refused, or any numbers, and no access out of bounds. */
static void test_damaged(void **state)
{
	uint64_t rng = naive_seed(), sum = 0;
	struct made made;
	unsigned refused = 0;

	make(&made, 3, 4, &rng);
	for (unsigned round = 0; round < 3000; round++) {
		ng_cleanup(ng_freep) uint8_t *copy = malloc(made.bytes);
		struct ng_superblocks superblocks;

		assert_non_null(copy);
		memcpy(copy, made.data, made.bytes);
		for (unsigned k = 0; k < 4; k++) {
			size_t at = scratch_random(&rng) %
				    (k % 2 ? made.bytes : NG_SUPERBLOCK_HEAD + 32);

			copy[at] ^= (uint8_t)(1u << scratch_random(&rng) % 8);
		}
		if (ng_superblocks_open(copy, made.bytes, 3, &superblocks) < 0) {
			refused++;
			continue;
		}
		for (unsigned s = 0; s <= NG_MARKS; s++)
			for (uint64_t r = 0; r <= 3; r++)
				sum += ng_superblocks_count(&superblocks, r, s) +
				       ng_superblocks_groups(&superblocks, r, s);
	}
	assert_in_range(refused, 1, 2999);
	assert_true(sum > 0);
	drop(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_large_counts),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
