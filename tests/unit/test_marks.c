/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of marks by their numbers, against the list of them: marks of all densities, and the
 * sections that they are found by damaged. */
#include "bwt/bwt_internal.h"
#include "bwtmake.h"
#include "naive.h"

enum kind {
	NONE,
	ALL,
	DENSE,     /* a third */
	USUAL,     /* as of every 52nd position */
	SPARSE,    /* few cells have one */
	CLUSTERED, /* cells full of them, and cells without */
	FIRST,     /* the first row only */
	LAST,      /* the last row only */
	KINDS
};

static const char *const kind_names[] = {"none",   "all",       "dense", "usual",
					 "sparse", "clustered", "first", "last"};

static bool is_marked(enum kind kind, uint64_t row, uint64_t rows, uint64_t r)
{
	switch (kind) {
	case ALL:
		return true;
	case DENSE:
		return r % 3 == 0;
	case USUAL:
		return r % 52 == 0;
	case SPARSE:
		return r % 20000 == 0;
	case CLUSTERED:
		return row / 100000 % 4 == 1 || row / 700 % 64 == 9;
	case FIRST:
		return row == 0;
	case LAST:
		return row == rows - 1;
	default:
		return false;
	}
}

struct sequence {
	struct ng_bwt_text text;
	uint64_t *marked; /* the rows that are */
	uint64_t n;
};

/* Symbols that take about as much room as text. */
static void sequence_make(enum kind kind, uint64_t rows, uint64_t *rng, struct sequence *ret)
{
	uint8_t *bwt = calloc(rows, 1);
	uint64_t *separators = calloc(rows / 64 + 1, sizeof(*separators));
	uint64_t *marks = calloc(rows / 64 + 1, sizeof(*marks));

	*ret = (struct sequence){.text = {bwt, separators, marks, rows},
				 .marked = calloc(rows, sizeof(uint64_t))};
	assert_non_null(bwt);
	assert_non_null(separators);
	assert_non_null(marks);
	assert_non_null(ret->marked);
	separators[0] = 1;
	for (uint64_t row = 0; row < rows; row++) {
		uint64_t r = scratch_random(rng);

		bwt[row] = row && r >> 60 ? bwt[row - 1] : (uint8_t)('a' + (r >> 32) % 20);
		if (!is_marked(kind, row, rows, r & 0xffffffff))
			continue;
		marks[row >> 6] |= 1ull << (row & 63);
		ret->marked[ret->n++] = row;
	}
}

static void sequence_clear(struct sequence *s)
{
	free((void *)s->text.bwt);
	free((void *)s->text.separators);
	free((void *)s->text.marks);
	free(s->marked);
}

#define GROUP 45u

/* Each mark on its own or in a group with its neighbours and with far ones. */
static void check_all(const char *name, const struct sequence *s, const struct ng_bwt *bwt,
		      uint64_t *rng)
{
	uint64_t marks[GROUP], rows[GROUP], row = UINT64_MAX;
	bool damaged = false;

	assert_int_equal(ng_bwt_marks(bwt), s->n);
	for (uint64_t at = 0; at < s->n; at += GROUP / 2) {
		for (unsigned i = 0; i < GROUP; i++)
			marks[i] = i < GROUP / 2 ? ng_min(at + i, s->n - 1)
						 : scratch_random(rng) % s->n;
		ng_bwt_mark_rows(bwt, GROUP, marks, rows, &damaged);
		assert_false(damaged);
		for (unsigned i = 0; i < GROUP; i++)
			if (rows[i] != s->marked[marks[i]])
				fail_msg("%s: mark %ju is row %ju, not %ju", name,
					 (uintmax_t)marks[i], (uintmax_t)s->marked[marks[i]],
					 (uintmax_t)rows[i]);
		ng_bwt_mark_row(bwt, at, &row, &damaged);
		assert_false(damaged);
		assert_int_equal(row, s->marked[at]);
	}
	ng_bwt_mark_rows(bwt, 0, marks, rows, &damaged);
	assert_false(damaged);
	/* What is no mark. */
	for (unsigned i = 0; i < 3; i++) {
		damaged = false;
		ng_bwt_mark_row(bwt, i ? UINT64_MAX / i : s->n, &row, &damaged);
		assert_true(damaged);
		assert_int_equal(row, 0);
	}
}

