/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include <setjmp.h>
#include <cmocka.h>

#include "base/utf8.h"

static void assert_printable(const char *text, size_t len, const char *want)
{
	char got[256], again[256];

	ng_printable(text, len, got, sizeof(got));
	assert_string_equal(got, want);
	ng_printable(got, strlen(got), again, sizeof(again));
	assert_string_equal(again, want);
}

static void test_table(void **state)
{
#define CASE(text, want)                                                                           \
	{                                                                                          \
		text, sizeof(text) - 1, want                                                       \
	}
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} cases[] = {
		CASE("", ""),
		CASE("a b\\c", "a b\\c"),
		CASE("\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80",
		     "\xc3\xa4\xe4\xb8\xad\xf0\x9f\x98\x80"),
		CASE("\x1b[31m", "\\x1b[31m"),
		CASE("a\nb\tc\rd\0e\x7f", "a\\x0ab\\x09c\\x0dd\\x00e\\x7f"),
		/* C1, as a character and as a byte */
		CASE("\xc2\x9b\x39m\x9b", "\\xc2\\x9b9m\\x9b"),
		CASE("\xc2\xa0\xc2\xad", "\xc2\xa0\\xc2\\xad"),
		/* an override, an isolate, a mark of direction, a separator of lines, nothing */
		CASE("\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8f|\xe2\x80\xa8|\xe2\x80\x8b",
		     "\\xe2\\x80\\xae|\\xe2\\x81\\xa6|\\xe2\\x80\\x8f|\\xe2\\x80\\xa8|"
		     "\\xe2\\x80\\x8b"),
		CASE("\xd8\x9c\xef\xbb\xbf\xf3\xa0\x81\x81", /* U+061C, U+FEFF, U+E0041 */
		     "\\xd8\\x9c\\xef\\xbb\\xbf\\xf3\\xa0\\x81\\x81"),
		/* pieces of characters, a surrogate, overlong, beyond the last one */
		CASE("\xe4\xb8|\xed\xa0\x80|\xc0\x80|\xf4\x90\x80\x80|\xff",
		     "\\xe4\\xb8|\\xed\\xa0\\x80|\\xc0\\x80|\\xf4\\x90\\x80\\x80|\\xff"),
	};

	for (size_t i = 0; i < ng_array_size(cases); i++)
		assert_printable(cases[i].text, cases[i].len, cases[i].want);
}

/* Every character is either itself or its bytes; those between which a reader sees a difference
 * are themselves. */
static void test_all_characters(void **state)
{
	unsigned escaped = 0;

	for (uint32_t c = 0; c < 0x110000; c++) {
		char text[4], got[32], want[32];
		unsigned n, at = 0;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		n = ng_utf8_put(c, (uint8_t *)text);
		ng_printable(text, n, got, sizeof(got));
		if (strlen(got) == n && memcmp(got, text, n) == 0)
			continue;
		for (unsigned i = 0; i < n; i++)
			at += (unsigned)sprintf(want + at, "\\x%02x", (unsigned char)text[i]);
		assert_string_equal(got, want);
		assert_true(c < 0x20 || (c >= 0x7f && c != 'a'));
		escaped++;
	}
	/* C0, DEL and C1 at least, and not the writing of anybody; planes 14 to 16 are most of it.
	 */
	assert_in_range(escaped, 32 + 33 + 0x20000, 32 + 33 + 0x20000 + 0x1000 + 300);
}

/* Too long: both ends are there, whole characters only, and it fits. */
static void test_cut(void **state)
{
	static const char *const units[] = {"a", "\n", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xff"};

	for (size_t u = 0; u < ng_array_size(units); u++)
		for (size_t size = 16; size < 80; size++)
			for (size_t n = 0; n < 60; n++) {
				char text[320] = "<", got[80], again[320];
				size_t len = 1, unit = strlen(units[u]), whole;

				for (size_t i = 0; i < n; i++, len += unit)
					memcpy(text + len, units[u], unit);
				text[len++] = '>';
				ng_printable(text, len, again, sizeof(again));
				whole = strlen(again);
				memset(got, 'X', sizeof(got));
				ng_printable(text, len, got, size);
				assert_in_range(strlen(got), 1, size - 1);
				assert_int_equal(got[0], '<');
				assert_int_equal(got[strlen(got) - 1], '>');
				if (whole < size)
					assert_string_equal(got, again);
				else
					assert_non_null(strstr(got, "..."));
				ng_printable(got, strlen(got), again, sizeof(again));
				assert_string_equal(got, again);
			}
}

static void test_fail(void **state)
{
	char name[3000], want[64];
	struct ng_error err;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(ng_fail(&err, -ENOENT, "%s: %d", "a\x1b]0;b\a\n", 3), -ENOENT);
	assert_string_equal(err.text, "a\\x1b]0;b\\x07\\x0a: 3");
	/* What a message says of a long name is not lost behind it. */
	snprintf(want, sizeof(want), ": does not exist");
	ng_fail(&err, -ENOENT, "%s%s", name, want);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + strlen(err.text) - strlen(want), want);
	ng_fail(&err, -ENOENT, "%s: %s", "a", err.text);
	assert_string_equal(err.text + strlen(err.text) - strlen(want), want);
}

static void test_say(void **state)
{
	char *said = NULL;
	size_t len;
	FILE *out = open_memstream(&said, &len);

	assert_non_null(out);
	ng_say(out, "%s is %s", "a\nerror: b",
	       "\xe2\x80\xae"
	       "c");
	ng_say(out, "%s", "");
	ng_printable_write(out, "x\ty");
	fclose(out);
	assert_string_equal(said, "a\\x0aerror: b is \\xe2\\x80\\xaec\n\nx\\x09y");
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_all_characters),
		cmocka_unit_test(test_cut),   cmocka_unit_test(test_fail),
		cmocka_unit_test(test_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
