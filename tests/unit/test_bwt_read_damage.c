/* The BWT read block by block from damaged sections: refused, or rows that can be. */
#include "bwt/bwt_internal.h"
#include "naive.h"
#include "rowsmake.h"

/* What gets damaged. */
static const struct shape usual = {"usual", 200000, 0, 60, 5, 300, 25, 4};

/* Every block is refused or gives rows that can be. Returns how many were refused. */
static unsigned check_damaged(const struct ng_bwt *bwt, struct ng_bwt_rows *rows)
{
	uint64_t next = 0;
	unsigned refused = 0;

	for (uint64_t block = 0; block < ng_bwt_blocks(bwt); block++) {
		int r = read_block(bwt, block, rows);

		if (r < 0) {
			assert_int_equal(r, -EUCLEAN);
			refused++;
			continue;
		}
		assert_true(rows->start < ng_bwt_rows(bwt));
		assert_in_range(rows->n, 1,
				ng_min(ng_bwt_rows(bwt) - rows->start, (uint64_t)NG_MAX_BLOCK));
		assert_true(bits_end(rows->separators, rows->n));
		assert_true(bits_end(rows->marks, rows->n));
		if (!refused)
			assert_int_equal(rows->start, next);
		next = rows->start + rows->n;
	}
	if (!refused)
		assert_int_equal(next, ng_bwt_rows(bwt));
	return refused;
}

/* The page of block 1, or the one behind it, with something changed: block 1 must be refused. */
static void page_many_cells(uint8_t *p)
{
	p[5]++;
}

static void page_no_cells(uint8_t *p)
{
	p[5] = 0;
}

static void page_no_symbols(uint8_t *p)
{
	ng_store16(p + 6, 0);
}

static void page_many_symbols(uint8_t *p)
{
	ng_store16(p + 6, NG_SYMBOLS + 1);
}

static void page_start(uint8_t *p)
{
	ng_store32(p, (uint32_t)ng_block_start(p) + NG_GRAIN);
}

static void page_next_start(uint8_t *p)
{
	page_start(p + NG_PAGE_BYTES);
}

static void page_far_start(uint8_t *p)
{
	p[4] = 1;
}

static void page_longer(uint8_t *p)
{
	ng_store32(p + 12, ng_block_size(p) + 1);
}

static void page_shorter(uint8_t *p)
{
	ng_store32(p + 12, ng_block_size(p) - 1);
}

static void page_empty(uint8_t *p)
{
	ng_store32(p + 12, 0);
}

static void page_huge(uint8_t *p)
{
	ng_store32(p + 12, UINT32_MAX);
}

static void page_separator(uint8_t *p)
{
	ng_store16(p + 8, (uint16_t)ng_block_symbols(p));
}

static void page_separator_byte(uint8_t *p)
{
	p[NG_BLOCK_HEAD + ng_block_separator(p)] = 1;
}

/* The word of the first cell: where its streams are, and their tables. */
static void change_cell(uint8_t *p, uint32_t clear, uint32_t set)
{
	uint8_t *cell = p + ng_block_cells_at(ng_block_symbols(p));

	ng_store32(cell, (ng_load32(cell) & ~clear) | set);
}

static void page_first_stream(uint8_t *p)
{
	change_cell(p, 0xfff, 40);
}

static void page_second_stream(uint8_t *p)
{
	change_cell(p, 0xfff000, 0);
}

static void page_first_table(uint8_t *p)
{
	change_cell(p, 0, 15u << 24);
}

static void page_second_table(uint8_t *p)
{
	change_cell(p, 0, 15u << 28);
}

static unsigned first_stream(const uint8_t *p)
{
	return ng_load32(p + ng_block_cells_at(ng_block_symbols(p))) & 0xfff;
}

/* Every row of counts has 15 planes: they don't fit into the page. */
static void page_planes(uint8_t *p)
{
	memset(p + ng_block_planes_at(ng_block_symbols(p)), 0xff, (ng_block_symbols(p) + 2) / 2);
}

/* The marks end where the first stream begins. */
static void page_marks(uint8_t *p)
{
	memset(p + first_stream(p) - 6, 0xff, 6);
}

/* Streams of one code, again and again. */
static void page_overlong(uint8_t *p)
{
	memset(p + first_stream(p), 0, NG_PAGE_BYTES - first_stream(p));
}

