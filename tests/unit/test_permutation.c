/* SPDX-License-Identifier: Apache-2.0 */
#include "format/permutation.h"
#include "naive.h"
#include "shardmake.h"
#include "plain.h"

/* Permutations whose cycles are of all kinds. */
enum kind {
	IDENTITY,
	REVERSED,
	ONE_CYCLE,  /* i to i + 1 */
	STRIDED,    /* i to i + s, the stride a multiple of the group */
	TWO_CYCLES, /* the even and the odd ones, each a random cycle */
	FIXED_AND_ONE,
	RANDOM,
	KINDS
};

static const char *const kind_names[] = {"identity",   "reversed",      "one cycle", "strided",
					 "two cycles", "fixed and one", "random"};

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

static void shuffle(uint32_t *a, uint64_t n, uint64_t *rng)
{
	for (uint64_t i = n; i > 1; i--)
		swap(&a[i - 1], &a[scratch_random(rng) % i]);
}

/* One cycle through order[0..n-1]. */
static void cycle_make(uint32_t *numbers, const uint32_t *order, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		numbers[order[i]] = order[(i + 1) % n];
}

static uint32_t *permutation_make(enum kind kind, uint64_t n, uint64_t *rng)
{
	uint32_t *numbers = calloc(n + 1, sizeof(*numbers));
	ng_cleanup(ng_freep) uint32_t *order = calloc(n + 1, sizeof(*order));
	uint64_t half = n / 2;

	assert_non_null(numbers);
	assert_non_null(order);
	for (uint64_t i = 0; i < n; i++) {
		numbers[i] = (uint32_t)i;
		order[i] = (uint32_t)i;
	}
	switch (kind) {
	case REVERSED:
		for (uint64_t i = 0; i < n; i++)
			numbers[i] = (uint32_t)(n - 1 - i);
		break;
	case ONE_CYCLE:
		cycle_make(numbers, order, n);
		break;
	case STRIDED:
		for (uint64_t i = 0; i < n; i++)
			numbers[i] = (uint32_t)((i + 640) % n);
		break;
	case TWO_CYCLES:
		for (uint64_t i = 0; i < n; i++)
			order[i] = (uint32_t)(i < half ? 2 * i + 1 : 2 * (i - half));
		shuffle(order, half, rng);
		shuffle(order + half, n - half, rng);
		cycle_make(numbers, order, half);
		cycle_make(numbers, order + half, n - half);
		break;
	case FIXED_AND_ONE:
		shuffle(order, n, rng);
		cycle_make(numbers, order, n / 3);
		break;
	case RANDOM:
		shuffle(numbers, n, rng);
		break;
	default:
		break;
	}
	return numbers;
}

/* A section's bytes in memory of their own, with 8 readable ones behind. */
struct copy {
	uint8_t *data;
	size_t bytes;
};

static void copy_make(const struct ng_shard_file *file, uint32_t type, struct copy *ret)
{
	const uint8_t *data;

	assert_true(ng_shard_file_section(file, type, &data, &ret->bytes));
	ret->data = calloc(ret->bytes + 8, 1);
	assert_non_null(ret->data);
	memcpy(ret->data, data, ret->bytes);
}

static void copies_write(const struct fixture *f, const uint32_t *numbers, uint64_t n,
			 unsigned spacing, struct copy *ret_numbers, struct copy *ret_shortcuts)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct ng_packed_writer writer;
	uint64_t bytes, checksum;

	unlink(f->path);
	assert_int_equal(ng_shard_writer_new(f->path, &shard, NULL), 0);
	assert_int_equal(ng_shard_writer_section(shard, NG_SECTION_SA_SAMPLES, NULL), 0);
	assert_int_equal(ng_packed_writer_begin(&writer, shard, n, n ? n - 1 : 0, NULL), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(ng_packed_writer_put(&writer, numbers[i], NULL), 0);
	assert_int_equal(ng_packed_writer_end(&writer, NULL), 0);
	assert_int_equal(ng_shard_writer_section(shard, NG_SECTION_SHORTCUTS, NULL), 0);
	assert_int_equal(ng_permutation_write(numbers, n, spacing, shard, NULL), 0);
	assert_int_equal(ng_shard_writer_finish(shard, &bytes, &checksum, NULL), 0);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	copy_make(file, NG_SECTION_SA_SAMPLES, ret_numbers);
	copy_make(file, NG_SECTION_SHORTCUTS, ret_shortcuts);
}

