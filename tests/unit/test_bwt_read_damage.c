/* SPDX-License-Identifier: Apache-2.0 */
/* The BWT read cell by cell from damaged sections: refused, or rows that can be. (What a cell's
 * bytes may be is test_cell's.) */
#include "bwt/bwt_internal.h"
#include "cellparts.h"
#include "naive.h"
#include "rowsmake.h"

/* What gets damaged. */
static const struct shape usual = {"usual", 200000, 0, 60, 5, 300, 25, 4};

/* Every cell is refused or gives rows that can be. Returns how many were refused. */
static unsigned check_damaged(const struct ng_bwt *bwt, struct ng_bwt_rows *rows)
{
	unsigned refused = 0;

	for (uint64_t cell = 0; cell < ng_bwt_cells(bwt); cell++) {
		int r = read_cell(bwt, cell, rows);

		if (r < 0) {
			assert_int_equal(r, -EUCLEAN);
			refused++;
			continue;
		}
		assert_int_equal(rows->start, cell * NG_CELL);
		assert_int_equal(rows->n,
				 ng_min(ng_bwt_rows(bwt) - rows->start, (uint64_t)NG_CELL));
		assert_true(bits_end(rows->separators, rows->n));
		assert_true(bits_end(rows->marks, rows->n));
	}
	return refused;
}

/* A cell with something changed that must make it refused. */
static void change_shape(uint8_t *cell, const struct cell_parts *parts)
{
	for (unsigned shape = 0; shape < NG_SHAPES; shape++) {
		if (cell_planes(shape, parts->n_symbols) ==
		    cell_planes(parts->shape, parts->n_symbols))
			continue;
		cell[0] = (uint8_t)((cell[0] & 0xf0) | shape);
		return;
	}
	fail();
}

static void change_mode_bytes(uint8_t *cell, const struct cell_parts *parts)
{
	cell[0] ^= 0x10;
}

static void change_has_separator(uint8_t *cell, const struct cell_parts *parts)
{
	cell[0] ^= 0x80;
}

static void change_more_symbols(uint8_t *cell, const struct cell_parts *parts)
{
	cell[1]++;
}

static void change_fewer_symbols(uint8_t *cell, const struct cell_parts *parts)
{
	cell[1]--;
}

static void change_all_symbols(uint8_t *cell, const struct cell_parts *parts)
{
	cell[7] ^= 0x80;
}

static void change_more_marks(uint8_t *cell, const struct cell_parts *parts)
{
	assert_in_range(cell[2], 1, 200);
	cell[2]++;
}

static void change_fewer_marks(uint8_t *cell, const struct cell_parts *parts)
{
	cell[2]--;
}

static void change_n_wide(uint8_t *cell, const struct cell_parts *parts)
{
	cell[3] = (uint8_t)(parts->n_symbols + 1);
}

static void change_wide(uint8_t *cell, const struct cell_parts *parts)
{
	ng_store32(cell + 4, ng_load32(cell + 4) | 31);
}

/* Wider than the wide ones. */
static void change_narrow(uint8_t *cell, const struct cell_parts *parts)
{
	ng_store32(cell + 4, (ng_load32(cell + 4) & ~(31u << 5)) | (parts->wide + 1) << 5);
}

static void change_a_mode(uint8_t *cell, const struct cell_parts *parts)
{
	parts->modes[0] ^= 1;
}

static void change_mode_behind(uint8_t *cell, const struct cell_parts *parts)
{
	assert_true(cell_planes(parts->shape, parts->n_symbols) % 4);
	parts->modes[parts->n_modes - 1] |= 0xc0;
}

static void change_list(uint8_t *cell, const struct cell_parts *parts)
{
	parts->list[1] = parts->list[0];
}

static void change_separator(uint8_t *cell, const struct cell_parts *parts)
{
	*parts->separator = (uint8_t)parts->n_symbols;
}

static void change_separator_byte(uint8_t *cell, const struct cell_parts *parts)
{
	parts->list[*parts->separator] = 1;
}

static void change_planes(uint8_t *cell, const struct cell_parts *parts)
{
	memset(parts->planes, 0, (size_t)(parts->marks - parts->planes));
}

static void change_marks(uint8_t *cell, const struct cell_parts *parts)
{
	memset(parts->marks, 0xff, 6);
}

static const struct {
	const char *name;
	void (*change)(uint8_t *cell, const struct cell_parts *parts);
} changes[] = {
	{"another shape", change_shape},
	{"another number of modes", change_mode_bytes},
	{"no separator", change_has_separator},
	{"a symbol more", change_more_symbols},
	{"a symbol less", change_fewer_symbols},
	{"all symbols", change_all_symbols},
	{"a mark more", change_more_marks},
	{"a mark less", change_fewer_marks},
	{"more wide counts than there are", change_n_wide},
	{"counts of 31 bits", change_wide},
	{"the others wider than the wide", change_narrow},
	{"another mode", change_a_mode},
	{"a mode of no plane", change_mode_behind},
	{"a symbol twice", change_list},
	{"the separator outside of the list", change_separator},
	{"the separator is a byte", change_separator_byte},
	{"no bits in the planes", change_planes},
	{"marks without order", change_marks},
};

