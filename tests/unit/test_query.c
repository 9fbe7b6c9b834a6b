/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer.h"
#include "files/answer_next.h"
#include "indexmake.h"
#include "base/json.h"
#include "naive_fold.h"
#include "query/fold_scan.h"

#include <jansson.h>

/* Letters in all their cases, of one to three bytes, and what has none; few, so that they occur
 * often. */
static const char *const pieces[] = {"k",        "K",        "\xe2\x84\xaa", "s",        "S",
				     "\xc5\xbf", "\xcf\x83", "\xcf\x82",     "\xce\xa3", "i",
				     "\xc4\xb0", "-",        "\xe4\xb8\xad", "\xe2",     "\x84"};

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

static bool naive_holds(const struct naive *c, uint64_t doc, const struct ng_query *query)
{
	for (uint64_t at = naive_begin(c, doc); at < c->ends[doc]; at++)
		if (naive_fold_match(c->text + at, c->text + c->ends[doc], query->bytes,
				     query->len))
			return true;
	return false;
}

/* {"cnt":N,"segment_by_shard":[[[lo,hi],...],...]} */
static void check_find(const struct ng_index *index, const struct ng_query *query, uint64_t want)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	struct ng_index_stats stats;
	json_t *json, *shards, *intervals, *interval;
	json_int_t sum = 0;
	size_t s, i;

	assert_int_equal(ng_answer_find(index, query, NULL, &buf), 0);
	json = json_loadb((const char *)buf.data, buf.len, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "cnt")), want);
	shards = json_object_get(json, "segment_by_shard");
	ng_index_stats(index, &stats);
	assert_int_equal(json_array_size(shards), stats.shards);
	json_array_foreach(shards, s, intervals)
	{
		json_int_t last = 0;

		json_array_foreach(intervals, i, interval)
		{
			json_int_t lo = json_integer_value(json_array_get(interval, 0));
			json_int_t hi = json_integer_value(json_array_get(interval, 1));

			assert_true(last <= lo && lo < hi);
			sum += hi - lo;
			last = hi;
		}
	}
	assert_int_equal(sum, want);
	json_decref(json);
}

/* Each number is another occurrence, and shows its own text. */
static void check_matches(const struct naive *c, const struct ng_index *index,
			  const struct ng_query *query, const struct naive_found *found, uint64_t n)
{
	ng_cleanup(ng_freep) bool *seen = calloc(n + 1, sizeof(*seen));
	struct ng_buf none = NG_BUF_INIT;
	ng_cleanup(ng_found_clear) struct ng_found all = {.count = 0};

	assert_non_null(seen);
	assert_int_equal(ng_found_make(index, query, NULL, &all), 0);
	assert_true(all.count == n);
	for (uint64_t m = 0; m < n; m++) {
		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT, shown = NG_BUF_INIT;
		json_t *json, *text;
		uint64_t at, i = 0;

		assert_int_equal(ng_answer_match(index, &all, m, 5, NULL, &buf), 0);
		json = json_loadb((const char *)buf.data, buf.len, 0, NULL);
		assert_non_null(json);
		at = naive_begin(c,
				 (uint64_t)json_integer_value(json_object_get(json, "document"))) +
		     (uint64_t)json_integer_value(json_object_get(json, "offset"));
		while (i < n && found[i].at != at)
			i++;
		assert_true(i < n && !seen[i]);
		seen[i] = true;
		assert_int_equal(ng_json_string(&shown, c->text + at, found[i].bytes), 0);
		text = json_loadb((const char *)shown.data, shown.len, JSON_DECODE_ANY, NULL);
		assert_true(json_equal(text, json_object_get(json, "match_text")));
		json_decref(text);
		json_decref(json);
	}
	assert_int_equal(ng_answer_match(index, &all, n, 5, NULL, &none), -ENOENT);
	ng_buf_free(&none);
}

static void check(const struct naive *c, const struct ng_index *index, const struct ng_query *query)
{
	ng_cleanup(ng_buf_free) struct ng_buf df = NG_BUF_INIT;
	ng_cleanup(ng_freep) struct naive_found *found = NULL;
	uint64_t n, count = UINT64_MAX, docs = 0;

	found = naive_fold(c, query->bytes, query->len, &n);
	assert_int_equal(ng_query_count(index, query, NULL, &count), 0);
	assert_int_equal(count, n);
	check_find(index, query, n);
	if (n <= 300)
		check_matches(c, index, query, found, n);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		bool holds = naive_holds(c, doc, query);

		docs += holds;
		assert_int_equal(ng_query_doc_holds(index, doc, query, n, NULL), holds);
		/* As if it were frequent elsewhere: the document is read. */
		assert_int_equal(ng_query_doc_holds(index, doc, query, UINT32_MAX, NULL), holds);
	}
	assert_int_equal(ng_answer_df(index, query, NULL, &df), 0);
	assert_int_equal(ng_buf_append(&df, "", 1), 0);
	assert_int_equal(strtoull((const char *)df.data, NULL, 10), docs);
}

