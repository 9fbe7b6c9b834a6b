#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* A random stretch of BWT: letters from a few or from all, separators, NULs among them. */
struct stretch {
	uint8_t bwt[2000];
	uint64_t separators[2000 / 64 + 1];
	struct ng_bwt_text text;
};

static void make(struct stretch *s, unsigned letters, bool has_nul, uint64_t *rng)
{
	memset(s, 0, sizeof(*s));
	s->text = (struct ng_bwt_text){s->bwt, has_nul ? s->separators : NULL, NULL, 2000};
	for (size_t i = 0; i < sizeof(s->bwt);) {
		uint64_t r = scratch_random(rng);
		size_t end = ng_min(i + 1 + (r >> 16) % 6, sizeof(s->bwt));
		uint8_t byte = (uint8_t)(r % letters + (has_nul ? 0 : 1));
		bool separator = (r >> 40) % 10 == 0;

		for (; i < end; i++) {
			s->bwt[i] = separator && !has_nul ? 0 : byte;
			if (separator)
				s->separators[i / 64] |= 1ull << i % 64;
		}
	}
}

static unsigned symbol_at(const struct stretch *s, uint64_t i)
{
	return s->separators[i / 64] >> i % 64 & 1 ? NG_SEPARATOR : s->bwt[i];
}

static uint64_t occurrences(const struct stretch *s, uint64_t begin, uint64_t end, unsigned symbol)
{
	uint64_t n = 0;

	for (uint64_t i = begin; i < end; i++)
		n += symbol_at(s, i) == symbol;
	return n;
}

static void check_alphabet(const struct stretch *s, uint64_t begin, uint64_t end)
{
	struct ng_alphabet alphabet;
	uint64_t n = 0;

	ng_alphabet_make(&s->text, begin, end, &alphabet);
	for (unsigned k = 0; k < alphabet.n; k++) {
		uint64_t mine = occurrences(s, begin, end, alphabet.symbol[k]), before;

		assert_int_equal(alphabet.index[alphabet.symbol[k]], k);
		assert_true(mine > 0);
		n += mine;
		if (k == 0)
			continue;
		before = occurrences(s, begin, end, alphabet.symbol[k - 1]);
		assert_true(before > mine ||
			    (before == mine && alphabet.symbol[k - 1] < alphabet.symbol[k]));
	}
	assert_int_equal(n, end - begin);
	for (unsigned symbol = 0; symbol < NG_SYMBOLS; symbol++)
		if (!occurrences(s, begin, end, symbol))
			assert_int_equal(alphabet.index[symbol], NG_SYMBOLS);
}

static void test_alphabet(void **state)
{
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < 60; round++) {
		uint64_t begin = scratch_random(&rng) % 2000;
		uint64_t end = begin + scratch_random(&rng) % (2001 - begin);
		struct stretch s;

		make(&s, 1 + round * 4, round % 2, &rng);
		for (uint64_t i = 0; i < 2000; i++)
			assert_int_equal(ng_bwt_text_symbol(&s.text, i), symbol_at(&s, i));
		check_alphabet(&s, begin, end);
		check_alphabet(&s, 0, 2000);
		check_alphabet(&s, begin, begin);
	}
}

/* An alphabet grows at its end, and shrinks back to what it was. */
static void test_grow_and_cut(void **state)
{
	uint64_t rng = naive_seed();
	struct ng_alphabet alphabet, was;
	struct stretch s;

	make(&s, 200, true, &rng);
	ng_alphabet_make(&s.text, 0, 40, &alphabet);
	was = alphabet;
	for (uint64_t i = 40; i < 2000; i++) {
		unsigned symbol = symbol_at(&s, i), index = alphabet.index[symbol], n = alphabet.n;

		assert_int_equal(ng_alphabet_index(&alphabet, symbol),
				 index == NG_SYMBOLS ? n : index);
		assert_int_equal(alphabet.n, n + (index == NG_SYMBOLS));
		assert_int_equal(alphabet.symbol[alphabet.index[symbol]], symbol);
	}
	assert_true(alphabet.n > was.n);
	ng_alphabet_cut(&alphabet, was.n);
	assert_int_equal(alphabet.n, was.n);
	assert_memory_equal(alphabet.index, was.index, sizeof(was.index));
	assert_memory_equal(alphabet.symbol, was.symbol, was.n * sizeof(*was.symbol));
}

/* Undo the runs with a list that is searched and moved as the definition says. */
static void check_runs(const uint16_t *symbols, unsigned n, bool from_back, unsigned n_alphabet)
{
	struct ng_run runs[NG_STREAM];
	unsigned n_runs = ng_runs_make(symbols, n, from_back, n_alphabet, runs), at = 0;
	uint16_t list[NG_SYMBOLS];

	for (unsigned k = 0; k < n_alphabet; k++)
		list[k] = (uint16_t)k;
	for (unsigned i = 0; i < n_runs; i++) {
		uint16_t symbol;

		assert_true(runs[i].rank < n_alphabet);
		/* Two runs of one symbol would be one. */
		assert_true(i == 0 || runs[i].rank > 0);
		symbol = list[runs[i].rank];
		memmove(list + 1, list, runs[i].rank * sizeof(*list));
		list[0] = symbol;
		assert_true(runs[i].length >= 1 && runs[i].length <= n - at);
		for (unsigned k = 0; k < runs[i].length; k++, at++)
			assert_int_equal(symbols[from_back ? n - 1 - at : at], symbol);
	}
	assert_int_equal(at, n);
}

static void test_runs(void **state)
{
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < 4000; round++) {
		uint16_t symbols[NG_STREAM];
		unsigned n = 1 + (unsigned)(scratch_random(&rng) % NG_STREAM);
		unsigned alphabet = 1 + (unsigned)(scratch_random(&rng) % NG_SYMBOLS);
		unsigned longest = 1u << round % 10;

		if (round % 8 == 0)
			n = NG_STREAM;
		for (unsigned i = 0; i < n;) {
			uint64_t r = scratch_random(&rng);
			unsigned end = ng_min(i + 1 + (unsigned)(r >> 32) % longest, n);

			for (; i < end; i++)
				symbols[i] = (uint16_t)(r % alphabet);
		}
		check_runs(symbols, n, false, alphabet);
		check_runs(symbols, n, true, alphabet);
	}
}

/* The tokens of runs: rank and class of the first, then rank 0, adding up to the run. */
static void test_tokens(void **state)
{
	for (unsigned length = 1; length <= NG_STREAM; length++) {
		struct ng_run runs[] = {{5, (uint16_t)length}, {256, 1}};
		unsigned sum = 0, n = 0, want_context = 0;

		ng_tokens_each(runs, 2, context, id, {
			unsigned rank = id / NG_RUN_CLASSES;
			unsigned class = id % NG_RUN_CLASSES;

			assert_int_equal(context, want_context);
			assert_int_equal(rank, n == 0 ? 5 : sum == length ? 256 : 0);
			sum += ng_run_class_length[class];
			want_context = ng_token_context(rank, class);
			n++;
		});
		assert_int_equal(sum, length + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_grow_and_cut),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
