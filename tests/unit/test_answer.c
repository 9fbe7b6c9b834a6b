/* SPDX-License-Identifier: Apache-2.0 */
#include "files/answer.h"
#include "corpus.h"
#include "base/json.h"
#include "base/utf8.h"

#include <jansson.h>

#define DOCS 60

static void test_count(void **state)
{
	static const uint64_t counts[] = {0, 9, 10, 1234567, UINT64_MAX};
	char text[NG_ANSWER_COUNT_MAX + 1], want[40];

	for (size_t i = 0; i < ng_array_size(counts); i++) {
		sprintf(want, "%llu\n", (unsigned long long)counts[i]);
		assert_int_equal(ng_answer_count(counts[i], text), strlen(want));
		assert_string_equal(text, want);
	}
}

static json_t *parse(const struct ng_buf *buf)
{
	json_t *json;

	assert_true(buf->len > 0 && buf->data[buf->len - 1] == '\n');
	json = json_loadb((const char *)buf->data, buf->len, JSON_ALLOW_NUL, NULL);
	assert_non_null(json);
	return json;
}

static uint64_t number(json_t *json, const char *key)
{
	assert_true(json_is_integer(json_object_get(json, key)));
	return (uint64_t)json_integer_value(json_object_get(json, key));
}

static bool occurs_at(const struct corpus_doc *doc, size_t offset, const uint8_t *pat, size_t len)
{
	return offset <= doc->len && len <= doc->len - offset &&
	       memcmp(doc->text + offset, pat, len) == 0;
}

static uint64_t naive_count(const struct corpus_doc *docs, size_t n, const uint8_t *pat, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < docs[i].len; k++)
			count += occurs_at(&docs[i], k, pat, len);
	}
	return count;
}

static struct ng_query exact(const uint8_t *pat, size_t len)
{
	return (struct ng_query){.bytes = pat, .len = len};
}

static void check_find(const struct corpus *corpus, const uint8_t *pat, size_t len, uint64_t want)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	const struct ng_query query = exact(pat, len);
	struct ng_index_stats stats;
	uint64_t sum = 0;
	json_t *json, *segments, *segment;
	size_t i;

	assert_int_equal(ng_answer_find(corpus->index, &query, NULL, &buf), 0);
	json = parse(&buf);
	assert_int_equal(number(json, "cnt"), want);
	segments = json_object_get(json, "segment_by_shard");
	ng_index_stats(corpus->index, &stats);
	assert_int_equal(json_array_size(segments), stats.shards);
	json_array_foreach(segments, i, segment) sum +=
		(uint64_t)(json_integer_value(json_array_get(segment, 1)) -
			   json_integer_value(json_array_get(segment, 0)));
	assert_int_equal(sum, want);
	json_decref(json);
}

static void check_text(json_t *json, const char *key, const uint8_t *text, size_t len)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	json_t *want;

	assert_int_equal(ng_json_string(&buf, text, len), 0);
	want = json_loadb((const char *)buf.data, buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert_true(json_equal(want, json_object_get(json, key)));
	json_decref(want);
}

/* One answer against the documents; *seen marks the occurrence. */
static void check_match(const struct corpus *corpus, const struct corpus_doc *docs,
			const uint8_t *pat, size_t len, uint64_t match, uint32_t context,
			bool *const *seen)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	const struct ng_query query = exact(pat, len);
	ng_cleanup(ng_found_clear) struct ng_found found = {.count = 0};
	const struct corpus_doc *doc;
	uint64_t doc_no, offset, lo, hi;
	json_t *json;

	assert_int_equal(ng_found_make(corpus->index, &query, NULL, &found), 0);
	assert_int_equal(ng_answer_match(corpus->index, &found, match, context, NULL, &buf), 0);
	json = parse(&buf);
	assert_int_equal(number(json, "match"), match);
	doc_no = number(json, "document");
	offset = number(json, "offset");
	assert_true(doc_no < DOCS);
	doc = &docs[doc_no];
	assert_int_equal(number(json, "doc_len"), doc->len);
	assert_true(occurs_at(doc, offset, pat, len));
	assert_false(seen[doc_no][offset]);
	seen[doc_no][offset] = true;
	check_text(json, "match_text", pat, len);
	lo = offset > context ? offset - context : 0;
	hi = ng_min(offset + len + context, (uint64_t)doc->len);
	if (lo)
		lo += ng_utf8_tail_bytes(doc->text + lo, offset - lo);
	check_text(json, "before", doc->text + lo, offset - lo);
	if (hi < doc->len)
		hi -= ng_utf8_head_bytes(doc->text + offset + len, hi - offset - len);
	check_text(json, "after", doc->text + offset + len, hi - offset - len);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(json, "metadata"), "path")), "p");
	json_decref(json);
}

