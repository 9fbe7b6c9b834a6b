/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "query/trace.h"
#include "indexmake.h"

#define TEXT_MOST 600u

/* Whether a character goes on behind this place. */
static bool is_cut(const uint8_t *text, size_t len, size_t at)
{
	for (size_t n = 1; n < 4 && n <= at && at < len; n++)
		if (ng_utf8_len(text + at - n, text + len) > n)
			return true;
	return false;
}

/* For each begin, the stretch that occurs and goes furthest; of these, those that none before goes
 * as far as. */
static size_t naive_trace(const struct naive *c, const uint8_t *text, size_t len, size_t min,
			  struct ng_maximal *ret)
{
	size_t n = 0, end = 0, furthest = 0;

	for (size_t begin = 0; begin < len; begin++) {
		size_t whole;

		end = ng_max(end, begin);
		while (end < len && naive_find(c, text + begin, end + 1 - begin, NULL))
			end++;
		if (is_cut(text, len, begin))
			continue;
		whole = end;
		while (is_cut(text, len, whole))
			whole--;
		if (whole > furthest && whole >= begin + min)
			ret[n++] = (struct ng_maximal){
				begin, whole, naive_find(c, text + begin, whole - begin, NULL),
				NULL};
		furthest = ng_max(furthest, whole);
	}
	return n;
}

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *text,
		  size_t len, size_t min, bool cancels)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	struct ng_maximal want[TEXT_MOST], got = {0};
	const struct ng_trace_options options = {min, 1, UINT64_MAX, false, 0};
	size_t n = naive_trace(c, text, len, min, want), i = 0;

	assert_int_equal(ng_trace_new(index, text, len, &options, &trace), 0);
	for (;; i++) {
		ng_cancel cancel = true;
		int r = cancels ? ng_trace_next(trace, &cancel, &got) : -EINTR;

		/* What is found already may be given in spite of it. */
		if (r == -EINTR)
			r = ng_trace_next(trace, NULL, &got);
		assert_true(r >= 0);
		if (r == 0)
			break;
		if (i == n || got.begin != want[i].begin || got.end != want[i].end ||
		    got.count != want[i].count)
			fail_msg("%s: %zu bytes, min %zu: stretch %zu of %zu is [%zu, %zu), %ju "
				 "times, not [%zu, %zu), %ju times",
				 c->name, len, min, i, n, got.begin, got.end, (uintmax_t)got.count,
				 want[i].begin, want[i].end, (uintmax_t)want[i].count);
		assert_int_equal(got.ranges->count, got.count);
	}
	assert_int_equal(i, n);
	assert_int_equal(ng_trace_next(trace, NULL, &got), 0);
}

/* Substrings of the corpus, long and short, with other bytes between them now and then. */
static size_t text_make(const struct naive *c, uint64_t *rng, uint8_t *text)
{
	size_t most = scratch_random(rng) % TEXT_MOST, len = 0;

	while (len < most) {
		size_t longest = 1ull << scratch_random(rng) % 9, n;
		const uint8_t *piece = naive_substring(c, rng, longest, &n);

		n = ng_min(n, most - len);
		memcpy(text + len, piece, n);
		len += n;
		if (len < most && scratch_random(rng) % 3 == 0)
			text[len++] = (uint8_t)scratch_random(rng);
	}
	return len;
}

static void check_corpus(const struct naive *c, const struct ng_build_options *options, unsigned n)
{
	static const size_t mins[] = {1, 2, 5, 12, 32, 100};
	struct made_index made;
	uint64_t rng = naive_seed();
	uint8_t text[TEXT_MOST];

	made_index_new(c, options, &made);
	for (unsigned i = 0; i < n; i++) {
		size_t len = c->n > c->docs ? text_make(c, &rng, text)
					    : (size_t)snprintf((char *)text, sizeof(text), "abc");

		check(c, made.index, text, len, mins[i % ng_array_size(mins)], i % 5 == 0);
	}
	check(c, made.index, text, 0, 1, false);
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		struct ng_build_options options = {.threads = 2, .text_store = i % 2};

		check_corpus(&c, &options, scratch_rounds(12));
		options.shard_bytes = c.n / 4 + 1;
		if (c.docs > 1 && c.docs <= 700)
			check_corpus(&c, &options, scratch_rounds(12));
		naive_clear(&c);
	}
}

