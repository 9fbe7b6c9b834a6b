/* Finding a position's place in its block, and the counts there. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/decoded.h"
#include "bwt/kernel/stream.h"

#ifdef __AVX2__
/* ng_block_find without a call: nearly all alphabets fit into two vectors. */
static inline unsigned block_find(const uint8_t *page, unsigned symbol)
{
	const __m256i *alphabet = (const __m256i *)(const void *)(page + NG_BLOCK_HEAD);
	unsigned n = ng_block_symbols(page), separator = ng_block_separator(page);
	__m256i all = _mm256_set1_epi8((char)symbol);
	uint32_t low, high;
	uint64_t found;

	if (symbol == NG_SEPARATOR || n > 64)
		return ng_block_find(page, symbol);
	low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_loadu_si256(alphabet)));
	high = (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(all, _mm256_loadu_si256(alphabet + 1)));
	found = low | (uint64_t)high << 32;
	if (n < 64)
		found &= (1ull << n) - 1;
	if (separator < 64)
		found &= ~(1ull << separator);
	return found ? (unsigned)__builtin_ctzll(found) : UINT_MAX;
}
#else
#define block_find ng_block_find
#endif

/* The first lines of a page hold most of what a rank reads before it comes to a stream. Asked for
 * at once, their latencies overlap. */
static inline void page_lines_fetch(const uint8_t *page)
{
	for (unsigned line = 0; line < 7; line++)
		__builtin_prefetch(page + 64 * line);
}

static inline const uint8_t *page_fetch(const struct ng_bwt *bwt, uint64_t row)
{
	const uint8_t *page = ng_bwt_page(bwt, row);

	if (!decoded_fetch(bwt, page, row))
		page_lines_fetch(page);
	return page;
}

/* On English, a page's head and first marks take 640 bytes, and the guess is off by some four
 * lines: these many from a little before it on hold half of the streams. */
#define GUESS_HEAD  512u
#define GUESS_LINES 5u

/* The page of a row's block, and the lines where its stream is likely to be, from the map alone: a
 * block's streams follow its head in the order of their rows, at about the same pace. */
static inline void page_fetch_wide(const struct ng_bwt *bwt, const uint8_t *page, uint64_t row)
{
	uint64_t grain = row >> NG_GRAIN_LOG;
	const uint8_t *line = ng_bwt_map_line(bwt, row);
	unsigned within = (unsigned)(grain % NG_MAP_LINE_GRAINS), word = within / 64;
	unsigned in = within % 64, back, ahead;
	uint64_t starts = ng_load64(line + 16 + 8 * word), mask = UINT64_MAX >> (63 - in);
	uint64_t before = word ? ng_load64(line + 8 + 8 * word) : 0;
	uint64_t after = word < NG_MAP_LINE_WORDS - 1 ? ng_load64(line + 24 + 8 * word) : 0;

	back = starts & mask ? in - (63 - (unsigned)__builtin_clzll(starts & mask))
			     : in + 1 + (unsigned)__builtin_clzll(before | 1);
	ahead = starts & ~mask ? (unsigned)__builtin_ctzll(starts & ~mask) - in
			       : 64 - in + (unsigned)__builtin_ctzll(after | 1ull << 63);
	page_lines_fetch(page);
	line = page + GUESS_HEAD +
	       back * (NG_PAGE_BYTES - GUESS_HEAD - GUESS_LINES * 32) / (back + ahead);
	for (unsigned i = 0; i < GUESS_LINES; i++)
		__builtin_prefetch(line + 64 * i);
}

/* Where a position lies. */
struct place {
	const uint8_t *page;
	unsigned n_symbols, n_cells, size;
	unsigned offset; /* of the position in the block */
	unsigned cell, in_cell, cell_size;
	unsigned rows_at; /* byte offset of the rows */
};

static inline uint32_t cell_word(const struct place *at, unsigned cell)
{
	return ng_load32(at->page + ng_block_cells_at(at->n_symbols) + 4 * cell);
}

