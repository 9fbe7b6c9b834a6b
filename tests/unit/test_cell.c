/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of all kinds, encoded and decoded: the same rows come back, in no more bytes than there may
 * be; and any bytes decoded. */
#include "bwt/cell_decode.h"
#include "bwt/cell_encode.h"
#include "bwt/directory.h"
#include "cellparts.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* What is encoded. */
struct rows {
	const char *name;
	unsigned n, mark_shift;
	uint16_t symbol[NG_CELL];
	uint64_t marks[NG_CELL / 64];
	struct ng_superblock_facts before; /* counts before the cell */
};

struct fixture {
	struct ng_cell_encoder *encoder;
	uint64_t rng;
	/* What was met. */
	unsigned shapes[NG_SHAPES], modes[4], mode_bytes[9], marks_ef, marks_bitmap, planes;
	size_t largest;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || ng_cell_encoder_new(&f->encoder) < 0)
		return -1;
	f->rng = naive_seed();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ng_cell_encoder_free(f->encoder);
	free(f);
	return 0;
}

#define GROUP 0x20u /* added to the groups of the cell's symbols */

/* The cell that starts at row `from` of a text that has others before it. separators: in bits of
 * their own, or as 0. The bytes end where the allocation does, up to its 7 more. */
static uint8_t *encode_at(struct fixture *f, const struct rows *rows, unsigned from,
			  bool separators, struct ng_superblock_facts *facts, size_t *ret_bytes)
{
	uint8_t *bwt = malloc(from + rows->n);
	uint64_t *bits = calloc((from + rows->n) / 64 + 1, sizeof(*bits));
	uint64_t *marks = calloc((from + rows->n) / 64 + 1, sizeof(*marks));
	uint8_t *to = malloc(NG_CELL_BYTES_MAX + 8);
	struct ng_bwt_text text = {bwt, separators ? bits : NULL, marks, from + rows->n};

	assert_true(bwt && bits && marks && to);
	memset(bwt, 'f', from + rows->n);
	for (unsigned i = 0; i < rows->n; i++) {
		bool separator = rows->symbol[i] == NG_SEPARATOR;

		/* What is in the place of a separator is nothing's. */
		bwt[from + i] = (uint8_t)(!separator ? rows->symbol[i] : separators ? i : 0);
		bits[(from + i) >> 6] |= (uint64_t)separator << ((from + i) & 63);
		marks[(from + i) >> 6] |= (uint64_t)ng_bit(rows->marks, i) << ((from + i) & 63);
	}
	memset(to, 0xa5, NG_CELL_BYTES_MAX + 8);
	*facts = rows->before;
	*ret_bytes = ng_cell_encode(f->encoder, &text, from, rows->n, rows->mark_shift, facts,
				    GROUP, to);
	free(bwt);
	free(bits);
	free(marks);
	return to;
}

/* A copy with just the bytes behind it that decoding may read, which are anything. */
static uint8_t *with_reach(struct fixture *f, const uint8_t *cell, size_t bytes)
{
	uint8_t *copy = malloc(bytes + NG_CELL_REACH);
	unsigned fill = (unsigned)(scratch_random(&f->rng) % 3);

	assert_non_null(copy);
	memcpy(copy, cell, bytes);
	for (size_t i = 0; i < NG_CELL_REACH; i++)
		copy[bytes + i] = (uint8_t)(fill == 0   ? 0
					    : fill == 1 ? 0xff
							: scratch_random(&f->rng));
	return copy;
}

/* What the cell is made of. */
static void check_parts(struct fixture *f, const struct rows *rows, uint8_t *cell, size_t bytes)
{
	struct cell_parts parts = cell_parts(cell, cell + bytes, rows->n, rows->mark_shift);
	unsigned planes = cell_planes(parts.shape, parts.n_symbols);
	uint64_t modes = 0;

	assert_in_range(planes, 0, NG_CELL_PLANES);
	assert_int_equal(parts.n_modes, ng_max((2 * planes + 7) / 8, 1u));
	assert_true(parts.planes <= parts.marks);
	memcpy(&modes, parts.modes, parts.n_modes);
	f->shapes[parts.shape]++;
	for (unsigned i = 0; i < planes; i++)
		f->modes[modes >> 2 * i & 3]++;
	f->mode_bytes[parts.n_modes]++;
	f->planes = ng_max(f->planes, planes);
	f->largest = ng_max(f->largest, bytes);
	if (parts.n_marks && ng_marks_are_bitmap(parts.n_marks, rows->n, rows->mark_shift))
		f->marks_bitmap++;
	else if (parts.n_marks)
		f->marks_ef++;
}

