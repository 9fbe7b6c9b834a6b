/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes with wrong contents and right checksums: what the rules of the structure show. */
#include "bwt/bwt_internal.h"
#include "cellparts.h"
#include "format/facets.h"
#include "format/framelayout.h"
#include "plain.h"
#include "sample.h"

#define CELL 5u /* that gets changed */

static uint8_t *line(const struct sample *s, unsigned i)
{
	size_t bytes;
	uint8_t *directory = sample_section(s, NG_SECTION_BWT_DIRECTORY, &bytes);

	assert_true((i + 1) * NG_LINE_BYTES <= bytes);
	return directory + i * NG_LINE_BYTES;
}

static uint8_t *cell_end(const struct sample *s, unsigned i)
{
	return line(s, i / NG_LINE_CELLS) + 8 + 2 * (i % NG_LINE_CELLS);
}

/* Cell number i, which is full, and its parts. */
static uint8_t *cell(const struct sample *s, unsigned i, struct cell_parts *ret_parts)
{
	const uint8_t *of = line(s, i / NG_LINE_CELLS);
	size_t bytes;
	uint8_t *cells = sample_section(s, NG_SECTION_BWT_CELLS, &bytes);
	uint8_t *begin = cells + ng_directory_begin(of, i);

	*ret_parts = cell_parts(begin, cells + ng_directory_end(of, i), NG_CELL,
				ng_mark_shift(sample_params(s)->sa_rate));
	return begin;
}

/* The entry of superblock r in column k. */
static uint8_t *entry(const struct sample *s, unsigned r, unsigned k)
{
	size_t bytes;
	uint8_t *superblocks = sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes);

	return superblocks + NG_SUPERBLOCK_HEAD + 8 * (r * (ng_load32(superblocks) + 1) + k);
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

/* ---- the directory ---- */

static void change_line(const struct sample *s)
{
	ng_store64(line(s, 3), ng_load64(line(s, 3)) + 1);
}

/* Above the 48 bits. */
static void change_line_high(const struct sample *s)
{
	line(s, 2)[7] = 1;
}

/* The line's own cells follow each other. */
static void change_line_cells(const struct sample *s)
{
	uint8_t *p = line(s, 2);

	ng_store64(p, ng_load64(p) + 1);
	for (unsigned i = 0; i < NG_LINE_CELLS; i++)
		ng_store16(p + 8 + 2 * i, (uint16_t)(ng_load16(p + 8 + 2 * i) - 1));
}

static void change_order(const struct sample *s)
{
	ng_store16(cell_end(s, CELL), ng_load16(cell_end(s, CELL - 1)));
}

/* Two cells make room for each other: the directory is in order. */
static void change_end(const struct sample *s)
{
	ng_store16(cell_end(s, CELL), (uint16_t)(ng_load16(cell_end(s, CELL)) + 1));
}

static void change_last_end(const struct sample *s)
{
	unsigned last = (unsigned)(sample_params(s)->rows / NG_CELL);

	ng_store16(cell_end(s, last), (uint16_t)(ng_load16(cell_end(s, last)) - 1));
}

static void change_no_cell(const struct sample *s)
{
	unsigned last = (unsigned)(sample_params(s)->rows / NG_CELL);

	assert_true((last + 1) % NG_LINE_CELLS);
	cell_end(s, last + 1)[0] = 1;
}

/* ---- cells ---- */

static void change_shape(const struct sample *s)
{
	struct cell_parts parts;
	uint8_t *p = cell(s, CELL, &parts);
	unsigned shape = 0;

	/* One of as many planes, where there is: what they say is another thing all the same. */
	for (unsigned i = 0; i < NG_SHAPES; i++)
		if (i != parts.shape &&
		    cell_planes(i, parts.n_symbols) == cell_planes(parts.shape, parts.n_symbols))
			shape = i;
	p[0] = (uint8_t)((p[0] & 0xf0) | shape);
}

static void change_mode_bytes(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[0] ^= 0x10;
}

static void change_has_separator(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[0] ^= 0x80;
}

static void change_symbols(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[1]++;
}

static void change_all_symbols(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[7] ^= 0x80;
}

static void change_marks_number(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[2]++;
}

