#include "bwt/token.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_classes(void **state)
{
	assert_int_equal(ng_run_class_length[0], 1);
	for (unsigned run = 1; run <= 1000; run++) {
		unsigned class = ng_run_class(run);

		assert_true(class < NG_RUN_CLASSES);
		assert_true(ng_run_class_length[class] <= run);
		if (class + 1 < NG_RUN_CLASSES)
			assert_true(ng_run_class_length[class + 1] > run);
	}
	for (unsigned rank = 0; rank < NG_SYMBOLS; rank++) {
		for (unsigned class = 0; class < NG_RUN_CLASSES; class ++) {
			uint32_t entry = ng_entry_make(7, rank, class);

			assert_true(ng_token_context(rank, class) < NG_CONTEXTS);
			assert_true(ng_token_id(rank, class) < NG_TOKEN_ESCAPE);
			assert_int_equal(ng_entry_length(entry), 7);
			assert_int_equal(ng_entry_rank(entry), rank);
			assert_int_equal(ng_entry_run(entry), ng_run_class_length[class]);
			assert_int_equal(entry & NG_FIRST_CONTEXT, ng_token_context(rank, class)
									   << NG_CONTEXT_SHIFT);
		}
	}
}

/* ---- code lengths ---- */

#define LEAVES_MAX 26u

struct best {
	uint64_t weights[LEAVES_MAX]; /* falling */
	unsigned n;
	uint64_t memo[NG_CODE_BITS + 1][LEAVES_MAX + 1][2 * LEAVES_MAX + 1];
};

/* The least sum of weight * depth when `used` leaves have their place and `slots` nodes are there
 * at `depth`: every way to make some of them leaves, the others into two nodes each. */
static uint64_t best_cost(struct best *b, unsigned depth, unsigned used, unsigned slots)
{
	uint64_t *memo, best = UINT64_MAX, here = 0;

	slots = ng_min(slots, 2 * LEAVES_MAX);
	if (used == b->n)
		return 0;
	if (depth > NG_CODE_BITS || slots == 0)
		return UINT64_MAX;
	memo = &b->memo[depth][used][slots];
	if (*memo)
		return *memo - 1;
	for (unsigned leaves = 0; leaves <= ng_min(slots, b->n - used); leaves++) {
		uint64_t rest = best_cost(b, depth + 1, used + leaves, 2 * (slots - leaves));

		if (rest != UINT64_MAX)
			best = ng_min(best, here + rest);
		if (used + leaves < b->n)
			here += b->weights[used + leaves] * depth;
	}
	*memo = best == UINT64_MAX ? 0 : best + 1;
	return best;
}

static void check_lengths(const uint64_t *counts, unsigned n)
{
	static struct best best;
	uint8_t bits[LEAVES_MAX];
	uint64_t cost = 0, space = 0;

	memset(&best, 0, sizeof(best));
	assert_int_equal(ng_code_lengths_make(counts, n, bits), 0);
	for (unsigned i = 0; i < n; i++) {
		unsigned at = best.n;

		assert_int_equal(bits[i] > 0, counts[i] > 0);
		assert_true(bits[i] <= NG_CODE_BITS);
		if (!counts[i])
			continue;
		cost += counts[i] * bits[i];
		space += 1u << (NG_CODE_BITS - bits[i]);
		for (; at > 0 && best.weights[at - 1] < counts[i]; at--)
			best.weights[at] = best.weights[at - 1];
		best.weights[at] = counts[i];
		best.n++;
	}
	if (best.n < 2) {
		assert_int_equal(space, best.n << (NG_CODE_BITS - 1));
		return;
	}
	assert_int_equal(space, 1u << NG_CODE_BITS);
	assert_int_equal(cost, best_cost(&best, 0, 0, 1));
}

static void test_lengths(void **state)
{
	static const uint64_t fixed[][LEAVES_MAX] = {
		{0},
		{5},
		{0, 0, 9},
		{1, 1},
		{0, 3, 0, UINT32_MAX},
		{1, 1, 1},
		{1, 1, 1, 1, 1, 1, 1, 1},
		/* Fibonacci numbers: without a limit the longest code had 25 bits. */
		{1,   1,   2,   3,    5,    8,    13,   21,    34,    55,    89,    144,   233,
		 377, 610, 987, 1597, 2584, 4181, 6765, 10946, 17711, 28657, 46368, 75025, 121393},
		{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768,
		 65536},
	};
	uint64_t seed = naive_seed(), rng = seed;

	for (size_t i = 0; i < ng_array_size(fixed); i++)
		check_lengths(fixed[i], LEAVES_MAX);
	for (unsigned round = 0; round < 300; round++) {
		uint64_t counts[LEAVES_MAX];
		unsigned n = (unsigned)(scratch_random(&rng) % LEAVES_MAX) + 1;

		for (unsigned k = 0; k < n; k++) {
			uint64_t r = scratch_random(&rng);

			counts[k] = r % 7 ? (r >> 32) >> (r >> 8) % 32 : 0;
		}
		check_lengths(counts, n);
	}
}

/* All token ids at once, equally frequent and not. */
static void test_many_lengths(void **state)
{
	static uint64_t counts[NG_TOKEN_IDS];
	static uint8_t bits[NG_TOKEN_IDS];
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < 20; round++) {
		uint64_t space = 0;

		for (unsigned i = 0; i < NG_TOKEN_IDS; i++)
			counts[i] = 1 + (round ? scratch_random(&rng) >> (24 + 2 * round) : 0);
		assert_int_equal(ng_code_lengths_make(counts, NG_TOKEN_IDS, bits), 0);
		for (unsigned i = 0; i < NG_TOKEN_IDS; i++) {
			assert_in_range(bits[i], 1, NG_CODE_BITS);
			space += 1u << (NG_CODE_BITS - bits[i]);
		}
		assert_int_equal(space, 1u << NG_CODE_BITS);
	}
}