static void test_fold(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1}, {.threads = 2, .shard_bytes = 700, .text_store = true}};
	struct naive c = {.name = "letters"};
	uint64_t rng = naive_seed();
	uint8_t text[600];

	for (unsigned d = 0; d < 40; d++)
		naive_add(&c, text, make_text(&rng, scratch_random(&rng) % 100, text));
	for (size_t i = 0; i < ng_array_size(options); i++) {
		struct made_index made;

		made_index_new(&c, &options[i], &made);
		for (unsigned round = 0; round < 60; round++) {
			uint8_t pat[64];
			size_t len = make_text(&rng, 1 + scratch_random(&rng) % 5, pat);

			check(&c, made.index,
			      &(struct ng_query){.bytes = pat, .len = len, .fold = NG_FOLD_CASE});
		}
		made_index_free(&made);
	}
	naive_clear(&c);
}

/* Longer than what is read at once, with an occurrence across the seam that is longer, or shorter,
 * than the query. */
static void test_seam(void **state)
{
	enum { LONG = 200000, SEAM = 65536 };
	static const struct {
		const char *pat, *text;
	} cases[] = {
		{"kks-k", "\xe2\x84\xaa\xe2\x84\xaa\xc5\xbf-\xe2\x84\xaa"},
		{"\xe2\x84\xaa\xe2\x84\xaa\xc5\xbf-\xe2\x84\xaa", "kKs-k"},
		{"k", "\xe2\x84\xaa"},
	};
	static const struct ng_build_options options = {.threads = 1};
	ng_cleanup(ng_freep) uint8_t *text = malloc(LONG);

	assert_non_null(text);
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const struct ng_query query = {.bytes = (const uint8_t *)cases[i].pat,
					       .len = strlen(cases[i].pat),
					       .fold = NG_FOLD_CASE};
		size_t len = strlen(cases[i].text);

		for (size_t before = 0; before <= len; before++) {
			struct naive c = {.name = "seam"};
			struct made_index made;

			memset(text, 'x', LONG);
			memcpy(text + SEAM - before, cases[i].text, len);
			naive_add(&c, text, LONG);
			memset(text, 'y', LONG);
			naive_add(&c, text, LONG);
			made_index_new(&c, &options, &made);
			assert_int_equal(
				ng_query_doc_holds(made.index, 0, &query, UINT32_MAX, NULL), 1);
			assert_int_equal(
				ng_query_doc_holds(made.index, 1, &query, UINT32_MAX, NULL), 0);
			made_index_free(&made);
			naive_clear(&c);
		}
	}
}

/* More spellings than are looked for: never a part of the answer. */
static void test_limit(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint8_t *text = malloc(300000);
	struct naive c = {.name = "random case"};
	struct ng_query query;
	struct made_index made;
	uint64_t rng = naive_seed(), count = 42;
	uint8_t pat[40];

	assert_non_null(text);
	for (size_t i = 0; i < 300000; i++)
		text[i] = scratch_random(&rng) % 2 ? 'a' : 'A';
	naive_add(&c, text, 300000);
	made_index_new(&c, &options, &made);
	memset(pat, 'a', sizeof(pat));
	query = (struct ng_query){.bytes = pat, .len = sizeof(pat), .fold = NG_FOLD_CASE};
	assert_int_equal(ng_query_count(made.index, &query, NULL, &count), -EOVERFLOW);
	assert_int_equal(count, 42);
	assert_int_equal(ng_answer_find(made.index, &query, NULL, &buf), -EOVERFLOW);
	assert_int_equal(ng_answer_df(made.index, &query, NULL, &buf), -EOVERFLOW);
	assert_int_equal(ng_answer_next(made.index, &query, NULL, &buf), -EOVERFLOW);
	query.fold = 0;
	assert_int_equal(ng_query_count(made.index, &query, NULL, &count), 0);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_scan(void **state)
{
	ng_cleanup(ng_fold_scan_clear) struct ng_fold_scan scan = {0};
	static const uint8_t text[] = "xxAbxx";
	ng_cancel cancel = true;

	assert_int_equal(ng_fold_scan_make(NG_FOLD_CASE, false, (const uint8_t *)"aB", 2, &scan),
			 0);
	assert_int_equal(scan.longest, 2);
	assert_int_equal(ng_fold_scan_holds(&scan, text, 6, NULL), 1);
	assert_int_equal(ng_fold_scan_holds(&scan, text, 3, NULL), 0);
	assert_int_equal(ng_fold_scan_holds(&scan, text, 0, NULL), 0);
	assert_int_equal(ng_fold_scan_holds(&scan, text, 6, &cancel), -EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_seam),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_scan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
