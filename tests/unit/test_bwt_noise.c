/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the sections hold, any function of bwt/bwt.h with any kernel ends, says rows that are
 * there, and touches nothing outside of the sections, whose ends sanitizers watch. */
#include "bwt/bwt_internal.h"
#include "bwt/bwt_prefetch.h"
#include "bwt/cell_encode.h"
#include "cellparts.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

/* Sections of their own, whose totals alone fit the rows. */
struct noise {
	uint8_t *directory, *cells, *superblocks, *hints;
	struct ng_bwt_parts parts;
	struct ng_bwt *bwt;
};

#define TAIL 64u /* readable bytes behind sections that aren't the cells' */

/* A section of so many bytes, of anything but 0. */
static uint8_t *section(size_t bytes, size_t tail, uint64_t *rng)
{
	uint8_t *data = malloc(bytes + tail);

	assert_non_null(data);
	for (size_t i = 0; i < bytes + tail; i++)
		data[i] = (uint8_t)scratch_random(rng);
	return data;
}

/* Lines that lead to cells of any places in the section, most of which end behind it begins. */
static void directory_fill(struct noise *n, uint64_t n_cells, size_t cells_bytes, uint64_t *rng)
{
	for (uint64_t cell = 0; cell < n_cells; cell++) {
		uint8_t *line = n->directory + cell / NG_LINE_CELLS * NG_LINE_BYTES;
		uint64_t r = scratch_random(rng), begin, end;

		if (cell % NG_LINE_CELLS == 0)
			ng_store64(line, r % 3 ? 0 : (r >> 8) % (cells_bytes + 1));
		begin = ng_directory_begin(line, cell);
		end = begin + 1 + (r >> 16) % 300;
		/* To the section's last byte, often, and beyond it, now and then. */
		if (end > cells_bytes && r >> 60)
			end = cells_bytes;
		ng_store16(line + 8 + 2 * (cell % NG_LINE_CELLS),
			   (uint16_t)(end - (ng_load64(line) & ((1ull << 48) - 1))));
	}
}

/* Entries of nothing in particular, but for the totals, which opening compares with the rows. */
static void superblocks_fill(struct noise *n, uint64_t rows, uint64_t *rng)
{
	uint64_t r = ng_div_up(rows, 1ull << NG_SUPERBLOCK_LOG);
	unsigned n_symbols = ng_load32(n->superblocks);
	uint8_t *last = n->superblocks + NG_SUPERBLOCK_HEAD + 8 * r * (n_symbols + (uint64_t)1);

	/* The last column is the separator's. */
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		ng_store16(n->superblocks + 8 + 2 * s,
			   s < n_symbols - 1 ? (uint16_t)s : NG_SUPERBLOCK_NO_SYMBOL);
	ng_store16(n->superblocks + 8 + 2 * NG_SEPARATOR, (uint16_t)(n_symbols - 1));
	for (unsigned k = 0; k < n_symbols; k++) {
		ng_store64(last + 8 * k, (rows / n_symbols + (k == 0) * (rows % n_symbols)) << 16);
		/* Small counts, as large as any, or as they are. */
		for (uint64_t i = 0; i < r; i++)
			if (scratch_random(rng) % 4)
				ng_store64(last - 8 * (i + 1) * (n_symbols + (uint64_t)1) + 8 * k,
					   (scratch_random(rng) % rows) << 16 |
						   (scratch_random(rng) & UINT16_MAX));
	}
	for (uint64_t i = 0; i < r; i++)
		ng_store64(n->superblocks + NG_SUPERBLOCK_HEAD +
				   8 * (i * (n_symbols + (uint64_t)1) + n_symbols),
			   (scratch_random(rng) % rows) << 16);
}

static void noise_new(uint64_t rows, size_t cells_bytes, unsigned mark_shift, uint64_t *rng,
		      struct noise *n)
{
	static const unsigned symbols[] = {1, 2, 30, NG_SYMBOLS - 1};
	uint64_t n_cells = ng_div_up(rows, NG_CELL), marks = scratch_random(rng) % rows + 1;
	uint64_t superblocks = ng_div_up(rows, 1ull << NG_SUPERBLOCK_LOG);
	unsigned some = symbols[scratch_random(rng) % 4];
	unsigned n_symbols = (unsigned)ng_min(some, rows);
	unsigned width = ng_bits(n_cells - 1);