/* The facts that decoding gave, and those that encoding changed. */
static void check_facts(const struct rows *rows, const struct ng_cell_facts *got,
			const struct ng_superblock_facts *after)
{
	uint32_t count[NG_SYMBOLS + 1] = {0};
	unsigned last = NG_CELL + 1;

	assert_in_range(got->n_symbols, 1, ng_min(rows->n, NG_SYMBOLS));
	for (unsigned i = 0; i < rows->n; i++) {
		assert_in_range(got->places[i], 0, got->n_symbols - 1);
		if (got->list[got->places[i]] != rows->symbol[i])
			fail_msg("%s: row %u is %u, not %u", rows->name, i,
				 got->list[got->places[i]], rows->symbol[i]);
		count[rows->symbol[i]]++;
		count[NG_MARKS] += ng_bit(rows->marks, i);
	}
	assert_memory_equal(got->marks, rows->marks, sizeof(got->marks));
	assert_int_equal(got->n_marks, count[NG_MARKS]);
	assert_int_equal(got->marks_before, rows->before.count[NG_MARKS]);
	for (unsigned k = 0; k < got->n_symbols; k++) {
		unsigned symbol = got->list[k];

		assert_int_equal(got->before[k], rows->before.count[symbol]);
		/* By falling frequency, save for the separator where the list has everything. */
		if (got->n_symbols == NG_SYMBOLS && symbol == NG_SEPARATOR) {
			assert_int_equal(k, 0);
			continue;
		}
		assert_true(count[symbol] <= last);
		last = count[symbol];
	}
	for (unsigned s = 0; s <= NG_MARKS; s++) {
		assert_int_equal(after->count[s], rows->before.count[s] + count[s]);
		if (s < NG_SYMBOLS)
			assert_int_equal(after->groups[s],
					 rows->before.groups[s] | (count[s] ? GROUP : 0));
	}
}

/* The bytes, which the caller frees. */
static uint8_t *check(struct fixture *f, const struct rows *rows, size_t *ret_bytes)
{
	static const struct rows other = {.name = "another", .n = 1, .symbol = {'x'}};
	struct ng_superblock_facts facts, again;
	ng_cleanup(ng_freep) uint8_t *second = NULL, *third = NULL, *between = NULL, *copy = NULL;
	struct ng_cell_facts *got = malloc(sizeof(*got));
	uint8_t *cell = encode_at(f, rows, 0, true, &facts, ret_bytes);
	const char *why = "";
	bool has_nul = false;
	size_t bytes;

	assert_non_null(got);
	assert_in_range(*ret_bytes, NG_CELL_HEAD + 2, NG_CELL_BYTES_MAX);
	/* The same rows elsewhere, after another cell, have the same bytes. */
	between = encode_at(f, &other, 0, true, &again, &bytes);
	second = encode_at(f, rows, 3 * NG_CELL, true, &again, &bytes);
	assert_int_equal(bytes, *ret_bytes);
	assert_memory_equal(second, cell, bytes);
	assert_memory_equal(&again, &facts, sizeof(facts));
	for (unsigned i = 0; i < rows->n; i++)
		has_nul |= rows->symbol[i] == 0;
	if (!has_nul) {
		third = encode_at(f, rows, NG_CELL, false, &again, &bytes);
		assert_int_equal(bytes, *ret_bytes);
		assert_memory_equal(third, cell, bytes);
	}
	copy = with_reach(f, cell, bytes);
	memset(got, 0xa5, sizeof(*got));
	if (!ng_cell_decode(copy, copy + bytes, rows->n, rows->mark_shift, got, &why))
		fail_msg("%s: %u rows: %s", rows->name, rows->n, why);
	check_facts(rows, got, &facts);
	check_parts(f, rows, cell, bytes);
	free(got);
	return cell;
}

static void check_only(struct fixture *f, const struct rows *rows)
{
	size_t bytes;

	free(check(f, rows, &bytes));
}

/* ---- rows ---- */

