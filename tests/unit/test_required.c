/* SPDX-License-Identifier: Apache-2.0 */
#include "query/required.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <strings.h>

#include "base/buf.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* What is said of a pattern: sets with " & " between them, their strings with bars, ~ before those
 * whose case is folded. */
static const struct {
	const char *pattern, *sets;
} cases[] = {
	{"segmentation fault.*core", "core & segmentation fault"},
	{"https?://[a-z.]+\\.edu",
	 ".edu & "
	 "https://a|https://b|https://c|https://d|https://e|https://f|https://g|https://h|https://"
	 "i|https://j|https://k|https://l|https://m|https://n|https://o|https://p|https://q|https:/"
	 "/r|https://s|https://t|https://u|https://v|https://w|https://x|https://y|https://"
	 "z|https://.|http://a|http://b|http://c|http://d|http://e|http://f|http://g|http://"
	 "h|http://i|http://j|http://k|http://l|http://m|http://n|http://o|http://p|http://q|http:/"
	 "/r|http://s|http://t|http://u|http://v|http://w|http://x|http://y|http://z|http://."},
	{"colou?r", "colour|color"},
	{"[A-Z][a-z]+ v\\. [0-9]", " v. 0| v. 1| v. 2| v. 3| v. 4| v. 5| v. 6| v. 7| v. 8| v. 9 & "
				   "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z & "
				   "A|B|C|D|E|F|G|H|I|J|K|L|M|N|O|P|Q|R|S|T|U|V|W|X|Y|Z"},
	{"", ""},
	{"a*", ""},
	{"(?:abc)*x", "x"},
	{"(?:abc)+x", "x & abc"},
	{"ab+c", "c & ab"},
	{"ab{3}c", "abbbc"},
	{"ab{2,}c", "c & abb"},
	{"ab{0}c", "ac"},
	{"ab{0,3}c", "c & a"},
	{"ab{2}{2}c", "abbbbc"},
	{"ab{,3}c", ""},
	{"ab{ 1,3}c", ""},
	{"ab{x", "ab{x"},
	{"ab*?c", "c & a"},
	{"ab?+c", "abc|ac"},
	{"one|two|three", "one|two|three"},
	{"one|two|.", ""},
	{"(one|two) (three|four)", "one three|one four|two three|two four"},
	{"x(a|b*|c)y", "y & xa|x|xc"},
	{"(a.*b|c.*d)", "b|d & a|c"},
	{"abc(?i)def", "~abcdef"},
	{"(?i:abc)|d", "~abc|d"},
	{"a(?i)b|c", "~ab|c"},
	{"(?i)abc(?-i)", "~abc"},
	{"(?^:abc)", "abc"},
	{"(?x)a b", ""},
	{"(?=abc)def", "def"},
	{"(?<!abc)def(?!x)", "def"},
	{"(?<name>abc)d", "abcd"},
	{"(?P<name>abc)d", "abcd"},
	{"(?'name'abc)d", "abcd"},
	{"(?|ab|cd)e", "abe|cde"},
	{"(?>ab)c", "abc"},
	{"(a)(?(1)b|c)", ""},
	{"(?R)?abc", ""},
	{"(*COMMIT)abc", ""},
	{"abc(?#comment)*d", "d & ab"},
	{"a(?#c)+b", "b & a"},
	{"a\\Q.*\\E+b", "b & a.*"},
	{"\\Qa.b", "a.b"},
	{"ab\\E*c", "c & a"},
	{"ab\\Q\\E?c", "abc|ac"},
	{"\\.\\*\\\\", ".*\\"},
	{"a\\tb\\x41\\x{e9}", "a\tbAé"},
	{"a\\db", "b & a"},
	{"a\\p{Lu}b\\pLc", "c & b & a"},
	{"a\\N{U+41}b", "b & a"},
	{"(a)\\1b", "b & a"},
	{"a\\0123b", "b & a"},
	{"\\bword\\b", "word"},
	{"\\b*word", "word"},
	{"^line$", "line"},
	{"^*line", "line"},
	{"[abc]", "a|b|c"},
	{"[]a]x", "]x|ax"},
	{"[^a]x", "x"},
	{"[a-c-]x", "ax|bx|cx|-x"},
	{"[\\]\\\\]x", "]x|\\x"},
	{"[[:alpha:]]x", "x"},
	{"[[:alpha:]a]x", "x"},
	{"[\\d]x", "x"},
	{"[\\Qa]\\E]x", "x"},
	{"x[a-z]{2}y",
	 "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p|q|r|s|t|u|v|w|x|y|z & y & "
	 "xa|xb|xc|xd|xe|xf|xg|xh|xi|xj|xk|xl|xm|xn|xo|xp|xq|xr|xs|xt|xu|xv|xw|xx|xy|xz"},
	{"x[ -~]y", "y & x"},
	{"\xe4\xb8\xad+\xe6\x96\x87", "文 & 中"},
	{"\xc3\xa9?x", "éx|x"},
	{"[\xc3\xa9\xc3\xa8]x", "éx|èx"},
	{"a)b", ""},
	{"(a", ""},
	{"[a", ""},
	{"a\\", ""},
	{"(?", ""},
	{"(?<n", ""},
};