	n->parts = (struct ng_bwt_parts){
		.directory_bytes = ng_div_up(n_cells, NG_LINE_CELLS) * NG_LINE_BYTES,
		.cells_bytes = cells_bytes + NG_CELL_REACH,
		.superblocks_bytes =
			NG_SUPERBLOCK_HEAD + 8 * (superblocks + 1) * (n_symbols + (size_t)1),
		.hints_bytes = 16 + ng_div_up(ng_div_up(marks, NG_MARK_HINT) * width, 8),
		.rows = rows,
		.mark_shift = mark_shift,
	};
	n->parts.directory = n->directory = section(n->parts.directory_bytes, TAIL, rng);
	n->parts.cells = n->cells = section(n->parts.cells_bytes, 0, rng);
	n->parts.superblocks = n->superblocks = section(n->parts.superblocks_bytes, TAIL, rng);
	n->parts.hints = n->hints = section(n->parts.hints_bytes, TAIL, rng);
	directory_fill(n, n_cells, cells_bytes, rng);
	ng_store32(n->superblocks, n_symbols);
	ng_store32(n->superblocks + 4, (uint32_t)superblocks);
	superblocks_fill(n, rows, rng);
	ng_store64(n->superblocks + n->parts.superblocks_bytes - 8, marks << 16);
	ng_store64(n->hints, ng_div_up(marks, NG_MARK_HINT));
	ng_store32(n->hints + 8, width);
	assert_int_equal(ng_bwt_open(&n->parts, &n->bwt), 0);
}

static void noise_free(struct noise *n)
{
	ng_bwt_close(n->bwt);
	free(n->directory);
	free(n->cells);
	free(n->superblocks);
	free(n->hints);
}

static void ask_steps(const struct ng_bwt *bwt, uint64_t *rng)
{
	uint64_t rows = ng_bwt_rows(bwt), r = scratch_random(rng), lo = r % rows;
	uint64_t hi = lo + 1 + (r >> 32) % (r & 1 ? rows - lo : 1 + ng_min(rows - lo - 1, 900u));
	struct ng_bwt_search searches[40];
	uint8_t pattern[20];
	bool damaged = false;

	ng_bwt_step(bwt, (unsigned)(scratch_random(rng) % 256), &lo, &hi, &damaged);
	assert_true(lo <= hi && hi <= rows);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)scratch_random(rng);
	for (size_t i = 0; i < ng_array_size(searches); i++) {
		lo = scratch_random(rng) % rows;
		hi = lo + 1 + scratch_random(rng) % (i % 2 ? rows - lo : 1);
		searches[i] =
			(struct ng_bwt_search){lo, hi, pattern + sizeof(pattern), sizeof(pattern)};
	}
	damaged = false;
	ng_bwt_walk_searches(bwt, ng_array_size(searches), searches, &damaged);
	for (size_t i = 0; i < ng_array_size(searches); i++)
		assert_true(searches[i].lo <= searches[i].hi && searches[i].hi <= rows);
}

static void ask_rows(const struct ng_bwt *bwt, uint64_t *rng)
{
	uint64_t rows = ng_bwt_rows(bwt), to = UINT64_MAX, sample, marks[40], got[40];
	struct ng_bwt_rank_walk walks[NG_BWT_CHAINS];
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	uint8_t text[20], out[NG_BWT_CHAINS][20];
	uint64_t ranks[NG_BWT_CHAINS][20];
	bool damaged = false;

	assert_in_range(ng_bwt_lf(bwt, scratch_random(rng) % rows, &to, &damaged), 0, NG_SEPARATOR);
	assert_true(to < rows);
	ng_bwt_mark(bwt, scratch_random(rng) % rows, &sample, &damaged);
	for (unsigned i = 0; i < ng_array_size(marks); i++)
		marks[i] = scratch_random(rng) % (ng_bwt_marks(bwt) + 2);
	ng_bwt_mark_rows_prefetch(bwt, ng_array_size(marks), marks, got, &damaged);
	for (unsigned i = 0; i < ng_array_size(marks); i++)
		assert_true(got[i] < rows);
	for (unsigned i = 0; i < NG_BWT_CHAINS; i++) {
		bool to_mark = scratch_random(rng) % 2;

		chains[i] = (struct ng_bwt_chain){.row = scratch_random(rng) % rows,
						  .left = 20,
						  .to_mark = to_mark,
						  .give = to_mark ? scratch_random(rng) % 20 : 0,
						  .end = out[i] + 20};
		walks[i] = (struct ng_bwt_rank_walk){scratch_random(rng) % (rows + 1), text + 20,
						     20, ranks[i] + 20};
		text[i % 20] = (uint8_t)scratch_random(rng);
	}
	if (scratch_random(rng) % 2)
		ng_bwt_walk_chains(bwt, NG_BWT_CHAINS, chains, &damaged);
	else
		ng_bwt_walk_chains_prefetch(bwt, NG_BWT_CHAINS, chains, &damaged);
	for (unsigned i = 0; i < NG_BWT_CHAINS; i++)
		assert_true(chains[i].row < rows && chains[i].end >= out[i]);
	ng_bwt_walk_ranks(bwt, NG_BWT_CHAINS, walks, &damaged);
	for (unsigned i = 0; i < NG_BWT_CHAINS; i++)
		for (unsigned k = 0; k < 20; k++)
			assert_true(ranks[i][k] <= rows);
}

