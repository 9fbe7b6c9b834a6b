/* SPDX-License-Identifier: Apache-2.0 */
#include "corpus.h"
#include "files/listing.h"

#include <pthread.h>

#define DOCS 200

static bool holds(const struct corpus_doc *doc, const char *pat)
{
	return memmem(doc->text, doc->len, pat, strlen(pat));
}

static size_t naive_docs(const struct corpus_doc *docs, const char *pat)
{
	size_t n = 0;

	for (size_t i = 0; i < DOCS; i++)
		n += holds(&docs[i], pat);
	return n;
}

static int get(struct ng_listings *listings, const struct corpus *corpus, const char *pat,
	       size_t page_docs, uint64_t page, struct ng_page **ret_page)
{
	const struct ng_query query = {.bytes = (const uint8_t *)pat, .len = strlen(pat)};

	return ng_listings_page(listings, corpus->index, &query, page_docs, page, NULL, ret_page);
}

/* Pages in any order are those of one walk; together they are the documents that hold the query. */
static void check_pages(struct ng_listings *listings, const struct corpus *corpus,
			const struct corpus_doc *docs, const char *pat, size_t page_docs)
{
	size_t n = naive_docs(docs, pat), pages = ng_max(ng_div_up(n, page_docs), (uint64_t)1);
	bool seen[DOCS] = {false};
	struct ng_page *page;

	for (size_t p = 0; p < pages; p++) {
		ng_cleanup(ng_page_unrefp) struct ng_page *it = NULL;

		assert_int_equal(get(listings, corpus, pat, page_docs, p, &it), 0);
		assert_int_equal(it->more, p + 1 < pages);
		assert_int_equal(it->n_docs, it->more ? page_docs : n - p * page_docs);
		for (size_t i = 0; i < it->n_docs; i++) {
			assert_true(it->docs[i] < DOCS);
			assert_true(i == 0 || it->docs[i - 1] < it->docs[i]);
			assert_true(holds(&docs[it->docs[i]], pat));
			assert_false(seen[it->docs[i]]);
			seen[it->docs[i]] = true;
		}
	}
	assert_int_equal(get(listings, corpus, pat, page_docs, pages, &page), -ENOENT);
	/* Again from the last to the first: the same pages, kept or made anew. */
	for (size_t p = pages; p-- > 0;) {
		ng_cleanup(ng_page_unrefp) struct ng_page *it = NULL;

		assert_int_equal(get(listings, corpus, pat, page_docs, p, &it), 0);
		assert_int_equal(it->n_docs, p + 1 < pages ? page_docs : n - p * page_docs);
	}
}

/* Room for everything, for one listing, and for next to nothing: only the work differs. */
static void test_pages(void **state)
{
	static const struct {
		size_t page_docs, max_listings, max_bytes;
	} limits[] = {
		{7, 16, 1 << 20}, {7, 1, 1 << 20},    {7, 16, 1},
		{1, 2, 500},      {DOCS, 2, 1 << 20}, {1000, 2, 1 << 20},
	};
	static const char *const queries[] = {"a", "b a", "ab", "\n", "abab", "bbbbbbbb", "zzz"};
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	struct corpus_doc docs[DOCS];
	struct corpus corpus;
	uint64_t seed = 99, rng = seed;

	print_message("seed %llu\n", (unsigned long long)seed);
	corpus_random(&rng, docs, DOCS, 40, &text);
	corpus_make(&corpus, docs, DOCS, 2000, false);
	for (size_t i = 0; i < ng_array_size(limits); i++) {
		struct ng_listings *listings = NULL;

		assert_int_equal(
			ng_listings_new(limits[i].max_listings, limits[i].max_bytes, &listings), 0);
		for (int round = 0; round < 2; round++) {
			for (size_t q = 0; q < ng_array_size(queries); q++)
				check_pages(listings, &corpus, docs, queries[q],
					    limits[i].page_docs);
		}
		ng_listings_free(listings);
	}
	corpus_drop(&corpus);
}

/* One query in pages of several lengths. */
static void test_lengths(void **state)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	struct ng_listings *listings = NULL;
	struct corpus_doc docs[DOCS];
	struct corpus corpus;
	uint64_t rng = 7;

	corpus_random(&rng, docs, DOCS, 40, &text);
	corpus_make(&corpus, docs, DOCS, 0, false);
	assert_int_equal(ng_listings_new(4, 1 << 20, &listings), 0);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t page_docs = 1; page_docs < 9; page_docs += 3)
			check_pages(listings, &corpus, docs, "ab", page_docs);
	}
	ng_listings_free(listings);
	corpus_drop(&corpus);
}

