/* SPDX-License-Identifier: Apache-2.0 */
#include "query/next.h"
#include "base/utf8.h"
#include "indexmake.h"

static int by_bytes(const void *pa, const void *pb)
{
	const struct ng_next *a = pa, *b = pb;
	int order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

	return order ? order : (int)a->n_bytes - (int)b->n_bytes;
}

static int by_count(const void *pa, const void *pb)
{
	const struct ng_next *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return by_bytes(pa, pb);
}

static struct ng_next entry_make(enum ng_next_kind kind, const uint8_t *bytes, unsigned n)
{
	struct ng_next entry = {.count = 1, .kind = kind, .n_bytes = (uint8_t)n};

	memcpy(entry.bytes, bytes, n);
	return entry;
}

static struct ng_next naive_after(const uint8_t *at, const uint8_t *end)
{
	unsigned n = at < end ? ng_utf8_len(at, end) : 0;

	if (at == end)
		return entry_make(NG_NEXT_END, at, 0);
	return n ? entry_make(NG_NEXT_CHARACTER, at, n) : entry_make(NG_NEXT_BYTE, at, 1);
}

static struct ng_next naive_before(const uint8_t *begin, const uint8_t *at)
{
	if (at == begin)
		return entry_make(NG_NEXT_START, at, 0);
	for (unsigned n = 1; n <= 4 && n <= at - begin; n++)
		if (ng_utf8_len(at - n, at) == n)
			return entry_make(NG_NEXT_CHARACTER, at - n, n);
	return entry_make(NG_NEXT_BYTE, at - 1, 1);
}

/* What stands beside all occurrences; the caller frees it. */
static struct ng_next *naive_beside(const struct naive *c, const uint8_t *pat, size_t len,
				    bool behind, size_t *ret_n)
{
	ng_cleanup(ng_freep) uint64_t *positions = NULL;
	uint64_t n = naive_find(c, pat, len, &positions);
	struct ng_next *list = calloc(n + 1, sizeof(*list));
	size_t kept = 0;

	assert_non_null(list);
	for (uint64_t i = 0; i < n; i++) {
		const uint8_t *at = c->text + positions[i];
		uint64_t doc = naive_doc_of(c, positions[i]);

		list[i] = behind ? naive_after(at + len, c->text + c->ends[doc])
				 : naive_before(c->text + naive_begin(c, doc), at);
	}
	qsort(list, n, sizeof(*list), by_bytes);
	for (uint64_t i = 0; i < n; i++) {
		if (kept && by_bytes(&list[kept - 1], &list[i]) == 0)
			list[kept - 1].count++;
		else
			list[kept++] = list[i];
	}
	qsort(list, kept, sizeof(*list), by_count);
	*ret_n = kept;
	return list;
}

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
		  size_t len)
{
	for (unsigned behind = 0; behind < 2; behind++) {
		ng_cleanup(ng_freep) struct ng_next *got = NULL, *want = NULL;
		size_t n_got = 42, n_want;
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;

		assert_int_equal(ng_ranges_find(index, pat, len, NULL, &ranges), 0);
		assert_int_equal((behind ? ng_next : ng_prev)(index, &ranges, NULL, &got, &n_got),
				 0);
		want = naive_beside(c, pat, len, behind, &n_want);
		if (n_got != n_want)
			fail_msg("%s, %s %zu bytes from %02x on: %zu entries, not %zu", c->name,
				 behind ? "behind" : "before", len, pat[0], n_got, n_want);
		for (size_t i = 0; i < n_want; i++)
			if (by_count(&got[i], &want[i]) != 0 || got[i].kind != want[i].kind)
				fail_msg("%s, %s %zu bytes from %02x on: entry %zu is %02x, %ju "
					 "times, not %02x, %ju times",
					 c->name, behind ? "behind" : "before", len, pat[0], i,
					 got[i].bytes[0], (uintmax_t)got[i].count, want[i].bytes[0],
					 (uintmax_t)want[i].count);
	}
}

static void check_corpus(const struct naive *c, const struct ng_build_options *options, unsigned n)
{
	static const size_t longest[] = {1, 2, 4, 12, 700};
	struct made_index made;
	uint64_t rng = naive_seed();

	made_index_new(c, options, &made);
	for (unsigned i = 0; i < n && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, &rng, longest[i % 5], &len);

		check(c, made.index, pat, len);
	}
	check(c, made.index, (const uint8_t *)"\x01 not there \x02", 13);
	made_index_free(&made);
}

