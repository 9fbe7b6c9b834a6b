/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ef.h"
#include "scratch.h"
#include "plain.h"

#include <setjmp.h>
#include <cmocka.h>

/* Number of values <= x, by looking at them. */
static uint64_t naive_rank(const uint64_t *values, uint64_t n, uint64_t x)
{
	uint64_t lo = 0, hi = n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (values[mid] <= x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* An encoding in memory that ends where the allocation does, so that sanitizers see a byte too
 * many being read. */
struct encoded {
	uint8_t *data;
	size_t bytes;
	struct ng_ef ef;
};

static void encode(struct encoded *e, const uint64_t *values, uint64_t n)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;

	/* Something in front, as in a file; the encoding need not be aligned in memory. */
	assert_int_equal(ng_buf_append(&buf, "abc", 3), 0);
	assert_int_equal(ng_ef_encode(values, n, &buf), 0);
	e->bytes = buf.len - 3;
	assert_int_equal(e->bytes % 8, 0);
	e->data = malloc(e->bytes);
	assert_non_null(e->data);
	memcpy(e->data, buf.data + 3, e->bytes);
	assert_int_equal(ng_ef_open(NULL, e->data, e->bytes, &e->ef), 0);
	assert_int_equal(e->ef.n, n);
	assert_int_equal(e->ef.last, n ? values[n - 1] : 0);
}

static void check(const uint64_t *values, uint64_t n, uint64_t seed)
{
	uint64_t rng = seed, step = n / 20000 + 1;
	struct encoded e;

	encode(&e, values, n);
	for (uint64_t i = 0; i < n; i += step) {
		uint64_t probes[] = {values[i] ? values[i] - 1 : 0, values[i],
				     values[i] < UINT64_MAX ? values[i] + 1 : values[i]};

		if (plain_ef_get(&e.ef, i) != values[i])
			fail_msg("seed %llu: value %llu differs", (unsigned long long)seed,
				 (unsigned long long)i);
		for (size_t k = 0; k < ng_array_size(probes); k++)
			if (plain_ef_rank(&e.ef, probes[k]) != naive_rank(values, n, probes[k]))
				fail_msg("seed %llu: rank %llu differs", (unsigned long long)seed,
					 (unsigned long long)probes[k]);
	}
	for (int k = 0; k < 2000; k++) {
		uint64_t x = scratch_random(&rng) >> scratch_random(&rng) % 64;

		if (plain_ef_rank(&e.ef, x) != naive_rank(values, n, x))
			fail_msg("seed %llu: rank %llu differs", (unsigned long long)seed,
				 (unsigned long long)x);
	}
	free(e.data);
}

static void test_small(void **state)
{
	static const struct {
		uint64_t n, values[8];
	} cases[] = {
		{0, {0}},
		{1, {0}},
		{1, {1}},
		{1, {UINT64_MAX}},
		{2, {0, 0}},
		{2, {0, UINT64_MAX}},
		{2, {UINT64_MAX, UINT64_MAX}},
		{8, {0, 0, 0, 0, 0, 0, 0, 0}},
		{8, {7, 7, 7, 7, 7, 7, 7, 7}},
		{8, {0, 1, 2, 3, 4, 5, 6, 7}},
		{8, {0, 0, 0, 0, 0, 0, 0, 1ull << 40}},
		{8,
		 {1ull << 62, 1ull << 62, 1ull << 63, 1ull << 63, UINT64_MAX - 1, UINT64_MAX - 1,
		  UINT64_MAX, UINT64_MAX}},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++)
		check(cases[i].values, cases[i].n, i);
}

/* Gaps between values: what documents of a corpus look like, and what they should not. */
enum shape { DENSE, EVEN, WIDE, CLUSTERED, EQUAL, ONE_GAP, SHAPES };

static void fill(uint64_t *values, uint64_t n, enum shape shape, uint64_t *rng)
{
	uint64_t v = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t r = scratch_random(rng), gap = 0;

		switch (shape) {
		case DENSE:
			gap = r % 2;
			break;
		case EVEN:
			gap = r % 4000;
			break;
		case WIDE:
			gap = r % (1ull << 40) / n;
			break;
		case CLUSTERED:
			gap = r % 1000 ? r >> 32 & 3 : r >> 28;
			break;
		case EQUAL:
			break;
		case ONE_GAP:
			gap = i == n / 3 ? 1ull << 36 : 1;
			break;
		case SHAPES:
			break;
		}
		v += gap;
		values[i] = v;
	}
}