static void mark_some(struct rows *rows, unsigned n, uint64_t *rng)
{
	memset(rows->marks, 0, sizeof(rows->marks));
	for (unsigned left = n; left;) {
		unsigned i = (unsigned)(scratch_random(rng) % rows->n);

		if (ng_bit(rows->marks, i))
			continue;
		rows->marks[i >> 6] |= 1ull << (i & 63);
		left--;
	}
}

/* In runs of up to `run`; 0: as they are. */
static void shuffle(struct rows *rows, unsigned run, uint64_t *rng)
{
	for (unsigned i = 0; i < rows->n; i++) {
		unsigned k = i + (unsigned)(scratch_random(rng) % (rows->n - i));
		uint16_t swap = rows->symbol[i];

		rows->symbol[i] = rows->symbol[k];
		rows->symbol[k] = swap;
	}
	for (unsigned i = 0; run > 1 && i < rows->n;) {
		unsigned end = i + 1 + (unsigned)(scratch_random(rng) % run);

		end = ng_min(end, rows->n);
		for (unsigned k = i + 1; k < end; k++)
			rows->symbol[k] = rows->symbol[i];
		i = end;
	}
}

/* n rows of `d` symbols, each of which occurs where n is enough; of the rows that are left each
 * symbol takes 1 / `skew` of those that the ones before it left (0: all symbols alike). Symbols are
 * numbered from `first` on, beyond the separator from 0 on. */
static void fill(struct rows *rows, unsigned n, unsigned d, unsigned first, unsigned skew,
		 uint64_t *rng)
{
	rows->n = n;
	for (unsigned i = 0; i < n; i++) {
		unsigned k = i;

		if (i >= d) {
			k = (unsigned)(scratch_random(rng) % d);
			for (k = skew ? 0 : k; skew && k + 1 < d && scratch_random(rng) % skew;)
				k++;
		}
		rows->symbol[i] = (uint16_t)((first + k) % NG_SYMBOLS);
	}
}

/* Counts before the cell, below 2^bits. */
static void count_before(struct rows *rows, unsigned bits, uint64_t *rng)
{
	memset(&rows->before, 0, sizeof(rows->before));
	for (unsigned s = 0; s <= NG_MARKS; s++) {
		rows->before.count[s] = (uint32_t)(scratch_random(rng) & ((1ull << bits) - 1));
		/* Most are small where some are large. */
		if (scratch_random(rng) % 4)
			rows->before.count[s] >>= scratch_random(rng) % 20;
	}
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		rows->before.groups[s] = (uint16_t)(scratch_random(rng) & 0x1f);
}

/* Rows for a shape: each of `groups` of its groups has half of what is left, its symbols alike, and
 * the last all that is left, on as many symbols as fit. Some rows are left for the last. */
static void fill_for_shape(struct rows *rows, unsigned shape, unsigned groups, uint64_t *rng)
{
	unsigned at = 0, in = 0, left = NG_CELL;
	unsigned last = (unsigned)(scratch_random(rng) & scratch_random(rng) & 255);
	const uint8_t *width = ng_cell_shapes[shape];

	rows->n = NG_CELL;
	for (unsigned g = 0; g < groups && left; g++, width++) {
		unsigned places = ng_min(1u << *width, NG_SYMBOLS - at);
		unsigned take = left;

		if (g + 1 < groups && left > last + 1)
			take = (left - last + 1) / 2;

		places = ng_min(places, take);
		for (unsigned i = 0; i < take; i++)
			rows->symbol[in++] = (uint16_t)(255 - at - i % places);
		for (unsigned i = in - take; i < in; i++)
			if (rows->symbol[i] > NG_SEPARATOR)
				rows->symbol[i] = NG_SEPARATOR;
		at += places;
		left -= take;
		if (at >= NG_SYMBOLS - 1)
			break;
	}
	while (in < NG_CELL)
		rows->symbol[in++] = 255;
	shuffle(rows, (unsigned)(scratch_random(rng) % 3) * 7, rng);
}

/* ---- */

