/* SPDX-License-Identifier: Apache-2.0 */
/* Which occurrences and documents count: against a program that looks at every byte. */
#include "indexmake.h"
#include "naive_fold.h"
#include "query/df.h"
#include "query/find.h"
#include "query/fold_scan.h"
#include "query/places.h"

/* Few, so that they stand beside each other often. */
static const char *const pieces[] = {"a",  "b", "ab",           "A",  " ",
				     "\n", "-", "\xe4\xb8\xad", "ba", "  "};

static size_t make_text(uint64_t *rng, size_t n, uint8_t *text)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *piece = pieces[scratch_random(rng) % ng_array_size(pieces)];

		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return len;
}

/* Bytes of the longest occurrence that begins at each position of the text; 0: none does. Those of
 * a string are added to those that are there. */
static void add_spots(const struct naive *c, const struct ng_query *query, uint64_t *bytes)
{
	struct ng_fold_scan scan;

	assert_int_equal(ng_fold_scan_make(query->fold & ~NG_QUERY_WORD,
					   query->fold & NG_QUERY_WORD, query->bytes, query->len,
					   &scan),
			 0);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		uint64_t begin = naive_begin(c, doc), len = naive_bytes(c, doc);

		for (uint64_t at = 0; at < len; at++)
			bytes[begin + at] =
				ng_max(bytes[begin + at],
				       (uint64_t)ng_fold_scan_at(&scan, c->text + begin, len, at));
	}
	ng_fold_scan_clear(&scan);
}

static uint64_t *spots_of(const struct naive *c, const struct ng_query *query)
{
	uint64_t *bytes = calloc(c->n + 1, sizeof(*bytes));

	assert_non_null(bytes);
	add_spots(c, query, bytes);
	return bytes;
}

static bool doc_has(const struct naive *c, uint64_t doc, const uint64_t *spots)
{
	for (uint64_t at = naive_begin(c, doc); at < c->ends[doc]; at++)
		if (spots[at])
			return true;
	return false;
}

static bool is_near(const struct naive *c, uint64_t doc, uint64_t at, uint64_t bytes,
		    const uint64_t *others, uint64_t distance)
{
	for (uint64_t q = naive_begin(c, doc); q < c->ends[doc]; q++) {
		if (!others[q])
			continue;
		if (q <= at + bytes + distance && at <= q + others[q] + distance)
			return true;
	}
	return false;
}

/* What counts of spots: the others are set to 0. */
static void leave(const struct naive *c, const struct ng_scope *scope, uint64_t *spots)
{
	for (size_t i = 0; i < scope->also.n + scope->not .n; i++) {
		bool also = i < scope->also.n;
		const struct ng_query query = ng_scope_query(
			scope, also ? &scope->also.list[i] : &scope->not .list[i - scope->also.n]);
		ng_cleanup(ng_freep) uint64_t *others = spots_of(c, &query);

		for (uint64_t doc = 0; doc < c->docs; doc++) {
			bool has = doc_has(c, doc, others);

			for (uint64_t at = naive_begin(c, doc); at < c->ends[doc]; at++) {
				if (!spots[at])
					continue;
				if (also && scope->is_near)
					has = is_near(c, doc, at, spots[at], others, scope->near);
				if (has != also)
					spots[at] = 0;
			}
		}
	}
}

/* The places that a filter lets through are those, and each once, in so many documents. */
static void check_filter(const struct naive *c, const struct ng_index *index,
			 const struct ng_ranges *ranges, const struct ng_filter *filter,
			 const uint64_t *want, uint64_t n, uint64_t *ret_docs)
{
	ng_cleanup(ng_places_clear) struct ng_places places = NG_PLACES_INIT;

	assert_int_equal(ng_places_find(index, ranges, 1, UINT64_MAX, filter, NULL, &places), 0);
	assert_int_equal(places.n, n);
	for (size_t i = 0; i < places.n; i++)
		assert_int_equal(want[naive_begin(c, places.list[i].doc) + places.list[i].offset],
				 places.list[i].bytes);
	assert_int_equal(ng_df_filtered(index, ranges, filter, NULL, ret_docs), 0);
}

