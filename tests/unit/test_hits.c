/* SPDX-License-Identifier: Apache-2.0 */
#include "query/hits.h"

#include "indexmake.h"
#include "query/index_internal.h"

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .text_store = true},
	{.threads = 3, .sa_sampling = 200, .shard_bytes = 700},
};

struct asked {
	const struct naive *c;
	const struct ng_index *index;
	struct ng_places places;
	const uint8_t *pat;
	size_t len;
	bool waits; /* for storage, as is said before each reading */
};

/* Lines are read otherwise where storage is waited for, which is found out by reading. */
static void set_waits(const struct asked *a)
{
	for (uint32_t s = 0; s < a->index->n_shards; s++)
		ng_pages_set_cold(ng_shard_file_pages(a->index->shards[s]->file), a->waits);
}

/* All hits, by pieces of a few places. The caller clears them. */
static size_t read_all(const struct asked *a, size_t most_bytes, size_t piece,
		       struct ng_hit **ret_hits)
{
	const struct ng_hits hits = {a->index, &a->places, NULL, most_bytes};
	struct ng_hit *list = calloc(a->places.n + piece, sizeof(*list));
	struct ng_hits_last last = {.is = false};
	size_t at = 0, n = 0;

	assert_non_null(list);
	while (at < a->places.n) {
		size_t before = at, got = SIZE_MAX;

		set_waits(a);
		assert_int_equal(ng_hits_read(&hits, &at, piece, &last, NULL, list + n, &got), 0);
		assert_true(at > before && at <= ng_min(before + piece, a->places.n));
		n += got;
	}
	*ret_hits = list;
	return n;
}

static void hits_free(struct ng_hit *hits, size_t n)
{
	ng_hits_clear(hits, n);
	free(hits);
}

/* Where the line begins and ends that a position of a document is in. */
static void naive_line(const uint8_t *text, size_t bytes, size_t at, size_t *ret_lo, size_t *ret_hi)
{
	size_t lo = at, hi = at;

	while (lo > 0 && text[lo - 1] != '\n')
		lo--;
	while (hi < bytes && text[hi] != '\n')
		hi++;
	*ret_lo = lo;
	*ret_hi = hi;
}

/* Whole lines: those in which an occurrence begins, each once, in the order of the text. */
static void check_whole(const struct asked *a, const uint64_t *positions, uint64_t count,
			const struct ng_hit *hits, size_t n)
{
	size_t found = 0;
	uint64_t last_doc = UINT64_MAX;
	size_t last_end = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t doc = naive_doc_of(a->c, positions[i]);
		const uint8_t *text = a->c->text + naive_begin(a->c, doc);
		size_t at = positions[i] - naive_begin(a->c, doc), lo, hi;

		if (doc == last_doc && at <= last_end)
			continue;
		naive_line(text, naive_bytes(a->c, doc), at, &lo, &hi);
		last_doc = doc;
		last_end = hi;
		assert_true(found < n);
		assert_int_equal(hits[found].doc, doc);
		assert_int_equal(hits[found].line.begin, lo);
		assert_int_equal(hits[found].line.bytes, hi - lo);
		assert_memory_equal(hits[found].line.text, text + lo, hi - lo);
		assert_false(hits[found].line.cut_before || hits[found].line.cut_after);
		assert_int_equal(hits[found].from, at - lo);
		assert_int_equal(hits[found].to, ng_min(at + a->len, hi) - lo);
		found++;
	}
	assert_int_equal(found, n);
}

/* Lines that are cut: each is of the text, says where it goes on, and every occurrence is in one of
 * them, as far as its line goes. */
static void check_cut(const struct asked *a, const uint64_t *positions, uint64_t count,
		      const struct ng_hit *hits, size_t n, size_t most_bytes)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *text = a->c->text + naive_begin(a->c, hits[i].doc);
		size_t bytes = naive_bytes(a->c, hits[i].doc), lo, hi;
		const struct ng_line *line = &hits[i].line;

		naive_line(text, bytes, line->begin + line->at, &lo, &hi);
		assert_true(line->begin >= lo && line->begin + line->bytes <= hi);
		assert_memory_equal(line->text, text + line->begin, line->bytes);
		assert_int_equal(line->cut_before, line->begin > lo);
		assert_int_equal(line->cut_after, line->begin + line->bytes < hi);
		if (line->cut_before)
			assert_int_equal(line->at, most_bytes);
		if (line->cut_after)
			assert_int_equal(line->bytes - line->at, a->len + most_bytes);
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t doc = naive_doc_of(a->c, positions[i]);
		const uint8_t *text = a->c->text + naive_begin(a->c, doc);
		size_t at = positions[i] - naive_begin(a->c, doc), lo, hi;

		naive_line(text, naive_bytes(a->c, doc), at, &lo, &hi);
		while (k < n && (hits[k].doc < doc ||
				 (hits[k].doc == doc && hits[k].line.begin + hits[k].line.bytes <
								ng_min(at + a->len, hi))))
			k++;
		assert_true(k < n && hits[k].doc == doc && hits[k].line.begin <= at);
	}
}

