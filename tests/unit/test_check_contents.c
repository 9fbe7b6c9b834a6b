/* Indexes with wrong contents and right checksums: what the rules of the structure show. */
#include "bwt/bwt_internal.h"
#include "format/framelayout.h"
#include "sample.h"

/* Block number i. */
static uint8_t *page(const struct sample *s, unsigned i)
{
	size_t bytes;
	uint8_t *blocks = sample_section(s, NG_SECTION_BWT_BLOCKS, &bytes);

	assert_true((i + 2) * NG_PAGE_BYTES <= bytes);
	return blocks + i * NG_PAGE_BYTES;
}

static uint8_t *counts_of(const struct sample *s, unsigned i)
{
	uint8_t *p = page(s, i);

	return p + ng_block_bases_at(ng_block_symbols(p), ng_block_cells(p));
}

static void change_rows(const struct sample *s)
{
	sample_params(s)->rows++;
}

static void change_sampling(const struct sample *s)
{
	sample_params(s)->sa_rate = NG_SA_RATE_MAX + 1;
}

static void change_sample_start(const struct sample *s)
{
	size_t bytes;

	/* The lower bits of the first numbers, which stand at the front. */
	sample_section(s, NG_SECTION_SAMPLE_STARTS, &bytes)[32] ^= 0x30;
}

static void change_reserved(const struct sample *s)
{
	sample_params(s)->reserved[1] = 1;
}

static void change_tables(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_BWT_TABLES, &bytes)[8] ^= 0xff;
}

static void change_map_count(const struct sample *s)
{
	size_t bytes;
	uint8_t *map = sample_section(s, NG_SECTION_BWT_MAP, &bytes);

	assert_true(bytes > 2 * NG_MAP_LINE_BYTES);
	map[NG_MAP_LINE_BYTES]++;
}

/* A block more, and one less in the next word's count. */
static void change_map_bits(const struct sample *s)
{
	size_t bytes;
	uint8_t *map = sample_section(s, NG_SECTION_BWT_MAP, &bytes);

	map[16 + 7] ^= 0x80;
}

static void change_block_rows(const struct sample *s)
{
	ng_store32(page(s, 1) + 12, ng_block_size(page(s, 1)) - 1);
}

static void change_block_start(const struct sample *s)
{
	ng_store32(page(s, 2), (uint32_t)ng_block_start(page(s, 2)) + NG_GRAIN);
}

static void change_block_alphabet(const struct sample *s)
{
	page(s, 0)[NG_BLOCK_HEAD] = page(s, 0)[NG_BLOCK_HEAD + 1];
}

/* Two symbols change places: every stream still decodes, and all counts are right but whose. */
static void change_block_symbols(const struct sample *s)
{
	uint8_t *alphabet = page(s, 1) + NG_BLOCK_HEAD, swap = alphabet[2];

	alphabet[2] = alphabet[3];
	alphabet[3] = swap;
}

static void change_block_base(const struct sample *s)
{
	counts_of(s, 2)[0] ^= 1;
}

static void change_block_row(const struct sample *s)
{
	uint8_t *p = page(s, 1);

	p[ng_block_rows_at(ng_block_symbols(p), ng_block_cells(p),
			   ng_block_base_width(sample_params(s)->rows))] ^= 1;
}

static void change_block_stream(const struct sample *s)
{
	uint8_t *p = page(s, 1);

	p[ng_load32(p + ng_block_cells_at(ng_block_symbols(p))) & 0xfff] ^= 0x40;
}

/* The marks end where the first stream begins. */
static void change_block_marks(const struct sample *s)
{
	uint8_t *p = page(s, 1);

	p[(ng_load32(p + ng_block_cells_at(ng_block_symbols(p))) & 0xfff) - 3] ^= 0x55;
}

static void change_slack(const struct sample *s)
{
	const struct ng_shard_entry *e = forged_section(&s->f, NG_SECTION_BWT_BLOCKS);

	s->f.data[e->offset + e->bytes - 7] = 1;
}