/* Fewer and fewer counts are wide, of all cells of which that's another width. */
static void change_n_wide(const struct sample *s)
{
	struct cell_parts parts;
	unsigned i = CELL;
	uint8_t *p = cell(s, i, &parts);

	while (parts.n_wide == 0 || parts.wide == parts.narrow)
		p = cell(s, ++i, &parts);
	p[3]--;
}

static void change_wide(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts)[4] ^= 1;
}

static void change_narrow(const struct sample *s)
{
	struct cell_parts parts;
	uint8_t *p = cell(s, CELL, &parts);

	ng_store32(p + 4, ng_load32(p + 4) ^ 1 << 5);
}

static void change_marks_before(const struct sample *s)
{
	struct cell_parts parts;
	uint8_t *p = cell(s, CELL, &parts);

	ng_store32(p + 4, ng_load32(p + 4) + (1 << 10));
}

static void change_mode(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	parts.modes[0] ^= 2;
}

static void change_list_twice(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	parts.list[0] = parts.list[1];
}

/* Two symbols change places: all planes still decode, and all counts are right but whose. */
static void change_list_order(const struct sample *s)
{
	struct cell_parts parts;
	uint8_t swap;

	cell(s, CELL, &parts);
	swap = parts.list[2];
	parts.list[2] = parts.list[3];
	parts.list[3] = swap;
}

/* A symbol that the shard lacks for one that it has. */
static void change_list_symbol(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	parts.list[1] = 0xfe;
}

/* The first cell with a separator: those of the first rows, in front of which documents end. */
static uint8_t *separator_cell(const struct sample *s, struct cell_parts *ret_parts)
{
	unsigned i = 0;
	uint8_t *p = cell(s, i, ret_parts);

	while (!ret_parts->separator)
		p = cell(s, ++i, ret_parts);
	return p;
}

static void change_separator(const struct sample *s)
{
	struct cell_parts parts;

	separator_cell(s, &parts);
	*parts.separator = 255;
}

static void change_separator_place(const struct sample *s)
{
	struct cell_parts parts;
	unsigned place, other;

	separator_cell(s, &parts);
	place = *parts.separator;
	other = place ? place - 1 : 1;
	parts.list[place] = parts.list[other];
	parts.list[other] = 0;
	*parts.separator = (uint8_t)other;
}

static void change_count(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	parts.counts[0] ^= 1;
}

/* In the second superblock, whose counts begin anew. */
static void change_later_count(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, NG_SUPERBLOCK_CELLS + CELL, &parts);
	parts.counts[1] ^= 0x10;
}

static void change_planes_bit(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	parts.marks[-1] ^= 1;
}

static void change_planes(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	memset(parts.planes, 0, 20);
}

static void change_marks(const struct sample *s)
{
	struct cell_parts parts;

	cell(s, CELL, &parts);
	assert_in_range(parts.n_marks, 10, 254);
	parts.marks[2] ^= 0x55;
}

static void change_slack(const struct sample *s)
{
	const struct ng_shard_entry *e = forged_section(&s->f, NG_SECTION_BWT_CELLS);

	s->f.data[e->offset + e->bytes - 7] = 1;
}

static void change_superblock_count(const struct sample *s)
{
	entry(s, 1, 3)[2]++;
}

/* A count less, and one more of another symbol: the sums are right. */
static void change_superblock_counts(const struct sample *s)
{
	entry(s, 1, 3)[2]++;
	entry(s, 1, 4)[2]--;
}

static void change_superblock_total(const struct sample *s)
{
	entry(s, 2, 3)[2]++;
	entry(s, 2, 4)[2]--;
}

static void change_superblock_rows(const struct sample *s)
{
	entry(s, 2, 3)[2]++;
}

static void change_superblock_first(const struct sample *s)
{
	entry(s, 0, 3)[2]++;
}

static void change_superblock_marks(const struct sample *s)
{
	size_t bytes;

	entry(s, 1, ng_load32(sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes)))[2]++;
}

static void change_superblock_all_marks(const struct sample *s)
{
	size_t bytes;

	entry(s, 2, ng_load32(sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes)))[2]++;
}

