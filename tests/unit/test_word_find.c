/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_find.h"
#include "indexmake.h"
#include "query/fold.h"
#include "query/fold_scan.h"
#include "query/word.h"
#include "ranges_check.h"

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .shard_bytes = 900, .text_store = true},
};

#define PAT_MAX 60u

/* What a query is asked with: all that may be folded, and words. */
#define FOLDS 8u

/* All occurrences, by looking at every byte; the caller frees them. */
static struct naive_found *look(const struct naive *c, const uint8_t *pat, size_t len,
				unsigned folds, bool word, uint64_t *ret_n)
{
	ng_cleanup(ng_fold_scan_clear) struct ng_fold_scan scan = {0};
	struct naive_found *found = calloc(c->n + 1, sizeof(*found));
	uint64_t n = 0;

	assert_non_null(found);
	assert_int_equal(ng_fold_scan_make(folds, word, pat, len, &scan), 0);
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		uint64_t begin = naive_begin(c, doc), all = naive_bytes(c, doc);

		for (uint64_t at = 0; at < all; at++) {
			size_t bytes = ng_fold_scan_at(&scan, c->text + begin, all, at);

			if (bytes)
				found[n++] = (struct naive_found){begin + at, bytes};
		}
	}
	*ret_n = n;
	return found;
}

/* *ret_count is added to. */
static void check_one(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
		      size_t len, unsigned folds, bool word, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges any = NG_RANGES_INIT, words = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct naive_found *want = NULL;
	char what[3 * PAT_MAX + 40];
	int at = snprintf(what, sizeof(what), "folds %u, word %d:", folds, word);
	uint64_t n, count = UINT64_MAX;

	for (size_t i = 0; i < len && i < PAT_MAX; i++)
		at += snprintf(what + at, sizeof(what) - (size_t)at, " %02x", pat[i]);
	want = look(c, pat, len, folds, word, &n);
	assert_int_equal(ng_fold_find_by(index, folds, pat, len, NULL, &any), 0);
	*ret_count += n;
	if (!word) {
		ranges_check(c, index, &any, want, n, what);
		return;
	}
	assert_int_equal(ng_word_find(index, &any, folds ? NULL : pat, len, NULL, &words, NULL), 0);
	ranges_check(c, index, &words, want, n, what);
	assert_int_equal(ng_word_find(index, &any, folds ? NULL : pat, len, NULL, NULL, &count), 0);
	assert_int_equal(count, n);
}

/* Documents of pieces, each of some bytes; queries are such, too, and substrings. */
static void check_pieces(const char *name, const char *const *pieces, size_t n_pieces)
{
	struct naive c = {.name = name};
	uint64_t rng = naive_seed(), folded = 0, words = 0;

	for (size_t d = 0; d < 25; d++) {
		uint8_t text[1024];
		size_t len = 0;

		for (size_t k = scratch_random(&rng) % 70; k > 0; k--) {
			const char *piece = pieces[scratch_random(&rng) % n_pieces];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		naive_add(&c, text, len);
	}
	for (size_t i = 0; i < ng_array_size(configs); i++) {
		struct made_index made;

		made_index_new(&c, &configs[i], &made);
		for (unsigned round = 0; round < (getenv("NG_TEST_BRIEF") ? 12 : 40); round++) {
			uint8_t room[PAT_MAX];
			const uint8_t *pat = room;
			size_t len = 0;

			for (unsigned k = scratch_random(&rng) % 4 + 1; round % 2 && k > 0; k--) {
				const char *piece = pieces[scratch_random(&rng) % n_pieces];

				memcpy(room + len, piece, strlen(piece));
				len += strlen(piece);
			}
			if (len == 0)
				pat = naive_substring(&c, &rng, round % 4 ? 3 : 12, &len);
			for (unsigned folds = 0; folds < FOLDS; folds++) {
				check_one(&c, made.index, pat, len, folds, false, &folded);
				check_one(&c, made.index, pat, len, folds, true, &words);
			}
		}
		made_index_free(&made);
	}
	/* Otherwise nothing was tested. */
	if (words < 100 || folded <= words)
		fail_msg("%s: %ju words of %ju", name, (uintmax_t)words, (uintmax_t)folded);
	naive_clear(&c);
}

static void test_spaces(void **state)
{
	static const char *const pieces[] = {
		"a",    "A",    " ",           "  ",           "\n",
		"\t",   "b",    "\xc2\xa0",    "\xe3\x80\x80", "\xe2\x80\x89",
		"\r\n", "a b",  "\xc2\x85",    "\xe2\x80\xa8", "ab",
		"\x0b", "\x0c", "\xe2\x80",    "\x80",         "\xe1\x9a\x80",
		"-",    "\xe2", "\xe2\x80\x8b"};

	check_pieces("spaces", pieces, ng_array_size(pieces));
}

static void test_forms(void **state)
{
	static const char *const pieces[] = {"fi",
					     "\xef\xac\x81",
					     "f",
					     "i",
					     "\xef\xac\x83", /* ligatures */
					     "\xef\xbd\x86",
					     "\xef\xbc\xa6",
					     "F",
					     "I", /* full-width */
					     "'",
					     "\xe2\x80\x99",
					     "\"",
					     "\xe2\x80\x9c",
					     "-",
					     "\xe2\x80\x94",
					     "\xe2\x80\x91",
					     "...",
					     "\xe2\x80\xa6",
					     ".",
					     "\xc2\xbd",
					     "1",
					     "/",
					     "2",
					     "\xe2\x81\x84",
					     "\xf0\x9d\x90\x9f" /* bold f */,
					     "\xe2\x84\xab" /* Angstrom */,
					     "\xc3\xa5",
					     " ",
					     "\xc2\xa0"};

	check_pieces("forms", pieces, ng_array_size(pieces));
}

static void test_words(void **state)
{
	static const char *const latin[] = {"a",
					    "ab",
					    "b",
					    " ",
					    ",",
					    "_",
					    "-",
					    "'",
					    "1",
					    "\xc3\xa9",
					    "e\xcc\x81",
					    "\xcc\x81",
					    "\xe2\x80\x99",
					    "\xe2\x80\x94",
					    "\n",
					    "\xc2\xb2",
					    "\xc2\xad"};
	static const char *const others[] = {"\xe0\xb8\x81",
					     "\xe0\xb8\xb4",
					     "\xe0\xb8\xaf",
					     "\xe0\xb9\x8f", /* Thai */
					     "\xe4\xb8\xad",
					     "\xe6\x96\x87",
					     "\xe3\x80\x82",
					     "\xe3\x80\x81", /* Chinese */
					     "\xd7\xa9",
					     "\xd6\xb7",
					     "\xd6\xbe", /* Hebrew */
					     "\xd9\x85",
					     "\xd9\x8e",
					     "\xd8\x9f", /* Arabic */
					     "\xf0\x9f\x98\x80",
					     "\xf0\x9d\x90\x80",
					     "\xf0\xa0\x80\x80", /* beyond the BMP */
					     " ",
					     "a",
					     "."};
	static const char *const broken[] = {
		"a",        "\x80",     "\xc3",     "\xa9",         "\xe2",
		"\x98",     "\xf0\x9f", "\xff",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xc3\xa9", " ",        "\xe4\xb8", "\xad",         "\xf0\x90\x80",
		"\xe0\x80"};

	/* What stands beside the borders of letters and digits in ASCII. */
	static const char *const borders[] = {"q", "/", "0", "9", ":", "@", "A",
					      "Z", "[", "`", "a", "z", "{"};

	check_pieces("Latin", latin, ng_array_size(latin));
	check_pieces("borders", borders, ng_array_size(borders));
	check_pieces("other scripts", others, ng_array_size(others));
	check_pieces("broken", broken, ng_array_size(broken));
}

static void check_corpus(const struct naive *c, unsigned n)
{
	static const struct ng_build_options options = {.threads = 2, .text_store = true};
	struct made_index made;
	uint64_t rng = naive_seed(), count = 0;

	made_index_new(c, &options, &made);
	for (unsigned i = 0; i < n && c->n > c->docs; i++) {
		size_t len;
		const uint8_t *pat = naive_substring(c, &rng, i % 3 ? 2 : 9, &len);

		check_one(c, made.index, pat, len, 0, true, &count);
		check_one(c, made.index, pat, len, scratch_random(&rng) % FOLDS, true, &count);
	}
	made_index_free(&made);
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_corpus(&c, 8);
		naive_clear(&c);
	}
}

