/* SPDX-License-Identifier: Apache-2.0 */
/* Walking ranks, by each kernel. */
#include "naive_merge.h"

/* A place in the second text, and how many of the bytes before it, within the document, to take. */
struct walk {
	uint64_t at;
	size_t left;
};

static struct walk walk_make(const struct naive *b, uint64_t *rng)
{
	struct walk walk = {.at = scratch_random(rng) % b->n};
	uint64_t begin = naive_begin(b, naive_doc_of(b, walk.at));

	walk.left = scratch_random(rng) % (ng_min(walk.at - begin, 300u) + 1);
	return walk;
}

static void check_walks(const struct naive_merge *m, unsigned n, uint64_t *rng)
{
	struct walk walks[NG_BWT_CHAINS];
	struct ng_bwt_rank_walk got[NG_BWT_CHAINS];
	uint64_t ranks[NG_BWT_CHAINS][300];
	bool damaged = false;

	for (unsigned i = 0; i < n; i++) {
		walks[i] = walk_make(&m->b, rng);
		got[i] = (struct ng_bwt_rank_walk){m->ranks[walks[i].at], m->b.text + walks[i].at,
						   walks[i].left, ranks[i] + 300};
	}
	ng_bwt_walk_ranks(m->bwt, n, got, &damaged);
	assert_false(damaged);
	for (unsigned i = 0; i < n; i++) {
		const uint64_t *want = m->ranks + walks[i].at - walks[i].left;

		assert_int_equal(got[i].left, 0);
		assert_ptr_equal(got[i].text_end, m->b.text + walks[i].at - walks[i].left);
		assert_ptr_equal(got[i].ranks_end, ranks[i] + 300 - walks[i].left);
		assert_int_equal(got[i].row, *want);
		for (size_t k = 0; k < walks[i].left; k++)
			if (got[i].ranks_end[k] != want[k])
				fail_msg("%s and %s: rank %ju instead of %ju", m->a.name, m->b.name,
					 (uintmax_t)got[i].ranks_end[k], (uintmax_t)want[k]);
	}
}

static void check(struct naive_merge *m, unsigned rounds, uint64_t *rng)
{
	naive_merge_make(m);
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(m->bwt, *kernel), 0);
		for (unsigned i = 0; m->b.n && i < rounds; i++)
			check_walks(m, (unsigned)(scratch_random(rng) % (NG_BWT_CHAINS + 1)), rng);
	}
	naive_merge_clear(m);
}

/* Small corpora with each other: bytes that the first one lacks, ranks behind all rows. */
static void test_small(void **state)
{
	uint64_t rng = naive_seed();
	struct naive_merge m = {0};

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &m.a); i++) {
		for (size_t k = 0; naive_make(NAIVE_SMALL, k, &m.b); k++) {
			/* Of every two pairs one, which the other way round is the other. */
			if (m.a.docs == 0 || ((i + k) % 2 ? i < k : i > k)) {
				naive_clear(&m.b);
				continue;
			}
			check(&m, 3, &rng);
			assert_true(naive_make(NAIVE_SMALL, i, &m.a));
		}
		naive_clear(&m.a);
	}
}

static void words(struct naive *corpus, const char *name, uint64_t seed, size_t bytes)
{
	uint8_t *text = malloc(bytes);

	assert_non_null(text);
	corpus->name = name;
	naive_words(&seed, text, bytes);
	naive_add(corpus, text, bytes);
	free(text);
}

/* Many cells, of several superblocks. */
static void test_words(void **state)
{
	uint64_t rng = naive_seed();
	struct naive_merge m = {0};

	words(&m.a, "words", 1, 700000);
	words(&m.b, "other words", 2, 300000);
	check(&m, 400, &rng);
}

/* Bytes without order: cells with all symbols, and such that lack some. */
static void test_noise(void **state)
{
	uint64_t rng = naive_seed();
	struct naive_merge m = {.a = {.name = "noise"}, .b = {.name = "more noise"}};
	uint8_t text[4096];

	for (unsigned i = 0; i < 80; i++) {
		for (size_t k = 0; k < sizeof(text); k++) {
			uint64_t r = scratch_random(&rng);

			text[k] = (uint8_t)(r & 1 ? r >> 8 & 7 : r >> 8);
		}
		naive_add(i % 3 ? &m.a : &m.b, text, sizeof(text));
	}
	check(&m, 400, &rng);
}

/* Damaged cells: any ranks, but in range, and an end. */
static void test_damage(void **state)
{
	uint64_t rng = naive_seed();
	struct naive_merge m = {0};

	words(&m.a, "words", 3, 200000);
	words(&m.b, "other words", 4, 20000);
	naive_merge_make(&m);
	for (unsigned round = 0; round < 150; round++) {
		struct ng_bwt_rank_walk walks[NG_BWT_CHAINS];
		uint64_t ranks[NG_BWT_CHAINS][100];
		bool damaged = false;

		for (unsigned i = 0; i < 20; i++)
			m.made.cells
				.data[scratch_random(&rng) % (m.made.cells.bytes - NG_CELL_REACH)] =
				(uint8_t)scratch_random(&rng);
		for (unsigned i = 0; i < NG_BWT_CHAINS; i++)
			walks[i] = (struct ng_bwt_rank_walk){
				scratch_random(&rng) % (m.a.n + 1),
				m.b.text + 100 + scratch_random(&rng) % 19000, 100, ranks[i] + 100};
		ng_bwt_walk_ranks(m.bwt, NG_BWT_CHAINS, walks, &damaged);
		for (unsigned i = 0; i < NG_BWT_CHAINS; i++)
			for (unsigned k = 0; k < 100; k++)
				assert_true(ranks[i][k] <= m.a.n);
	}
	naive_merge_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