static void test_symbols(void **state)
{
	static const unsigned numbers[] = {1,  2,  3,  4,  5,  7,   8,   9,   15,  16,
					   17, 31, 33, 64, 65, 129, 200, 255, 256, 257};
	struct fixture *f = *state;
	struct rows rows = {.name = "symbols"};

	for (size_t i = 0; i < ng_array_size(numbers); i++) {
		for (unsigned round = 0; round < 24; round++) {
			unsigned first = round % 3 == 0   ? (unsigned)scratch_random(&f->rng) % 257
					 : round % 3 == 1 ? NG_SEPARATOR
							  : 'a';

			fill(&rows, NG_CELL, numbers[i], first, round / 6 * 3, &f->rng);
			if (round % 2 || numbers[i] > 200)
				shuffle(&rows, 0, &f->rng);
			else
				shuffle(&rows, 1 + round, &f->rng);
			rows.mark_shift = round % 11;
			mark_some(&rows, (unsigned)(scratch_random(&f->rng) % 40), &f->rng);
			count_before(&rows, round % 19, &f->rng);
			check_only(f, &rows);
		}
	}
}

/* All symbols there are: the separator's place has a byte, wherever it would come. */
static void test_all_symbols(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "all symbols", .n = NG_CELL, .mark_shift = 4};
	struct ng_superblock_facts facts;

	for (unsigned more = 0; more < 4; more++) {
		uint8_t *cell;
		size_t bytes;

		for (unsigned i = 0; i < NG_CELL; i++)
			rows.symbol[i] = (uint16_t)(i % NG_SYMBOLS);
		/* The separator rarest, among the others, most frequent, and all but one each. */
		for (unsigned i = NG_SYMBOLS; i < NG_CELL; i++) {
			if (more == 0)
				rows.symbol[i] = (uint16_t)(i % 256);
			if (more == 2 && i % 2)
				rows.symbol[i] = NG_SEPARATOR;
			if (more == 3)
				rows.symbol[i] = NG_SEPARATOR;
		}
		shuffle(&rows, 0, &f->rng);
		count_before(&rows, 18, &f->rng);
		cell = check(f, &rows, &bytes);
		assert_int_equal(cell[1], 255);
		assert_int_equal(cell[7] >> 7, 1);
		free(cell);
	}
	/* 256 with the separator behind all others: its place is 255. */
	for (unsigned i = 0; i < NG_CELL; i++)
		rows.symbol[i] = (uint16_t)(i < 3 ? NG_SEPARATOR : 1 + i % 255);
	{
		ng_cleanup(ng_freep) uint8_t *cell = NULL;
		size_t bytes;
		struct cell_parts parts;

		check_only(f, &rows);
		cell = encode_at(f, &rows, 0, true, &facts, &bytes);
		parts = cell_parts(cell, cell + bytes, rows.n, rows.mark_shift);
		assert_int_equal(parts.n_symbols, 256);
		assert_int_equal(*parts.separator, 255);
	}
}

static void test_separators(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "separators", .mark_shift = 3};

	for (unsigned n = 1; n <= NG_CELL; n += n < 20 ? 1 : 251) {
		/* Nothing else; with NULs, which may be more, fewer, or as many; with others. */
		for (unsigned kind = 0; kind < 6; kind++) {
			rows.n = n;
			for (unsigned i = 0; i < n; i++) {
				uint64_t r = scratch_random(&f->rng);

				rows.symbol[i] = NG_SEPARATOR;
				if (kind == 1 && r % 2)
					rows.symbol[i] = 0;
				if (kind == 2 && r % 10)
					rows.symbol[i] = 0;
				if (kind == 3 && r % 10 == 0)
					rows.symbol[i] = 0;
				if (kind == 4)
					rows.symbol[i] = (uint16_t)(i % 2 ? 0 : NG_SEPARATOR);
				if (kind == 5)
					rows.symbol[i] =
						(uint16_t)(r % 3 ? r >> 8 & 7 : NG_SEPARATOR);
			}
			mark_some(&rows, n / 3, &f->rng);
			count_before(&rows, 10, &f->rng);
			check_only(f, &rows);
		}
	}
}

/* Every size that a shard's last cell may have. */
static void test_sizes(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "sizes"};

	for (unsigned n = 1; n <= NG_CELL; n++) {
		static const unsigned numbers[] = {1, 2, 6, 30, 257};

		for (size_t k = 0; k < ng_array_size(numbers); k++) {
			bool near = n % 64 < 2 || n % 64 > 62 || n % 8 < 2 || n < 70;

			if (!near && k != n % ng_array_size(numbers))
				continue;
			fill(&rows, n, numbers[k], 256 - numbers[k] / 2, n % 4, &f->rng);
			shuffle(&rows, n % 3 * 10, &f->rng);
			rows.mark_shift = n % 11;
			mark_some(&rows, n % 5 ? n / 16 : n, &f->rng);
			count_before(&rows, n % 19, &f->rng);
			check_only(f, &rows);
		}
	}
}