/* ---- codes and decoding tables (what those decode, test_bwt sees) ---- */

static void lengths_random(uint8_t *bits, unsigned used, uint64_t *rng)
{
	uint64_t counts[NG_TOKEN_IDS] = {0};

	for (unsigned k = 0; k < used; k++)
		counts[scratch_random(rng) % NG_TOKEN_IDS] +=
			1 + (scratch_random(rng) >> (40 + scratch_random(rng) % 24));
	counts[NG_TOKEN_ESCAPE] += 1;
	assert_int_equal(ng_code_lengths_make(counts, NG_TOKEN_IDS, bits), 0);
}

/* Canonical: code values, filled up to one length, rise with length and id, and don't overlap. */
static void check_codes(const uint8_t *bits, const uint16_t *codes)
{
	unsigned next = 0;

	for (unsigned length = 1; length <= NG_CODE_BITS; length++) {
		for (unsigned id = 0; id < NG_TOKEN_IDS; id++) {
			if (bits[id] != length)
				continue;
			assert_int_equal(codes[id] << (NG_CODE_BITS - length), next);
			next += 1u << (NG_CODE_BITS - length);
		}
	}
	assert_true(next <= 1u << NG_CODE_BITS);
}

static void test_codes(void **state)
{
	uint8_t bits[NG_TOKEN_IDS] = {0};
	uint16_t codes[NG_TOKEN_IDS];
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < 100; round++) {
		lengths_random(bits, round * 20, &rng);
		assert_int_equal(ng_codes_assign(bits, codes), 0);
		check_codes(bits, codes);
	}
	/* More code than there is room for. */
	memset(bits, 0, sizeof(bits));
	bits[3] = bits[4] = 1;
	assert_int_equal(ng_codes_assign(bits, codes), 0);
	bits[7] = NG_CODE_BITS;
	assert_int_equal(ng_codes_assign(bits, codes), -EUCLEAN);
	memset(bits, 10, sizeof(bits));
	assert_int_equal(ng_codes_assign(bits, codes), -EUCLEAN);
	memset(bits, 0, sizeof(bits));
	bits[0] = NG_CODE_BITS + 1;
	assert_int_equal(ng_codes_assign(bits, codes), -EUCLEAN);
	bits[0] = 255;
	assert_int_equal(ng_codes_assign(bits, codes), -EUCLEAN);
}

static struct ng_code_lengths *lengths_new(unsigned n, uint64_t *rng)
{
	struct ng_code_lengths *lengths = calloc(n, sizeof(*lengths));

	assert_non_null(lengths);
	for (unsigned i = 0; i < n * NG_CONTEXTS; i++)
		lengths_random(lengths[i / NG_CONTEXTS].bits[i % NG_CONTEXTS],
			       (unsigned)(scratch_random(rng) % (i % 4 ? 60 : 3000)), rng);
	return lengths;
}

static void test_tables(void **state)
{
	uint64_t rng = naive_seed();

	for (unsigned n = 1; n <= NG_MAX_TABLES; n += 3) {
		ng_cleanup(ng_freep) struct ng_code_lengths *lengths = lengths_new(n, &rng);

		ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
		struct ng_token_tables tables;

		assert_int_equal(ng_code_lengths_write(lengths, n, &buf), 0);
		assert_int_equal(ng_token_tables_open(buf.data, buf.len, &tables), 0);
		assert_int_equal(tables.n_tables, n);
		ng_token_tables_clear(&tables);
		assert_null(tables.table);
	}
}

static void test_damaged_tables(void **state)
{
	uint64_t rng = naive_seed();
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = lengths_new(3, &rng);
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT, worse = NG_BUF_INIT;
	struct ng_token_tables tables = {.n_tables = 42};

	assert_int_equal(ng_code_lengths_write(lengths, 3, &buf), 0);
	for (size_t cut = 0; cut < buf.len; cut++) {
		ng_cleanup(ng_freep) uint8_t *exact = malloc(cut + !cut);

		assert_non_null(exact);
		memcpy(exact, buf.data, cut);
		assert_int_equal(ng_token_tables_open(exact, cut, &tables), -EUCLEAN);
	}
	for (unsigned n = 0; n < 256; n++) {
		buf.data[0] = (uint8_t)n;
		if (n != 3)
			assert_int_equal(ng_token_tables_open(buf.data, buf.len, &tables),
					 -EUCLEAN);
	}
	/* Lengths that no encoder makes: too many short codes, or one that is too long. */
	memset(lengths[1].bits[4], 1, 3);
	assert_int_equal(ng_code_lengths_write(lengths, 3, &worse), 0);
	assert_int_equal(ng_token_tables_open(worse.data, worse.len, &tables), -EUCLEAN);
	worse.len = 0;
	memset(lengths[1].bits[4], 0, sizeof(lengths[1].bits[4]));
	lengths[1].bits[4][0] = NG_CODE_BITS + 1;
	assert_int_equal(ng_code_lengths_write(lengths, 3, &worse), 0);
	assert_int_equal(ng_token_tables_open(worse.data, worse.len, &tables), -EUCLEAN);
	assert_int_equal(tables.n_tables, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),      cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_many_lengths), cmocka_unit_test(test_codes),
		cmocka_unit_test(test_tables),       cmocka_unit_test(test_damaged_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