/* Frequent words, in many documents that begin with one of them. */
static void test_frequent(void **state)
{
	struct naive c = {.name = "frequent"};
	uint64_t rng = naive_seed();

	for (unsigned d = 0; d < 600; d++) {
		uint8_t text[500];
		size_t len = scratch_random(&rng) % sizeof(text);

		naive_words(&rng, text, sizeof(text));
		if (d % 3 == 0)
			memcpy(text, "the of", 6);
		naive_add(&c, text, len);
	}
	check_corpus(&c, 60);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct ng_range ranges[] = {{.hi = 1, .bytes = 1}};
	struct ng_ranges wrong = {ranges, 1, 1}, untouched = {.count = 42};
	struct naive c = {.name = "one"};
	struct made_index made;
	ng_cancel cancel = true;
	uint64_t count = 42;

	naive_add(&c, "a b", 3);
	made_index_new(&c, &options, &made);
	assert_int_equal(ng_word_find(made.index, &wrong, (const uint8_t *)"a", 1, &cancel,
				      &untouched, &count),
			 -EINTR);
	ranges[0].lead = 1;
	assert_int_equal(ng_word_find(made.index, &wrong, NULL, 1, NULL, &untouched, &count),
			 -EINVAL);
	ranges[0].lead = 0;
	assert_int_equal(ng_word_find(made.index, &wrong, (const uint8_t *)"ab", 2, NULL,
				      &untouched, &count),
			 -EINVAL);
	ranges[0].shard = 1;
	assert_int_equal(ng_word_find(made.index, &wrong, NULL, 1, NULL, &untouched, &count),
			 -EINVAL);
	assert_true(untouched.count == 42 && count == 42);
	made_index_free(&made);
	naive_clear(&c);
}

/* --print: all code points of words, and what variants are made of, for a test in Python. */
static void print(void)
{
	for (uint32_t c = 0; c < 0x110000; c++) {
		uint32_t symbols[NG_SYMBOLS_MAX];
		uint8_t bytes[4];
		unsigned n;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		ng_folding_symbols(NG_FOLD_FORM, bytes, ng_utf8_put(c, bytes), symbols, &n);
		printf("%u %d %d", c, ng_word_has(c), ng_folding_is_space(c));
		for (unsigned i = 0; i < n; i++)
			printf(" %u", symbols[i]);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spaces),   cmocka_unit_test(test_forms),
		cmocka_unit_test(test_words),    cmocka_unit_test(test_small),
		cmocka_unit_test(test_frequent), cmocka_unit_test(test_refused),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		print();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