/* Marks in all numbers, in as many bytes as ng_marks_bytes says. */
static void test_marks(void **state)
{
	static const unsigned numbers[] = {0,  1,  2,   3,   7,   8,   9,   15,  16,   40,   64,
					   90, 99, 128, 253, 254, 255, 256, 257, 1000, 1023, 1024};
	struct fixture *f = *state;
	struct rows rows = {.name = "marks"};

	for (rows.mark_shift = 0; rows.mark_shift <= 10; rows.mark_shift++) {
		for (size_t i = 0; i < ng_array_size(numbers); i++) {
			for (unsigned n = 255; n <= NG_CELL; n += NG_CELL - 255) {
				ng_cleanup(ng_freep) uint8_t *cell = NULL;
				struct cell_parts parts;
				size_t bytes;

				if (numbers[i] > n)
					continue;
				fill(&rows, n, 9, 'a', 2, &f->rng);
				shuffle(&rows, 9, &f->rng);
				mark_some(&rows, numbers[i], &f->rng);
				cell = check(f, &rows, &bytes);
				parts = cell_parts(cell, cell + bytes, n, rows.mark_shift);
				assert_int_equal(parts.n_marks, ng_min(numbers[i], 255u));
				assert_true(cell + bytes - parts.marks <= (n + 7) / 8);
			}
		}
		/* One at either end, and all of them at one. */
		fill(&rows, NG_CELL, 2, 'a', 0, &f->rng);
		memset(rows.marks, 0, sizeof(rows.marks));
		rows.marks[0] = 1;
		rows.marks[NG_CELL / 64 - 1] = 1ull << 63;
		check_only(f, &rows);
		rows.marks[0] = 0xffffffffff;
		rows.marks[NG_CELL / 64 - 1] = 0xffffffffffull << 24;
		check_only(f, &rows);
	}
	assert_true(f->marks_ef > 50 && f->marks_bitmap > 50);
}

/* Counts as large as they can be, at the first places of the list, at the last, at some. */
static void test_counts(void **state)
{
	static const uint32_t most = (1u << NG_SUPERBLOCK_LOG) - NG_CELL;
	struct fixture *f = *state;
	struct rows rows = {.name = "counts", .mark_shift = 5};

	for (unsigned d = 1; d <= NG_SYMBOLS; d += d < 10 ? 1 : 13) {
		for (unsigned kind = 0; kind < 8; kind++) {
			fill(&rows, NG_CELL, d, 0, 3, &f->rng);
			memset(&rows.before, 0, sizeof(rows.before));
			for (unsigned s = 0; s <= NG_MARKS; s++) {
				uint32_t some = (uint32_t)(scratch_random(&f->rng) % 1000);

				rows.before.count[s] = kind == 0   ? 0
						       : kind == 1 ? most
						       : kind == 2 ? (s == 0) * most
						       : kind == 3 ? (s + 1 == d) * most + some
						       : kind == 4 ? (s == d / 2) * most
						       : kind == 5 ? most - some
						       : kind == 6 ? most >> s % 18
								   : (s % 7 == 3) * most;
			}
			rows.before.count[NG_MARKS] = kind % 2 ? 1u << NG_SUPERBLOCK_LOG : 0;
			check_only(f, &rows);
		}
	}
}

/* Every shape, every mode of a plane, and all numbers of bytes of modes are met. */
static void test_shapes(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "shapes", .mark_shift = 5};

	for (unsigned round = 0; round < 90; round++) {
		for (unsigned shape = 0; shape < NG_SHAPES; shape++) {
			fill_for_shape(&rows, shape, 2 + round % (NG_SHAPE_GROUPS - 1), &f->rng);
			count_before(&rows, 12, &f->rng);
			check_only(f, &rows);
		}
	}
	for (unsigned shape = 0; shape < NG_SHAPES; shape++)
		if (!f->shapes[shape])
			fail_msg("shape %u was never used", shape);
	for (unsigned mode = 0; mode < 4; mode++)
		assert_true(f->modes[mode] > 100);
	for (unsigned bytes = 1; bytes <= 8; bytes++)
		if (!f->mode_bytes[bytes])
			fail_msg("%u bytes of modes were never used", bytes);
	print_message("at most %u planes\n", f->planes);
	assert_int_equal(f->planes, NG_CELL_PLANES);
	/* There are no more, whatever the cell. */
	for (unsigned shape = 0; shape < NG_SHAPES; shape++)
		for (unsigned d = 1; d <= NG_SYMBOLS; d++)
			assert_in_range(cell_planes(shape, d), 0, NG_CELL_PLANES);
}

