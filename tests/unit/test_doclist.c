/* SPDX-License-Identifier: Apache-2.0 */
#include "query/doclist.h"
#include "indexmake.h"

/* The documents that hold pat, ascending. Returns their number. */
static size_t naive_docs(const struct naive *c, const uint8_t *pat, size_t len, uint64_t *ret_docs)
{
	ng_cleanup(ng_freep) uint64_t *positions = NULL;
	uint64_t n = naive_find(c, pat, len, &positions);
	size_t docs = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t doc = naive_doc_of(c, positions[i]);

		if (docs == 0 || ret_docs[docs - 1] != doc)
			ret_docs[docs++] = doc;
	}
	return docs;
}

static int compare(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* All pages together are the naive documents, each once; pages are full but the last, sorted, and
 * `more` tells the truth. With cancels, an interrupted page is asked for again. */
static void check_pages(const struct made_index *made, const struct naive *c, const uint8_t *pat,
			size_t len, size_t page, bool cancels)
{
	ng_cleanup(ng_doclist_freep) struct ng_doclist *list = NULL;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) uint64_t *want = calloc(c->docs + 1, sizeof(*want));
	ng_cleanup(ng_freep) uint64_t *got = calloc(c->docs + page + 1, sizeof(*got));
	size_t n_want, n_got = 0, n = 0;
	bool more = true;

	assert_non_null(want);
	assert_non_null(got);
	n_want = naive_docs(c, pat, len, want);
	assert_int_equal(ng_ranges_find(made->index, pat, len, NULL, &ranges), 0);
	assert_int_equal(ng_doclist_new(made->index, &ranges, &list), 0);
	while (more) {
		ng_cancel cancel = true;
		int r = cancels ? ng_doclist_next(list, page, &cancel, got + n_got, &n, &more) : 0;

		/* What is located already needs no more walking, and is given all the same. */
		if (r == -EINTR || !cancels)
			r = ng_doclist_next(list, page, NULL, got + n_got, &n, &more);
		assert_int_equal(r, 0);
		assert_true(n == page || (!more && n < page));
		for (size_t i = 1; i < n; i++)
			assert_true(got[n_got + i - 1] < got[n_got + i]);
		n_got += n;
		assert_true(n_got <= n_want);
	}
	assert_int_equal(n_got, n_want);
	qsort(got, n_got, sizeof(*got), compare);
	assert_memory_equal(got, want, n_want * sizeof(*want));
}

static void check_corpus(const struct naive *c, uint64_t shard_bytes)
{
	static const size_t pages[] = {1, 2, 1000};
	struct ng_build_options options = {.threads = 2, .shard_bytes = shard_bytes};
	struct made_index made;
	uint64_t rng = naive_seed();

	made_index_new(c, &options, &made);
	for (unsigned i = 0; i < 6 && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, &rng, i % 2 ? 3 : 12, &len);

		for (size_t p = 0; p < ng_array_size(pages); p++)
			check_pages(&made, c, pat, len, pages[p], i % 3 == 0);
	}
	check_pages(&made, c, (const uint8_t *)"\x01 not there \x02", 13, 10, false);
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_corpus(&c, 0);
		if (c.docs > 1 && c.docs <= 70)
			check_corpus(&c, c.n / 3 + 1);
		naive_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