static void check_known(const struct naive *c, const uint8_t *text, size_t len, size_t n,
			const struct ng_maximal *want, bool text_store)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	struct ng_build_options options = {.threads = 1, .text_store = text_store};
	const struct ng_trace_options tracing = {64, 1, UINT64_MAX, false, 0};
	struct made_index made;
	struct ng_maximal got;

	made_index_new(c, &options, &made);
	assert_int_equal(ng_trace_new(made.index, text, len, &tracing, &trace), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ng_trace_next(trace, NULL, &got), 1);
		assert_int_equal(got.begin, want[i].begin);
		assert_int_equal(got.end, want[i].end);
		assert_int_equal(got.count, want[i].count);
	}
	assert_int_equal(ng_trace_next(trace, NULL, &got), 0);
	made_index_free(&made);
}

#define LARGE 600000u

/* A long text in the corpus wholly, many times, and in two halves that overlap. */
static void test_whole(void **state)
{
	ng_cleanup(ng_freep) uint8_t *text = malloc(LARGE);
	uint64_t rng = naive_seed();

	assert_non_null(text);
	for (size_t i = 0; i < LARGE; i++)
		text[i] = (uint8_t)('a' + scratch_random(&rng) % 20);
	for (unsigned k = 0; k < 2; k++) {
		struct naive whole = {.name = "whole"}, many = {.name = "many"},
			     halves = {.name = "halves"};

		naive_add(&whole, text, LARGE);
		check_known(&whole, text, LARGE, 1, (struct ng_maximal[]){{0, LARGE, 1, NULL}}, k);
		for (unsigned i = 0; i < 20; i++)
			naive_add(&many, text, LARGE / 10 - i);
		check_known(&many, text, LARGE / 10, 1,
			    (struct ng_maximal[]){{0, LARGE / 10, 1, NULL}}, k);
		naive_add(&halves, text, LARGE / 3 * 2);
		naive_add(&halves, text + LARGE / 3, LARGE / 3 * 2);
		check_known(&halves, text, LARGE, 2,
			    (struct ng_maximal[]){{0, LARGE / 3 * 2, 1, NULL},
						  {LARGE / 3, LARGE, 1, NULL}},
			    k);
		naive_clear(&whole);
		naive_clear(&many);
		naive_clear(&halves);
	}
}

static void test_refused(void **state)
{
	struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "abc"};
	struct ng_trace *trace = NULL;
	const struct ng_trace_options good = {1, 1, UINT64_MAX, false, 0};
	const struct ng_trace_options bad[] = {
		{0, 1, UINT64_MAX, false, 0},
		{1, 0, UINT64_MAX, false, 0},
		{1, 3, 2, false, 0},
	};
	const uint8_t *text = (const uint8_t *)"xabcy";
	struct ng_maximal got = {.begin = 42};
	struct made_index made;
	ng_cancel cancel = true;

	naive_add(&c, "abcabcd", 7);
	made_index_new(&c, &options, &made);
	for (size_t i = 0; i < ng_array_size(bad); i++)
		assert_int_equal(ng_trace_new(made.index, text, 5, &bad[i], &trace), -EINVAL);
	assert_null(trace);
	assert_int_equal(ng_trace_new(made.index, text, 5, &good, &trace), 0);
	assert_int_equal(ng_trace_next(trace, &cancel, &got), -EINTR);
	assert_int_equal(got.begin, 42);
	assert_int_equal(ng_trace_next(trace, NULL, &got), 1);
	assert_int_equal(got.begin, 1);
	assert_int_equal(got.end, 4);
	assert_int_equal(got.count, 2);
	ng_trace_free(trace);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