/* Cells as large as they get: a line of them has ends of 16 bits. */
static void test_largest(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "largest", .n = NG_CELL};

	for (unsigned round = 0; round < 300; round++) {
		unsigned d = round % 3 ? NG_SYMBOLS : 200 + round % 57;
		uint16_t symbol;

		for (unsigned i = 0; i < NG_CELL; i++)
			rows.symbol[i] = (uint16_t)(i < d ? i : scratch_random(&f->rng) % d);
		/* Or a distribution that suits none of the first shapes. */
		for (unsigned i = d; round % 5 == 4 && i < NG_CELL; i++)
			rows.symbol[i] = (uint16_t)(scratch_random(&f->rng) % (1 + i % d));
		shuffle(&rows, 0, &f->rng);
		symbol = rows.symbol[scratch_random(&f->rng) % NG_CELL];
		memset(&rows.before, 0, sizeof(rows.before));
		for (unsigned s = 0; s < NG_SYMBOLS; s++)
			rows.before.count[s] =
				round % 2 || s == symbol ? (1u << NG_SUPERBLOCK_LOG) - NG_CELL : 1;
		rows.mark_shift = round % 11;
		mark_some(&rows, round % 4 ? NG_CELL / 2 : NG_CELL, &f->rng);
		check_only(f, &rows);
	}
	print_message("the largest cell has %zu of %u bytes\n", f->largest,
		      (unsigned)NG_CELL_BYTES_MAX);
	assert_in_range(f->largest, NG_CELL_BYTES_MAX * 9 / 10, NG_CELL_BYTES_MAX);
	assert_true(NG_LINE_CELLS * NG_CELL_BYTES_MAX <= UINT16_MAX);
}

/* ---- any bytes ---- */

/* What decoding let pass is a cell: encoded again it says the same. */
static void check_passed(struct fixture *f, const struct ng_cell_facts *got, unsigned size,
			 unsigned mark_shift)
{
	struct rows rows = {.name = "passed", .n = size, .mark_shift = mark_shift};
	bool occurs[NG_SYMBOLS] = {false}, listed[NG_SYMBOLS] = {false};
	unsigned marks = 0;

	assert_in_range(got->n_symbols, 1, ng_min(size, NG_SYMBOLS));
	for (unsigned k = 0; k < got->n_symbols; k++) {
		assert_in_range(got->list[k], 0, NG_SEPARATOR);
		assert_false(listed[got->list[k]]);
		listed[got->list[k]] = true;
		rows.before.count[got->list[k]] = got->before[k];
	}
	for (unsigned i = 0; i < size; i++) {
		assert_in_range(got->places[i], 0, got->n_symbols - 1);
		rows.symbol[i] = got->list[got->places[i]];
		occurs[rows.symbol[i]] = true;
	}
	assert_memory_equal(occurs, listed, sizeof(occurs));
	for (unsigned i = 0; i < NG_CELL; i++)
		marks += ng_bit(got->marks, i);
	assert_int_equal(marks, got->n_marks);
	memcpy(rows.marks, got->marks, sizeof(rows.marks));
	rows.before.count[NG_MARKS] = got->marks_before;
	/* Counts that no superblock has are not the encoder's. */
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		if (rows.before.count[s] >= 1u << NG_SUPERBLOCK_LOG)
			return;
	check_only(f, &rows);
}

/* Decode, with the bytes behind the cell that may be read and none before. Whether it passed. */
static bool decode_any(struct fixture *f, const uint8_t *cell, size_t bytes, unsigned size,
		       unsigned mark_shift)
{
	ng_cleanup(ng_freep) uint8_t *copy = with_reach(f, cell, bytes);
	ng_cleanup(ng_freep) struct ng_cell_facts *got = malloc(sizeof(*got));
	const char *why = NULL;

	assert_non_null(got);
	memset(got, 0xa5, sizeof(*got));
	if (!ng_cell_decode(copy, copy + bytes, size, mark_shift, got, &why)) {
		assert_true(why && *why);
		return false;
	}
	check_passed(f, got, size, mark_shift);
	return true;
}