/* Every value's index, in groups of all sizes. */
static void check(const struct fixture *f, enum kind kind, uint64_t n, unsigned spacing,
		  uint64_t *rng)
{
	ng_cleanup(ng_freep) uint32_t *numbers = permutation_make(kind, n, rng);
	ng_cleanup(ng_freep) uint32_t *inverse = calloc(n + 1, sizeof(*inverse));
	struct copy a, b;
	struct ng_packed packed;
	struct ng_permutation p;
	uint64_t values[NG_INVERT_MAX], indices[NG_INVERT_MAX];

	assert_non_null(inverse);
	for (uint64_t i = 0; i < n; i++)
		inverse[numbers[i]] = (uint32_t)i;
	copies_write(f, numbers, n, spacing, &a, &b);
	assert_int_equal(ng_packed_open(NULL, a.data, a.bytes, &packed), 0);
	assert_int_equal(ng_permutation_open(&packed, NULL, b.data, b.bytes, &p), 0);
	assert_int_equal(p.spacing, spacing);
	assert_int_equal(p.shortcuts.n, ng_div_up(n, spacing));
	for (uint64_t at = 0; at < n;) {
		uint64_t most = 1 + scratch_random(rng) % NG_INVERT_MAX;
		unsigned here = (unsigned)ng_min(most, n - at);

		for (unsigned i = 0; i < here; i++)
			values[i] = at + i;
		assert_int_equal(ng_permutation_invert(&p, here, values, indices), 0);
		for (unsigned i = 0; i < here; i++)
			if (indices[i] != inverse[at + i])
				fail_msg("%s, %ju by %u: value %ju is at %u, not %ju",
					 kind_names[kind], (uintmax_t)n, spacing,
					 (uintmax_t)(at + i), inverse[at + i],
					 (uintmax_t)indices[i]);
		at += here;
	}
	assert_int_equal(ng_permutation_invert(&p, 0, values, indices), 0);
	free(a.data);
	free(b.data);
}

static void test_inverse(void **state)
{
	static const uint64_t ns[] = {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, 30011};
	static const unsigned spacings[] = {2, 3, 8, 16, 64};
	uint64_t rng = naive_seed();

	for (unsigned kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < ng_array_size(ns); i++)
			for (size_t k = 0; k < ng_array_size(spacings); k++)
				check(*state, kind, ns[i], spacings[k], &rng);
	check(*state, RANDOM, 700001, 8, &rng);
	check(*state, ONE_CYCLE, 700001, 8, &rng);
}

static unsigned holder_of(uint64_t seed, uint64_t group, unsigned spacing, uint64_t n)
{
	return ng_permutation_holder(seed, group,
				     (unsigned)ng_min(n - group * spacing, (uint64_t)spacing));
}

/* Permutations made against a seed: a cycle of what it makes no holder, and the same with one. */
static void test_bad_seed(void **state)
{
	enum { N = 4000, SPACING = 8, SEED = 17 };
	uint64_t gap = ng_permutation_gap_max(SPACING);
	ng_cleanup(ng_freep) uint32_t *numbers = calloc(N, sizeof(*numbers));
	ng_cleanup(ng_freep) uint32_t *order = calloc(N, sizeof(*order));
	uint32_t shortcuts[N / SPACING];
	const struct {
		uint64_t others; /* in the cycle */
		bool holder;
		int r;
	} cases[] = {
		{gap, false, 0},    {gap + 1, false, -EAGAIN}, {2 * gap, false, -EAGAIN},
		{gap - 1, true, 0}, {gap, true, -EAGAIN},      {2 * gap, true, -EAGAIN},
	};

	assert_non_null(numbers);
	assert_non_null(order);
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		uint64_t n = 0;

		if (cases[i].holder)
			order[n++] = holder_of(SEED, 0, SPACING, N);
		for (uint32_t k = 0; k < N; k++) {
			numbers[k] = k;
			if (n < cases[i].others + cases[i].holder &&
			    k % SPACING != holder_of(SEED, k / SPACING, SPACING, N))
				order[n++] = k;
		}
		cycle_make(numbers, order, n);
		assert_int_equal(ng_permutation_shortcuts(numbers, N, SPACING, SEED, shortcuts),
				 cases[i].r);
		/* The next seed has other holders. */
		if (cases[i].r == -EAGAIN)
			assert_int_equal(
				ng_permutation_shortcuts(numbers, N, SPACING, SEED + 1, shortcuts),
				0);
	}
}