static void change_superblock_total(const struct sample *s)
{
	size_t bytes;
	uint8_t *superblocks = sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes);
	unsigned row = 8 * (ng_load32(superblocks) + 1);

	superblocks[NG_SUPERBLOCK_HEAD + row + 8]++;
	superblocks[NG_SUPERBLOCK_HEAD + row + 16]--;
}

static void change_superblock_table(const struct sample *s)
{
	size_t bytes;
	uint8_t *superblocks = sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes);
	unsigned row = 8 * (ng_load32(superblocks) + 1);

	superblocks[ng_load64(superblocks + NG_SUPERBLOCK_HEAD + 2 * row) + 8]++;
}

static void change_superblock_bit(const struct sample *s)
{
	size_t bytes;
	uint8_t *superblocks = sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes);
	unsigned row = 8 * (ng_load32(superblocks) + 1);

	superblocks[ng_load64(superblocks + NG_SUPERBLOCK_HEAD + 2 * row) + 16] ^= 1;
}

static void change_superblock_index(const struct sample *s)
{
	size_t bytes;
	uint8_t *index = sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes) + 8;

	ng_store16(index + 2 * 'a', ng_load16(index + 2 * 'b'));
}

static void change_pattern_row(const struct sample *s)
{
	size_t bytes;
	uint8_t *frequent = sample_section(s, NG_SECTION_FREQUENT, &bytes);

	frequent[16 + ng_align_up(ng_load32(frequent), 8) + 40] ^= 2;
}

static void change_pattern_byte(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_FREQUENT, &bytes)[16 + 3]--;
}

static void change_sample(const struct sample *s)
{
	size_t bytes;

	sample_packed_put(sample_section(s, NG_SECTION_SA_SAMPLES, &bytes), 100,
			  sample_packed_get(s, 99));
}

static void change_sample_count(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_SA_SAMPLES, &bytes)[0]--;
}

static void change_shortcut(const struct sample *s)
{
	size_t bytes;
	uint8_t *shortcuts = sample_section(s, NG_SECTION_SHORTCUTS, &bytes);

	for (size_t i = bytes / 2; i < bytes / 2 + 9; i++)
		shortcuts[i] ^= 0x5a;
}

static void change_spacing(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_SHORTCUTS, &bytes)[0] ^= 1;
}

static void change_hint(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_MARK_HINTS, &bytes)[20] ^= 1;
}

static void change_hint_count(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_MARK_HINTS, &bytes)[0]--;
}

static void change_start_twice(const struct sample *s)
{
	sample_sequence_add(s, NG_SECTION_DOC_STARTS, 7,
			    -(int64_t)(naive_bytes(&s->corpus, 6) + 1));
}

static void change_start_high(const struct sample *s)
{
	size_t bytes;
	uint8_t *starts = sample_section(s, NG_SECTION_DOC_STARTS, &bytes);

	starts[16] ^= 0xff;
	starts[17] ^= 0xff;
}

static void change_meta_start(const struct sample *s)
{
	sample_sequence_add(s, NG_SECTION_META_STARTS, 5, 1);
}

static void change_meta_frame(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_META_FRAMES, &bytes)[0] ^= 1;
}

static void change_meta_directory(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_META_DIRECTORY, &bytes)[0]++;
}

static void change_text_frame(const struct sample *s)
{
	struct ng_frames_header header;
	struct ng_ef offsets;
	size_t bytes;
	uint8_t *directory = sample_section(s, NG_SECTION_TEXT_DIRECTORY, &bytes);
	size_t at = sizeof(header);

	memcpy(&header, directory, sizeof(header));
	at += ng_align_up(header.dict_bytes, 8);
	assert_int_equal(ng_ef_open(directory + at, bytes - at, &offsets), 0);
	sample_section(s, NG_SECTION_TEXT_FRAMES, &bytes)[ng_ef_get(&offsets, 3)] ^= 1;
}

static void change_text_directory(const struct sample *s)
{
	size_t bytes;
	uint8_t *directory = sample_section(s, NG_SECTION_TEXT_DIRECTORY, &bytes);

	directory[bytes - 1] ^= 0xff; /* the samples of its offsets */
	directory[8]++;
}

