#include "bwt/code_train.h"
#include "naive.h"

#include "bwt/coder.h"

#include <setjmp.h>
#include <cmocka.h>

/* ---- reading what was coded, a bit at a time ---- */

struct bits {
	const struct ng_stream *stream;
	unsigned at;
};

static unsigned next_bit(struct bits *bits)
{
	unsigned at = bits->at++;

	assert_true(at / 8 < bits->stream->n_bytes);
	return bits->stream->bytes[at / 8] >> (7 - at % 8) & 1;
}

/* The token whose code comes next: codes of one context are compared bit by bit. */
static unsigned next_token(struct bits *bits, const uint8_t *lengths, const uint16_t *codes)
{
	unsigned code = 0;

	for (unsigned length = 1; length <= NG_CODE_BITS; length++) {
		code = code << 1 | next_bit(bits);
		for (unsigned id = 0; id < NG_TOKEN_IDS; id++)
			if (lengths[id] == length && codes[id] == code)
				return id;
	}
	fail_msg("no code");
	return 0;
}

static void check_stream(const struct ng_coder *coder, const struct ng_run *runs, unsigned n_runs,
			 const struct ng_stream *stream)
{
	struct bits bits = {stream, 0};
	unsigned context = 0;

	assert_true(stream->table < coder->n_tables);
	for (unsigned i = 0; i < n_runs; i++) {
		unsigned left = runs[i].length, want_rank = runs[i].rank;

		while (left) {
			const uint16_t *codes =
				coder->codes +
				((size_t)stream->table * NG_CONTEXTS + context) * NG_TOKEN_IDS;
			unsigned id = next_token(&bits, coder->lengths[stream->table].bits[context],
						 codes);
			unsigned rank = id / NG_RUN_CLASSES, class = id % NG_RUN_CLASSES;

			if (id == NG_TOKEN_ESCAPE) {
				rank = class = 0;
				for (unsigned b = 0; b < NG_ESCAPE_BITS; b++)
					rank = rank << 1 | next_bit(&bits);
			}
			assert_int_equal(rank, want_rank);
			assert_true(ng_run_class_length[class] <= left);
			left -= ng_run_class_length[class];
			context = ng_token_context(rank, class);
			want_rank = 0;
		}
	}
	assert_int_equal((bits.at + 7) / 8, stream->n_bytes);
}

static unsigned runs_random(struct ng_run *runs, unsigned ranks, unsigned longest, uint64_t *rng)
{
	unsigned n = 0;

	for (unsigned left = NG_STREAM; left;) {
		uint64_t r = scratch_random(rng);
		unsigned length = ng_min(1 + (unsigned)(r % longest), left);

		runs[n++] = (struct ng_run){(uint16_t)((r >> 32) % ranks), (uint16_t)length};
		left -= length;
	}
	return n;
}

/* Tables with codes for `used` tokens a context, at random, and the escape. */
static struct ng_code_lengths *lengths_random(unsigned n, unsigned used, uint64_t *rng)
{
	struct ng_code_lengths *lengths = calloc(n, sizeof(*lengths));

	assert_non_null(lengths);
	for (unsigned i = 0; i < n * NG_CONTEXTS; i++) {
		uint64_t counts[NG_TOKEN_IDS] = {[NG_TOKEN_ESCAPE] = 1};

		for (unsigned k = 0; k < used; k++) {
			uint64_t r = scratch_random(rng);

			/* Small ranks are what tables know best. */
			counts[r % (NG_TOKENS >> (r >> 61))] += 1 + (r >> 20 & 0xffff);
		}
		assert_int_equal(
			ng_code_lengths_make(counts, NG_TOKEN_IDS,
					     lengths[i / NG_CONTEXTS].bits[i % NG_CONTEXTS]),
			0);
	}
	return lengths;
}

static void test_random(void **state)
{
	static const unsigned used[] = {0, 1, 10, 300, 5000};
	uint64_t rng = naive_seed();

	for (size_t u = 0; u < ng_array_size(used); u++) {
		for (unsigned n = 1; n <= NG_MAX_TABLES; n += 5) {
			ng_cleanup(ng_freep) struct ng_code_lengths *lengths =
				lengths_random(n, used[u], &rng);
			ng_cleanup(ng_coder_freep) struct ng_coder *coder = NULL;

			assert_int_equal(ng_coder_new(lengths, n, &coder), 0);
			for (unsigned round = 0; round < 12; round++) {
				static const unsigned ranks[] = {1, 3, 20, NG_SYMBOLS};
				struct ng_run runs[NG_STREAM];
				struct ng_stream stream;
				unsigned n_runs = runs_random(runs, ranks[round % 4],
							      round < 4   ? 1
							      : round < 8 ? 20
									  : NG_STREAM,
							      &rng);

				ng_coder_encode(coder, runs, n_runs, &stream);
				check_stream(coder, runs, n_runs, &stream);
			}
		}
	}
}

