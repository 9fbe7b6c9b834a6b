/* SPDX-License-Identifier: Apache-2.0 */
#include "query/grep.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "corpus.h"
#include "naive.h"
#include "query/casefold.h"
#include "query/line_scan.h"

#define DOCS      60u
#define DOC_BYTES 900u

/* Patterns that have something to look for, against each line by itself. */
static const char *const patterns[] = {
	"a",         "ab",        "ab?c",       "^a",           "b$",       "^ab.*ba$",
	"(?i)ABA",   "[ab]b[ab]", "a{3,}",      "ab|ba",        "(?:ab)+a", "\\bab\\b",
	"a.b.c",     "(a|b)\\1b", "b(?=a)",     "(?<!a)b",      "a\\Kb",    "ab\\s",
	"\\Qa b\\E", "a\xc3\xa9", "[\xc3\xa9]", "(?i)\xc3\x89", "a\\x{e9}", "zzz",
};

struct line {
	uint64_t doc, begin;
};

/* Lines that match, found by looking at every one. */
static size_t naive_lines(const struct corpus_doc *docs, const char *pattern, struct line *lines)
{
	PCRE2_SIZE offset;
	int number;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
			      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &offset, NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	size_t n = 0;

	assert_true(code && data);
	for (size_t d = 0; d < DOCS; d++) {
		const uint8_t *text = docs[d].text, *end = text + docs[d].len;

		for (const uint8_t *at = text; at < end;) {
			const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
			size_t len = (size_t)((newline ? newline : end) - at);

			if (pcre2_match(code, at, len, 0, 0, data, NULL) >= 0)
				lines[n++] = (struct line){d, (uint64_t)(at - text)};
			at += len + 1;
		}
	}
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return n;
}

static int judge(void *userdata, const uint8_t *line, size_t len, size_t *ret_from, size_t *ret_to)
{
	return ng_grep_line(userdata, line, len, ret_from, ret_to);
}

/* The same lines, by reading all of them. */
static void check_scan(const struct ng_index *index, struct ng_grep *grep, const struct line *want,
		       size_t n, size_t window_bytes)
{
	const struct ng_line_scan scan = {.index = index,
					  .judge = judge,
					  .userdata = grep,
					  .most_bytes = NG_GREP_LINE_BYTES,
					  .window_bytes = window_bytes,
					  .filter = NULL};
	struct ng_line_scan_at at = {0};
	bool more = true;
	size_t seen = 0;

	while (more) {
		struct ng_hit *hits = NULL;
		size_t got = SIZE_MAX;

		assert_int_equal(ng_line_scan_next(&scan, &at, NULL, &hits, &got, &more), 0);
		for (size_t i = 0; i < got; i++, seen++) {
			assert_true(seen < n);
			assert_int_equal(hits[i].doc, want[seen].doc);
			assert_int_equal(hits[i].line.begin, want[seen].begin);
		}
		ng_hits_clear(hits, got);
		free(hits);
	}
	assert_int_equal(seen, n);
}

static void check_pattern(const struct corpus *corpus, const struct corpus_doc *docs,
			  const char *pattern, uint64_t *found)
{
	ng_cleanup(ng_freep) struct line *want = calloc(DOCS * DOC_BYTES, sizeof(*want));
	ng_cleanup(ng_freep) struct ng_hit *got = NULL;
	struct ng_places places = NG_PLACES_INIT;
	struct ng_hits hits = {corpus->index, &places, NULL, NG_GREP_LINE_BYTES};
	struct ng_hits_last last = {.is = false};
	size_t n = naive_lines(docs, pattern, want), at = 0, n_got = SIZE_MAX;
	struct ng_grep *grep = NULL;
	struct ng_error err = {""};

	assert_non_null(want);
	assert_int_equal(ng_grep_new((const uint8_t *)pattern, strlen(pattern), false, &grep, &err),
			 0);
	if (ng_grep_places(grep, corpus->index, 1u << 20, NULL, &places, &err))
		fail_msg("%s: %s", pattern, err.text);
	if (places.n) {
		assert_int_equal(
			ng_grep_places(grep, corpus->index, places.n / 2, NULL, &places, &err),
			places.n / 2 < places.n ? -EOVERFLOW : 0);
	}
	hits.grep = grep;
	got = calloc(places.n + 1, sizeof(*got));
	assert_non_null(got);
	assert_int_equal(ng_hits_read(&hits, &at, places.n, &last, NULL, got, &n_got), 0);
	if (n_got != n)
		fail_msg("%s: %zu lines, not %zu", pattern, n_got, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(got[i].doc, want[i].doc);
		assert_int_equal(got[i].line.begin, want[i].begin);
		assert_true(got[i].from <= got[i].to && got[i].to <= got[i].line.bytes);
	}
	*found += n;
	ng_hits_clear(got, n_got);
	check_scan(corpus->index, grep, want, n, NG_LINE_SCAN_WINDOW);
	check_scan(corpus->index, grep, want, n, 100);
	ng_places_clear(&places);
	ng_grep_free(grep);
}

