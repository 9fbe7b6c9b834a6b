/* Indexes with wrong contents and right checksums: what the rules of the structure, or the text
 * rebuilt from the index, show. */
#include "findings.h"
#include "forge.h"
#include "index/bwt_internal.h"
#include "index/ef.h"
#include "index/framelayout.h"
#include "index/kmers.h"
#include "index/packed.h"
#include "index/params.h"

#define ROUNDS 300u

static const struct ng_build_options options = {
	.threads = 1, .sa_sampling = 16, .text_store = true};

/* An index of prose, and its shard to be changed. */
struct sample {
	struct naive corpus;
	struct made_index made;
	struct forged f;
	uint8_t *sound; /* the shard as it was */
};

static int sample_new(void **state)
{
	static uint8_t text[400000];
	struct sample *s = calloc(1, sizeof(*s));
	uint64_t rng = naive_seed();

	if (!s)
		return -1;
	s->corpus.name = "prose";
	naive_words(&rng, text, sizeof(text));
	for (size_t at = 0; at < sizeof(text); at += 4000)
		naive_add(&s->corpus, text + at, 4000);
	made_index_new(&s->corpus, &options, &s->made);
	forged_read(&s->made, &s->f);
	s->sound = malloc(s->f.bytes);
	if (!s->sound)
		return -1;
	memcpy(s->sound, s->f.data, s->f.bytes);
	*state = s;
	return 0;
}

static int sample_free(void **state)
{
	struct sample *s = *state;

	naive_clear(&s->corpus);
	made_index_free(&s->made);
	free(s->f.data);
	free(s->sound);
	free(s);
	return 0;
}

static uint8_t *section(const struct sample *s, uint32_t type, size_t *ret_bytes)
{
	const struct ng_shard_entry *e = forged_section(&s->f, type);

	assert_non_null(e);
	*ret_bytes = e->bytes;
	return s->f.data + e->offset;
}

static struct ng_shard_params *params(const struct sample *s)
{
	size_t bytes;

	return (void *)section(s, NG_SECTION_PARAMS, &bytes);
}

/* Block number i. */
static uint8_t *page(const struct sample *s, unsigned i)
{
	size_t bytes;
	uint8_t *blocks = section(s, NG_SECTION_BWT_BLOCKS, &bytes);

	assert_true((i + 2) * NG_PAGE_BYTES <= bytes);
	return blocks + i * NG_PAGE_BYTES;
}

static uint8_t *counts_of(const struct sample *s, unsigned i)
{
	uint8_t *p = page(s, i);

	return p + ng_block_bases_at(ng_block_symbols(p), ng_block_cells(p));
}

/* Number i of an array of packed ones. */
static void packed_put(uint8_t *data, uint64_t i, uint64_t value)
{
	unsigned width = ng_load32(data + 8);

	for (unsigned b = 0; b < width; b++) {
		uint64_t bit = 16 * 8 + i * width + b;

		data[bit / 8] &= (uint8_t) ~(1u << bit % 8);
		data[bit / 8] |= (uint8_t)((value >> b & 1) << bit % 8);
	}
}

static uint64_t packed_get(const struct sample *s, uint64_t i)
{
	struct ng_packed packed;
	size_t bytes;
	const uint8_t *data = section(s, NG_SECTION_SA_SAMPLES, &bytes);

	assert_int_equal(ng_packed_open(data, bytes, &packed), 0);
	return ng_packed_get(&packed, i);
}

/* Add to number i of a sequence; its length stays as it is. */
static void sequence_add(const struct sample *s, uint32_t type, uint64_t i, int64_t add)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_freep) uint64_t *values = NULL;
	struct ng_ef ef;
	size_t bytes;
	uint8_t *data = section(s, type, &bytes);

	assert_int_equal(ng_ef_open(data, bytes, &ef), 0);
	values = calloc(ef.n, sizeof(*values));
	assert_non_null(values);
	for (uint64_t k = 0; k < ef.n; k++)
		values[k] = ng_ef_get(&ef, k);
	values[i] += (uint64_t)add;
	assert_int_equal(ng_ef_encode(values, ef.n, &buf), 0);
	assert_int_equal(buf.len, bytes);
	memcpy(data, buf.data, bytes);
}

/* ---- what is changed ---- */

static void change_rows(const struct sample *s)
{
	params(s)->rows++;
}

static void change_primary(const struct sample *s)
{
	params(s)->primary ^= 1;
}

static void change_reserved(const struct sample *s)
{
	params(s)->reserved[1] = 1;
}

static void change_tables(const struct sample *s)
{
	size_t bytes;

	section(s, NG_SECTION_BWT_TABLES, &bytes)[8] ^= 0xff;
}

static void change_map_count(const struct sample *s)
{
	size_t bytes;
	uint8_t *map = section(s, NG_SECTION_BWT_MAP, &bytes);

	assert_true(bytes > 2 * NG_MAP_LINE_BYTES);
	map[NG_MAP_LINE_BYTES]++;
}