static void test_no_runs(void **state)
{
	uint64_t rng = naive_seed();
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = lengths_random(2, 10, &rng);
	ng_cleanup(ng_coder_freep) struct ng_coder *coder = NULL;
	struct ng_stream stream;

	assert_int_equal(ng_coder_new(lengths, 2, &coder), 0);
	ng_coder_encode(coder, NULL, 0, &stream);
	assert_int_equal(stream.n_bytes, 0);
}

/* Where every token has a code in every table, no other table would have taken fewer bits. */
static void test_choice(void **state)
{
	uint64_t rng = naive_seed();

	for (unsigned n = 2; n <= NG_MAX_TABLES; n += 7) {
		ng_cleanup(ng_freep) struct ng_code_lengths *lengths = calloc(n, sizeof(*lengths));
		ng_cleanup(ng_coder_freep) struct ng_coder *coder = NULL;

		assert_non_null(lengths);
		for (unsigned i = 0; i < n * NG_CONTEXTS; i++) {
			uint64_t counts[NG_TOKEN_IDS];

			for (unsigned id = 0; id < NG_TOKEN_IDS; id++)
				counts[id] = 1 + (scratch_random(&rng) & 0xfff) / (1 + id / 50);
			ng_code_lengths_make(counts, NG_TOKEN_IDS,
					     lengths[i / NG_CONTEXTS].bits[i % NG_CONTEXTS]);
		}
		assert_int_equal(ng_coder_new(lengths, n, &coder), 0);
		for (unsigned round = 0; round < 30; round++) {
			struct ng_run runs[NG_STREAM];
			unsigned n_runs = runs_random(runs, 1 + round, 1 + round % 9, &rng);
			struct ng_stream stream;

			ng_coder_encode(coder, runs, n_runs, &stream);
			for (unsigned t = 0; t < n; t++) {
				unsigned bits = 0;

				ng_tokens_each(runs, n_runs, context, id,
					       bits += lengths[t].bits[context][id]);
				assert_true(stream.n_bytes <= (bits + 7) / 8);
			}
		}
	}
}

static void test_bad_lengths(void **state)
{
	struct ng_code_lengths *lengths = calloc(1, sizeof(*lengths));
	struct ng_coder *coder = NULL;

	assert_non_null(lengths);
	memset(lengths->bits[5], 1, 3);
	assert_int_equal(ng_coder_new(lengths, 1, &coder), -EUCLEAN);
	assert_null(coder);
	free(lengths);
}

/* ---- trained tables ---- */

static void check_trained(const struct ng_bwt_text *text)
{
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = NULL, *again = NULL;
	ng_cleanup(ng_coder_freep) struct ng_coder *coder = NULL;
	unsigned n = 0, n_again = 0;

	assert_int_equal(ng_code_train(text, 1, NULL, NULL, &lengths, &n), 0);
	assert_int_equal(ng_code_train(text, 3, NULL, NULL, &again, &n_again), 0);
	assert_in_range(n, 1, NG_MAX_TABLES);
	assert_int_equal(n_again, n);
	assert_memory_equal(lengths, again, n * sizeof(*lengths));
	for (unsigned i = 0; i < n * NG_CONTEXTS; i++)
		assert_in_range(lengths[i / NG_CONTEXTS].bits[i % NG_CONTEXTS][NG_TOKEN_ESCAPE], 1,
				NG_CODE_BITS);
	assert_int_equal(ng_coder_new(lengths, n, &coder), 0);
	for (uint64_t begin = 0; begin < text->rows; begin += 97 * NG_STREAM) {
		unsigned size = (unsigned)ng_min(text->rows - begin, (uint64_t)NG_STREAM), n_runs;
		uint16_t symbols[NG_STREAM];
		struct ng_run runs[NG_STREAM];
		struct ng_alphabet alphabet;
		struct ng_stream stream;

		ng_alphabet_make(text, begin, begin + size, &alphabet);
		for (unsigned i = 0; i < size; i++)
			symbols[i] = alphabet.index[ng_bwt_text_symbol(text, begin + i)];
		n_runs = ng_runs_make(symbols, size, begin / NG_STREAM % 2, alphabet.n, runs);
		ng_coder_encode(coder, runs, n_runs, &stream);
		check_stream(coder, runs, n_runs, &stream);
	}
}

static void test_train(void **state)
{
	struct naive c;

	for (unsigned size = NAIVE_SMALL; size <= NAIVE_LARGE; size++) {
		for (size_t i = 0; naive_make(size, i, &c); i++) {
			struct ng_sort_text sort = naive_sort_text(&c);
			struct ng_sorted sorted;

			/* The largest takes as long as all others. */
			if (c.n < 4000000) {
				assert_int_equal(ng_suffix_sort(&sort, 64, &sorted), 0);
				check_trained(&(struct ng_bwt_text){sorted.bwt, sorted.separators,
								    sorted.marks, sorted.rows});
				ng_sorted_clear(&sorted);
			}
			naive_clear(&c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_no_runs),
		cmocka_unit_test(test_choice), cmocka_unit_test(test_bad_lengths),
		cmocka_unit_test(test_train),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