static void test_random(void **state)
{
	static const char *const words[] = {"ab",  "aba",   "b",    "\n",   "a\xc3\xa9",
					    "c",   " a b ", "\xff", "aaaa", "\xc3",
					    "ABA", "\n\n",  "1-"};
	uint64_t rng = naive_seed();

	/* In brief two of the four ways to keep it. */
	for (unsigned round = 0; round < 4; round += getenv("NG_TEST_BRIEF") ? 3 : 1) {
		struct corpus_doc docs[DOCS] = {0};
		struct corpus corpus;
		ng_cleanup(ng_freep) uint8_t *text = malloc(DOCS * (DOC_BYTES + 8));
		uint64_t found = 0;

		assert_non_null(text);
		for (size_t d = 0; d < DOCS; d++) {
			uint8_t *begin = text + d * (DOC_BYTES + 8);
			size_t want = scratch_random(&rng) % DOC_BYTES;

			docs[d] = (struct corpus_doc){begin, 0, "{}"};
			while (docs[d].len < want) {
				const char *word =
					words[scratch_random(&rng) % ng_array_size(words)];

				memcpy(begin + docs[d].len, word, strlen(word));
				docs[d].len += strlen(word);
			}
		}
		corpus_make(&corpus, docs, DOCS, round & 1 ? 5000 : 0, round & 2);
		for (size_t i = 0; i < ng_array_size(patterns); i++)
			check_pattern(&corpus, docs, patterns[i], &found);
		assert_true(found > 1000);
		corpus_drop(&corpus);
	}
}

/* A line of more windows than there may be isn't taken for several. */
static void test_long_line(void **state)
{
	static const struct corpus_doc docs[] = {
		{(const uint8_t *)"ab\n0123456789abcdefg\n", 21, "{}"}};
	struct ng_line_scan scan = {.judge = judge, .most_bytes = 4, .window_bytes = 2};
	struct ng_line_scan_at at = {0};
	struct corpus corpus;
	struct ng_grep *grep = NULL;
	struct ng_hit *hits = NULL;
	size_t n = SIZE_MAX;
	bool more = false;

	corpus_make(&corpus, docs, 1, 0, false);
	assert_int_equal(ng_grep_new((const uint8_t *)"[ag]", 4, false, &grep, NULL), 0);
	scan.index = corpus.index;
	scan.userdata = grep;
	assert_int_equal(ng_line_scan_next(&scan, &at, NULL, &hits, &n, &more), 0);
	assert_int_equal(n, 1);
	assert_int_equal(at.offset, 3);
	ng_hits_clear(hits, n);
	free(hits);
	assert_int_equal(ng_line_scan_next(&scan, &at, NULL, &hits, &n, &more), 0);
	assert_int_equal(n, 1);
	assert_int_equal(hits[0].line.begin, 9);
	assert_int_equal(hits[0].line.bytes, 9);
	assert_true(hits[0].line.cut_before && hits[0].line.cut_after && !more);
	ng_hits_clear(hits, n);
	free(hits);
	scan.window_bytes = 1;
	at = (struct ng_line_scan_at){.offset = 3};
	assert_int_equal(ng_line_scan_next(&scan, &at, NULL, &hits, &n, &more), -EOVERFLOW);
	assert_int_equal(at.offset, 3);
	ng_grep_free(grep);
	corpus_drop(&corpus);
}

/* However short lines are, a call gives no more hits than it should, and the next one goes on
 * behind them. */
static void test_short_lines(void **state)
{
	enum { LINES = 300000, DENSE = 40000 };
	/* In the last document each line has several hits. */
	ng_cleanup(ng_freep) uint8_t *text = malloc(2 * LINES + 4 * DENSE);
	const struct corpus_doc docs[] = {{text, LINES, "{}"},
					  {text, 0, "{}"},
					  {text + LINES, LINES, "{}"},
					  {text + 2 * LINES, 4 * DENSE, "{}"}};
	struct ng_line_scan scan = {
		.judge = judge, .window_bytes = NG_LINE_SCAN_WINDOW, .each = true};
	struct ng_line_scan_at at = {0};
	struct corpus corpus;
	struct ng_grep *grep = NULL;
	uint64_t seen = 0, calls = 0;

	assert_non_null(text);
	memset(text, 'a', 2 * LINES + 4 * DENSE);
	for (size_t i = 1; i < 2 * LINES; i += 2)
		text[i] = '\n';
	for (size_t i = 2 * LINES + 3; i < 2 * LINES + 4 * DENSE; i += 4)
		text[i] = '\n';
	corpus_make(&corpus, docs, ng_array_size(docs), 0, true);
	assert_int_equal(ng_grep_new((const uint8_t *)"a", 1, false, &grep, NULL), 0);
	scan.index = corpus.index;
	scan.userdata = grep;
	for (bool more = true; more; calls++) {
		struct ng_hit *hits = NULL;
		size_t n = 0;

		assert_int_equal(ng_line_scan_next(&scan, &at, NULL, &hits, &n, &more), 0);
		assert_true(n < NG_LINE_SCAN_FOUND + 3);
		for (size_t i = 0; i < n; i++, seen++) {
			uint64_t dense = seen - LINES;

			assert_int_equal(hits[i].doc, seen < LINES / 2 ? 0 : seen < LINES ? 2 : 3);
			assert_int_equal(hits[i].line.begin, seen < LINES
								     ? 2 * seen % LINES
								     : dense / 3 * 4 + dense % 3);
		}
		ng_hits_clear(hits, n);
		free(hits);
	}
	assert_int_equal(seen, LINES + 3 * DENSE);
	assert_true(calls >= seen / NG_LINE_SCAN_FOUND && calls < 40);
	ng_grep_free(grep);
	corpus_drop(&corpus);
}

