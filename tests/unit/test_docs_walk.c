/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences in some documents, walked, against all of them located. */
#include "indexmake.h"
#include "query/docs_walk.h"
#include "query/find.h"
#include "query/index_internal.h"

static bool has(const struct ng_cached *bits, uint64_t i)
{
	return bits->words[i / 64] >> i % 64 & 1;
}

/* One in `of` of the documents that haven't been removed. */
static struct ng_cached *random_docs(const struct ng_index *index, uint64_t *rng, unsigned of)
{
	struct ng_cached *docs = ng_survivors_new((XXH128_hash_t){0, 0}, index->stats.numbers + 64);
	uint64_t bytes;

	assert_non_null(docs);
	for (uint64_t doc = 0; doc < index->stats.numbers; doc++) {
		if (scratch_random(rng) % of || ng_doc_bytes(index, doc, &bytes) < 0)
			continue;
		docs->words[doc / 64] |= 1ull << doc % 64;
		docs->count++;
	}
	return docs;
}

static void check(const struct ng_index *index, const char *text, unsigned fold,
		  const struct ng_cached *docs)
{
	const struct ng_query query = {
		.bytes = (const uint8_t *)text, .len = strlen(text), .fold = fold};
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct ng_match *matches = NULL;
	struct ng_cached *bits;
	size_t n = 0;
	bool better;

	assert_int_equal(ng_query_find(index, &query, NULL, &ranges), 0);
	matches = calloc(ranges.count + 1, sizeof(*matches));
	bits = ng_survivors_new((XXH128_hash_t){0, 0}, ranges.count);
	assert_true(matches && bits);
	assert_int_equal(ng_ranges_locate(index, &ranges, 0, ranges.count, NULL, matches, &n), 0);
	assert_int_equal(n, ranges.count);
	assert_int_equal(ng_docs_walk(index, &ranges, docs, NULL, bits), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(has(bits, i), has(docs, matches[i].doc));
	assert_int_equal(ng_docs_walk_is_better(index, &ranges, docs, &better), 0);
	assert_true(!better || docs->count < n);
	ng_cached_unref(bits);
}

static void test_random(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1}, {.threads = 2, .shard_bytes = 700, .sa_sampling = 4}};
	static const char *const strings[] = {"a", "ab", "b a", "bab", "aab a", "\n"};
	static const unsigned folds[] = {0, NG_FOLD_SPACE, NG_QUERY_WORD};
	static const char letters[] = "aab  b\n";
	struct naive c = {.name = "walked"};
	uint64_t rng = naive_seed();
	uint8_t text[9000];

	for (unsigned d = 0; d < 40; d++) {
		size_t len = d == 7 ? sizeof(text) : d % 3 ? scratch_random(&rng) % 200 : 0;

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)letters[scratch_random(&rng) % (sizeof(letters) - 1)];
		naive_add(&c, text, len);
	}
	for (size_t i = 0; i < 40 * ng_array_size(options); i++) {
		struct made_index made;
		struct ng_cached *docs;

		made_index_new(&c, &options[i % 2], &made);
		docs = random_docs(made.index, &rng, 1 + (unsigned)i % 9);
		check(made.index, strings[i % ng_array_size(strings)],
		      folds[i / 2 % ng_array_size(folds)], docs);
		ng_cached_unref(docs);
		made_index_free(&made);
	}
	naive_clear(&c);
}

/* What is frequent everywhere, and asked for in the few short documents that hold what is rare; and
 * the same when nearly all of them do. */
static void test_choice(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "choice"};
	struct made_index made;
	uint8_t text[1000];

	for (unsigned d = 0; d < 300; d++) {
		memset(text, 'a', sizeof(text));
		if (d % 100 == 0)
			memcpy(text, "rare", 4);
		else
			memcpy(text, "often", 5);
		naive_add(&c, text, sizeof(text));
	}
	made_index_new(&c, &options, &made);
	for (unsigned k = 0; k < 2; k++) {
		ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
		const struct ng_query plain = {.bytes = (const uint8_t *)"aa", .len = 2};
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
		ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
		struct ng_query query = plain;
		uint64_t count = 0;
		bool better = false;

		assert_int_equal(
			ng_scope_add(&scope, NG_SCOPE_ALSO, k ? "often" : "rare", k ? 5 : 4), 0);
		assert_int_equal(ng_scope_finish(scope, NULL, 0), 0);
		assert_int_equal(ng_query_find(made.index, &plain, NULL, &ranges), 0);
		assert_int_equal(ng_filter_get(made.index, scope, NULL, NULL, &filter), 0);
		assert_int_equal(ng_docs_walk_is_better(made.index, &ranges, filter.docs, &better),
				 0);
		assert_true(better);
		query.scope = scope;
		assert_int_equal(ng_query_count(made.index, &query, NULL, &count), 0);
		assert_int_equal(count, k ? 297u * 994 : 3u * 995);
	}
	made_index_free(&made);
	naive_clear(&c);
}

/* Few occurrences in long documents are located. */
static void test_few(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "few"};
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	struct made_index made;
	struct ng_cached *docs;
	uint64_t rng = naive_seed();
	uint8_t text[1000];
	bool better = true;

	memset(text, 'a', sizeof(text));
	memcpy(text + 500, "few", 3);
	for (unsigned d = 0; d < 20; d++)
		naive_add(&c, text, sizeof(text));
	made_index_new(&c, &options, &made);
	docs = random_docs(made.index, &rng, 1);
	assert_int_equal(ng_ranges_find(made.index, (const uint8_t *)"few", 3, NULL, &ranges), 0);
	assert_int_equal(ng_docs_walk_is_better(made.index, &ranges, docs, &better), 0);
	assert_false(better);
	ng_cached_unref(docs);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