static void check_both(const struct naive *c, unsigned n)
{
	struct ng_build_options options = {.threads = 2};

	check_corpus(c, &options, n);
	options.sa_sampling = 5;
	options.text_store = true;
	options.shard_bytes = c->n / 3 + 1;
	if (c->docs > 1 && c->docs <= 500)
		check_corpus(c, &options, n);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_both(&c, 40);
		naive_clear(&c);
	}
}

/* Documents of pieces, each of some bytes. */
static void pieces_make(struct naive *c, const char *const *pieces, size_t n_pieces, size_t docs,
			size_t max_pieces, uint64_t *rng)
{
	for (size_t d = 0; d < docs; d++) {
		uint8_t text[4096];
		size_t len = 0;

		for (size_t k = scratch_random(rng) % (max_pieces + 1); k > 0; k--) {
			const char *piece = pieces[scratch_random(rng) % n_pieces];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		naive_add(c, text, len);
	}
}

/* Characters of all lengths, and what is none: cut off, overlong, surrogates, beyond the last. Of
 * few pieces, so that intervals are wide, and of many. */
static void test_characters(void **state)
{
	static const char *const pieces[] = {"a",
					     "\xc3\xa4",
					     "\xe4\xb8\xad",
					     "\xf0\x9f\x98\x80",
					     "\xc3",
					     "\xa4",
					     "\xe4\xb8",
					     "\xf0\x9f\x98",
					     "\xc0\x80",
					     "\xed\xa0\x80",
					     "\xf4\x90\x80\x80",
					     "\xe0\x80\x80",
					     "\xff",
					     "\xf0\x80\x80\x80",
					     "\xe4\xb8\xad",
					     "\xc3\xb6",
					     "b",
					     "\x01",
					     "\xf4\x8f\xbf\xbf",
					     "\xe4\xba\xad"};
	static const size_t counts[] = {2, 4, 5, 8, 20};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(counts); i++) {
		struct naive c = {.name = "characters"};

		pieces_make(&c, pieces, counts[i], 300, 60, &rng);
		check_both(&c, 60);
		naive_clear(&c);
	}
}

/* A long pattern that occurs often, with many different things behind it. */
static void test_long(void **state)
{
	static const char *const behind[] = {"a",    "b",        "\xc3\xa4", "\xc3",     "\xc3z",
					     "\xff", "\xff\xff", "\xe4",     "\xe4\xb8", ""};
	struct naive c = {.name = "long"};
	uint8_t text[400];
	struct ng_build_options options = {.threads = 2};
	struct made_index made;

	for (unsigned d = 0; d < 500; d++) {
		const char *end = behind[d * d % 10];

		memset(text, 'x', 300);
		memcpy(text + 300, end, strlen(end));
		text[300 + strlen(end)] = (uint8_t)d;
		naive_add(&c, text, 300 + strlen(end) + (d % 3 > 0));
	}
	made_index_new(&c, &options, &made);
	memset(text, 'x', 300);
	check(&c, made.index, text, 300);
	check(&c, made.index, text, 256);
	check(&c, made.index, text, 255);
	check(&c, made.index, text, 7);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	static const size_t lens[] = {1, 1000};
	struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "prose"};
	struct ng_next *list = NULL;
	struct made_index made;
	ng_cancel cancel = true;
	uint64_t rng = naive_seed();
	uint8_t text[5000];
	size_t n = 42;

	naive_words(&rng, text, sizeof(text));
	naive_add(&c, text, sizeof(text));
	made_index_new(&c, &options, &made);
	for (size_t i = 0; i < ng_array_size(lens); i++) {
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;

		assert_int_equal(ng_ranges_find(made.index, text, lens[i], NULL, &ranges), 0);
		assert_int_equal(ng_next(made.index, &ranges, &cancel, &list, &n), -EINTR);
		assert_int_equal(ng_prev(made.index, &ranges, &cancel, &list, &n), -EINTR);
		ranges.count++;
		assert_int_equal(ng_next(made.index, &ranges, NULL, &list, &n), -EINVAL);
		assert_int_equal(ng_prev(made.index, &ranges, NULL, &list, &n), -EINVAL);
	}
	assert_int_equal(n, 42);
	assert_null(list);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
