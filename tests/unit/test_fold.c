/* SPDX-License-Identifier: Apache-2.0 */
#include "query/fold.h"
#include "indexmake.h"
#include "naive_fold.h"
#include "ranges_check.h"

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4, .shard_bytes = 700, .text_store = true},
};

static void check(const struct naive *c, const struct ng_index *index, const uint8_t *pat,
		  size_t len)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct naive_found *want = NULL;
	char what[60];
	uint64_t n;

	want = naive_fold(c, pat, len, &n);
	assert_int_equal(ng_fold_find(index, pat, len, NULL, &ranges), 0);
	snprintf(what, sizeof(what), "%zu bytes from %02x on", len, pat[0]);
	ranges_check(c, index, &ranges, want, n, what);
}

#define PAT_MAX 40u

/* The same string in cases at random, in front of ret_end: up to 3 times the bytes. */
static const uint8_t *recase(const uint8_t *pat, size_t len, uint64_t *rng, uint8_t *ret_end,
			     size_t *ret_len)
{
	uint8_t *at = ret_end;

	while (len) {
		struct ng_cases cases;
		uint64_t i;

		len -= ng_casefold_last(pat, len, &cases);
		i = scratch_random(rng) % cases.n;
		at -= cases.of[i].len;
		memcpy(at, cases.of[i].bytes, cases.of[i].len);
	}
	*ret_len = (size_t)(ret_end - at);
	return at;
}

static void check_corpus(const struct naive *c, const struct ng_build_options *options, unsigned n)
{
	static const size_t longest[] = {1, 2, 4, 12, PAT_MAX};
	struct made_index made;
	uint64_t rng = naive_seed();

	made_index_new(c, options, &made);
	for (unsigned i = 0; i < n && c->n > c->docs; i++) {
		uint8_t room[3 * PAT_MAX];
		size_t len;
		const uint8_t *pat = naive_substring(c, &rng, longest[i % 5], &len);

		pat = recase(pat, len, &rng, room + sizeof(room), &len);
		check(c, made.index, pat, len);
	}
	check(c, made.index, (const uint8_t *)"\x01 not there \x02", 13);
	made_index_free(&made);
}

static void check_all(const struct naive *c, unsigned n)
{
	for (size_t i = 0; i < ng_array_size(configs); i++)
		if (i == 0 || c->docs <= 100)
			check_corpus(c, &configs[i], scratch_rounds(n));
}

static void test_small(void **state)
{
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		check_all(&c, 10);
		naive_clear(&c);
	}
}