static void check_pattern(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
			  size_t len, uint64_t *rng)
{
	struct asked a = {.c = c, .index = index, .pat = pat, .len = len};
	struct ng_ranges ranges = NG_RANGES_INIT;
	uint64_t *positions = NULL, count = naive_find(c, pat, len, &positions);
	size_t most = scratch_random(rng) % 40, n;
	struct ng_hit *hits;

	assert_int_equal(ng_ranges_find(index, pat, len, NULL, &ranges), 0);
	if (count)
		assert_int_equal(
			ng_places_find(index, &ranges, 1, count - 1, NULL, NULL, &a.places),
			-EOVERFLOW);
	assert_int_equal(ng_places_find(index, &ranges, 1, count, NULL, NULL, &a.places), 0);
	assert_int_equal(a.places.n, count);
	for (unsigned k = 0; k < 2; k++) {
		a.waits = k;
		n = read_all(&a, 1u << 20, 1 + scratch_random(rng) % 200, &hits);
		check_whole(&a, positions, count, hits, n);
		hits_free(hits, n);
		n = read_all(&a, most, 1 + scratch_random(rng) % 200, &hits);
		check_cut(&a, positions, count, hits, n, most);
		hits_free(hits, n);
	}
	ng_places_clear(&a.places);
	ng_ranges_clear(&ranges);
	free(positions);
}

static void check_corpus(const struct naive *c, const struct ng_build_options *options,
			 uint64_t *rng)
{
	struct made_index made;

	made_index_new(c, options, &made);
	for (unsigned i = 0; i < 6 && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, rng, i < 3 ? 2 : 30, &len);

		if (naive_find(c, pat, len, NULL) <= 5000)
			check_pattern(c, made.index, pat, len, rng);
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

/* Lines of prose, and one much longer than what is read at first. */
static void test_lines(void **state)
{
	static const size_t sizes[] = {1, 3000, 100, 5000, 0};
	uint64_t rng = naive_seed();
	struct naive c = {.name = "lines"};
	uint8_t text[5000];

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		naive_words(&rng, text, sizes[i]);
		if (sizes[i] == 5000)
			for (size_t k = 0; k < sizes[i]; k++)
				text[k] = text[k] == '\n' ? ' ' : text[k];
		naive_add(&c, text, sizes[i]);
	}
	for (size_t k = 0; k < ng_array_size(configs); k++)
		for (unsigned i = 0; i < 5; i++)
			check_corpus(&c, &configs[k], &rng);
	naive_clear(&c);
}

/* A long line with a place at every other byte is read a few times, and not for each of them: that
 * would be some gigabytes. */
static void test_many_in_one(void **state)
{
	enum { BYTES = 60000 };
	static const struct ng_build_options options = {.threads = 1};
	ng_cleanup(ng_freep) uint8_t *text = malloc(BYTES);
	struct naive c = {.name = "one line"};
	struct asked a = {.c = &c, .pat = (const uint8_t *)"ab", .len = 2};
	struct ng_ranges ranges = NG_RANGES_INIT;
	struct made_index made;
	struct ng_hit *hits;
	size_t n;

	assert_non_null(text);
	for (size_t i = 0; i < BYTES; i++)
		text[i] = i % 2 ? 'b' : 'a';
	naive_add(&c, text, BYTES);
	made_index_new(&c, &options, &made);
	a.index = made.index;
	assert_int_equal(ng_ranges_find(a.index, a.pat, a.len, NULL, &ranges), 0);
	assert_int_equal(ng_places_find(a.index, &ranges, 1, BYTES, NULL, NULL, &a.places), 0);
	assert_int_equal(a.places.n, BYTES / 2);
	n = read_all(&a, 1u << 20, 1024, &hits);
	assert_int_equal(n, 1);
	assert_int_equal(hits[0].line.bytes, BYTES);
	hits_free(hits, n);
	ng_places_clear(&a.places);
	ng_ranges_clear(&ranges);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_refusals(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	/* No such document; places that only a damaged index gives. */
	static const struct ng_place bad[] = {{1, 0, 1}, {UINT64_MAX, 0, 1}, {0, 7, 0}, {0, 5, 2}};
	struct naive c = {.name = "abab"};
	struct made_index made;
	struct ng_line line;
	ng_cancel cancel = true;

	naive_add(&c, "ababab", 6);
	made_index_new(&c, &options, &made);
	for (size_t i = 0; i < ng_array_size(bad); i++)
		assert_int_equal(ng_lines_read(made.index, &bad[i], 1, 10, NULL, &line),
				 i < 2 ? -EINVAL : -EUCLEAN);
	assert_int_equal(
		ng_lines_read(made.index, &(struct ng_place){0, 2, 2}, 1, 10, &cancel, &line),
		-EINTR);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpora),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_many_in_one),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