/* Number of the cell that is changed. */
#define CELL 7u

static void test_damaged_cell(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(ng_freep) uint8_t *before = NULL;
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	const uint8_t *begin, *end;
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, usual.mark_shift, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	assert_true(ng_bwt_cell_find(bwt, CELL, &begin, &end));
	before = malloc((size_t)(end - begin));
	assert_non_null(before);
	memcpy(before, begin, (size_t)(end - begin));
	for (size_t i = 0; i < ng_array_size(changes); i++) {
		uint8_t *cell = made.cells.data + (begin - made.cells.data);
		struct cell_parts parts = cell_parts(cell, end, NG_CELL, usual.mark_shift);

		assert_non_null(parts.separator);
		changes[i].change(cell, &parts);
		if (read_cell(bwt, CELL, rows) != -EUCLEAN)
			fail_msg("%s: not refused", changes[i].name);
		memcpy(cell, before, (size_t)(end - begin));
		assert_int_equal(read_cell(bwt, CELL, rows), 0);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* The directory lets a cell begin, or end, a byte later or earlier than it does. */
static void test_damaged_directory(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, usual.mark_shift, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	assert_true(ng_bwt_cells(bwt) > 3 * NG_LINE_CELLS);
	for (uint64_t cell = 0; cell < ng_bwt_cells(bwt); cell++) {
		uint8_t *line = made.directory.data + cell / NG_LINE_CELLS * NG_LINE_BYTES;
		uint8_t *end = line + 8 + 2 * (cell % NG_LINE_CELLS);
		bool last = cell + 1 == ng_bwt_cells(bwt);

		for (int by = -1; by <= 1; by += 2) {
			ng_store16(end, (uint16_t)(ng_load16(end) + by));
			assert_int_equal(read_cell(bwt, cell, rows), -EUCLEAN);
			/* The last of a line is told where it begins by the next line. */
			if (!last)
				assert_int_equal(read_cell(bwt, cell + 1, rows),
						 (cell + 1) % NG_LINE_CELLS ? -EUCLEAN : 0);
			ng_store16(end, (uint16_t)(ng_load16(end) - by));
			assert_int_equal(read_cell(bwt, cell, rows), 0);
		}
		if (cell % NG_LINE_CELLS)
			continue;
		/* A line elsewhere, and far behind the section. */
		ng_store64(line, ng_load64(line) + 1);
		assert_int_equal(read_cell(bwt, cell, rows), -EUCLEAN);
		ng_store64(line, ng_load64(line) - 1 + (1ull << 47));
		assert_int_equal(read_cell(bwt, cell, rows), -EUCLEAN);
		ng_store64(line, ng_load64(line) - (1ull << 47));
	}
	assert_int_equal(check_damaged(bwt, rows), 0);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* Random bytes changed in cells, and in the directory. */
static void test_damaged(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	unsigned refused = 0;
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, usual.mark_shift, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (unsigned round = 0; round < 400; round++) {
		struct bwt_section *section = round % 3 ? &made.cells : &made.directory;
		ng_cleanup(ng_freep) uint8_t *before = malloc(section->bytes);
		/* The slack is never damaged: ngramfsck checks that it is zero. */
		size_t bytes = section->bytes - (section == &made.cells ? NG_CELL_REACH : 0);

		assert_non_null(before);
		memcpy(before, section->data, section->bytes);
		for (unsigned i = 1 + scratch_random(&rng) % 8; i > 0; i--)
			section->data[scratch_random(&rng) % bytes] = (uint8_t)scratch_random(&rng);
		refused += check_damaged(bwt, rows) != 0;
		memcpy(section->data, before, section->bytes);
	}
	assert_in_range(refused, 200, 400);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* Cells of nothing but random bytes, or from behind their lists on. */
static void test_noise(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(ng_freep) uint8_t *before = NULL;
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, usual.mark_shift, 1, &made);
	before = malloc(made.cells.bytes);
	assert_non_null(before);
	memcpy(before, made.cells.data, made.cells.bytes);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (unsigned round = 0; round < 100; round++) {
		for (uint64_t cell = 0; cell < ng_bwt_cells(bwt); cell++) {
			const uint8_t *begin, *end;
			uint8_t *from;

			assert_true(ng_bwt_cell_find(bwt, cell, &begin, &end));
			from = made.cells.data + (begin - made.cells.data);
			if (round % 2)
				from = cell_parts(from, end, ng_bwt_cell_size(bwt, cell),
						  usual.mark_shift)
					       .counts;
			for (; from < end; from++)
				*from = (uint8_t)scratch_random(&rng);
		}
		/* The last, of a few rows, may happen to be whole. */
		assert_true(check_damaged(bwt, rows) >= ng_bwt_cells(bwt) - 1);
		memcpy(made.cells.data, before, made.cells.bytes);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_cell),
		cmocka_unit_test(test_damaged_directory),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