static void test_damaged_head(void **state)
{
	uint64_t rng = naive_seed();
	ng_cleanup(ng_freep) uint32_t *numbers = permutation_make(RANDOM, 1000, &rng);
	struct copy a, b;
	struct ng_packed packed;
	struct ng_permutation p = {.spacing = 42};
	static const uint32_t bad[] = {0, 1, 65, UINT32_MAX, 7, 9, 16};

	copies_write(*state, numbers, 1000, 8, &a, &b);
	assert_int_equal(ng_packed_open(NULL, a.data, a.bytes, &packed), 0);
	for (size_t cut = 0; cut < b.bytes; cut++)
		assert_int_equal(ng_permutation_open(&packed, NULL, b.data, cut, &p), -EUCLEAN);
	for (size_t i = 0; i < ng_array_size(bad); i++) {
		ng_store32(b.data, bad[i]);
		assert_int_equal(ng_permutation_open(&packed, NULL, b.data, b.bytes, &p), -EUCLEAN);
	}
	assert_int_equal(p.spacing, 42);
	free(a.data);
	free(b.data);
}

/* Whatever the numbers, the shortcuts and the seed are: an index in range, whose number is the
 * value, or an error. */
static void test_damaged(void **state)
{
	uint64_t rng = naive_seed();
	unsigned failed = 0;

	for (unsigned round = 0; round < scratch_rounds(300); round++) {
		uint64_t n = 1 + scratch_random(&rng) % 3000;
		unsigned spacing = 2 + (unsigned)(scratch_random(&rng) % 63);
		ng_cleanup(ng_freep) uint32_t *numbers = permutation_make(round % KINDS, n, &rng);
		struct copy a, b;
		struct ng_packed packed;
		struct ng_permutation p;

		copies_write(*state, numbers, n, spacing, &a, &b);
		for (unsigned i = 0; i < 1 + round % 50; i++) {
			uint64_t r = scratch_random(&rng);

			if (round % 3 != 1 && b.bytes > 32)
				b.data[32 + (r >> 8) % (b.bytes - 32)] ^= (uint8_t)(r >> 50);
			if (round % 3 != 0 && a.bytes > 16)
				a.data[16 + r % (a.bytes - 16)] ^= (uint8_t)(r >> 40);
		}
		if (round % 7 == 0)
			ng_store64(b.data + 8, scratch_random(&rng));
		assert_int_equal(ng_packed_open(NULL, a.data, a.bytes, &packed), 0);
		assert_int_equal(ng_permutation_open(&packed, NULL, b.data, b.bytes, &p), 0);
		for (uint64_t value = 0; value < n; value++) {
			uint64_t index = UINT64_MAX;
			int r = ng_permutation_invert(&p, 1, &value, &index);

			if (r == 0) {
				assert_true(index < n);
				assert_int_equal(plain_packed_get(&packed, index), value);
			} else {
				assert_int_equal(r, -EUCLEAN);
				assert_int_equal(index, UINT64_MAX);
				failed++;
			}
		}
		free(a.data);
		free(b.data);
	}
	assert_true(failed > 1000);
}

static void test_check(void **state)
{
	uint64_t rng = naive_seed();

	for (uint32_t n = 0; n < 300; n++) {
		ng_cleanup(ng_freep) uint32_t *numbers = calloc(n + 1, sizeof(*numbers));
		uint32_t at, was;

		assert_non_null(numbers);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t k = (uint32_t)(scratch_random(&rng) % (i + 1));

			numbers[i] = numbers[k];
			numbers[k] = i;
		}
		assert_int_equal(ng_permutation_check(numbers, n), 0);
		if (n < 2)
			continue;
		/* One twice, and one beyond. */
		at = (uint32_t)(scratch_random(&rng) % n);
		was = numbers[at];
		numbers[at] = numbers[(at + 1) % n];
		assert_int_equal(ng_permutation_check(numbers, n), -EUCLEAN);
		numbers[at] = n % 2 ? n : UINT32_MAX;
		assert_int_equal(ng_permutation_check(numbers, n), -EUCLEAN);
		numbers[at] = was;
		assert_int_equal(ng_permutation_check(numbers, n), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test_setup_teardown(test_inverse, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_bad_seed),
		cmocka_unit_test_setup_teardown(test_damaged_head, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