/* The places that count are those, and each once. */
static void check_places(const struct naive *c, const struct ng_index *index,
			 const struct ng_query *query, const uint64_t *want, uint64_t n)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t docs = 0, narrow_docs = 0, want_docs = 0;

	assert_int_equal(ng_query_find(index, query, NULL, &ranges), 0);
	assert_int_equal(ng_filter_get(index, query->scope, &ranges, NULL, &filter), 0);
	check_filter(c, index, &ranges, &filter, want, n, &docs);
	assert_int_equal(ng_filter_narrow(index, &ranges, query->scope, NULL, &filter), 0);
	assert_true(!filter.near.bits || ng_filter_most(&filter, &ranges) == n);
	check_filter(c, index, &ranges, &filter, want, n, &narrow_docs);
	assert_int_equal(narrow_docs, docs);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		bool has = doc_has(c, doc, want);

		want_docs += has;
		assert_int_equal(ng_query_doc_holds(index, doc, query, ranges.count, NULL), has);
		assert_int_equal(
			ng_query_doc_holds(index, doc, query, ranges.count ? UINT32_MAX : 0, NULL),
			has);
	}
	assert_int_equal(docs, want_docs);
}

static void check(const struct naive *c, const struct ng_index *index, const struct ng_query *query)
{
	ng_cleanup(ng_freep) uint64_t *want = spots_of(c, query);
	uint64_t n = 0, count = UINT64_MAX, bound = 0, work = 0, most = 0;
	bool any = false;

	for (size_t i = 0; i < query->scope->any.n; i++) {
		const struct ng_query other =
			ng_scope_query(query->scope, &query->scope->any.list[i]);

		add_spots(c, &other, want);
	}
	for (uint64_t at = 0; at < c->n; at++)
		most += want[at] > 0;
	leave(c, query->scope, want);
	for (uint64_t at = 0; at < c->n; at++)
		n += want[at] > 0;
	/* First whether there are any: what is kept then is used afterwards. */
	assert_int_equal(ng_query_any(index, query, NULL, &any, &bound), 0);
	assert_int_equal(any, n > 0);
	assert_int_equal(bound, most);
	assert_int_equal(ng_query_count(index, query, NULL, &count), 0);
	assert_int_equal(count, n);
	assert_int_equal(ng_query_work(index, query, NULL, &work), 0);
	assert_true(work >= most);
	check_places(c, index, query, want, n);
}

/* A string of a few letters, as the value of a setting has it. */
static void add_string(uint64_t *rng, struct ng_scope **scope, enum ng_scope_list list, size_t most)
{
	char spelled[256];
	uint8_t text[64];
	size_t len = make_text(rng, 1 + scratch_random(rng) % most, text), n = 0;

	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(spelled + n, sizeof(spelled) - n, "%%%02X", text[i]);
	assert_int_equal(ng_scope_add(scope, list, spelled, n), 0);
}

/* Each setting alone, in pairs, and all of them, under each folding. */
static void random_scopes(const struct naive *c, const struct ng_index *index, uint64_t *rng,
			  unsigned rounds)
{
	static const unsigned folds[] = {0,
					 0,
					 NG_FOLD_CASE,
					 NG_FOLD_SPACE,
					 NG_QUERY_WORD,
					 NG_QUERY_WORD | NG_FOLD_CASE | NG_FOLD_SPACE};
	static const uint32_t distances[] = {0, 1, 3, 20, 300, 100000};

	for (unsigned round = 0; round < rounds; round++) {
		ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
		unsigned fold = folds[round % ng_array_size(folds)];
		unsigned what = 1 + (unsigned)(scratch_random(rng) % 15);
		uint32_t near = distances[scratch_random(rng) % ng_array_size(distances)];
		struct ng_query query;
		uint8_t pat[64];

		for (unsigned i = 0; i < ((what & 1) ? 1 + scratch_random(rng) % 2 : 0); i++)
			add_string(rng, &scope, NG_SCOPE_ALSO, 3);
		if (what & 2)
			add_string(rng, &scope, NG_SCOPE_NOT, 5);
		for (unsigned i = 0; i < ((what & 4) ? 1 + scratch_random(rng) % 3 : 0); i++)
			add_string(rng, &scope, NG_SCOPE_ANY, 3);
		if (!scope)
			continue;
		assert_int_equal(ng_scope_finish(scope, (what & 9) == 9 ? &near : NULL, fold), 0);
		query = (struct ng_query){.bytes = pat,
					  .len = make_text(rng, 1 + scratch_random(rng) % 3, pat),
					  .fold = fold,
					  .scope = scope};
		check(c, index, &query);
	}
}

