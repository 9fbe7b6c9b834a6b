/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_beside.h"
#include "indexmake.h"
#include "naive_fold.h"
#include "query/word.h"
#include "query/word_find.h"
#include "query/wordlist.h"

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .shard_bytes = 900, .text_store = true},
};

static const uint8_t *naive_none(const char *name, size_t *ret_len)
{
	*ret_len = strlen(name);
	return (const uint8_t *)name;
}

/* The word behind, or before, an occurrence: as long as the text has it; or what is counted
 * instead. */
static const uint8_t *naive_word(const struct naive *c, const struct ng_match *match, size_t bytes,
				 bool behind, size_t *ret_len)
{
	const uint8_t *begin = c->text + naive_begin(c, match->doc),
		      *end = begin + naive_bytes(c, match->doc);
	const uint8_t *at = begin + match->offset + (behind ? bytes : 0), *from = at, *word;

	if (behind) {
		for (; at < end && !ng_word_at(at, end);)
			at += ng_max(ng_utf8_len(at, end), 1u);
		for (word = at; at < end && ng_word_at(at, end);)
			at += ng_word_at(at, end);
		*ret_len = (size_t)(at - word);
		if (at - from > NG_WORD_BYTES_MAX)
			return naive_none(NG_WORD_FAR, ret_len);
		return *ret_len ? word : naive_none(NG_WORD_END, ret_len);
	}
	while (at > begin && !ng_word_before(begin, at)) {
		unsigned n = 1;

		for (unsigned k = 2; k <= 4 && k <= at - begin; k++)
			if (ng_utf8_len(at - k, at) == k)
				n = k;
		at -= n;
	}
	for (word = at; word > begin && ng_word_before(begin, word);)
		word -= ng_word_before(begin, word);
	*ret_len = (size_t)(at - word);
	if (from - word > NG_WORD_BYTES_MAX)
		return naive_none(NG_WORD_FAR, ret_len);
	return *ret_len ? word : naive_none(NG_WORD_START, ret_len);
}

static void check_side(const struct naive *c, const struct ng_index *index,
		       const struct ng_ranges *ranges, const struct ng_match *matches, bool behind)
{
	ng_cleanup(ng_word_counts_clear) struct ng_word_counts want = NG_WORD_COUNTS_INIT;
	ng_cleanup(ng_word_counts_clear) struct ng_word_counts got = NG_WORD_COUNTS_INIT;

	for (uint64_t i = 0; i < ranges->count; i++) {
		size_t len;
		const uint8_t *word =
			naive_word(c, &matches[i], ng_ranges_at(ranges, i)->bytes, behind, &len);

		assert_int_equal(ng_word_counts_add(&want, word, len, 1), 0);
	}
	ng_word_counts_sort(&want, true);
	assert_int_equal((behind ? ng_word_next : ng_word_prev)(index, ranges, NULL, &got), 0);
	for (size_t i = 0; i < ng_min(got.n, want.n); i++)
		if (got.list[i].count != want.list[i].count ||
		    got.list[i].len != want.list[i].len ||
		    memcmp(got.words.text.data + got.list[i].at,
			   want.words.text.data + want.list[i].at, want.list[i].len) != 0)
			fail_msg("%s: word %zu %s: '%.*s' %ju times, not '%.*s' %ju times", c->name,
				 i, behind ? "behind" : "before", (int)got.list[i].len,
				 got.words.text.data + got.list[i].at, (uintmax_t)got.list[i].count,
				 (int)want.list[i].len, want.words.text.data + want.list[i].at,
				 (uintmax_t)want.list[i].count);
	assert_int_equal(got.n, want.n);
}

static void check_ranges(const struct naive *c, const struct ng_index *index,
			 const struct ng_ranges *ranges)
{
	ng_cleanup(ng_freep) struct ng_match *matches = calloc(ranges->count + 1, sizeof(*matches));
	size_t n = 0;

	assert_non_null(matches);
	assert_int_equal(ng_ranges_locate(index, ranges, 0, ranges->count, NULL, matches, &n), 0);
	check_side(c, index, ranges, matches, true);
	check_side(c, index, ranges, matches, false);
}

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
		  size_t len, uint64_t *ret_words)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges any = NG_RANGES_INIT, words = NG_RANGES_INIT;

	assert_int_equal(ng_ranges_find(index, pat, len, NULL, &any), 0);
	check_ranges(c, index, &any);
	assert_int_equal(ng_word_find(index, &any, pat, len, NULL, &words, NULL), 0);
	check_ranges(c, index, &words);
	*ret_words += any.count + words.count;
}

static void check_corpus(const struct naive *c, unsigned rounds)
{
	uint64_t rng = naive_seed(), words = 0;

	for (size_t i = 0; i < ng_array_size(configs); i++) {
		struct made_index made;

		if (i > 0 && c->docs > 200)
			continue;
		made_index_new(c, &configs[i], &made);
		for (unsigned k = 0; k < scratch_rounds(rounds) && c->n > c->docs; k++) {
			size_t len;
			const uint8_t *pat = naive_substring(c, &rng, k % 3 ? 3 : 9, &len);

			check(c, made.index, pat, len, &words);
		}
		/* More rows than one thread takes at a time, where there are so many. */
		if (c->docs > 200)
			check(c, made.index, (const uint8_t *)" ", 1, &words);
		made_index_free(&made);
	}
	assert_true(rounds < 20 || words > (c->docs > 200 ? 16384 : 100));
}

