/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever bits of the BWT's sections are changed: where the check finds nothing, every answer is
 * right by what the cells hold. */
#include "bwt/bwt_read.h"
#include "bwt/segment.h"
#include "bwtcheck.h"
#include "sample.h"

/* What the cells hold, to be freed with sequence_clear. */
static void sequence_read(const struct ng_bwt *bwt, unsigned mark_shift, struct sequence *ret)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = malloc(sizeof(*rows));
	uint64_t n = ng_bwt_rows(bwt), words = ng_div_up(n, NG_CELL) * (NG_CELL / 64);
	uint8_t *symbols = calloc(n + NG_CELL, 1);
	uint64_t *separators = calloc(words, sizeof(*separators));
	uint64_t *marks = calloc(words, sizeof(*marks));

	assert_true(rows && symbols && separators && marks);
	for (uint64_t i = 0; i < ng_bwt_cells(bwt); i++) {
		assert_int_equal(ng_bwt_read_cell(bwt, i, rows), 0);
		memcpy(symbols + i * NG_CELL, rows->symbol, sizeof(rows->symbol));
		memcpy(separators + i * (NG_CELL / 64), rows->separators, sizeof(rows->separators));
		memcpy(marks + i * (NG_CELL / 64), rows->marks, sizeof(rows->marks));
	}
	*ret = (struct sequence){.name = "changed",
				 .text = {symbols, separators, marks, n},
				 .mark_shift = mark_shift};
}

static void check_mark_rows(const struct sequence *s, const struct ng_bwt *bwt)
{
	uint64_t mark = 0, got;
	bool damaged = false;

	for (uint64_t row = 0; row < s->text.rows; row++) {
		if (!ng_bit(s->text.marks, row))
			continue;
		ng_bwt_mark_row(bwt, mark++, &got, &damaged);
		assert_int_equal(got, row);
	}
	assert_int_equal(mark, ng_bwt_marks(bwt));
	assert_false(damaged);
}

static void check_answers(const struct sample *s, uint64_t *rng)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	struct ng_error err = {""};
	struct sequence sequence;

	if (ng_shard_file_open(s->f.path, &file, &err) < 0 ||
	    ng_segment_open(file, s->f.path, &segment, &err) < 0)
		fail_msg("%s", err.text);
	sequence_read(segment.bwt, ng_mark_shift(segment.params.sa_rate), &sequence);
	sequence_count(&sequence);
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(segment.bwt, *kernel), 0);
		check_bwt(&sequence, segment.bwt, 600, rng);
		check_mark_rows(&sequence, segment.bwt);
	}
	free(sequence.before);
	free(sequence.lf);
	sequence_clear(&sequence);
}

static void test_sound(void **state)
{
	static const uint32_t types[] = {NG_SECTION_BWT_CELLS,       NG_SECTION_BWT_CELLS,
					 NG_SECTION_BWT_CELLS,       NG_SECTION_BWT_DIRECTORY,
					 NG_SECTION_BWT_SUPERBLOCKS, NG_SECTION_MARK_HINTS};
	struct sample *s = *state;
	uint64_t rng = naive_seed();
	const bool brief = getenv("NG_TEST_BRIEF");
	const unsigned rounds = brief ? 125 : 500;
	unsigned sound = 0;

	for (unsigned round = 0; round < rounds; round++) {
		uint32_t type = types[round % ng_array_size(types)];
		const struct ng_shard_entry *e = forged_section(&s->f, type);
		struct findings all;

		for (unsigned k = round % 2; k < 2; k++)
			s->f.data[e->offset + scratch_random(&rng) % e->bytes] ^=
				(uint8_t)(1u << scratch_random(&rng) % 8);
		forged_seal(&s->f);
		findings_check(s->made.path, false, &all);
		if (all.n == 0) {
			check_answers(s, &rng);
			sound++;
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
	print_message("%u of %u were found sound\n", sound, rounds);
	/* Some bits mean nothing: behind the rows of a bitmap, behind the last hint. In brief it
	 * may be that none of them was met. */
	assert_in_range(sound, brief ? 0 : 1, rounds / 5);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sample_new, sample_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