static void test_random(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1},
		{.threads = 2, .shard_bytes = 700, .text_store = true},
		{.threads = 1, .sa_sampling = 4}};
	struct naive c = {.name = "letters"};
	uint64_t rng = naive_seed();
	uint8_t text[6000];

	for (unsigned d = 0; d < 30; d++)
		naive_add(&c, text, make_text(&rng, scratch_random(&rng) % 80, text));
	naive_add(&c, text, make_text(&rng, 1200, text));
	for (size_t i = 0; i < ng_array_size(options); i++) {
		struct made_index made;

		made_index_new(&c, &options[i], &made);
		random_scopes(&c, made.index, &rng, scratch_rounds(60));
		made_index_free(&made);
	}
	naive_clear(&c);
}

static void scope_of(struct ng_scope **scope, enum ng_scope_list list, const char *text)
{
	assert_int_equal(ng_scope_add(scope, list, text, strlen(text)), 0);
}

/* What is frequent in documents that are few: they are read, rather than that located. */
static void test_rare(void **state)
{
	static const struct ng_build_options options[] = {{.threads = 2},
							  {.threads = 2, .text_store = true}};
	static const unsigned folds[] = {0, NG_FOLD_CASE, NG_QUERY_WORD, NG_FOLD_SPACE};
	struct naive c = {.name = "frequent"};
	uint8_t text[600];

	for (unsigned d = 0; d < 200; d++) {
		size_t len = 0;

		if (d % 20 == 3)
			len += (size_t)sprintf((char *)text, "rare ");
		for (unsigned i = 0; i < 40; i++)
			len += (size_t)sprintf((char *)text + len, "%s ",
					       d % 3 && (d % 20 != 3 || d < 100) ? "of" : "or");
		naive_add(&c, text, len);
	}
	for (size_t i = 0; i < ng_array_size(options) * ng_array_size(folds); i++) {
		struct made_index made;

		made_index_new(&c, &options[i % 2], &made);
		for (unsigned k = 0; k < 8; k++) {
			ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
			const char *const query = k < 6 ? "rare" : "or";
			const uint32_t near = 9;

			scope_of(&scope, k % 2 ? NG_SCOPE_ALSO : NG_SCOPE_NOT, "of");
			if (k == 4 || k == 5)
				scope_of(&scope, NG_SCOPE_ALSO, "rare");
			if (k == 2 || k == 3)
				scope_of(&scope, NG_SCOPE_ANY, "r");
			assert_int_equal(
				ng_scope_finish(scope, k == 5 ? &near : NULL, folds[i / 2]), 0);
			check(&c, made.index,
			      &(struct ng_query){.bytes = (const uint8_t *)query,
						 .len = strlen(query),
						 .fold = folds[i / 2],
						 .scope = scope});
		}
		made_index_free(&made);
	}
	naive_clear(&c);
}

/* One string that is all of the settings at once. */
static void test_same(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "same"};
	const struct ng_query query = {.bytes = (const uint8_t *)"aa", .len = 2};
	const uint32_t near = 0;
	struct made_index made;

	naive_add(&c, "aaa b aa", 8);
	naive_add(&c, "b", 1);
	naive_add(&c, "", 0);
	made_index_new(&c, &options, &made);
	for (unsigned k = 0; k < 4; k++) {
		ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
		struct ng_query asked = query;
		uint64_t count = 99;

		scope_of(&scope,
			 k == 1   ? NG_SCOPE_NOT
			 : k == 2 ? NG_SCOPE_ANY
				  : NG_SCOPE_ALSO,
			 "aa");
		assert_int_equal(ng_scope_finish(scope, k == 3 ? &near : NULL, 0), 0);
		asked.scope = scope;
		assert_int_equal(ng_query_count(made.index, &asked, NULL, &count), 0);
		assert_int_equal(count, k == 1 ? 0 : 3);
		check(&c, made.index, &asked);
	}
	made_index_free(&made);
	naive_clear(&c);
}

static void test_strings(void **state)
{
	ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
	const uint32_t near = 7;

	assert_int_equal(ng_scope_add(&scope, NG_SCOPE_NOT, "", 0), -EINVAL);
	assert_int_equal(ng_scope_add(&scope, NG_SCOPE_NOT, "a%2", 3), -EINVAL);
	scope_of(&scope, NG_SCOPE_NOT, "a%2Cb%00");
	assert_int_equal(scope->not .list[0].len, 4);
	assert_memory_equal(scope->not .list[0].bytes, "a,b", 4);
	assert_int_equal(ng_scope_finish(scope, &near, 0), -EINVAL);
	for (unsigned i = 0; i < NG_SCOPE_STRINGS_MAX; i++)
		scope_of(&scope, NG_SCOPE_ALSO, "x");
	assert_int_equal(ng_scope_add(&scope, NG_SCOPE_ALSO, "x", 1), -EINVAL);
	assert_int_equal(ng_scope_finish(scope, &near, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_rare),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