static void sets_show(const struct ng_required *required, struct ng_buf *buf)
{
	for (size_t i = 0; i < required->n; i++) {
		const struct ng_required_set *set = &required->sets[i];

		assert_true(set->n > 0 && set->n <= NG_REQUIRED_STRINGS);
		if (i)
			assert_int_equal(ng_buf_append(buf, " & ", 3), 0);
		if (set->fold)
			assert_int_equal(ng_buf_append(buf, "~", 1), 0);
		for (size_t k = 0; k < set->n; k++) {
			assert_true(set->strings[k].len > 0);
			assert_int_equal(ng_buf_printf(buf, "%s%.*s", k ? "|" : "",
						       (int)set->strings[k].len,
						       (const char *)set->strings[k].bytes),
					 0);
		}
	}
	assert_int_equal(ng_buf_zero(buf, 1), 0);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const char *pattern = cases[i].pattern;
		struct ng_required required = NG_REQUIRED_INIT;
		struct ng_buf text = NG_BUF_INIT;

		assert_int_equal(ng_required_find((const uint8_t *)pattern, strlen(pattern), false,
						  &required),
				 0);
		sets_show(&required, &text);
		assert_string_equal((const char *)text.data, cases[i].sets);
		ng_buf_free(&text);
		ng_required_clear(&required);
	}
}

/* ---- random patterns ---- */

static void piece_put(uint64_t *rng, unsigned depth, struct ng_buf *pattern)
{
	static const char *const pieces[] = {
		"a",   "b",        "c",           "ab",       "\\x61", "[ab]", "[^a]",
		".",   "\xc3\xa9", "[a\xc3\xa9]", "\\Qab\\E", "\\d",   "^",    "$",
		"\\b", "(?i)",     "(?-i)",       "(?#a)",    "\\E",   "A",    "-"};
	static const char *const groups[] = {"(",   "(?:", "(?i:",  "(?>",
					     "(?|", "(?=", "(?<n>", "(?!"};
	static const char *const quantifiers[] = {"*",    "+",  "?",  "{2}", "{0}",   "{0,1}",
						  "{1,}", "*?", "+?", "?+",  "{2}{2}"};
	uint64_t what = scratch_random(rng) % 10;

	if (what < 7 || depth == 0) {
		const char *piece = pieces[scratch_random(rng) % ng_array_size(pieces)];

		assert_int_equal(ng_buf_append(pattern, piece, strlen(piece)), 0);
	} else {
		const char *group = groups[scratch_random(rng) % ng_array_size(groups)];

		assert_int_equal(ng_buf_append(pattern, group, strlen(group)), 0);
		for (uint64_t i = 0; i < 1 + scratch_random(rng) % 4; i++) {
			if (i && scratch_random(rng) % 3 == 0)
				assert_int_equal(ng_buf_append(pattern, "|", 1), 0);
			piece_put(rng, depth - 1, pattern);
		}
		assert_int_equal(ng_buf_append(pattern, ")", 1), 0);
	}
	if (scratch_random(rng) % 3 == 0) {
		const char *q = quantifiers[scratch_random(rng) % ng_array_size(quantifiers)];

		assert_int_equal(ng_buf_append(pattern, q, strlen(q)), 0);
	}
}

static bool text_has(const struct ng_required_set *set, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct ng_required_string *string = &set->strings[i];

		for (size_t at = 0; at + string->len <= len; at++) {
			if (set->fold ? strncasecmp((const char *)text + at,
						    (const char *)string->bytes, string->len) == 0
				      : memcmp(text + at, string->bytes, string->len) == 0)
				return true;
		}
	}
	return false;
}

static void check_text(pcre2_code *code, const struct ng_buf *pattern,
		       const struct ng_required *required, uint64_t *rng, unsigned *matches)
{
	static const char *const letters[] = {"a", "b", "c", "A", "B", "\xc3\xa9", "1", "-", " "};
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	char text[64] = "";

	for (uint64_t i = scratch_random(rng) % 12; i; i--)
		strcat(text, letters[scratch_random(rng) % ng_array_size(letters)]);
	assert_non_null(data);
	if (pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL) >= 0) {
		++*matches;
		for (size_t i = 0; i < required->n; i++)
			if (!text_has(&required->sets[i], (const uint8_t *)text, strlen(text)))
				fail_msg("%.*s matches in \"%s\"", (int)pattern->len,
					 (const char *)pattern->data, text);
	}
	pcre2_match_data_free(data);
}

/* Whatever PCRE2 finds, what was said to be required is there. */
static void test_random(void **state)
{
	uint64_t rng = naive_seed();
	unsigned matches = 0, said = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct ng_required required = NG_REQUIRED_INIT;
		struct ng_buf pattern = NG_BUF_INIT;
		PCRE2_SIZE offset;
		pcre2_code *code;
		int number;

		for (uint64_t k = 1 + scratch_random(&rng) % 5; k; k--) {
			piece_put(&rng, 3, &pattern);
			if (k > 1 && scratch_random(&rng) % 8 == 0)
				assert_int_equal(ng_buf_append(&pattern, "|", 1), 0);
		}
		assert_int_equal(ng_required_find(pattern.data, pattern.len, false, &required), 0);
		code = pcre2_compile(pattern.data, pattern.len, PCRE2_UTF, &number, &offset, NULL);
		for (unsigned k = 0; code && k < 20; k++)
			check_text(code, &pattern, &required, &rng, &matches);
		said += code && required.n;
		pcre2_code_free(code);
		ng_buf_free(&pattern);
		ng_required_clear(&required);
	}
	assert_true(matches > 10000 && said > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