/* One group more has a symbol that is in few; one that has it doesn't. */
static void change_superblock_group(const struct sample *s)
{
	for (unsigned k = 0;; k++) {
		uint8_t *p = entry(s, 0, k);

		if (ng_load16(p) == UINT16_MAX)
			continue;
		ng_store16(p, (uint16_t)(ng_load16(p) | (ng_load16(p) + 1)));
		return;
	}
}

static void change_superblock_no_group(const struct sample *s)
{
	entry(s, 0, 2)[0] &= (uint8_t)(entry(s, 0, 2)[0] - 1);
}

/* Groups behind the last cell. */
static void change_superblock_late_group(const struct sample *s)
{
	entry(s, 1, 2)[1] |= 0x80;
}

static void change_superblock_marks_group(const struct sample *s)
{
	size_t bytes;

	entry(s, 0, ng_load32(sample_section(s, NG_SECTION_BWT_SUPERBLOCKS, &bytes)))[0] = 1;
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
	assert_int_equal(ng_ef_open(NULL, directory + at, bytes - at, &offsets), 0);
	sample_section(s, NG_SECTION_TEXT_FRAMES, &bytes)[plain_ef_get(&offsets, 3)] ^= 1;
}

static void change_text_directory(const struct sample *s)
{
	size_t bytes;
	uint8_t *directory = sample_section(s, NG_SECTION_TEXT_DIRECTORY, &bytes);

	directory[bytes - 1] ^= 0xff; /* the samples of its offsets */
	directory[8]++;
}

/* ---- facets ---- */

/* The field "pad", which has a column of several values; its parts may be written to. */
static struct ng_facet_field facet(const struct sample *s)
{
	static struct ng_facets facets;
	struct ng_facet_field field;
	size_t bytes;
	const uint8_t *data = sample_section(s, NG_SECTION_FACETS, &bytes);

	assert_int_equal(ng_facets_open(NULL, data, bytes, sample_params(s)->docs, &facets), 0);
	assert_int_equal(ng_facets_find(&facets, "pad", 3, 0, &field), 1);
	assert_true(field.has_column && field.values > 4 && field.width > 2);
	return field;
}

static void change_facets_number(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_FACETS, &bytes)[2] = 1;
}

static void change_facets_offset(const struct sample *s)
{
	size_t bytes;

	sample_section(s, NG_SECTION_FACETS, &bytes)[16] ^= 8;
}

/* A name that would stand elsewhere. */
static void change_facet_name(const struct sample *s)
{
	((uint8_t *)facet(s).name)[0] = 'a';
}

static void change_facet_frame(const struct sample *s)
{
	((uint8_t *)facet(s).frame)[4] ^= 0x55;
}

/* Beyond the last byte that numbers take. */
static void change_facet_rest(const struct sample *s)
{
	struct ng_facet_field field = facet(s);

	assert_true(sample_params(s)->docs * field.width % 64);
	((uint8_t *)field.ids)[field.ids_bytes - 1] |= 0x80;
}

/* Numbers of two documents change places: all that is wrong is whose they are. */
static void change_facet_documents(const struct sample *s)
{
	struct ng_facet_field field = facet(s);
	uint64_t mask = (1u << field.width) - 1, first = ng_load64(field.ids) & mask;
	uint64_t bit = field.width, word = 0;

	for (; bit + field.width <= 57; bit += field.width) {
		word = ng_load64(field.ids);
		if ((word >> bit & mask) != first)
			break;
	}
	assert_int_not_equal(word >> bit & mask, first);
	word ^= ((word >> bit & mask) ^ first) * (1 | 1ull << bit);
	ng_store64((uint8_t *)field.ids, word);
}