static inline unsigned front_half(unsigned cell_size)
{
	return (cell_size + 1) / 2;
}

/* Ask for the stream that the place is in, while its symbol and its row are looked up. */
static inline void stream_fetch(const struct place *at)
{
	uint32_t word = cell_word(at, at->cell);
	bool back = at->in_cell > front_half(at->cell_size);
	const uint8_t *stream = at->page + (back ? word >> 12 & 0xfff : word & 0xfff);

	__builtin_prefetch(stream);
	__builtin_prefetch(stream + 64);
}

static inline bool place_find(const struct ng_bwt *bwt, const uint8_t *page, uint64_t row,
			      struct place *ret, bool *damaged)
{
	uint64_t offset = row - ng_block_start(page);

	ret->page = page;
	ret->size = ng_block_size(page);
	ret->n_symbols = ng_block_symbols(page);
	ret->n_cells = ng_block_cells(page);
	ret->offset = (unsigned)offset;
	ret->cell = (unsigned)offset >> NG_CELL_LOG;
	ret->in_cell = (unsigned)offset & (NG_CELL - 1);
	ret->cell_size = ng_min(ret->size - (ret->cell << NG_CELL_LOG), NG_CELL);
	ret->rows_at = ng_block_rows_at(ret->n_symbols, ret->n_cells, bwt->base_width);
	if (__builtin_expect(offset >= ret->size || ret->size > ret->n_cells * NG_CELL ||
				     ret->n_symbols > NG_SYMBOLS || ret->n_cells > NG_MAX_CELLS ||
				     ret->rows_at > NG_PAGE_BYTES,
			     0)) {
		*damaged = true;
		return false;
	}
	stream_fetch(ret);
	return true;
}

/* Sum of the first k of the packed 4-bit numbers at p. */
static inline unsigned planes_before(const uint8_t *p, unsigned k)
{
	const uint64_t nibble = 0x0f0f0f0f0f0f0f0full;
	unsigned sum = 0;
	uint64_t word;

	for (; k >= 16; k -= 16, p += 8) {
		word = ng_load64(p);
		sum += (unsigned)(((word & nibble) + (word >> 4 & nibble)) *
					  0x0101010101010101ull >>
				  56);
	}
	word = ng_load64(p) & ((1ull << (4 * k)) - 1);
	return sum +
	       (unsigned)(((word & nibble) + (word >> 4 & nibble)) * 0x0101010101010101ull >> 56);
}

struct row {
	unsigned bit; /* of its first plane, from the page's start */
	unsigned planes;
	unsigned width; /* of a plane, in bits: cells or wide cells */
};

static inline struct row row_find(const struct place *at, unsigned k, bool *damaged)
{
	const uint8_t *planes = at->page + ng_block_planes_at(at->n_symbols);
	unsigned before = planes_before(planes, k), n_dense = ng_min(at->n_symbols, NG_DENSE);
	struct row row = {.planes = planes[k / 2] >> (k % 2 * 4) & 15, .width = at->n_cells};

	row.bit = at->rows_at * 8 + before * at->n_cells;
	if (k >= n_dense) {
		unsigned dense = planes_before(planes, n_dense);

		row.width = ng_block_wide_cells(at->n_cells);
		row.bit = at->rows_at * 8 + dense * at->n_cells + (before - dense) * row.width;
	}
	if (__builtin_expect(row.bit + row.planes * row.width > NG_PAGE_BYTES * 8, 0)) {
		*damaged = true;
		row.bit = row.planes = 0;
	}
	return row;
}

/* Sum of a row's counts over the cells below `end`. */
static inline unsigned row_sum(const struct place *at, struct row row, unsigned end)
{
	unsigned sum = 0;

	if (__builtin_expect(end > 56, 0)) {
		for (unsigned b = 0; b < row.planes; b++)
			sum += (unsigned)__builtin_popcountll(
				       ng_field(at->page, row.bit + b * row.width, 56))
			       << b;
		row.bit += 56;
		end -= 56;
	}
	for (unsigned b = 0; b < row.planes; b++)
		sum += (unsigned)__builtin_popcountll(
			       ng_field(at->page, row.bit + b * row.width, end))
		       << b;
	return sum;
}