/* Every answer about random queries, against looking at every place of every document. */
static void check_random(uint64_t seed, uint64_t shard_bytes, bool text_store, size_t max_bytes)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	struct corpus_doc docs[DOCS];
	struct corpus corpus;
	uint64_t rng = seed;

	print_message("seed %llu\n", (unsigned long long)seed);
	corpus_random(&rng, docs, DOCS, max_bytes, &text);
	corpus_make(&corpus, docs, DOCS, shard_bytes, text_store);
	for (int round = 0; round < 30; round++) {
		const struct corpus_doc *doc = &docs[scratch_random(&rng) % DOCS];
		size_t len = 1 + scratch_random(&rng) % 7, from;
		bool *seen[DOCS];
		uint64_t count;
		uint8_t pat[8];
		const struct ng_query query = exact(pat, len);

		if (doc->len < len)
			continue;
		from = scratch_random(&rng) % (doc->len - len + 1);
		memcpy(pat, doc->text + from, len);
		if (scratch_random(&rng) % 4 == 0)
			pat[0] ^= 1;
		count = naive_count(docs, DOCS, pat, len);
		check_find(&corpus, pat, len, count);
		for (size_t i = 0; i < DOCS; i++) {
			int want = naive_count(&docs[i], 1, pat, len) > 0;

			assert_int_equal(ng_query_doc_holds(corpus.index, i, &query, count, NULL),
					 want);
			seen[i] = calloc(docs[i].len + 1, 1);
		}
		for (uint64_t m = 0; m < ng_min(count, UINT64_C(200)); m++)
			check_match(&corpus, docs, pat, len, m, 9, seen);
		for (size_t i = 0; i < DOCS; i++)
			free(seen[i]);
		if (count) {
			ng_cleanup(ng_found_clear) struct ng_found found = {.count = 0};
			struct ng_buf none = NG_BUF_INIT;

			assert_int_equal(ng_found_make(corpus.index, &query, NULL, &found), 0);
			assert_int_equal(
				ng_answer_match(corpus.index, &found, count, 9, NULL, &none),
				-ENOENT);
			ng_buf_free(&none);
		}
	}
	corpus_drop(&corpus);
}

static void test_random(void **state)
{
	check_random(1, 0, false, 120);
	check_random(2, 2000, false, 120);
	check_random(3, 0, true, 4000);
}

/* Documents longer than what is read at once, with the query across the seam; so many occurrences
 * elsewhere that reading is the cheaper way, and so few that locating is. */
static void test_holds_long(void **state)
{
	enum { LONG = 300000, SEAM = 65536 };
	ng_cleanup(ng_freep) uint8_t *with = malloc(LONG), *without = malloc(LONG);
	ng_cleanup(ng_freep) uint8_t *many = malloc(LONG);
	struct corpus_doc docs[] = {{with, LONG, "{}"},
				    {without, LONG, "{}"},
				    {many, LONG, "{}"},
				    {(const uint8_t *)"", 0, "{}"}};
	static const char *const queries[] = {"needle", "abc", "zq"};
	const struct ng_query letter = exact((const uint8_t *)"a", 1);
	struct corpus corpus;
	uint64_t rng = 6;

	for (size_t i = 0; i < LONG; i++) {
		with[i] = (uint8_t)('d' + scratch_random(&rng) % 8);
		without[i] = (uint8_t)('d' + scratch_random(&rng) % 8);
		many[i] = (uint8_t) "abc"[i % 3];
	}
	memcpy(with + SEAM - 3, "needle", 6);
	memcpy(with + 2 * SEAM - 1, "abc", 3);
	memcpy(with + LONG - 2, "zq", 2);
	corpus_make(&corpus, docs, 4, 0, false);
	for (size_t q = 0; q < ng_array_size(queries); q++) {
		const uint8_t *pat = (const uint8_t *)queries[q];
		size_t len = strlen(queries[q]);
		const struct ng_query query = exact(pat, len);
		uint64_t count;

		assert_int_equal(ng_count(corpus.index, pat, len, NULL, &count), 0);
		for (size_t i = 0; i < ng_array_size(docs); i++)
			assert_int_equal(ng_query_doc_holds(corpus.index, i, &query, count, NULL),
					 memmem(docs[i].text, docs[i].len, pat, len) != NULL);
	}
	assert_int_equal(ng_query_doc_holds(corpus.index, 4, &letter, 1, NULL), -ENOENT);
	corpus_drop(&corpus);
}

static void test_files(void **state)
{
	struct corpus_doc docs[] = {{(const uint8_t *)"one", 3, "{\"path\":\"a\",\"n\":[1]}"},
				    {(const uint8_t *)"", 0, "{}"}};
	ng_cleanup(ng_buf_free) struct ng_buf stats = NG_BUF_INIT, meta = NG_BUF_INIT;
	ng_cleanup(ng_buf_free) struct ng_buf readme = NG_BUF_INIT;
	struct corpus corpus;
	uint64_t bytes;
	json_t *json;

	corpus_make(&corpus, docs, 2, 0, false);
	assert_int_equal(ng_answer_stats(corpus.index, &stats), 0);
	json = parse(&stats);
	assert_int_equal(number(json, "documents"), 2);
	assert_int_equal(number(json, "text_bytes"), 3);
	assert_true(number(json, "index_bytes") > 0);
	assert_int_equal(number(json, "shards"), 1);
	assert_int_equal(number(json, "text_store_bytes"), 0);
	json_decref(json);

	assert_int_equal(ng_answer_meta(corpus.index, 0, &meta), 0);
	assert_int_equal(meta.len, strlen(docs[0].meta) + 1);
	assert_memory_equal(meta.data, docs[0].meta, strlen(docs[0].meta));
	assert_int_equal(ng_answer_meta_bytes(corpus.index, 0, &bytes), 0);
	assert_int_equal(bytes, meta.len);
	assert_int_equal(ng_answer_meta_bytes(corpus.index, 1, &bytes), 0);
	assert_int_equal(bytes, 3);
	assert_int_equal(ng_answer_meta_bytes(corpus.index, 2, &bytes), -ENOENT);

	assert_int_equal(ng_answer_readme(corpus.index, 77, &readme), 0);
	assert_non_null(memmem(readme.data, readme.len, "2 documents and 3 bytes", 23));
	assert_non_null(memmem(readme.data, readme.len, "at most 77 names", 16));
	corpus_drop(&corpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_holds_long),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