static void check(enum kind kind, uint64_t rows, unsigned mark_shift, uint64_t *rng)
{
	struct sequence s;
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(kind, rows, rng, &s);
	made_bwt_new(&s.text, mark_shift, 2, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(bwt, *kernel), 0);
		check_all(kind_names[kind], &s, bwt, rng);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
	sequence_clear(&s);
}

static void test_rows(void **state)
{
	static const uint64_t sizes[] = {1, 2, 64, 65, 1024, 1025, 2048, 2049, 5000, 300000};
	uint64_t rng = naive_seed();

	for (unsigned kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < ng_array_size(sizes); i++)
			check(kind, sizes[i], 2 + (unsigned)(i + kind) % 9, &rng);
}

/* Cells of several superblocks, whose counts begin anew. */
static void test_superblocks(void **state)
{
	static const enum kind kinds[] = {USUAL, SPARSE, CLUSTERED};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(kinds); i++)
		check(kinds[i], (2u << NG_SUPERBLOCK_LOG) + 777, 5, &rng);
}

static void flip(struct bwt_section *section, size_t from, uint64_t *rng)
{
	for (unsigned i = 1 + (unsigned)(scratch_random(rng) % 6); i && section->bytes > from; i--)
		section->data[from + scratch_random(rng) % (section->bytes - from)] ^=
			(uint8_t)(1u << scratch_random(rng) % 8);
}

/* Whatever hints, cells and counts say: a row, or damage. */
static void test_damaged(void **state)
{
	uint64_t rng = naive_seed();
	unsigned refused = 0, seen = 0;
	struct sequence s;

	sequence_make(CLUSTERED, 500000, &rng, &s);
	for (unsigned round = 0; round < 60; round++) {
		struct made_bwt made;
		struct ng_bwt *bwt;

		made_bwt_new(&s.text, 5, 2, &made);
		if (round % 3 == 0)
			flip(&made.hints, 16, &rng);
		if (round % 3 == 1)
			flip(&made.superblocks, NG_SUPERBLOCK_HEAD, &rng);
		for (size_t at = 0; round % 3 == 2 && at < made.cells.bytes - NG_CELL_REACH;
		     at += 1 + scratch_random(&rng) % 400)
			made.cells.data[at] ^= (uint8_t)(1u << scratch_random(&rng) % 8);
		if (ng_bwt_open(&made.parts, &bwt) < 0) {
			refused++;
			made_bwt_free(&made);
			continue;
		}
		for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
			assert_int_equal(ng_bwt_use_kernel(bwt, *kernel), 0);
			for (uint64_t mark = 0; mark < s.n; mark += 61) {
				bool damaged = false;
				uint64_t row = UINT64_MAX;

				ng_bwt_mark_row(bwt, mark, &row, &damaged);
				assert_true(row < s.text.rows);
				assert_true(!damaged || row == 0);
				seen += damaged;
			}
		}
		ng_bwt_close(bwt);
		made_bwt_free(&made);
	}
	assert_true(refused < 30);
	assert_true(seen > 100);
	sequence_clear(&s);
}

/* Hints of a wrong number are refused. */
static void test_hints(void **state)
{
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt = NULL;
	struct sequence s;
	uint64_t n;

	sequence_make(DENSE, 10000, &rng, &s);
	made_bwt_new(&s.text, 2, 1, &made);
	n = ng_load64(made.hints.data);
	assert_int_equal(n, ng_div_up(s.n, NG_MARK_HINT));
	for (unsigned i = 0; i < 2; i++) {
		ng_store64(made.hints.data, i ? n - 1 : n + 1);
		assert_int_equal(ng_bwt_open(&made.parts, &bwt), -EUCLEAN);
	}
	ng_store64(made.hints.data, n);
	made.parts.hints_bytes = 15;
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), -EUCLEAN);
	assert_null(bwt);
	made_bwt_free(&made);
	sequence_clear(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_superblocks),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