static const struct {
	void (*change)(const struct sample *s);
	uint32_t type;
	const char *text;
} wrong_contents[] = {
	{change_rows, NG_SECTION_PARAMS, "don't fit each other"},
	{change_sampling, NG_SECTION_PARAMS, "out of range"},
	{change_reserved, NG_SECTION_PARAMS, "reserved"},
	{change_line, NG_SECTION_BWT_DIRECTORY, "follow each other"},
	{change_line_high, NG_SECTION_BWT_DIRECTORY, "follow each other"},
	{change_line_cells, NG_SECTION_BWT_DIRECTORY, "follow each other"},
	{change_order, NG_SECTION_BWT_DIRECTORY, "follow each other"},
	{change_end, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_last_end, NG_SECTION_BWT_DIRECTORY, "cells end at"},
	{change_no_cell, NG_SECTION_BWT_DIRECTORY, "follow each other"},
	{change_shape, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_mode_bytes, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_has_separator, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_symbols, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_all_symbols, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_marks_number, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_n_wide, NG_SECTION_BWT_CELLS, "cell "},
	{change_wide, NG_SECTION_BWT_CELLS, "cell 5"},
	{change_narrow, NG_SECTION_BWT_CELLS, "cell 5"},
	{change_marks_before, NG_SECTION_BWT_CELLS, "of marks"},
	{change_mode, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_list_twice, NG_SECTION_BWT_CELLS, "cell 5: a symbol is twice"},
	{change_list_order, NG_SECTION_BWT_CELLS, "before it"},
	{change_list_symbol, NG_SECTION_BWT_CELLS, "before it"},
	{change_separator, NG_SECTION_BWT_CELLS, "the separator is not"},
	{change_separator_place, NG_SECTION_BWT_CELLS, "before it"},
	{change_count, NG_SECTION_BWT_CELLS, "cell 5 says"},
	{change_later_count, NG_SECTION_BWT_CELLS, "cell 261 says"},
	{change_planes_bit, NG_SECTION_BWT_CELLS, "cell "},
	{change_planes, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_marks, NG_SECTION_BWT_CELLS, "cell 5: "},
	{change_slack, NG_SECTION_BWT_CELLS, "behind the last cell"},
	{change_superblock_count, NG_SECTION_BWT_SUPERBLOCKS, "its cells hold"},
	{change_superblock_counts, NG_SECTION_BWT_SUPERBLOCKS, "its cells hold"},
	{change_superblock_total, NG_SECTION_BWT_SUPERBLOCKS, "its cells hold"},
	{change_superblock_rows, NG_SECTION_BWT_SUPERBLOCKS, "add up to"},
	{change_superblock_first, NG_SECTION_BWT_SUPERBLOCKS, "is not 0"},
	{change_superblock_marks, NG_SECTION_BWT_SUPERBLOCKS, "its cells hold"},
	{change_superblock_all_marks, NG_SECTION_BWT_SUPERBLOCKS, "number of marks"},
	{change_superblock_group, NG_SECTION_BWT_SUPERBLOCKS, "wrong about which"},
	{change_superblock_no_group, NG_SECTION_BWT_SUPERBLOCKS, "wrong about which"},
	{change_superblock_late_group, NG_SECTION_BWT_SUPERBLOCKS, "wrong about which"},
	{change_superblock_marks_group, NG_SECTION_BWT_SUPERBLOCKS, "wrong about which"},
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
	{change_facets_number, NG_SECTION_FACETS, "don't fit into it"},
	{change_facets_offset, NG_SECTION_FACETS, "out of place"},
	{change_facet_name, NG_SECTION_FACETS, "out of place"},
	{change_facet_frame, NG_SECTION_FACETS, "don't decompress"},
	{change_facet_rest, NG_SECTION_FACETS, "don't fit each other"},
	{change_facet_documents, NG_SECTION_FACETS, "another value of pad"},
};

static void test_wrong_contents(void **state)
{
	struct sample *s = *state;

	for (size_t i = 0; i < ng_array_size(wrong_contents); i++) {
		const struct ng_shard_entry *e = forged_section(&s->f, wrong_contents[i].type);
		struct findings all;
		uint64_t offset;
		char part[64];

		wrong_contents[i].change(s);
		forged_seal(&s->f);
		snprintf(part, sizeof(part), "section %s", ng_section_name(wrong_contents[i].type));
		findings_check(s->made.path, true, &all);
		if (!findings_of(&all, part, wrong_contents[i].text, &offset) ||
		    offset == NG_NO_OFFSET || offset < e->offset ||
		    offset >= e->offset + e->bytes) {
			findings_print(&all);
			fail_msg("case %zu: nothing in %s says '%s'", i, part,
				 wrong_contents[i].text);
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
