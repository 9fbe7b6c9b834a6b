/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents hold a string, and how often, read many at a time, against a look at every one of
 * them. */
#include "forge.h"
#include "indexmake.h"
#include "query/docs_count.h"
#include "query/docs_hold.h"
#include "query/index_internal.h"
#include "query/survivors.h"

#define DOCS 150u
#define LONG (300u << 10) /* a document that is for another way */

static bool has(const struct ng_cached *bits, uint64_t i)
{
	return bits->words[i / 64] >> i % 64 & 1;
}

static bool holds(const struct naive *c, uint64_t doc, const char *text)
{
	return memmem(c->text + naive_begin(c, doc), naive_bytes(c, doc), text, strlen(text));
}

/* An index that was just opened may be one that is waited for. */
static struct ng_docs_hold hold_of(const struct ng_index *index, const struct ng_query *query)
{
	struct ng_docs_hold hold = ng_docs_hold_make(index, query);

	hold.any = true;
	return hold;
}

static int read_all(const struct ng_index *index, const char *text, const ng_cancel *cancel,
		    size_t *ret_taken, struct ng_cached **ret_docs)
{
	const struct ng_query query = {.bytes = (const uint8_t *)text, .len = strlen(text)};
	const struct ng_docs_hold hold = hold_of(index, &query);
	uint64_t list[DOCS];

	assert_int_equal(index->stats.numbers, DOCS);
	for (uint64_t i = 0; i < DOCS; i++)
		list[i] = i;
	*ret_docs = ng_survivors_new((XXH128_hash_t){0, 0}, DOCS);
	assert_non_null(*ret_docs);
	return ng_docs_hold_read(&hold, list, DOCS, cancel, *ret_docs, ret_taken);
}

static void check(const struct naive *c, const struct ng_index *index, const char *text)
{
	const struct ng_query query = {.bytes = (const uint8_t *)text, .len = strlen(text)};
	const struct ng_docs_hold hold = hold_of(index, &query);
	struct ng_cached *docs;
	size_t taken = 99, want = 0;

	assert_int_equal(read_all(index, text, NULL, &taken, &docs), 0);
	for (uint64_t doc = 0; doc < DOCS; doc++) {
		bool takes;

		assert_int_equal(ng_docs_hold_takes(&hold, doc, &takes), 0);
		assert_int_equal(takes,
				 !index->stats.text_store_bytes && naive_bytes(c, doc) < LONG);
		assert_int_equal(has(docs, doc), takes && holds(c, doc, text));
		want += takes;
	}
	assert_int_equal(taken, want);
	ng_cached_unref(docs);
}

/* How often it is in one in `of` of the documents. */
static void check_count(const struct naive *c, const struct ng_index *index, const char *text,
			uint64_t *rng, unsigned of)
{
	const struct ng_query query = {.bytes = (const uint8_t *)text, .len = strlen(text)};
	ng_cleanup(ng_freep) uint64_t *positions = NULL;
	uint64_t n = naive_find(c, query.bytes, query.len, &positions), want = 0, count = 99;
	struct ng_cached *docs = ng_survivors_new((XXH128_hash_t){0, 0}, DOCS);
	bool better;

	assert_non_null(docs);
	for (uint64_t doc = 0; doc < DOCS; doc++)
		docs->words[doc / 64] |= (uint64_t)(scratch_random(rng) % of == 0) << doc % 64;
	ng_survivors_count(docs, DOCS);
	for (uint64_t i = 0; i < n; i++)
		want += has(docs, naive_doc_of(c, positions[i]));
	assert_int_equal(ng_docs_count(index, &query, docs, NULL, &count), 0);
	assert_int_equal(count, want);
	assert_int_equal(ng_docs_count_is_better(index, &query, docs, 1, &better), 0);
	assert_int_equal(better, docs->count == 0 && index->stats.sa_sampling > 1);
	assert_int_equal(ng_docs_count_is_better(index, &query, docs, UINT64_MAX, &better), 0);
	assert_true(better);
	ng_cached_unref(docs);
}

