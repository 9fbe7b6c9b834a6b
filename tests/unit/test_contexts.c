/* SPDX-License-Identifier: Apache-2.0 */
#include "indexmake.h"
#include "query/contexts.h"

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .text_store = true},
	{.threads = 3, .sa_sampling = 200, .shard_bytes = 700},
	{.threads = 2, .shard_bytes = 1},
};

#define CONTEXT_MAX 70u
#define ASK_MAX     300u

struct asked {
	const struct naive *c;
	const struct ng_index *index;
};

static void check_one(const struct asked *a, const struct ng_context *got,
		      const struct ng_match *match, size_t len, uint32_t context_bytes,
		      const uint8_t *middle)
{
	uint64_t bytes = naive_bytes(a->c, match->doc);
	uint64_t rest = bytes - match->offset - len;
	const uint8_t *text = a->c->text + naive_begin(a->c, match->doc) + match->offset;

	assert_int_equal(got->match.doc, match->doc);
	assert_int_equal(got->match.offset, match->offset);
	assert_int_equal(got->bytes, len);
	assert_int_equal(got->doc_bytes, bytes);
	assert_int_equal(got->before, ng_min(match->offset, (uint64_t)context_bytes));
	assert_int_equal(got->after, ng_min(rest, (uint64_t)context_bytes));
	assert_memory_equal(middle - got->before, text - got->before, got->before);
	assert_memory_equal(middle, text + len, got->after);
}

/* Occurrences from first on, against those that ng_ranges_locate gives and the text itself. */
static void check_contexts(const struct asked *a, const uint8_t *pat, size_t len, uint64_t first,
			   size_t n, uint32_t context_bytes)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct ng_match *matches = calloc(n + 1, sizeof(*matches));
	ng_cleanup(ng_freep) struct ng_context *contexts = calloc(n + 1, sizeof(*contexts));
	ng_cleanup(ng_freep) uint8_t *text = malloc(n * 2 * context_bytes + 1);
	size_t want = SIZE_MAX, got = SIZE_MAX;

	assert_true(matches && contexts && text);
	assert_int_equal(ng_ranges_find(a->index, pat, len, NULL, &ranges), 0);
	assert_int_equal(ng_ranges_locate(a->index, &ranges, first, n, NULL, matches, &want), 0);
	assert_int_equal(
		ng_contexts(a->index, &ranges, first, n, context_bytes, NULL, contexts, text, &got),
		0);
	assert_int_equal(got, want);
	for (size_t i = 0; i < got; i++)
		check_one(a, &contexts[i], &matches[i], len, context_bytes,
			  text + (2 * i + 1) * context_bytes);
}

/* Some of them, some twice, against all of them. */
static void check_numbers(const struct asked *a, const uint8_t *pat, size_t len, uint64_t count,
			  uint32_t context_bytes, uint64_t *rng)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct ng_match *matches = calloc(count + 1, sizeof(*matches));
	ng_cleanup(ng_freep) struct ng_context *contexts = calloc(ASK_MAX, sizeof(*contexts));
	ng_cleanup(ng_freep) uint8_t *text = malloc(ASK_MAX * 2 * context_bytes + 1);
	uint64_t numbers[ASK_MAX], number = 0;
	size_t n = 0, got = 0;

	assert_true(matches && contexts && text);
	assert_int_equal(ng_ranges_find(a->index, pat, len, NULL, &ranges), 0);
	assert_int_equal(ng_ranges_locate(a->index, &ranges, 0, count, NULL, matches, &got), 0);
	assert_int_equal(got, count);
	while (n < ASK_MAX && number < count) {
		numbers[n++] = number;
		number += scratch_random(rng) % (1 + count / 100);
	}
	assert_int_equal(
		ng_contexts_at(a->index, &ranges, n, numbers, context_bytes, NULL, contexts, text),
		0);
	for (size_t i = 0; i < n; i++)
		check_one(a, &contexts[i], &matches[numbers[i]], len, context_bytes,
			  text + (2 * i + 1) * context_bytes);
}

static void check_corpus(const struct naive *c, const struct ng_build_options *options,
			 uint64_t *rng)
{
	struct made_index made;
	struct asked a = {.c = c};

	made_index_new(c, options, &made);
	a.index = made.index;
	for (unsigned i = 0; i < 4 && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, rng, i < 2 ? 2 : 30, &len);
		uint64_t count = 0;

		assert_int_equal(ng_count(a.index, pat, len, NULL, &count), 0);
		check_contexts(&a, pat, len, scratch_random(rng) % (count + 1),
			       1 + scratch_random(rng) % ASK_MAX,
			       (uint32_t)(scratch_random(rng) % (CONTEXT_MAX + 1)));
		if (i == 1)
			check_numbers(&a, pat, len, ng_min(count, (uint64_t)300),
				      (uint32_t)(scratch_random(rng) % (CONTEXT_MAX + 1)), rng);
	}
	made_index_free(&made);
}

static void test_corpora(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		for (size_t k = 0; k < ng_array_size(configs); k++)
			check_corpus(&c, &configs[k], &rng);
		naive_clear(&c);
	}
}

static void test_refusals(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	static const struct ng_range bad[] = {
		{0, 0, UINT64_MAX, 0, 2, {0}, 0}, /* beyond the last row */
		{0, 2, 1, 0, 2, {0}, 0},          /* backwards */
		{1, 0, 1, 0, 2, {0}, 0},          /* no such shard */
		{0, 0, 2, 1, 2, {0}, 0},          /* begins with another number */
		{0, 0, 1, 0, 2, {0}, 0},          /* fewer than the count */
	};
	struct ng_ranges some;
	struct ng_context contexts[4];
	struct naive c = {.name = "abab"};
	struct made_index made;
	ng_cancel cancel = true;
	uint8_t text[4 * 2 * 3];
	size_t n = 42;

	naive_add(&c, "ababab", 6);
	made_index_new(&c, &options, &made);
	for (size_t i = 0; i < ng_array_size(bad); i++) {
		struct ng_range range = bad[i];
		const struct ng_ranges ranges = {&range, 1, 2};

		assert_int_equal(
			ng_contexts(made.index, &ranges, 0, 4, 3, NULL, contexts, text, &n),
			-EINVAL);
	}
	assert_int_equal(ng_ranges_find(made.index, (const uint8_t *)"ab", 2, NULL, &some), 0);
	assert_int_equal(ng_contexts(made.index, &some, 0, 4, 3, &cancel, contexts, text, &n),
			 -EINTR);
	assert_int_equal(
		ng_contexts_at(made.index, &some, 2, (uint64_t[]){1, 3}, 3, NULL, contexts, text),
		-EINVAL);
	assert_int_equal(
		ng_contexts_at(made.index, &some, 2, (uint64_t[]){1, 0}, 3, NULL, contexts, text),
		-EINVAL);
	assert_int_equal(
		ng_contexts_at(made.index, &some, 2, (uint64_t[]){0, 2}, 3, NULL, contexts, text),
		0);
	/* Longer than the strings of those rows are: a document ends within. */
	some.list[0].bytes = 7;
	assert_int_equal(ng_contexts(made.index, &some, 0, 4, 3, NULL, contexts, text, &n),
			 -EUCLEAN);
	assert_int_equal(n, 42);
	ng_ranges_clear(&some);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpora),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