static void ask(struct ng_bwt *bwt, unsigned rounds, uint64_t *rng)
{
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(bwt, *kernel), 0);
		for (unsigned i = 0; i < rounds; i++) {
			ask_steps(bwt, rng);
			ask_rows(bwt, rng);
		}
	}
}

static void test_noise(void **state)
{
	static const uint64_t sizes[] = {1, 7, 1000, 1024, 1025, 30 * NG_CELL + 5, 600000};
	uint64_t rng = naive_seed();

	for (unsigned round = 0; round < scratch_rounds(350); round++) {
		uint64_t rows = sizes[round % ng_array_size(sizes)];
		struct noise n;

		noise_new(rows, 1 + scratch_random(&rng) % (round % 2 ? 40 : 4000), round % 11,
			  &rng, &n);
		ask(n.bwt, 4, &rng);
		noise_free(&n);
	}
}

/* All that a cell's head can say, with everything else of one byte, in the section's last byte, so
 * that all of it is behind: that is what NG_CELL_REACH is for. */
static void test_heads(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x55, 0xaa, 0xff, 0x01, 0x7f};
	static const uint32_t words[] = {0, UINT32_MAX, 0x8000001f, 31 << 5, 0x3ff};
	uint64_t rng = naive_seed();

	for (unsigned i = 0; i < 16 * ng_array_size(bytes) * ng_array_size(words); i++) {
		unsigned head = i % 16, byte = i / 16 % ng_array_size(bytes);
		struct noise n;
		uint8_t *cell;

		noise_new(1 + scratch_random(&rng) % NG_CELL, 1, i % 11, &rng, &n);
		cell = n.cells;
		memset(cell, bytes[byte], n.parts.cells_bytes);
		cell[0] = (uint8_t)(head | (i / 3 % 2 ? 0xf0 : 0x70));
		cell[1] = 255;
		cell[2] = (uint8_t)(i / 7 % 2 ? 254 : i / 2);
		cell[3] = (uint8_t)(i / 5 % 2 ? 255 : i);
		ng_store32(cell + 4, words[i / 16 / ng_array_size(bytes)]);
		/* A list with everything, where the head says so. */
		for (unsigned k = 0; i / 11 % 2 && k < 257; k++)
			cell[NG_CELL_HEAD + 8 + k] = (uint8_t)k;
		memset(n.directory, 0, n.parts.directory_bytes);
		ng_store16(n.directory + 8, 1);
		ask(n.bwt, 8, &rng);
		noise_free(&n);
	}
}

/* Sound cells with bits changed, one of each in the section's last bytes: most of what they say is
 * still taken. */
static void test_changed_cells(void **state)
{
	ng_cleanup(ng_cell_encoder_freep) struct ng_cell_encoder *encoder = NULL;
	uint64_t rng = naive_seed(), separators[16], marks[16];
	uint8_t bwt[NG_CELL], to[NG_CELL_BYTES_MAX + 8];

	assert_int_equal(ng_cell_encoder_new(&encoder), 0);
	for (unsigned round = 0; round < scratch_rounds(1500); round++) {
		unsigned d = 1 + (unsigned)(scratch_random(&rng) % (round % 4 ? 20 : 256));
		struct ng_superblock_facts *facts = calloc(1, sizeof(*facts));
		uint64_t rows = 1 + scratch_random(&rng) % NG_CELL;
		struct ng_bwt_text text = {bwt, separators, marks, rows};
		unsigned shift = round % 11;
		struct noise n;
		size_t bytes;

		assert_non_null(facts);
		memset(separators, 0, sizeof(separators));
		memset(marks, 0, sizeof(marks));
		for (uint64_t i = 0; i < rows; i++) {
			uint64_t r = scratch_random(&rng);

			bwt[i] = (uint8_t)(i && r % 3 ? bwt[i - 1] : (r >> 8) % d * (r >> 20 & 1));
			separators[i >> 6] |= (uint64_t)((r >> 30) % 50 == 0) << (i & 63);
			marks[i >> 6] |= (uint64_t)((r >> 40) % (2 + round % 60) == 0) << (i & 63);
		}
		bytes = ng_cell_encode(encoder, &text, 0, (unsigned)rows, shift, facts, 1, to);
		free(facts);
		noise_new(rows, bytes, shift, &rng, &n);
		memcpy(n.cells, to, bytes);
		for (uint64_t k = scratch_random(&rng) % 5; k > 0; k--)
			n.cells[scratch_random(&rng) % (k % 2 ? bytes : ng_min(bytes, 24u))] ^=
				(uint8_t)(1u << scratch_random(&rng) % 8);
		memset(n.directory, 0, n.parts.directory_bytes);
		ng_store16(n.directory + 8, (uint16_t)bytes);
		ask(n.bwt, 2, &rng);
		noise_free(&n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_changed_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
