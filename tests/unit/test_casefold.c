/* SPDX-License-Identifier: Apache-2.0 */
/* test_casefold --print: every code point that folds to another, and that, for casefold.py. */
#include "query/casefold.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <cmocka.h>

#define CODE_POINTS 0x110000u

static bool is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c < 0xe000;
}

static void print_all(void)
{
	for (uint32_t c = 0; c < CODE_POINTS; c++)
		if (ng_casefold(c) != c)
			printf("%u %u\n", c, ng_casefold(c));
}

static void test_known(void **state)
{
	static const uint32_t folds[][2] = {
		{'A', 'a'},         {'Z', 'z'},           {'@', '@'},
		{'[', '['},         {'a', 'a'},           {0, 0},
		{0x130, 0x130},     /* dotted capital I: folds to two, or in Turkish */
		{0x131, 0x131},     /* dotless i */
		{0xdf, 0xdf},       /* sharp s */
		{0x1e9e, 0xdf},     /* the capital one */
		{0x17f, 's'},       /* long s */
		{0x212a, 'k'},      /* Kelvin */
		{0x212b, 0xe5},     /* Angstrom */
		{0x3a3, 0x3c3},     /* sigma */
		{0x3c2, 0x3c3},     /* the final one */
		{0x1f88, 0x1f80},   /* a capital with iota beside it */
		{0x10d0, 0x10d0},   /* Georgian */
		{0x1c90, 0x10d0},   /* its capital */
		{0xab70, 0x13a0},   /* Cherokee: to the capital */
		{0x10400, 0x10428}, /* Deseret */
		{0x10427, 0x1044f}, {0x10428, 0x10428},   {0x1e921, 0x1e943}, /* Adlam */
		{0x100, 0x101}, /* one of every second */
		{0x101, 0x101},     {0x10ffff, 0x10ffff},
	};

	for (size_t i = 0; i < ng_array_size(folds); i++)
		if (ng_casefold(folds[i][0]) != folds[i][1])
			fail_msg("U+%04X folds to U+%04X", folds[i][0], ng_casefold(folds[i][0]));
}

/* Every character's cases against those that the folding of all gives. */
static void test_cases(void **state)
{
	ng_cleanup(ng_freep) uint8_t *sizes = calloc(CODE_POINTS, 1);

	assert_non_null(sizes);
	for (uint32_t c = 0; c < CODE_POINTS; c++) {
		uint32_t folded = ng_casefold(c);

		assert_true(folded < CODE_POINTS);
		assert_int_equal(ng_casefold(folded), folded);
		sizes[folded]++;
	}
	for (uint32_t c = 0; c < CODE_POINTS; c++) {
		uint8_t text[5] = {'k'};
		struct ng_cases cases;
		size_t len;

		if (is_surrogate(c))
			continue;
		len = ng_utf8_put(c, text + 1);
		assert_int_equal(ng_casefold_last(text, len + 1, &cases), len);
		if (cases.n != sizes[ng_casefold(c)])
			fail_msg("U+%04X has %u cases, not %u", c, cases.n, sizes[ng_casefold(c)]);
		for (unsigned i = 0; i < cases.n; i++) {
			struct ng_cases same;

			assert_int_equal(
				ng_casefold_last(cases.of[i].bytes, cases.of[i].len, &same),
				cases.of[i].len);
			assert_memory_equal(same.of[0].bytes, cases.of[0].bytes, cases.of[0].len);
			for (unsigned k = 0; k < i; k++)
				assert_true(cases.of[k].len != cases.of[i].len ||
					    memcmp(cases.of[k].bytes, cases.of[i].bytes,
						   cases.of[i].len));
		}
	}
}

/* What is no character stands for its last byte. */
static void test_invalid(void **state)
{
	static const struct {
		const char *text;
		size_t len, taken;
	} ends[] = {
		{"\xff", 1, 1},
		{"a\xc3", 2, 1},
		{"\xa4", 1, 1},
		{"\xe2\x84", 2, 1},             /* the Kelvin sign, cut off */
		{"\x84\xaa", 2, 1},             /* and its end */
		{"\xc1\x8b", 2, 1},             /* an overlong K */
		{"\xed\xa0\x80", 3, 1},         /* a surrogate */
		{"\xf4\x90\x80\x80", 4, 1},     /* beyond the last */
		{"\xf0\x90\x90\x80\x80", 5, 1}, /* a continuation too many */
		{"\xc3\xe2\x84\xaa", 4, 3},     /* a character behind half a one */
	};

	for (size_t i = 0; i < ng_array_size(ends); i++) {
		const uint8_t *text = (const uint8_t *)ends[i].text;
		struct ng_cases cases;

		assert_int_equal(ng_casefold_last(text, ends[i].len, &cases), ends[i].taken);
		if (ends[i].taken > 1)
			continue;
		assert_int_equal(cases.n, 1);
		assert_int_equal(cases.of[0].len, 1);
		assert_int_equal(cases.of[0].bytes[0], text[ends[i].len - 1]);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_invalid),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		print_all();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