static void test_random(void **state)
{
	static const uint64_t sizes[] = {3,   63,   64,   65,   511,  512,
					 513, 1023, 1024, 1025, 5000, 200000};

	for (size_t s = 0; s < ng_array_size(sizes); s++) {
		ng_cleanup(ng_freep) uint64_t *values = malloc(sizes[s] * sizeof(*values));

		assert_non_null(values);
		for (enum shape shape = 0; shape < SHAPES; shape++) {
			uint64_t seed = s * SHAPES + shape, rng = seed;

			fill(values, sizes[s], shape, &rng);
			check(values, sizes[s], seed);
		}
	}
}

/* n (2 + log u/n) bits, and a fifth of a bit for each of these two for the directory. */
static void test_size(void **state)
{
	static const unsigned widths[] = {0, 4, 12, 20};
	const uint64_t n = 100000;
	ng_cleanup(ng_freep) uint64_t *values = malloc(n * sizeof(*values));

	assert_non_null(values);
	for (size_t w = 0; w < ng_array_size(widths); w++) {
		struct encoded e;

		for (uint64_t i = 0; i < n; i++)
			values[i] = (i + 1) << widths[w];
		encode(&e, values, n);
		assert_in_range(e.bytes * 8, n * (2 + widths[w]), n * (2 + widths[w]) + n / 2);
		free(e.data);
	}
}

static void test_refuses(void **state)
{
	static const uint64_t falling[] = {1, 5, 4};
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	static const uint64_t values[] = {1, 5, 900, 70000};
	struct encoded e;
	struct ng_ef untouched = {.n = 99};

	assert_int_equal(ng_ef_encode(falling, 3, &buf), -EINVAL);
	assert_int_equal(buf.len, 0);
	encode(&e, values, 4);
	for (size_t bytes = 0; bytes < e.bytes; bytes++)
		assert_int_equal(ng_ef_open(NULL, e.data, bytes, &untouched), -EUCLEAN);
	assert_int_equal(untouched.n, 99);
	free(e.data);
}

/* Damaged bytes give wrong values, but never an access out of bounds (a sanitizer's to see) and
 * never a rank beyond n. */
static void test_damaged(void **state)
{
	for (uint64_t seed = 0; seed < 3000; seed++) {
		uint64_t rng = seed, n = 1 + scratch_random(&rng) % 3000, values[3000];
		struct encoded e;
		struct ng_ef ef;

		fill(values, n, (enum shape)(seed % SHAPES), &rng);
		encode(&e, values, n);
		for (uint64_t k = scratch_random(&rng) % 8 + 1; k; k--) {
			size_t at = scratch_random(&rng) % (seed % 3 ? e.bytes : 16);

			e.data[at] = (uint8_t)scratch_random(&rng);
		}
		if (!ng_ef_open(NULL, e.data, e.bytes, &ef)) {
			for (int k = 0; k < 100 && ef.n; k++) {
				uint64_t x = scratch_random(&rng) >> scratch_random(&rng) % 64;

				plain_ef_get(&ef, scratch_random(&rng) % ef.n);
				if (plain_ef_rank(&ef, x) > ef.n)
					fail_msg("seed %llu: rank above n",
						 (unsigned long long)seed);
			}
		}
		free(e.data);
	}
}

/* Header fields that a stranger chose. */
static void test_hostile_header(void **state)
{
	static const uint64_t numbers[] = {0,
					   1,
					   2,
					   63,
					   64,
					   512,
					   4096,
					   1ull << 32,
					   1ull << 56,
					   1ull << 57,
					   1ull << 61,
					   1ull << 63,
					   UINT64_MAX - 1,
					   UINT64_MAX};
	enum { BYTES = 4096 };
	ng_cleanup(ng_freep) uint8_t *data = calloc(1, BYTES);
	struct ng_ef ef;

	assert_non_null(data);
	for (size_t i = 0; i < ng_array_size(numbers); i++)
		for (size_t j = 0; j < ng_array_size(numbers); j++) {
			ng_store64(data, numbers[i]);
			ng_store64(data + 8, numbers[j]);
			if (ng_ef_open(NULL, data, BYTES, &ef) || !ef.n)
				continue;
			plain_ef_get(&ef, 0);
			plain_ef_get(&ef, ef.n - 1);
			for (size_t k = 0; k < ng_array_size(numbers); k++)
				assert_true(plain_ef_rank(&ef, numbers[k]) <= ef.n);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_size),    cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_hostile_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