/* Documents of pieces, each of some bytes. */
static void pieces_check(const char *name, const char *const *pieces, size_t n_pieces)
{
	struct naive c = {.name = name};
	uint64_t rng = naive_seed();

	for (size_t d = 0; d < 20; d++) {
		uint8_t text[1024];
		size_t len = 0;

		for (size_t k = scratch_random(&rng) % 80; k > 0; k--) {
			const char *piece = pieces[scratch_random(&rng) % n_pieces];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		naive_add(&c, text, len);
	}
	check_all(&c, 25);
	naive_clear(&c);
}

/* Letters whose cases are of several lengths, more than two, or none; of few pieces, so that
 * occurrences are many and overlap. */
static void test_letters(void **state)
{
	static const char *const kelvin[] = {"k", "K", "\xe2\x84\xaa", "s", "S", "\xc5\xbf"};
	static const char *const latin[] = {
		"i",        "I",       "\xc4\xb1", "\xc4\xb0", "\xc3\x9f",     "\xe1\xba\x9e",
		"ss",       "SS",      "\xc3\xa5", "\xc3\x85", "\xe2\x84\xab", "\xc7\x84",
		"\xc7\x85", "\xc7\x86"};
	static const char *const greek[] = {"\xcf\x83",    "\xcf\x82", "\xce\xa3",     "\xce\xb8",
					    "\xcf\x91",    "\xce\x98", "\xcf\xb4",     "\xcd\x85",
					    "\xce\xb9",    "\xce\x99", "\xe1\xbe\xbe", "\xce\x90",
					    "\xe1\xbf\x93"};
	static const char *const others[] = {
		"\xe1\x83\x90",     "\xe1\xb2\x90",     /* Georgian */
		"\xe1\x8e\xa0",     "\xea\xad\xb0",     /* Cherokee */
		"\xe1\x8f\xb0",     "\xe1\x8f\xb8",     /* Cherokee, a small one of its own */
		"\xd1\x82",         "\xd0\xa2",         /* Cyrillic */
		"\xe1\xb2\x84",     "\xe1\xb2\x85",     /* and forms of it */
		"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", /* Deseret */
		"\xf0\x9e\xa4\x80", "\xf0\x9e\xa4\xa2", /* Adlam */
	};
	/* Pieces of those, and what is none, so that characters come about by chance. */
	static const char *const broken[] = {"k",    "K",    "\xe2",    "\x84",     "\xaa",
					     "\xc5", "\xbf", "\xff",    "\xed\xa0", "\xc1\x8b",
					     "\xc3", "\xa4", "\x84\xaa"};

	pieces_check("Kelvin and long s", kelvin, ng_array_size(kelvin));
	pieces_check("Latin", latin, ng_array_size(latin));
	pieces_check("Greek", greek, ng_array_size(greek));
	pieces_check("other scripts", others, ng_array_size(others));
	pieces_check("broken", broken, ng_array_size(broken));
}

/* Enough text for a table of frequent patterns, in all cases. */
static void test_words(void **state)
{
	static const struct ng_build_options options[] = {{.threads = 2},
							  {.threads = 2, .shard_bytes = 40000}};
	struct naive c = {.name = "words"};
	uint64_t rng = naive_seed();
	uint8_t text[3000];

	for (unsigned d = 0; d < 30; d++) {
		naive_words(&rng, text, sizeof(text));
		for (size_t i = 0; i < sizeof(text); i++)
			if (scratch_random(&rng) % 8 == 0 && text[i] >= 'a')
				text[i] = (uint8_t)(text[i] & ~0x20);
		naive_add(&c, text, sizeof(text));
	}
	for (size_t i = 0; i < ng_array_size(options); i++)
		check_corpus(&c, &options[i], scratch_rounds(15));
	naive_clear(&c);
}

/* One letter in cases at random, so that nearly all spellings of some length occur. */
static void random_case(struct naive *c, size_t len)
{
	uint64_t rng = naive_seed();
	uint8_t *text = malloc(len);

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = scratch_random(&rng) % 2 ? 'a' : 'A';
	naive_add(c, text, len);
	free(text);
}

/* What is refused leaves the answer alone. */
static void check_refused(const struct ng_index *index, size_t len, ng_cancel *cancel, int want)
{
	ng_cleanup(ng_freep) uint8_t *pat = malloc(len + 1);
	struct ng_ranges ranges = {.count = 42};

	assert_non_null(pat);
	memset(pat, 'A', len + 1);
	assert_int_equal(ng_fold_find(index, pat, len, cancel, &ranges), want);
	assert_int_equal(ranges.count, 42);
	assert_null(ranges.list);
}

static void test_limits(void **state)
{
	static const struct ng_build_options options = {.threads = 1};
	struct naive c = {.name = "random case"}, fewer = {.name = "fewer"};
	ng_cancel cancel = true;
	struct made_index made;
	uint8_t pat[16];

	/* 2^16 spellings of 16 letters, nearly all of which are there, are as many as may be. */
	random_case(&c, 300000);
	made_index_new(&c, &options, &made);
	memset(pat, 'a', sizeof(pat));
	check(&c, made.index, pat, sizeof(pat));
	check_refused(made.index, 17, NULL, -E2BIG);
	check_refused(made.index, 200, NULL, -E2BIG);
	check_refused(made.index, 0, NULL, -EINVAL);
	check_refused(made.index, 9, &cancel, -EINTR);
	made_index_free(&made);
	naive_clear(&c);

	/* Fewer spellings, but of a long query: some 120,000 steps for each letter. */
	random_case(&fewer, 60000);
	made_index_new(&fewer, &options, &made);
	check(&fewer, made.index, pat, sizeof(pat));
	check_refused(made.index, 300, NULL, -E2BIG);
	made_index_free(&made);
	naive_clear(&fewer);
}

/* A query as long as a document, in other cases, is cheap: its spellings are few. */
static void test_long(void **state)
{
	static const struct ng_build_options options = {.threads = 2};
	struct naive c = {.name = "long"};
	struct made_index made;
	uint64_t rng = naive_seed();
	size_t len = 30000;
	uint8_t *text = malloc(len), *room = malloc(3 * len);
	const uint8_t *pat;

	assert_true(text && room);
	naive_words(&rng, text, len);
	naive_add(&c, text, len);
	naive_add(&c, text, len - 1);
	made_index_new(&c, &options, &made);
	pat = recase(text, len, &rng, room + 3 * len, &len);
	check(&c, made.index, pat, len);
	made_index_free(&made);
	naive_clear(&c);
	free(text);
	free(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small), cmocka_unit_test(test_letters),
		cmocka_unit_test(test_words), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