static void test_damaged_page(void **state)
{
	static const struct {
		const char *name;
		void (*change)(uint8_t *page);
	} table[] = {
		{"a cell more", page_many_cells},
		{"no cells", page_no_cells},
		{"no symbols", page_no_symbols},
		{"258 symbols", page_many_symbols},
		{"a later start", page_start},
		{"a far start", page_far_start},
		{"the next block's start is later", page_next_start},
		{"a row more", page_longer},
		{"a row less", page_shorter},
		{"no rows", page_empty},
		{"all rows there can be", page_huge},
		{"the separator outside of the alphabet", page_separator},
		{"the separator is a byte", page_separator_byte},
		{"a stream in the counts", page_first_stream},
		{"another stream in the head", page_second_stream},
		{"a table that is not there", page_first_table},
		{"another table that is not there", page_second_table},
		{"counts beyond the page", page_planes},
		{"marks without order", page_marks},
		{"zeroes for streams", page_overlong},
	};
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;
	uint8_t pages[2 * NG_PAGE_BYTES], *second;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, 4, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	assert_true(ng_bwt_blocks(bwt) > 3 && bwt->tables.n_tables <= 15);
	second = made.blocks.data + NG_PAGE_BYTES;
	memcpy(pages, second, sizeof(pages));
	for (size_t i = 0; i < ng_array_size(table); i++) {
		table[i].change(second);
		if (read_block(bwt, 1, rows) != -EUCLEAN)
			fail_msg("%s: not refused", table[i].name);
		memcpy(second, pages, sizeof(pages));
		assert_int_equal(read_block(bwt, 1, rows), 0);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* Set or clear the map's bit of a row's grain. */
static void map_change(const struct made_bwt *made, uint64_t row, bool set)
{
	uint64_t grain = row >> NG_GRAIN_LOG, within = grain % NG_MAP_LINE_GRAINS;
	uint8_t *byte =
		made->map.data + grain / NG_MAP_LINE_GRAINS * NG_MAP_LINE_BYTES + 16 + within / 8;

	*byte = (uint8_t)((*byte & ~(1u << within % 8)) | (unsigned)set << within % 8);
}

/* The map lets a block begin a grain later, or earlier, than it does. */
static void test_damaged_map(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed(), start;
	struct made_bwt made;
	struct ng_bwt *bwt;
	unsigned moved = 0;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, 4, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (uint64_t block = 1; block < ng_bwt_blocks(bwt); block++) {
		start = ng_block_start(made.blocks.data + block * NG_PAGE_BYTES);
		/* Within one word, whose blocks no other number counts. */
		if ((start >> NG_GRAIN_LOG) % 64 == 0 || (start >> NG_GRAIN_LOG) % 64 == 63 ||
		    start + NG_GRAIN >= s.text.rows)
			continue;
		map_change(&made, start, false);
		map_change(&made, start + NG_GRAIN, true);
		assert_int_equal(read_block(bwt, block, rows), -EUCLEAN);
		assert_int_equal(read_block(bwt, block - 1, rows), 0);
		map_change(&made, start + NG_GRAIN, false);
		map_change(&made, start - NG_GRAIN, true);
		assert_int_equal(read_block(bwt, block, rows), 0);
		assert_int_equal(read_block(bwt, block - 1, rows), -EUCLEAN);
		map_change(&made, start - NG_GRAIN, false);
		map_change(&made, start, true);
		moved++;
	}
	assert_true(moved > 3);
	assert_int_equal(check_damaged(bwt, rows), 0);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* A stream that is right but lies in the counts before the block, which aren't looked at. */
static void test_misplaced_stream(void **state)
{
	static const struct shape shape = {"long runs", 400000, 'a', 20, 30000, 50, 0, 5};
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;
	uint8_t *page;

	sequence_make(&shape, &rng, &s);
	made_bwt_new(&s.text, shape.mark_shift, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	page = made.blocks.data;
	for (unsigned shift = 0; shift <= 12; shift += 12) {
		unsigned n = ng_block_symbols(page),
			 to = ng_block_bases_at(n, ng_block_cells(page));
		uint8_t *cell = page + ng_block_cells_at(n);
		uint32_t word = ng_load32(cell);

		memcpy(page + to, page + (word >> shift & 0xfff), 16);
		ng_store32(cell, (word & ~(0xfffu << shift)) | to << shift);
		assert_int_equal(read_block(bwt, 0, rows), -EUCLEAN);
		ng_store32(cell, word);
		assert_int_equal(read_block(bwt, 0, rows), 0);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* Marks that are right but begin in the counts, whose last ones are theirs: all rows are marked, so
 * that both are ones. */
static void test_misplaced_marks(void **state)
{
	static const struct shape shape = {"all marked", 8 * NG_WIDE, 'a', 1, 1, 0, 1, 5};
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;
	uint8_t *page;
	unsigned begin, first, second;

	sequence_make(&shape, &rng, &s);
	made_bwt_new(&s.text, shape.mark_shift, 1, &made);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	page = made.blocks.data;
	assert_int_equal(read_block(bwt, 0, rows), 0);
	first = first_stream(page);
	second = ng_load32(page + ng_block_cells_at(ng_block_symbols(page))) >> 12 & 0xfff;
	begin = first - NG_WIDE / 8;
	/* The marks and the first stream, a byte nearer. */
	memmove(page + begin - 1, page + begin, second - begin);
	change_cell(page, 0xfff, first - 1);
	assert_int_equal(read_block(bwt, 0, rows), -EUCLEAN);
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

/* Random bytes changed in pages, in the map, in the tables of codes. */
static void test_damaged(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	unsigned opened = 0, refused = 0;
	struct made_bwt made;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, 4, 1, &made);
	for (unsigned round = 0; round < 400; round++) {
		struct bwt_section *sections[] = {&made.blocks, &made.blocks, &made.blocks,
						  &made.blocks, &made.map,    &made.tables};
		struct bwt_section *section = sections[round % ng_array_size(sections)];
		ng_cleanup(ng_freep) uint8_t *before = malloc(section->bytes);
		/* The slack is never damaged: opening a shard checks that it is zero. */
		size_t bytes = section->bytes - (section == &made.blocks ? NG_BLOCK_SLACK : 0);
		struct ng_bwt *bwt;

		assert_non_null(before);
		memcpy(before, section->data, section->bytes);
		for (unsigned i = 1 + scratch_random(&rng) % 8; i > 0; i--) {
			size_t at = scratch_random(&rng) % bytes;

			/* Half of them where a page's head, counts and places are. */
			if (i % 2 && section == &made.blocks)
				at = at / NG_PAGE_BYTES * NG_PAGE_BYTES +
				     scratch_random(&rng) % 500;
			section->data[at] = (uint8_t)scratch_random(&rng);
		}
		if (ng_bwt_open(&made.parts, &bwt) == 0) {
			opened++;
			refused += check_damaged(bwt, rows) != 0;
			ng_bwt_close(bwt);
		}
		memcpy(section->data, before, section->bytes);
	}
	assert_true(opened > 300);
	assert_true(refused > 100);
	made_bwt_free(&made);
}

/* Pages of nothing but random bytes behind their alphabets, or behind their counts. */
static void test_noise(void **state)
{
	ng_cleanup(ng_freep) struct ng_bwt_rows *rows = rows_new();
	ng_cleanup(ng_freep) uint8_t *before = NULL;
	ng_cleanup(sequence_clear) struct sequence s;
	uint64_t rng = naive_seed();
	struct made_bwt made;
	struct ng_bwt *bwt;

	sequence_make(&usual, &rng, &s);
	made_bwt_new(&s.text, 4, 1, &made);
	before = malloc(made.blocks.bytes);
	assert_non_null(before);
	memcpy(before, made.blocks.data, made.blocks.bytes);
	assert_int_equal(ng_bwt_open(&made.parts, &bwt), 0);
	for (unsigned round = 0; round < 200; round++) {
		for (uint64_t block = 0; block < ng_bwt_blocks(bwt); block++) {
			uint8_t *page = made.blocks.data + block * NG_PAGE_BYTES;
			unsigned from = NG_BLOCK_HEAD + ng_block_symbols(page);

			if (round % 2)
				from = first_stream(page) - (unsigned)scratch_random(&rng) % 30;
			for (unsigned i = from; i < NG_PAGE_BYTES; i++)
				page[i] = (uint8_t)scratch_random(&rng);
		}
		/* A block of few rows may happen to be whole. */
		assert_true(check_damaged(bwt, rows) >= ng_bwt_blocks(bwt) - 1);
		memcpy(made.blocks.data, before, made.blocks.bytes);
	}
	ng_bwt_close(bwt);
	made_bwt_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_page),     cmocka_unit_test(test_damaged_map),
		cmocka_unit_test(test_misplaced_stream), cmocka_unit_test(test_misplaced_marks),
		cmocka_unit_test(test_damaged),          cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