static void test_wrong_contents(void **state)
{
	static const struct {
		void (*change)(const struct sample *s);
		uint32_t type;
		const char *text;
	} cases[] = {
		{change_rows, NG_SECTION_PARAMS, "don't fit each other"},
		{change_sampling, NG_SECTION_PARAMS, "out of range"},
		{change_reserved, NG_SECTION_PARAMS, "reserved"},
		{change_tables, NG_SECTION_BWT_TABLES, "no code tables"},
		{change_map_count, NG_SECTION_BWT_MAP, "is in block"},
		{change_map_bits, NG_SECTION_BWT_MAP, "is in block"},
		{change_block_rows, NG_SECTION_BWT_BLOCKS, "block 1: "},
		{change_block_start, NG_SECTION_BWT_BLOCKS, "block 2 holds"},
		{change_block_alphabet, NG_SECTION_BWT_BLOCKS, "block 0: symbol"},
		{change_block_symbols, NG_SECTION_BWT_BLOCKS, "before it"},
		{change_block_base, NG_SECTION_BWT_BLOCKS, "block 2 says"},
		{change_block_row, NG_SECTION_BWT_BLOCKS, "block 1: "},
		{change_block_stream, NG_SECTION_BWT_BLOCKS, "block 1: "},
		{change_block_marks, NG_SECTION_BWT_BLOCKS, "block 1: "},
		{change_slack, NG_SECTION_BWT_BLOCKS, "behind the last block"},
		{change_superblock_total, NG_SECTION_BWT_SUPERBLOCKS, "its blocks hold"},
		{change_superblock_table, NG_SECTION_BWT_SUPERBLOCKS, "table of superblock 0"},
		{change_superblock_bit, NG_SECTION_BWT_SUPERBLOCKS, "wrong about symbol"},
		{change_superblock_index, NG_SECTION_BWT_SUPERBLOCKS, "one column"},
		{change_pattern_row, NG_SECTION_FREQUENT, "node"},
		{change_pattern_byte, NG_SECTION_FREQUENT, "node"},
		{change_sample, NG_SECTION_SA_SAMPLES, "another sample"},
		{change_sample_count, NG_SECTION_SA_SAMPLES, "doesn't hold"},
		{change_shortcut, NG_SECTION_SHORTCUTS, "not found by the shortcuts"},
		{change_spacing, NG_SECTION_SHORTCUTS, "doesn't fit"},
		{change_hint, NG_SECTION_MARK_HINTS, "its hint says"},
		{change_hint_count, NG_SECTION_MARK_HINTS, "doesn't hold"},
		{change_start_twice, NG_SECTION_DOC_STARTS, "number 6 is not found"},
		{change_start_high, NG_SECTION_DOC_STARTS, "number"},
		{change_sample_start, NG_SECTION_SAMPLE_STARTS, "samples of document"},
		{change_meta_start, NG_SECTION_META_FRAMES, "metadata of document 5"},
		{change_meta_frame, NG_SECTION_META_FRAMES, "frame 0 "},
		{change_meta_directory, NG_SECTION_META_STARTS, "numbers up to"},
		{change_text_frame, NG_SECTION_TEXT_FRAMES, "frame 3 "},
		{change_text_directory, NG_SECTION_TEXT_DIRECTORY, "doesn't fit"},
	};
	struct sample *s = *state;

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const struct ng_shard_entry *e = forged_section(&s->f, cases[i].type);
		struct findings all;
		uint64_t offset;
		char part[64];

		cases[i].change(s);
		forged_seal(&s->f);
		snprintf(part, sizeof(part), "section %s", ng_section_name(cases[i].type));
		findings_check(s->made.path, true, &all);
		if (!findings_of(&all, part, cases[i].text, &offset) || offset == NG_NO_OFFSET ||
		    offset < e->offset || offset >= e->offset + e->bytes) {
			findings_print(&all);
			fail_msg("case %zu: nothing in %s says '%s'", i, part, cases[i].text);
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sample_new, sample_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
