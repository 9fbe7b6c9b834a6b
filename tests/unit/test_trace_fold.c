/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches under all options, against every pair of places of the text, looked for at every byte
 * of the corpus. */
#include "query/fold_scan.h"
#include "query/trace.h"
#include "query/whole.h"
#include "indexmake.h"

#define TEXT_MOST 80u

/* Which call of reallocarray from now on fails, once; 0: none. Every search makes one, and the list
 * of what was found. */
static atomic_uint fails_at;

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if ((fails_at && --fails_at == 0) || __builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

/* Few, so that much occurs: in cases, forms, and with white space and bytes that are none. */
static const char *const pieces[] = {
	"f",    "i",        "fi",     "\ufb01", "\ufb03", "F",       "I",      ".",
	"..",   "\u2026",   " ",      "\u3000", "\t ",    "1/2",     "\u00bd", "1",
	"/",    "K",        "\u212a", "k",      "\"",     "\u201c",  "-",      "\u2014",
	"\xe3", "\xe3\x80", "\xff",   "\u4e2d", "\u00e9", "e\u0301",
};

static size_t text_make(uint64_t *rng, size_t most, unsigned kinds, uint8_t *text)
{
	size_t len = 0;

	while (len + 4 < most) {
		const char *piece =
			pieces[(scratch_random(rng) % kinds + 30 - kinds) % ng_array_size(pieces)];

		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return len;
}

static uint64_t count_exact(const struct naive *c, const uint8_t *pat, size_t len, uint64_t most)
{
	uint64_t count = 0;

	for (uint64_t doc = 0; doc < c->docs && count < most; doc++)
		for (uint64_t at = naive_begin(c, doc); at + len <= c->ends[doc]; at++)
			count += memcmp(c->text + at, pat, len) == 0;
	return count;
}

/* Up to `most`. */
static uint64_t count_naive(const struct naive *c, unsigned folds, const uint8_t *pat, size_t len,
			    uint64_t most)
{
	struct ng_fold_scan scan;
	uint64_t count = 0;

	if (!folds)
		return count_exact(c, pat, len, most);
	assert_int_equal(ng_fold_scan_make(folds, false, pat, len, &scan), 0);
	for (uint64_t doc = 0; doc < c->docs && count < most; doc++) {
		uint64_t begin = naive_begin(c, doc), bytes = c->ends[doc] - begin;

		for (uint64_t at = 0; at < bytes; at++)
			count += ng_fold_scan_at(&scan, c->text + begin, bytes, at) > 0;
	}
	ng_fold_scan_clear(&scan);
	return count;
}

/* The longest ends first, so that what lies in another comes behind it. */
static size_t naive_trace(const struct naive *c, const uint8_t *text, size_t len,
			  const struct ng_trace_options *options, struct ng_maximal *ret)
{
	size_t n = 0, furthest = 0;

	for (size_t begin = 0; begin < len; begin++) {
		if (!ng_whole_border(text, text + begin, text + len, options->word))
			continue;
		for (size_t end = len; end > furthest && end >= begin + options->min_bytes; end--) {
			uint64_t count;

			if (!ng_whole_border(text, text + end, text + len, options->word) ||
			    count_naive(c, options->folds, text + begin, end - begin,
					options->at_least) < options->at_least)
				continue;
			furthest = end;
			count = count_naive(c, options->folds, text + begin, end - begin,
					    UINT64_MAX);
			if (count <= options->at_most)
				ret[n++] = (struct ng_maximal){begin, end, count, NULL};
		}
	}
	return n;
}

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *text,
		  size_t len, const struct ng_trace_options *options, bool sheds)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	ng_cleanup(ng_freep) uint8_t *copy = malloc(len + 1);
	struct ng_maximal want[TEXT_MOST], got = {0};
	size_t n = naive_trace(c, text, len, options, want), i = 0;

	assert_non_null(copy);
	memcpy(copy, text, len);
	assert_int_equal(ng_trace_new(index, text, len, options, &trace), 0);
	for (;; i++) {
		ng_cancel cancel = true;
		int r = sheds ? ng_trace_next(trace, &cancel, &got) : -EINTR;

		if (sheds) {
			ng_trace_shed(trace);
			assert_int_equal(ng_trace_held(trace), 0);
			ng_trace_set_text(trace, i % 2 ? text : copy);
		}
		while (r == -EINTR || (r == -ENOMEM && fails_at == 0))
			r = ng_trace_next(trace, NULL, &got);
		if (r < 0)
			fail_msg("%d", r);
		if (r == 0)
			break;
		if (i == n || got.begin != want[i].begin || got.end != want[i].end ||
		    got.count != want[i].count)
			fail_msg("'%.*s', min %zu, at least %ju, at most %ju, word %d, folds %u: "
				 "stretch %zu of %zu is [%zu, %zu), %ju times, not [%zu, %zu), "
				 "%ju times",
				 (int)len, text, options->min_bytes, (uintmax_t)options->at_least,
				 (uintmax_t)options->at_most, options->word, options->folds, i, n,
				 got.begin, got.end, (uintmax_t)got.count, want[i].begin,
				 want[i].end, (uintmax_t)want[i].count);
		assert_int_equal(got.ranges->count, got.count);
	}
	if (i != n)
		fail_msg("'%.*s', min %zu, at least %ju, word %d, folds %u: %zu of %zu stretches",
			 (int)len, text, options->min_bytes, (uintmax_t)options->at_least,
			 options->word, options->folds, i, n);
	assert_int_equal(ng_trace_next(trace, NULL, &got), 0);
}