static inline unsigned row_cell(const struct place *at, struct row row, unsigned cell)
{
	unsigned count = 0;

	for (unsigned b = 0; b < row.planes; b++) {
		unsigned bit = row.bit + b * row.width + cell;

		count |= (at->page[bit >> 3] >> (bit & 7) & 1u) << b;
	}
	return count;
}

/* Occurrences before the block of the symbol (or NG_MARKS) that has row k. */
static inline uint64_t base_of(const struct ng_bwt *bwt, const struct place *at, unsigned k,
			       unsigned symbol)
{
	return ng_superblocks_count(&bwt->superblocks,
				    ng_block_start(at->page) >> NG_SUPERBLOCK_LOG, symbol) +
	       ng_field(at->page + ng_block_bases_at(at->n_symbols, at->n_cells),
			(uint64_t)k * bwt->base_width, bwt->base_width);
}

static inline void reader_of_cell(struct reader *r, const struct ng_bwt *bwt,
				  const struct place *at, unsigned cell, bool from_back)
{
	uint32_t word = cell_word(at, cell);

	if (from_back)
		reader_start(r, bwt, at->page + (word >> 12 & 0xfff), word >> 28);
	else
		reader_start(r, bwt, at->page + (word & 0xfff), word >> 24 & 15);
}

/* Number of symbol k in the part [begin, end) of a cell, by decoding what it must. */
static unsigned cell_count(const struct ng_bwt *bwt, const struct place *at, unsigned cell,
			   unsigned k, unsigned begin, unsigned end)
{
	unsigned size = ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL);
	unsigned front = front_half(size), sum = 0;

	if (begin < front) {
		struct reader r;
		struct counter c = {.at = k};
		unsigned stop = ng_min(end, front), before;

		reader_of_cell(&r, bwt, at, cell, false);
		count_until(&r, &c, begin);
		before = counter_at(&c, begin);
		count_until(&r, &c, stop);
		sum += counter_at(&c, stop) - before;
	}
	if (end > front) {
		struct reader r;
		struct counter c = {.at = k};
		unsigned stop = size - ng_max(begin, front), before;

		reader_of_cell(&r, bwt, at, cell, true);
		count_until(&r, &c, size - end);
		before = counter_at(&c, size - end);
		count_until(&r, &c, stop);
		sum += counter_at(&c, stop) - before;
	}
	return sum;
}

/* Rank in the block of a symbol whose row is wide: decode from the nearer end of the wide cell, as
 * long as there are occurrences to be found. */
static __attribute__((__noinline__, __unused__)) unsigned
wide_rank(const struct ng_bwt *bwt, const struct place *at, unsigned k, bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, begin = wide << NG_WIDE_LOG;
	unsigned end = ng_min(begin + NG_WIDE, at->size);
	struct row row = row_find(at, k, damaged);
	unsigned before = row_sum(at, row, wide), all = row_cell(at, row, wide), found = 0;

	if (at->offset - begin <= end - at->offset) {
		for (unsigned cell = begin >> NG_CELL_LOG; cell < at->cell && found < all; cell++)
			found += cell_count(bwt, at, cell, k, 0, NG_CELL);
		if (found < all)
			found += cell_count(bwt, at, at->cell, k, 0, at->in_cell);
		return before + found;
	}
	for (unsigned cell = (end - 1) >> NG_CELL_LOG; cell > at->cell && found < all; cell--)
		found += cell_count(bwt, at, cell, k, 0,
				    ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL));
	if (found < all)
		found += cell_count(bwt, at, at->cell, k, at->in_cell, at->cell_size);
	return before + all - found;
}