/* What the kept pages know: nothing at first, yes for the documents listed, no once complete. */
static void test_holds(void **state)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	struct ng_listings *listings = NULL;
	struct corpus_doc docs[DOCS];
	const struct ng_query query = {.bytes = (const uint8_t *)"ab", .len = 2};
	const struct ng_query shorter = {.bytes = query.bytes, .len = 1};
	const struct ng_query folded = {.bytes = query.bytes, .len = 2, .fold = true};
	struct ng_page *page;
	struct corpus corpus;
	uint64_t rng = 5, pages;
	size_t known = 0;

	corpus_random(&rng, docs, DOCS, 40, &text);
	corpus_make(&corpus, docs, DOCS, 0, false);
	assert_int_equal(ng_listings_new(4, 1 << 20, &listings), 0);
	for (size_t i = 0; i < DOCS; i++)
		assert_int_equal(ng_listings_holds(listings, corpus.index, &query, 10, i), -EAGAIN);
	assert_int_equal(get(listings, &corpus, "ab", 10, 0, &page), 0);
	for (size_t i = 0; i < DOCS; i++) {
		int r = ng_listings_holds(listings, corpus.index, &query, 10, i);

		assert_true(r == -EAGAIN || (r == 1 && holds(&docs[i], "ab")));
		known += r == 1;
	}
	assert_int_equal(known, 10);
	ng_page_unref(page);
	pages = ng_div_up(naive_docs(docs, "ab"), 10);
	assert_true(pages > 2);
	assert_int_equal(get(listings, &corpus, "ab", 10, pages - 1, &page), 0);
	ng_page_unref(page);
	for (size_t i = 0; i < DOCS; i++)
		assert_int_equal(ng_listings_holds(listings, corpus.index, &query, 10, i),
				 holds(&docs[i], "ab"));
	/* Neither another index nor another query, nor the same in any case. */
	assert_int_equal(ng_listings_holds(listings, corpus.index, &folded, 10, 0), -EAGAIN);
	assert_int_equal(ng_listings_holds(listings, NULL, &query, 10, 0), -EAGAIN);
	assert_int_equal(ng_listings_holds(listings, corpus.index, &shorter, 10, 0), -EAGAIN);
	/* One that is dropped is made again. */
	ng_listings_drop(listings, NULL);
	assert_int_not_equal(ng_listings_holds(listings, corpus.index, &query, 10, 0), -EAGAIN);
	ng_listings_drop(listings, corpus.index);
	assert_int_equal(ng_listings_holds(listings, corpus.index, &query, 10, 0), -EAGAIN);
	assert_int_equal(get(listings, &corpus, "ab", 10, 0, &page), 0);
	ng_page_unref(page);
	ng_listings_free(listings);
	corpus_drop(&corpus);
}

struct reader {
	struct ng_listings *listings;
	const struct corpus *corpus;
	const struct corpus_doc *docs;
};

static void *run_reader(void *data)
{
	struct reader *reader = data;

	for (int round = 0; round < 5; round++) {
		check_pages(reader->listings, reader->corpus, reader->docs, "a", 3);
		check_pages(reader->listings, reader->corpus, reader->docs, "ab", 3);
	}
	return NULL;
}

/* Threads at the same listings, with room for less than they want. */
static void test_threads(void **state)
{
	ng_cleanup(ng_freep) uint8_t *text = NULL;
	struct reader reader = {0};
	struct corpus_doc docs[DOCS];
	struct corpus corpus;
	pthread_t threads[4];
	uint64_t rng = 12;

	corpus_random(&rng, docs, DOCS, 40, &text);
	corpus_make(&corpus, docs, DOCS, 0, false);
	reader.corpus = &corpus;
	reader.docs = docs;
	assert_int_equal(ng_listings_new(1, 600, &reader.listings), 0);
	for (size_t i = 0; i < ng_array_size(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_reader, &reader), 0);
	for (size_t i = 0; i < ng_array_size(threads); i++)
		pthread_join(threads[i], NULL);
	ng_listings_free(reader.listings);
	corpus_drop(&corpus);
}

/* A cancelled request ends, and leaves a listing that the next one can use. */
static void test_cancel(void **state)
{
	struct corpus_doc docs[] = {{(const uint8_t *)"aaa", 3, "{}"}};
	struct ng_listings *listings = NULL;
	const struct ng_query query = {.bytes = (const uint8_t *)"a", .len = 1};
	struct ng_page *page = NULL;
	struct corpus corpus;
	ng_cancel cancel = true;

	corpus_make(&corpus, docs, 1, 0, false);
	assert_int_equal(ng_listings_new(1, 1, &listings), 0);
	assert_int_equal(ng_listings_page(listings, corpus.index, &query, 1, 0, &cancel, &page),
			 -EINTR);
	assert_null(page);
	assert_int_equal(get(listings, &corpus, "a", 1, 0, &page), 0);
	assert_int_equal(page->n_docs, 1);
	assert_false(page->more);
	ng_page_unref(page);
	ng_listings_free(listings);
	corpus_drop(&corpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),  cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_holds),  cmocka_unit_test(test_threads),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