/* What can't be looked for, what is no pattern, and what would take for ever. */
static void test_refusals(void **state)
{
	static const char *const nothing[] = {"", "a*", ".", "\\d+", "(?x)a", "a|", "[^a]"};
	static const char *const wrong[] = {"(",    "a)",   "[",   "*",     "\\",
					    "(?<n", "\xff", "\\C", "a{3,2}"};
	static const struct corpus_doc docs[] = {
		{(const uint8_t *)"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 41, "{}"}};
	struct ng_places places = NG_PLACES_INIT;
	struct corpus corpus;
	struct ng_grep *grep = NULL;
	size_t from = 42, to = 42;

	corpus_make(&corpus, docs, 1, 0, false);
	for (size_t i = 0; i < ng_array_size(nothing); i++) {
		struct ng_error err = {""};

		assert_int_equal(ng_grep_new((const uint8_t *)nothing[i], strlen(nothing[i]), false,
					     &grep, &err),
				 0);
		assert_int_equal(ng_grep_places(grep, corpus.index, 1000, NULL, &places, &err),
				 -EOVERFLOW);
		assert_non_null(strstr(err.text, "can be looked for"));
		grep = ng_grep_free(grep);
	}
	for (size_t i = 0; i < ng_array_size(wrong); i++) {
		struct ng_error err = {""};

		assert_int_equal(ng_grep_new((const uint8_t *)wrong[i], strlen(wrong[i]), false,
					     &grep, &err),
				 -EINVAL);
		assert_null(grep);
		assert_non_null(strstr(err.text, "byte "));
	}
	assert_int_equal(ng_grep_new((const uint8_t *)"(a+)+\\1*c?$(?<=x)", 17, false, &grep, NULL),
			 0);
	assert_int_equal(ng_grep_line(grep, docs[0].text, 41, &from, &to), -EOVERFLOW);
	assert_int_equal(from, 42);
	ng_grep_free(grep);
	corpus_drop(&corpus);
}

/* Code points to look at: without those ranges of which no letter has a case. */
static bool is_looked_at(uint32_t c)
{
	return (c < 0xd800 || c >= 0xe000) && (c < 0x3400 || c >= 0xa000) &&
	       (c < 0xac00 || c >= 0xd7a4) && (c < 0x17000 || c >= 0x1e000);
}

static uint32_t code_point(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Whatever PCRE2 takes for the same letter in another case, the index's folding does, so that what
 * it matches is found. */
static void test_case(void **state)
{
	enum { LAST = 0x1f000 };
	/* With NG_TEST_BRIEF in the environment every 29th. */
	const uint32_t stride = getenv("NG_TEST_BRIEF") ? 29 : 1;
	ng_cleanup(ng_freep) uint8_t *all = malloc(4 * LAST);
	unsigned pairs = 0;
	size_t n = 0;

	assert_non_null(all);
	for (uint32_t c = 0x20; c < LAST; c++)
		if (is_looked_at(c))
			n += ng_utf8_put(c, all + n);
	for (uint32_t c = 0x20; c < LAST; c += stride) {
		char pattern[24];
		struct ng_grep *grep = NULL;
		size_t at = 0, from, to;

		if (!is_looked_at(c))
			continue;
		snprintf(pattern, sizeof(pattern), "\\x{%x}", c);
		assert_int_equal(
			ng_grep_new((const uint8_t *)pattern, strlen(pattern), true, &grep, NULL),
			0);
		while (ng_grep_line(grep, all + at, n - at, &from, &to) == 1) {
			uint32_t found = code_point(all + at + from, to - from);

			pairs += found != c;
			if (ng_casefold(found) != ng_casefold(c))
				fail_msg("U+%04X is U+%04X", found, c);
			at += to;
		}
		ng_grep_free(grep);
	}
	assert_true(pairs > 2000 / stride);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),      cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_short_lines), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