/* A block more, and one less in the next word's count. */
static void change_map_bits(const struct sample *s)
{
	size_t bytes;
	uint8_t *map = section(s, NG_SECTION_BWT_MAP, &bytes);

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
			   ng_block_base_width(params(s)->rows))] ^= 1;
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

static void change_region_total(const struct sample *s)
{
	size_t bytes;
	uint8_t *regions = section(s, NG_SECTION_BWT_REGIONS, &bytes);
	unsigned row = 8 * (ng_load32(regions) + 1);

	regions[NG_REGION_HEAD + row + 8]++;
	regions[NG_REGION_HEAD + row + 16]--;
}

static void change_region_table(const struct sample *s)
{
	size_t bytes;
	uint8_t *regions = section(s, NG_SECTION_BWT_REGIONS, &bytes);
	unsigned row = 8 * (ng_load32(regions) + 1);

	regions[ng_load64(regions + NG_REGION_HEAD + 2 * row) + 8]++;
}

static void change_region_bit(const struct sample *s)
{
	size_t bytes;
	uint8_t *regions = section(s, NG_SECTION_BWT_REGIONS, &bytes);
	unsigned row = 8 * (ng_load32(regions) + 1);

	regions[ng_load64(regions + NG_REGION_HEAD + 2 * row) + 16] ^= 1;
}

static void change_region_index(const struct sample *s)
{
	size_t bytes;
	uint8_t *index = section(s, NG_SECTION_BWT_REGIONS, &bytes) + 8;

	ng_store16(index + 2 * 'a', ng_load16(index + 2 * 'b'));
}

static void change_kmer_row(const struct sample *s)
{
	size_t bytes;
	uint8_t *kmers = section(s, NG_SECTION_KMERS, &bytes);

	kmers[16 + ng_align_up(ng_load32(kmers), 8) + 40] ^= 2;
}

static void change_kmer_byte(const struct sample *s)
{
	size_t bytes;

	section(s, NG_SECTION_KMERS, &bytes)[16 + 3]--;
}

static void change_sample(const struct sample *s)
{
	size_t bytes;

	packed_put(section(s, NG_SECTION_SA_SAMPLES, &bytes), 100, packed_get(s, 99));
}

static void change_sample_count(const struct sample *s)
{
	size_t bytes;

	section(s, NG_SECTION_SA_SAMPLES, &bytes)[0]--;
}

static void change_shortcuts(const struct sample *s)
{
	size_t bytes;
	uint8_t *data = section(s, NG_SECTION_SHORTCUTS, &bytes);

	for (size_t i = bytes / 4; i < bytes; i++)
		data[i] = (uint8_t)(data[i] * 5 + i);
}

/* The last two hints to the first block: marks of others are not found between them. */
static void change_hints(const struct sample *s)
{
	struct ng_packed hints;
	size_t bytes;
	uint8_t *data = section(s, NG_SECTION_MARK_HINTS, &bytes);

	assert_int_equal(ng_packed_open(data, bytes, &hints), 0);
	assert_true(hints.n > 2);
	packed_put(data, hints.n - 2, 0);
	packed_put(data, hints.n - 1, 0);
}

static void change_start_twice(const struct sample *s)
{
	sequence_add(s, NG_SECTION_DOC_STARTS, 7, -4001);
}

static void change_start_high(const struct sample *s)
{
	size_t bytes;
	uint8_t *starts = section(s, NG_SECTION_DOC_STARTS, &bytes);

	starts[16] ^= 0xff;
	starts[17] ^= 0xff;
}

static void change_meta_start(const struct sample *s)
{
	sequence_add(s, NG_SECTION_META_STARTS, 5, 1);
}

static void change_meta_frame(const struct sample *s)
{
	size_t bytes;

	section(s, NG_SECTION_META_FRAMES, &bytes)[0] ^= 1;
}

static void change_meta_directory(const struct sample *s)
{
	size_t bytes;

	section(s, NG_SECTION_META_DIRECTORY, &bytes)[0]++;
}

static void change_text_frame(const struct sample *s)
{
	struct ng_frames_header header;
	struct ng_ef offsets;
	size_t bytes;
	uint8_t *directory = section(s, NG_SECTION_TEXT_DIRECTORY, &bytes);
	size_t at = sizeof(header);

	memcpy(&header, directory, sizeof(header));
	at += ng_align_up(header.dict_bytes, 8);
	assert_int_equal(ng_ef_open(directory + at, bytes - at, &offsets), 0);
	section(s, NG_SECTION_TEXT_FRAMES, &bytes)[ng_ef_get(&offsets, 3)] ^= 1;
}

