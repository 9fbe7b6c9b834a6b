/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <setjmp.h>
#include <cmocka.h>

/* Every code point comes back from what is written, and none is made of fewer bytes. */
static void test_put(void **state)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint8_t bytes[4];
		unsigned n;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		n = ng_utf8_put(c, bytes);
		assert_int_equal(n, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
		assert_int_equal(ng_utf8_promised(bytes[0]), n);
		assert_int_equal(ng_utf8_len(bytes, bytes + n), n);
		for (unsigned i = 1; i < n; i++) {
			assert_true(ng_utf8_continues(bytes[i]));
			assert_int_equal(ng_utf8_len(bytes, bytes + i), 0);
			assert_int_equal(ng_utf8_piece(bytes, bytes + i), i);
		}
	}
}

/* Whatever begins with two bytes: there are as many characters as code points. Those behind the
 * second may be any of 64. */
static void test_len(void **state)
{
	static const unsigned others[] = {0, 0, 1, 64, 4096};
	uint64_t characters = 0;

	for (unsigned first = 0; first < 256; first++) {
		uint8_t one = (uint8_t)first;

		characters += ng_utf8_len(&one, &one + 1) == 1;
		for (unsigned second = 0; second < 256; second++) {
			uint8_t s[4] = {(uint8_t)first, (uint8_t)second, 0x80, 0x80};
			unsigned n = ng_utf8_len(s, s + 4);

			characters += n < 2 ? 0 : others[n];
			for (unsigned i = 2; i < n; i++) {
				s[i] = 0xc0;
				assert_int_equal(ng_utf8_len(s, s + 4), 0);
				assert_int_equal(ng_utf8_piece(s, s + 4), i);
				s[i] = 0x80;
			}
		}
	}
	assert_int_equal(characters, 0x110000 - 0x800);
}

/* The longest piece that could have begun a character, and no byte of what can't be in one. */
static void test_piece(void **state)
{
	static const struct {
		const char *bytes;
		unsigned piece, len;
	} cases[] = {
		{"a", 1, 1},
		{"\x80", 1, 0},
		{"\xc1\xbf", 1, 0},
		{"\xc2", 1, 0},
		{"\xc2\xbf", 2, 2},
		{"\xc2\xc2", 1, 0},
		{"\xe0\x9f\xbf", 1, 0}, /* overlong */
		{"\xe0\xa0", 2, 0},
		{"\xe0\xa0\x80", 3, 3},
		{"\xed\xa0\x80", 1, 0}, /* a surrogate */
		{"\xed\x9f\xbf", 3, 3},
		{"\xf0\x8f\xbf\xbf", 1, 0}, /* overlong */
		{"\xf0\x90\x80", 3, 0},
		{"\xf0\x90\x80x", 3, 0},
		{"\xf4\x8f\xbf\xbf", 4, 4},
		{"\xf4\x90\x80\x80", 1, 0}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", 1, 0},
	};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const uint8_t *p = (const uint8_t *)cases[i].bytes;
		const uint8_t *end = p + strlen(cases[i].bytes);

		assert_int_equal(ng_utf8_piece(p, end), cases[i].piece);
		assert_int_equal(ng_utf8_len(p, end), cases[i].len);
	}
}

/* Cut a text of characters of 1 to 4 bytes anywhere: head and tail are what must go. */
static void test_utf8_cut(void **state)
{
	static const char text[] = "a\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80z";
	static const uint8_t size_at[] = {1, 2, 0, 3, 0, 0, 4, 0, 0, 0, 1, 1};
	const uint8_t *bytes = (const uint8_t *)text;
	size_t len = sizeof(text) - 1;

	for (size_t cut = 0; cut <= len; cut++) {
		size_t begin = cut, end = cut;

		while (size_at[end] == 0)
			end++;
		while (size_at[begin] == 0)
			begin--;
		assert_int_equal(ng_utf8_tail_bytes(bytes + cut, len - cut), end - cut);
		assert_int_equal(ng_utf8_head_bytes(bytes, cut), cut - begin);
	}
	/* Nothing that isn't text is taken for the beginning of a character. */
	assert_int_equal(ng_utf8_head_bytes((const uint8_t *)"\xff", 1), 0);
	assert_int_equal(ng_utf8_head_bytes((const uint8_t *)"\x80\x80\x80\x80", 4), 0);
	assert_int_equal(ng_utf8_tail_bytes((const uint8_t *)"\x80\x80\x80\x80", 4), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_len),
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_utf8_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
