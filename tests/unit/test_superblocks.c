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

static bool has(const struct ng_superblock_facts *facts, uint64_t block, unsigned symbol)
{
	return facts->present[block * NG_PRESENT_BYTES + symbol / 8] >> symbol % 8 & 1;
}

static bool group_has(const struct ng_superblock_facts *facts, uint64_t block, unsigned symbol)
{
	uint64_t begin = block / NG_PRESENT_BLOCKS * NG_PRESENT_BLOCKS;

	for (uint64_t b = begin; b < ng_min(begin + NG_PRESENT_BLOCKS, facts->n_blocks); b++)
		if (has(facts, b, symbol))
			return true;
	return false;
}

/* Blocks with random alphabets: a symbol is in one of `rarity` blocks, and some are nowhere. */
static void make(struct made *made, uint64_t n, uint64_t max_blocks, unsigned rarity, uint64_t *rng)
{
	struct ng_buf buf = NG_BUF_INIT;

	made->n = n;
	made->facts = calloc(n + 1, sizeof(*made->facts));
	assert_non_null(made->facts);
	for (uint64_t r = 0; r < n; r++) {
		struct ng_superblock_facts *facts = &made->facts[r];

		facts->n_blocks = scratch_random(rng) % max_blocks + 1;
		facts->present = calloc(facts->n_blocks, NG_PRESENT_BYTES);
		assert_non_null(facts->present);
		for (uint64_t i = 0; i < facts->n_blocks * NG_SYMBOLS; i++) {
			unsigned s = (unsigned)(i % NG_SYMBOLS);

			if (s % 5 == 3 || scratch_random(rng) % rarity)
				continue;
			facts->present[i / NG_SYMBOLS * NG_PRESENT_BYTES + s / 8] |=
				(uint8_t)(1u << s % 8);
			facts->count[s] += 1 + scratch_random(rng) % 1000;
		}
		facts->count[NG_MARKS] = scratch_random(rng) % 100000;
	}
	assert_int_equal(ng_superblocks_write(made->facts, n, &buf), 0);
	made->bytes = buf.len;
	made->data = malloc(buf.len);
	assert_non_null(made->data);
	memcpy(made->data, buf.data, buf.len);
	ng_buf_free(&buf);
}

static void drop(struct made *made)
{
	for (uint64_t r = 0; r < made->n; r++)
		free(made->facts[r].present);
	free(made->facts);
	free(made->data);
}

static void check(const struct made *made)
{
	uint64_t before[NG_SYMBOLS + 1] = {0}, first = 0, got;
	struct ng_superblocks superblocks;

	assert_int_equal(ng_superblocks_open(made->data, made->bytes, made->n, &superblocks), 0);
	for (uint64_t r = 0; r <= made->n; r++) {
		for (unsigned s = 0; s <= NG_MARKS; s++) {
			if (s == NG_MARKS || superblocks.index[s] != NG_SUPERBLOCK_NO_SYMBOL)
				assert_int_equal(ng_superblocks_count(&superblocks, r, s),
						 before[s]);
			else
				assert_int_equal(before[s], 0);
			if (r < made->n)
				before[s] += made->facts[r].count[s];
		}
	}
	for (uint64_t r = 0; r < made->n; r++) {
		const struct ng_superblock_facts *facts = &made->facts[r];

		for (unsigned s = 0; s < NG_SYMBOLS; s++) {
			uint64_t next = UINT64_MAX;

			for (uint64_t b = facts->n_blocks; b-- > 0;) {
				int want = next != UINT64_MAX;

				assert_int_equal(
					ng_superblocks_next(&superblocks, r, first + b, s, &got),
					want);
				if (want)
					assert_int_equal(got, next);
				/* Its neighbours' bit is its own. */
				if (group_has(facts, b, s))
					next = first + b;
			}
		}
		first += facts->n_blocks;
	}
}

static void test_random(void **state)
{
	static const struct {
		uint64_t n, max_blocks;
		unsigned rarity;
	} cases[] = {
		{0, 1, 1}, {1, 1, 1}, {1, 7, 2}, {1, 8, 2}, {1, 9, 3}, {1, 300, 50}, {6, 40, 30},
	};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct made made;

		make(&made, cases[i].n, cases[i].max_blocks, cases[i].rarity, &rng);
		check(&made);
		drop(&made);
	}
}

static void test_wrong_lengths(void **state)
{
	uint64_t rng = naive_seed();
	struct ng_superblocks superblocks;
	struct made made;

	make(&made, 3, 20, 4, &rng);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, 2, &superblocks), -EUCLEAN);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, 4, &superblocks), -EUCLEAN);
	assert_int_equal(ng_superblocks_open(made.data, made.bytes, UINT64_MAX, &superblocks),
			 -EUCLEAN);
	for (size_t cut = 0; cut < NG_SUPERBLOCK_HEAD + 4 * 8; cut++)
		assert_int_equal(ng_superblocks_open(made.data, cut, 3, &superblocks), -EUCLEAN);
	/* Cut further behind, it opens, but the last superblock's table isn't all there. */
	for (size_t cut = made.bytes - 1; cut > made.bytes - 200; cut--) {
		uint64_t next;

		assert_int_equal(ng_superblocks_open(made.data, cut, 3, &superblocks), 0);
		assert_int_equal(ng_superblocks_next(&superblocks, 2, 0, 'a', &next), -EUCLEAN);
	}
	drop(&made);
}

/* Whatever the bytes are: an answer or -EUCLEAN, and no access out of bounds. */
static void test_damaged(void **state)
{
	uint64_t rng = naive_seed(), got;
	struct made made;
	unsigned refused = 0;

	make(&made, 3, 20, 4, &rng);
	for (unsigned round = 0; round < 3000; round++) {
		size_t cut = made.bytes - (round % 2 ? scratch_random(&rng) % 3000 : 0);
		ng_cleanup(ng_freep) uint8_t *copy = malloc(cut);
		struct ng_superblocks superblocks;

		assert_non_null(copy);
		memcpy(copy, made.data, cut);
		for (unsigned k = 0; k < 4; k++) {
			size_t at = scratch_random(&rng) % (k % 2 ? cut : NG_SUPERBLOCK_HEAD + 32);

			copy[at] ^= (uint8_t)(1u << scratch_random(&rng) % 8);
		}
		if (ng_superblocks_open(copy, cut, 3, &superblocks) < 0) {
			refused++;
			continue;
		}
		for (unsigned s = 0; s < NG_SYMBOLS; s++) {
			for (uint64_t r = 0; r < 4; r++) {
				int n = 0;

				/* Any number, but read inside the section. */
				got = ng_superblocks_count(&superblocks, r, s);
				if (r < 3)
					n = ng_superblocks_next(&superblocks, r,
								scratch_random(&rng) % 64, s, &got);
				assert_true(n == 0 || n == 1 || n == -EUCLEAN);
			}
		}
	}
	assert_in_range(refused, 1, 2999);
	drop(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
