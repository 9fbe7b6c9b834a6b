/* SPDX-License-Identifier: Apache-2.0 */
#include "names/path.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *name;
	size_t name_len;
	int r;
	const char *query;
	size_t query_len;
} names[] = {
	{TEXT("a"), 0, TEXT("a")},
	{TEXT("of the"), 0, TEXT("of the")},
	{TEXT("a%2Fb"), 0, TEXT("a/b")},
	{TEXT("a%2fb"), 0, TEXT("a/b")},
	{TEXT("%25"), 0, TEXT("%")},
	{TEXT("%2525"), 0, TEXT("%25")},
	{TEXT("%00"), 0, TEXT("\0")},
	{TEXT("%2E%2E"), 0, TEXT("..")},
	{TEXT("%2E"), 0, TEXT(".")},
	{TEXT("%ff\xff"), 0, TEXT("\xff\xff")},
	{TEXT("\n"), 0, TEXT("\n")},
	{TEXT(" a "), 0, TEXT(" a ")},
	{TEXT("%e4%B8%adx"), 0, TEXT("\xe4\xb8\xadx")},
	{TEXT("+"), 0, TEXT("+")},
	{TEXT(""), -EINVAL, TEXT("")},
	{TEXT("%"), -EINVAL, TEXT("")},
	{TEXT("%2"), -EINVAL, TEXT("")},
	{TEXT("a%"), -EINVAL, TEXT("")},
	{TEXT("%%25"), -EINVAL, TEXT("")},
	{TEXT("%g0"), -EINVAL, TEXT("")},
	{TEXT("%0g"), -EINVAL, TEXT("")},
	{TEXT("%+1"), -EINVAL, TEXT("")},
	{TEXT("% 1"), -EINVAL, TEXT("")},
	{TEXT("%\0\0"), -EINVAL, TEXT("")},
};

static void test_decode(void **state)
{
	for (size_t i = 0; i < ng_array_size(names); i++) {
		size_t len = 12345;
		/* Not a byte more than the name has, so that sanitizers see one too many. */
		ng_cleanup(ng_freep) char *name = malloc(ng_max(names[i].name_len, (size_t)1));
		ng_cleanup(ng_freep) uint8_t *buf = malloc(ng_max(names[i].name_len, (size_t)1));

		memcpy(name, names[i].name, names[i].name_len);
		if (ng_path_decode(name, names[i].name_len, buf, &len) != names[i].r)
			fail_msg("%s: wrong result", names[i].name);
		if (names[i].r) {
			assert_int_equal(len, 12345);
			continue;
		}
		if (len != names[i].query_len || memcmp(buf, names[i].query, len) != 0)
			fail_msg("%s: wrong query", names[i].name);
		/* In place too. */
		assert_int_equal(ng_path_decode(name, names[i].name_len, (uint8_t *)name, &len), 0);
		assert_int_equal(len, names[i].query_len);
		assert_memory_equal(name, names[i].query, len);
	}
}

/* Any query, each byte written plain or escaped by chance, comes back. */
static void test_decode_random(void **state)
{
	uint64_t seed = 20260, rng = seed;

	for (int round = 0; round < 20000; round++) {
		uint8_t query[64], out[192];
		char name[193];
		size_t query_len = 1 + scratch_random(&rng) % sizeof(query), len = 0, out_len;

		for (size_t i = 0; i < query_len; i++) {
			uint64_t chance = scratch_random(&rng);
			uint8_t c = query[i] = (uint8_t)(chance >> 8);

			if (c == '%' || chance % 3 == 0)
				len += (size_t)sprintf(name + len, chance & 4 ? "%%%02x" : "%%%02X",
						       c);
			else
				name[len++] = (char)c;
		}
		if (ng_path_decode(name, len, out, &out_len) != 0 || out_len != query_len ||
		    memcmp(out, query, query_len) != 0)
			fail_msg("seed %llu, round %d", (unsigned long long)seed, round);
	}
}

static void test_width(void **state)
{
	for (uint64_t n = 0; n < 2000; n++) {
		char text[24];

		sprintf(text, "%llu", (unsigned long long)(n ? n - 1 : 0));
		assert_int_equal(ng_path_width(n), strlen(text));
	}
	assert_int_equal(ng_path_width(UINT64_MAX), 20);
}

static const struct {
	const char *name;
	unsigned width;
	const char *suffix;
	int r;
	uint64_t number;
} numbers[] = {
	{"0.txt", 1, ".txt", 0, 0},
	{"0042.txt", 4, ".txt", 0, 42},
	{"42.txt", 4, ".txt", 0, 42},
	{"042.json", 4, ".json", 0, 42},
	{"00042.txt", 4, ".txt", -ENOENT, 0},
	{"18446744073709551615.txt", 20, ".txt", 0, UINT64_MAX},
	{"18446744073709551616.txt", 20, ".txt", -ENOENT, 0},
	{"99999999999999999999.txt", 20, ".txt", -ENOENT, 0},
	{".txt", 4, ".txt", -ENOENT, 0},
	{"", 4, ".txt", -ENOENT, 0},
	{"1", 4, ".txt", -ENOENT, 0},
	{"1.tx", 4, ".txt", -ENOENT, 0},
	{"1.txt ", 4, ".txt", -ENOENT, 0},
	{"1.json", 4, ".txt", -ENOENT, 0},
	{"-1.txt", 4, ".txt", -ENOENT, 0},
	{"+1.txt", 4, ".txt", -ENOENT, 0},
	{" 1.txt", 4, ".txt", -ENOENT, 0},
	{"0x1.txt", 4, ".txt", -ENOENT, 0},
};

static void test_number(void **state)
{
	for (size_t i = 0; i < ng_array_size(numbers); i++) {
		uint64_t number = 777;

		if (ng_path_number(numbers[i].name, numbers[i].width, numbers[i].suffix, &number) !=
		    numbers[i].r)
			fail_msg("%s: wrong result", numbers[i].name);
		assert_int_equal(number, numbers[i].r ? 777 : numbers[i].number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_random),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