static void some_rows(struct fixture *f, struct rows *rows)
{
	uint64_t r = scratch_random(&f->rng);

	if (r % 4 == 0)
		fill_for_shape(rows, r >> 8 & 15, 2 + (unsigned)(r >> 16) % 9, &f->rng);
	else
		fill(rows, 1 + (unsigned)(r >> 8) % NG_CELL,
		     1 + (unsigned)(r >> 24) % (r & 16 ? 257 : 20), (unsigned)(r >> 40),
		     r >> 50 & 7, &f->rng);
	if (r % 4)
		shuffle(rows, r >> 54 & 31, &f->rng);
	rows->mark_shift = (unsigned)((r >> 60) % 11);
	mark_some(rows, (unsigned)(scratch_random(&f->rng) % (rows->n / 2 + 1)), &f->rng);
	count_before(rows, (unsigned)(scratch_random(&f->rng) % 19), &f->rng);
}

/* Sound cells with some bits, or a stretch, changed; longer, shorter, of other sizes. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.name = "damaged"};
	unsigned passed = 0, refused = 0;

	for (unsigned round = 0; round < 20000; round++) {
		ng_cleanup(ng_freep) uint8_t *cell = NULL;
		struct ng_superblock_facts facts;
		unsigned size, shift, kind = round % 6;
		size_t bytes, at;

		some_rows(f, &rows);
		size = rows.n;
		shift = rows.mark_shift;
		cell = encode_at(f, &rows, 0, true, &facts, &bytes);
		at = scratch_random(&f->rng) % bytes;
		if (kind < 3)
			cell[kind ? at : at % ng_min(bytes, 30u)] ^=
				(uint8_t)(1u << scratch_random(&f->rng) % 8);
		if (kind == 2)
			cell[at % 10] = (uint8_t)scratch_random(&f->rng);
		for (size_t i = at; kind == 3 && i < ng_min(at + 50, bytes); i++)
			cell[i] = (uint8_t)scratch_random(&f->rng);
		if (kind == 4)
			bytes = 1 + scratch_random(&f->rng) % (NG_CELL_BYTES_MAX + 7);
		if (kind == 5)
			size = 1 + (unsigned)(scratch_random(&f->rng) % NG_CELL);
		if (kind == 5 && size == rows.n)
			shift = (shift + 1) % 11;
		if (decode_any(f, cell, bytes, size, shift))
			passed++;
		else
			refused++;
	}
	print_message("%u passed, %u were refused\n", passed, refused);
	assert_true(passed > 100 && refused > 10000);
}

/* Bytes of no cell, with heads that let planes, counts and marks be as many as they can. */
static void test_noise(void **state)
{
	struct fixture *f = *state;
	uint8_t noise[NG_CELL_BYTES_MAX + 8];
	unsigned passed = 0;

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t r = scratch_random(&f->rng);
		size_t bytes = 1 + (r >> 8) % (r & 1 ? sizeof(noise) : 24);
		unsigned size = 1 + (unsigned)(r >> 24) % (r & 2 ? NG_CELL : 16);

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)(round % 8 == 1 ? r >> 32 : scratch_random(&f->rng));
		if (r & 4) {
			noise[1] = (uint8_t)(r & 8 ? 255 : r >> 40 & 7);
			noise[2] = (uint8_t)(r >> 48 & 3 ? 0 : r >> 50);
			noise[3] = 0;
			ng_store32(noise + 4, (uint32_t)(r >> 32) & 0x7ffffc00);
			for (unsigned k = 0; k < noise[1] + 1u; k++)
				noise[NG_CELL_HEAD + (noise[0] >> 4 & 7) + 1 + k] = (uint8_t)k;
		}
		passed += decode_any(f, noise, bytes, size, (unsigned)(r >> 56) % 11);
	}
	print_message("%u passed\n", passed);
	assert_true(passed < 10000);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_symbols), TEST(test_all_symbols), TEST(test_separators),
		TEST(test_sizes),   TEST(test_marks),       TEST(test_counts),
		TEST(test_shapes),  TEST(test_largest),     TEST(test_damaged),
		TEST(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