/* Of all lengths, some of none; what is looked for lies across every border between two samples. */
static void fill(struct naive *c)
{
	static const char letters[] = "aabbbb\nx";
	uint64_t rng = naive_seed();
	uint8_t *text = malloc(LONG);

	assert_non_null(text);
	for (unsigned d = 0; d < DOCS; d++) {
		size_t len = d == 70 ? LONG : d % 9 ? scratch_random(&rng) % 900 : 0;

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)
				letters[scratch_random(&rng) % (d % 3 ? sizeof(letters) - 1 : 5)];
		if (d % 5 == 0 && len > 20)
			memcpy(text + scratch_random(&rng) % (len - 20), "here it is at last", 18);
		naive_add(c, text, len);
	}
	free(text);
}

static void test_random(void **state)
{
	static const struct ng_build_options options[] = {
		{.threads = 1},
		{.threads = 4, .sa_sampling = 4},
		{.threads = 2, .shard_bytes = 20000, .sa_sampling = 16},
		{.threads = 2, .text_store = true},
	};
	static const char *const strings[] = {
		"a", "x", "bab", "aabbaabb", "here it is at last", "is at last\n", "zzz"};
	/* In brief only what several threads do, in one shard and in several. */
	const bool brief = getenv("NG_TEST_BRIEF");
	struct naive c = {.name = "held"};
	uint64_t rng = naive_seed();

	fill(&c);
	for (size_t i = brief; i < (brief ? 3 : ng_array_size(options)); i++) {
		struct made_index made;

		made_index_new(&c, &options[i], &made);
		for (unsigned threads = brief ? 4 : 1; threads <= 4; threads += 3) {
			struct ng_index *index;

			assert_int_equal(ng_index_open(made.path, threads, &index, NULL), 0);
			for (size_t s = 0; s < ng_array_size(strings); s += brief ? 3 : 1) {
				check(&c, index, strings[s]);
				check_count(&c, index, strings[s], &rng, 1 + (unsigned)s % 3);
			}
			ng_index_close(index);
		}
		made_index_free(&made);
	}
	naive_clear(&c);
}

/* Cancelled, and with text that can't be read: an error, and none of the threads is left behind. */
static void test_fails(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "fails"};
	ng_cancel cancel = true;
	struct made_index made;
	struct ng_cached *docs;
	struct forged forged;
	struct ng_index *index;
	struct ng_shard_entry *entry;
	const struct ng_query query = {.bytes = (const uint8_t *)"ab", .len = 2};
	uint64_t count = 99;
	size_t taken = 99;

	fill(&c);
	made_index_new(&c, &options, &made);
	assert_int_equal(read_all(made.index, "zzz", &cancel, &taken, &docs), -EINTR);
	memset(docs->words, 0xff, DOCS / 64 * sizeof(*docs->words));
	ng_survivors_count(docs, DOCS);
	assert_int_equal(ng_docs_count(made.index, &query, docs, &cancel, &count), -EINTR);
	ng_cached_unref(docs);
	forged_read(&made, &forged);
	entry = forged_section(&forged, NG_SECTION_BWT_CELLS);
	for (uint64_t i = 0; i < entry->bytes; i += 1024)
		forged.data[entry->offset + i] ^= 0x55;
	forged_write(&forged);
	free(forged.data);
	assert_int_equal(ng_index_open(made.path, 2, &index, NULL), 0);
	assert_int_equal(read_all(index, "zzz", NULL, &taken, &docs), -EUCLEAN);
	memset(docs->words, 0xff, DOCS / 64 * sizeof(*docs->words));
	ng_survivors_count(docs, DOCS);
	assert_int_equal(ng_docs_count(index, &query, docs, NULL, &count), -EUCLEAN);
	assert_true(taken == 99 && count == 99);
	ng_cached_unref(docs);
	ng_index_close(index);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