static void test_pieces(void **state)
{
	static const char *const pieces[] = {"a",
					     "b",
					     "ab",
					     " ",
					     ", ",
					     "_",
					     "-",
					     "\xc3\xa9",
					     "e\xcc\x81",
					     "\xe2\x80\x94",
					     "\n",
					     "\xe4\xb8\xad",
					     "\xe3\x80\x82",
					     "\xe0\xb8\x81\xe0\xb8\xb4",
					     "\xd7\xa9\xd6\xb7",
					     "\xf0\x9f\x98\x80",
					     "\xf0\x90\x90\x80",
					     "\x80",
					     "\xc3",
					     "\xe2\x98",
					     "\xf0\x9f",
					     "\xff",
					     "7",
					     "\xe2\x80",
					     " the ",
					     "the"};
	struct naive c = {.name = "pieces"};
	uint64_t rng = naive_seed();

	for (size_t d = 0; d < 40; d++) {
		uint8_t text[1024];
		size_t len = 0;

		for (size_t k = scratch_random(&rng) % 90; k > 0; k--) {
			const char *piece = pieces[scratch_random(&rng) % ng_array_size(pieces)];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		naive_add(&c, text, len);
	}
	check_corpus(&c, getenv("NG_TEST_BRIEF") ? 30 : 150);
	naive_clear(&c);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		bool far = false;

		/* Words that are too long to be counted are tested below. */
		for (uint64_t doc = 0; doc < c.docs; doc++)
			far |= naive_bytes(&c, doc) > NG_WORD_BYTES_MAX / 2;
		if (!far)
			check_corpus(&c, 8);
		naive_clear(&c);
	}
}

static void test_frequent(void **state)
{
	struct naive c = {.name = "frequent"};
	uint64_t rng = naive_seed();

	for (unsigned d = 0; d < 300; d++) {
		uint8_t text[900];

		naive_words(&rng, text, sizeof(text));
		naive_add(&c, text, scratch_random(&rng) % sizeof(text));
	}
	check_corpus(&c, 30);
	naive_clear(&c);
}

/* A word, or what is between, that is longer than what is looked at. */
static void test_far(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "far"};
	struct made_index made;
	uint8_t text[4 * NG_WORD_BYTES_MAX];
	size_t half = sizeof(text) / 2;

	for (unsigned i = 0; i < 2; i++) {
		memset(text, i ? 'w' : ' ', sizeof(text));
		text[half - 1] = text[half + 1] = '.';
		text[half] = 'Q';
		text[0] = text[sizeof(text) - 1] = 'w';
		naive_add(&c, text, sizeof(text));
	}
	naive_add(&c, "near.Q.by", 9);
	made_index_new(&c, &options, &made);
	for (unsigned behind = 0; behind < 2; behind++) {
		ng_cleanup(ng_word_counts_clear) struct ng_word_counts got = NG_WORD_COUNTS_INIT;
		ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;

		assert_int_equal(ng_ranges_find(made.index, (const uint8_t *)"Q", 1, NULL, &ranges),
				 0);
		assert_int_equal(
			(behind ? ng_word_next : ng_word_prev)(made.index, &ranges, NULL, &got), 0);
		assert_int_equal(got.n, 2);
		assert_int_equal(got.list[0].count, 2);
		assert_memory_equal(got.words.text.data + got.list[0].at, NG_WORD_FAR,
				    strlen(NG_WORD_FAR));
		assert_int_equal(got.list[1].count, 1);
		assert_memory_equal(got.words.text.data + got.list[1].at, behind ? "by" : "near",
				    behind ? 2 : 4);
	}
	made_index_free(&made);
	naive_clear(&c);
}

/* Words of all lengths around the longest, between other characters and at both ends of documents;
 * and as much that is no word. */
static void test_longest(void **state)
{
	static const char *const of[] = {"w", "\xc3\xa9", "\xf0\x90\x90\x80",
					 ".", "\xff",     "\xf0\x9f\x98\x80"};
	struct naive c = {.name = "longest"};
	uint64_t words = 0, in_list = 0;

	for (size_t i = 0; i < ng_array_size(of); i++) {
		for (size_t want = NG_WORD_BYTES_MAX - 2; want < NG_WORD_BYTES_MAX + 5; want++) {
			uint8_t text[2 * NG_WORD_BYTES_MAX];
			size_t n = strlen(of[i]), len = want / n * n;

			text[0] = '#';
			for (size_t k = 0; k < len; k++)
				text[1 + k] = (uint8_t)of[i][k % n];
			memcpy(text + 1 + len, "#wo", 3);
			for (size_t cut = 0; cut < 4; cut++)
				naive_add(&c, text, 1 + len + cut);
			naive_add(&c, text + 1, len + 1);
			words += i < 3 && len <= NG_WORD_BYTES_MAX ? 5 : 0;
		}
	}
	for (size_t i = 0; i < ng_array_size(configs); i++) {
		const struct ng_word_counts *list;
		struct ng_wordlist *all;
		struct made_index made;
		uint64_t found = 0;
		int r;

		made_index_new(&c, &configs[i], &made);
		check(&c, made.index, (const uint8_t *)"#", 1, &found);
		assert_int_equal(ng_wordlist_new(made.index, 1, &all), 0);
		while ((r = ng_wordlist_next(all, NULL, &list)) > 0)
			for (size_t k = 0; k < list->n; k++)
				in_list += list->list[k].len > 2 ? list->list[k].count : 0;
		assert_int_equal(r, 0);
		ng_wordlist_free(all);
		made_index_free(&made);
	}
	assert_int_equal(in_list, ng_array_size(configs) * words);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),   cmocka_unit_test(test_small),
		cmocka_unit_test(test_frequent), cmocka_unit_test(test_far),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