static void change_text_directory(const struct sample *s)
{
	size_t bytes;
	uint8_t *directory = section(s, NG_SECTION_TEXT_DIRECTORY, &bytes);

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
		{change_primary, NG_SECTION_PARAMS, "can't be the primary"},
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
		{change_region_total, NG_SECTION_BWT_REGIONS, "its blocks hold"},
		{change_region_table, NG_SECTION_BWT_REGIONS, "table of region 0"},
		{change_region_bit, NG_SECTION_BWT_REGIONS, "wrong about symbol"},
		{change_region_index, NG_SECTION_BWT_REGIONS, "one column"},
		{change_kmer_row, NG_SECTION_KMERS, "node"},
		{change_kmer_byte, NG_SECTION_KMERS, "node"},
		{change_sample, NG_SECTION_SA_SAMPLES, "another sample"},
		{change_sample_count, NG_SECTION_SA_SAMPLES, "instead of"},
		{change_shortcuts, NG_SECTION_SHORTCUTS, "not found by the shortcuts"},
		{change_hints, NG_SECTION_MARK_HINTS, "doesn't lead to mark"},
		{change_start_twice, NG_SECTION_DOC_STARTS, "number 6 is not found"},
		{change_start_high, NG_SECTION_DOC_STARTS, "number"},
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
			/* The one about the primary row is about no place. */
			if (cases[i].change != change_primary || all.n == 0) {
				findings_print(&all);
				fail_msg("case %zu: nothing in %s says '%s'", i, part,
					 cases[i].text);
			}
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
}

/* ---- what only the text shows ---- */

static void swap_samples(const struct sample *s)
{
	size_t bytes;
	uint8_t *data = section(s, NG_SECTION_SA_SAMPLES, &bytes);
	uint64_t a = packed_get(s, 1000), b = packed_get(s, 2000);

	packed_put(data, 1000, b);
	packed_put(data, 2000, a);
}

static void move_start(const struct sample *s)
{
	sequence_add(s, NG_SECTION_DOC_STARTS, 50, 1);
}

static void test_wrong_text(void **state)
{
	static const struct {
		void (*change)(const struct sample *s);
		uint32_t type;
		bool shows_before; /* the shortcuts were made for other samples */
	} cases[] = {
		{swap_samples, NG_SECTION_SHORTCUTS, true},
		{move_start, NG_SECTION_DOC_STARTS, false},
	};
	struct sample *s = *state;

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct findings all;
		uint64_t offset;
		char part[64];

		cases[i].change(s);
		forged_seal(&s->f);
		findings_check(s->made.path, false, &all);
		assert_int_equal(all.n != 0, cases[i].shows_before);
		findings_check(s->made.path, true, &all);
		snprintf(part, sizeof(part), "section %s", ng_section_name(cases[i].type));
		if (!findings_of(&all, part, "", &offset) ||
		    offset != forged_section(&s->f, cases[i].type)->offset) {
			findings_print(&all);
			fail_msg("case %zu: nothing about %s", i, part);
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
}

/* Text stores that decompress, but to another text. */
static void test_wrong_store(void **state)
{
	struct sample *s = *state;
	uint64_t rng = naive_seed(), offset;
	unsigned seen = 0;

	for (unsigned round = 0; round < 200 && seen < 3; round++) {
		struct findings all;
		size_t bytes;
		uint8_t *frames = section(s, NG_SECTION_TEXT_FRAMES, &bytes);

		frames[scratch_random(&rng) % bytes] ^= 1;
		forged_seal(&s->f);
		findings_check(s->made.path, false, &all);
		if (all.n == 0) {
			findings_check(s->made.path, true, &all);
			assert_int_equal(
				findings_of(&all, "section text frames", "another one", &offset),
				all.n);
			assert_true(all.n > 0);
			seen++;
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
	assert_int_equal(seen, 3);
}

/* Any bytes: the check ends, and never says that they are sound when answers would be wrong. */
static void test_any_contents(void **state)
{
	struct sample *s = *state;
	uint64_t rng = naive_seed();
	unsigned found = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t n = forged_header(&s->f)->n_sections - 1;
		const struct ng_shard_entry *e = forged_entry(&s->f, scratch_random(&rng) % n);
		struct findings all;

		/* Every second time the BWT's blocks. */
		if (round % 2)
			e = forged_section(&s->f, NG_SECTION_BWT_BLOCKS);
		for (unsigned k = scratch_random(&rng) % 8 + 1; k > 0; k--) {
			uint64_t at = scratch_random(&rng) % e->bytes;

			/* Mostly where a page's counts and places are. */
			if (k % 2)
				at = ng_min(at / NG_PAGE_BYTES * NG_PAGE_BYTES +
						    scratch_random(&rng) % 700,
					    e->bytes - 1);
			s->f.data[e->offset + at] ^= (uint8_t)(1u << scratch_random(&rng) % 8);
		}
		forged_seal(&s->f);
		findings_check(s->made.path, round % 16 == 0, &all);
		found += all.n > 0;
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
	print_message("%u of %u were found\n", found, ROUNDS);
	/* The rest hit the inverse samples, or what a page has left. */
	assert_in_range(found, ROUNDS * 3 / 4, ROUNDS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sample_new, sample_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_contents),
		TEST(test_wrong_text),
		TEST(test_wrong_store),
		TEST(test_any_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
