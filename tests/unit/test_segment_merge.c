/* SPDX-License-Identifier: Apache-2.0 */
/* Shards merged from segments: byte for byte what one sort of all of it gives, whatever repeats. */
#include "build/builder.h"
#include "indexmake.h"
#include "samedir.h"

/* Built in one batch, and in batches of so many bytes. */
static void check_batches(const struct naive *c, const uint64_t *batches, size_t n, bool text_store)
{
	char dir[SCRATCH_DIR_MAX], one[SCRATCH_DIR_MAX + 8], other[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.threads = 2, .text_store = text_store};
	struct ng_build_summary summary;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	made_build(c, &options, one, &summary);
	for (size_t i = 0; i < n; i++) {
		options.batch_bytes = batches[i];
		options.threads = 1 + (unsigned)i % 3;
		made_build(c, &options, other, &summary);
		assert_int_equal(summary.shards, c->docs > 0);
		check_same(one, other);
		assert_int_equal(scratch_remove(other), 0);
	}
	assert_int_equal(scratch_remove(one), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		/* Halves, fifths, and where there are few a batch a document. */
		const uint64_t batches[] = {c.n / 2 + 2, c.n / 5 + 1,
					    c.docs < 40 ? 1 : c.n / 9 + 1};

		check_batches(&c, batches, ng_array_size(batches), i % 3 == 0);
		naive_clear(&c);
	}
}

static void test_large(void **state)
{
	struct naive c;

	for (enum naive_size size = NAIVE_LARGE; size <= NAIVE_HUGE; size++) {
		for (size_t i = 0; naive_make(size, i, &c); i++) {
			const uint64_t batches[] = {c.n / 3 + 1};

			check_batches(&c, batches, 1, false);
			naive_clear(&c);
		}
	}
}

/* Documents of `len` bytes from a generator, n of them. */
static void repeats(struct naive *c, const char *name, size_t n, size_t len,
		    uint8_t (*byte)(size_t i))
{
	uint8_t *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = byte(i);
	*c = (struct naive){.name = name};
	for (size_t d = 0; d < n; d++)
		naive_add(c, text, len);
	free(text);
}

static uint8_t one_letter(size_t i)
{
	return 'a';
}

/* The Fibonacci word: letter i is b where i + 1 ends with an odd number of zeroes in the Zeckendorf
 * code; here by the golden ratio. */
static uint8_t fibonacci(size_t i)
{
	const double ratio = 0.6180339887498949;

	return (uint64_t)((double)(i + 2) * ratio) - (uint64_t)((double)(i + 1) * ratio) ? 'a'
											 : 'b';
}

/* A de Bruijn word of order 16 by a linear feedback shift register: every 16 letters once. */
static uint8_t de_bruijn(size_t i)
{
	static uint32_t state;
	static size_t at;

	if (i == 0)
		state = 1, at = 0;
	for (; at < i; at++)
		state = state >> 1 | ((state ^ state >> 2 ^ state >> 3 ^ state >> 5) & 1) << 15;
	return state & 1 ? 'x' : 'y';
}

static uint8_t prose(size_t i)
{
	static uint8_t text[4096];
	uint64_t rng = 7;

	if (i == 0)
		naive_words(&rng, text, sizeof(text));
	return text[i % sizeof(text)];
}

/* Equal documents and equal halves: suffixes that differ in nothing but their documents' numbers.
 */
static void test_repeats(void **state)
{
	static const struct {
		const char *name;
		size_t docs, len;
		uint8_t (*byte)(size_t i);
	} cases[] = {
		{"1,000 equal documents", 1000, 1000, prose},
		{"one letter", 3, 300000, one_letter},
		{"one letter, many", 2000, 300, one_letter},
		{"Fibonacci", 2, 200000, fibonacci},
		{"de Bruijn", 4, 65535, de_bruijn},
		{"two equal halves", 2, 500000, prose},
		{"empty documents", 3000, 0, prose},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct naive c;
		uint64_t batches[2];

		repeats(&c, cases[i].name, cases[i].docs, cases[i].len, cases[i].byte);
		batches[0] = c.n / 2 + 1;
		batches[1] = c.n / 7 + 1;
		check_batches(&c, batches, 2, false);
		naive_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