static void check_random(uint64_t *rng, unsigned round)
{
	static const unsigned kinds[] = {5, 9, 12, 18, 30};
	const struct ng_build_options build = {.threads = 1 + round % 2,
					       .sa_sampling = 4,
					       .shard_bytes = round % 3 ? 60 : 0,
					       .text_store = round % 4 == 0};
	const unsigned some = kinds[round % ng_array_size(kinds)];
	struct naive c = {.name = "random"};
	struct made_index made;
	uint8_t text[TEXT_MOST];

	for (unsigned i = 0; i < 6; i++)
		naive_add(&c, text, text_make(rng, scratch_random(rng) % TEXT_MOST, some, text));
	made_index_new(&c, &build, &made);
	for (unsigned i = 0; i < 16; i++) {
		const uint64_t least = scratch_random(rng) % 3 + 1;
		const struct ng_trace_options options = {
			.min_bytes = 1 + scratch_random(rng) % 8,
			.at_least = least,
			.at_most = i % 4 ? UINT64_MAX : least + scratch_random(rng) % 3,
			.word = scratch_random(rng) % 3 == 0,
			.folds = i % 8,
		};
		size_t len = text_make(rng, TEXT_MOST, some, text);

		check(&c, made.index, text, len, &options, i % 3 == 0);
	}
	check(&c, made.index, text, 0, &(struct ng_trace_options){1, 1, UINT64_MAX, false, 7},
	      true);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_random(void **state)
{
	uint64_t rng = naive_seed();
	const unsigned n = getenv("NG_TEST_BRIEF") ? 5 : 15;

	for (unsigned round = 0; round < n; round++)
		check_random(&rng, round);
}

/* Any call may fail while the ends of one stretch are tried: what was found isn't given before the
 * others are, too. */
static void test_fails(void **state)
{
	static const char *const docs[] = {"xyabc\ufb01", "bcf", "abcf\ufb01", "\ufb03 bcF"};
	static const char *const texts[] = {"xyabcf", "xyabcff", "zxyabcf bcffxyabcf"};
	const struct ng_build_options build = {.threads = 1, .sa_sampling = 4};
	struct naive c = {.name = "fails"};
	struct made_index made;

	for (size_t i = 0; i < ng_array_size(docs); i++)
		naive_add(&c, (const uint8_t *)docs[i], strlen(docs[i]));
	made_index_new(&c, &build, &made);
	for (size_t i = 0; i < 2 * ng_array_size(texts); i++) {
		const struct ng_trace_options options = {3, 1, UINT64_MAX, false, i % 2 ? 4 : 7};
		const char *text = texts[i / 2];
		unsigned at = 0;

		do {
			fails_at = ++at;
			check(&c, made.index, (const uint8_t *)text, strlen(text), &options, false);
		} while (fails_at == 0);
		assert_in_range(at, 10, 10000);
		fails_at = 0;
	}
	made_index_free(&made);
	naive_clear(&c);
}

#define LONG 40000u

/* A text of many blocks in capitals, and re-wrapped, in an index that has it once: one stretch. */
static void test_long(void **state)
{
	const struct ng_trace_options options = {32, 1, UINT64_MAX, true, 7};
	const struct ng_build_options build = {.threads = 1};
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	ng_cleanup(ng_freep) uint8_t *text = malloc(LONG), *other = malloc(LONG);
	struct naive c = {.name = "long"};
	struct made_index made;
	struct ng_maximal got;
	uint64_t rng = naive_seed();

	assert_true(text && other);
	for (size_t i = 0; i < LONG; i++) {
		text[i] = i % 7 == 6 ? ' ' : (uint8_t)('a' + scratch_random(&rng) % 20);
		other[i] = i % 7 == 6 ? '\n' : (uint8_t)(text[i] - 'a' + 'A');
	}
	naive_add(&c, text, LONG);
	made_index_new(&c, &build, &made);
	assert_int_equal(ng_trace_new(made.index, other, LONG, &options, &trace), 0);
	assert_int_equal(ng_trace_next(trace, NULL, &got), 1);
	assert_int_equal(got.begin, 0);
	assert_int_equal(got.end, LONG);
	assert_int_equal(got.count, 1);
	assert_int_equal(ng_trace_next(trace, NULL, &got), 0);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
