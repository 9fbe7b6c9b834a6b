#include "bwt/block_pack.h"

#include <assert.h>

/* Symbols whose frequencies order a block's alphabet: rather less than a page of text holds. */
#define ALPHABET_WINDOW 8192u

/* A cell coded, but not yet in a page. */
struct cell {
	unsigned size;
	struct ng_stream half[2];
	uint16_t marks[NG_CELL]; /* marked positions in the cell */
	unsigned n_marks;
	uint16_t count[NG_SYMBOLS]; /* of each of the alphabet's symbols */
};

/* Sums over the cells of the wide cell being filled. */
struct wide {
	unsigned size;
	unsigned n_marks;
	uint16_t count[NG_SYMBOLS];
};

/* A block being filled. */
struct packer {
	const struct ng_coder *coder;
	const struct ng_bwt_text *text;
	unsigned base_width, mark_shift;
	uint64_t before[NG_SYMBOLS + 1]; /* occurrences in the superblock so far; last: marks */
	uint64_t start;
	struct ng_alphabet alphabet;
	unsigned n_cells;
	struct cell *cells;           /* [NG_MAX_CELLS] */
	struct wide wide;             /* the cells behind the last full wide cell */
	uint16_t largest[NG_SYMBOLS]; /* count in a row so far */
	unsigned largest_marks;
	unsigned streams_bytes; /* of all cells */
	unsigned marks_bytes;   /* of the full wide cells */
	struct ng_run runs[NG_STREAM];
	uint16_t symbols[NG_CELL];
};

static unsigned dense_rows(unsigned n_symbols)
{
	return ng_min(n_symbols, NG_DENSE);
}

/* The largest count in the row of symbol k if `cell` (NULL: none) came next. */
static unsigned row_largest(const struct packer *p, const struct cell *cell, unsigned k)
{
	unsigned next = 0;

	if (cell)
		next = k < NG_DENSE ? cell->count[k] : p->wide.count[k] + cell->count[k];
	return ng_max(p->largest[k], next);
}

static unsigned marks_largest(const struct packer *p, const struct cell *cell)
{
	return ng_max(p->largest_marks, cell ? p->wide.n_marks + cell->n_marks : 0);
}

/* Bytes of a page's parts in front of its wide cells, if `cell` (NULL: none) came next. */
static unsigned front_bytes(const struct packer *p, const struct cell *cell)
{
	unsigned n = p->alphabet.n, cells = p->n_cells + (cell != NULL), dense = 0, wide = 0;

	for (unsigned k = 0; k < dense_rows(n); k++)
		dense += ng_bits(row_largest(p, cell, k));
	for (unsigned k = dense_rows(n); k < n; k++)
		wide += ng_bits(row_largest(p, cell, k));
	wide += ng_bits(marks_largest(p, cell));
	return ng_block_rows_at(n, cells, p->base_width) +
	       (dense * cells + wide * ng_block_wide_cells(cells) + 7) / 8;
}

/* The page's bytes if `cell` (NULL: none) came next. */
static unsigned page_bytes(const struct packer *p, const struct cell *cell)
{
	unsigned size = p->wide.size, n_marks = p->wide.n_marks, streams = p->streams_bytes;

	if (cell) {
		size += cell->size;
		n_marks += cell->n_marks;
		streams += cell->half[0].n_bytes + cell->half[1].n_bytes;
	}
	return front_bytes(p, cell) + streams + p->marks_bytes +
	       ng_marks_bytes(n_marks, size, p->mark_shift);
}

static void cell_encode(struct packer *p, uint64_t begin, unsigned size, struct cell *cell)
{
	unsigned front = (size + 1) / 2;

	memset(cell->count, 0, sizeof(cell->count));
	for (unsigned i = 0; i < size; i++) {
		unsigned k =
			ng_alphabet_index(&p->alphabet, ng_bwt_text_symbol(p->text, begin + i));

		p->symbols[i] = (uint16_t)k;
		cell->count[k]++;
	}
	cell->n_marks = 0;
	for (unsigned i = 0; i < size;) {
		/* begin is a multiple of NG_GRAIN, and so of 64. */
		uint64_t word = p->text->marks[(begin + i) >> 6];

		for (; word; word &= word - 1)
			cell->marks[cell->n_marks++] =
				(uint16_t)(i + (unsigned)__builtin_ctzll(word));
		i += 64;
	}
	cell->size = size;
	for (unsigned h = 0; h < 2; h++) {
		unsigned n = h ? size - front : front;
		unsigned runs = 0;

		if (n)
			runs = ng_runs_make(p->symbols + (h ? front : 0), n, h == 1, p->alphabet.n,
					    p->runs);
		ng_coder_encode(p->coder, p->runs, runs, &cell->half[h]);
	}
}

static void cell_accept(struct packer *p)
{
	struct cell *cell = &p->cells[p->n_cells];
	unsigned n = p->alphabet.n;

	for (unsigned k = 0; k < n; k++)
		p->largest[k] = (uint16_t)row_largest(p, cell, k);
	p->largest_marks = marks_largest(p, cell);
	for (unsigned k = 0; k < n; k++)
		p->wide.count[k] = (uint16_t)(p->wide.count[k] + cell->count[k]);
	p->wide.n_marks += cell->n_marks;
	p->wide.size += cell->size;
	p->streams_bytes += cell->half[0].n_bytes + cell->half[1].n_bytes;
	p->n_cells++;
	if (p->n_cells % NG_WIDE_CELLS == 0) {
		p->marks_bytes += ng_marks_bytes(p->wide.n_marks, p->wide.size, p->mark_shift);
		memset(&p->wide, 0, sizeof(p->wide));
	}
}

/* Code `size` symbols as the next cell, and keep it if the page has room. */
static bool cell_try(struct packer *p, uint64_t at, unsigned size)
{
	unsigned n = p->alphabet.n;

	cell_encode(p, at, size, &p->cells[p->n_cells]);
	if (page_bytes(p, &p->cells[p->n_cells]) <= NG_PAGE_BYTES) {
		cell_accept(p);
		return true;
	}
	ng_alphabet_cut(&p->alphabet, n);
	return false;
}

/* Fill a block with cells from p->start on, as many as the page takes; the last may be cut at a
 * grain. The alphabet begins with the symbols of the first ALPHABET_WINDOW ones and grows at
 * its end, which leaves the ranks of what is coded as they are. Returns the symbols taken. */
static unsigned block_fill(struct packer *p, uint64_t end)
{
	uint64_t at = p->start;

	p->n_cells = p->streams_bytes = p->marks_bytes = p->largest_marks = 0;
	memset(p->largest, 0, sizeof(p->largest));
	memset(&p->wide, 0, sizeof(p->wide));
	ng_alphabet_make(p->text, at, ng_min(end, at + ALPHABET_WINDOW), &p->alphabet);
	while (at < end && p->n_cells < NG_MAX_CELLS) {
		unsigned size = (unsigned)ng_min(end - at, (uint64_t)NG_CELL);
		bool whole = true;

		while (!cell_try(p, at, size)) {
			whole = false;
			size = (size - 1) / NG_GRAIN * NG_GRAIN;
			if (size == 0)
				break;
		}
		at += size;
		if (!whole)
			break;
	}
	return (unsigned)(at - p->start);
}

/* Write `width` <= 57 bits at a bit offset of zeroed memory. */
static void put_bits(uint8_t *base, uint64_t bit, uint64_t value, unsigned width)
{
	uint8_t *p = base + (bit >> 3);
	unsigned shift = bit & 7;
	unsigned bytes = (shift + width + 7) / 8;
	uint64_t word = value << shift;

	for (unsigned i = 0; i < bytes; i++)
		p[i] |= (uint8_t)(word >> (8 * i));
}

/* The marked positions of the wide cell that begins with cell `first`; returns their bytes. */
static unsigned marks_write(const struct packer *p, unsigned first, uint8_t *to)
{
	unsigned last = ng_min(first + NG_WIDE_CELLS, p->n_cells), shift = p->mark_shift;
	unsigned n = 0, size = 0, i = 0;
	bool bitmap;

	for (unsigned j = first; j < last; j++) {
		n += p->cells[j].n_marks;
		size += p->cells[j].size;
	}
	bitmap = ng_marks_are_bitmap(n, size, shift);
	for (unsigned j = first; j < last; j++) {
		for (unsigned m = 0; m < p->cells[j].n_marks; m++, i++) {
			unsigned position = (j - first) * NG_CELL + p->cells[j].marks[m];

			if (bitmap) {
				put_bits(to, position, 1, 1);
				continue;
			}
			put_bits(to, (uint64_t)i * shift, position & ((1u << shift) - 1), shift);
			put_bits(to, n * shift + (position >> shift) + i, 1, 1);
		}
	}
	return ng_marks_bytes(n, size, shift);
}

/* Wide cells into the page from byte `at` on, and their cells' words. Returns the end. */
static unsigned cells_write(const struct packer *p, uint8_t *page, unsigned at)
{
	for (unsigned j = 0; j < p->n_cells; j++) {
		const struct cell *cell = &p->cells[j];
		uint32_t word;

		if (j % NG_WIDE_CELLS == 0)
			at += marks_write(p, j, page + at);
		word = at | cell->half[0].table << 24 | (uint32_t)cell->half[1].table << 28;
		memcpy(page + at, cell->half[0].bytes, cell->half[0].n_bytes);
		at += cell->half[0].n_bytes;
		/* An empty second stream at the page's very end: any place does. */
		word |= ng_min(at, NG_PAGE_BYTES - 1) << 12;
		memcpy(page + at, cell->half[1].bytes, cell->half[1].n_bytes);
		at += cell->half[1].n_bytes;
		ng_store32(page + ng_block_cells_at(p->alphabet.n) + 4 * j, word);
	}
	return at;
}

/* Row k's counts as bit planes of `width` cells, each of them `cells` cells wide. */
static void row_write(const struct packer *p, unsigned k, unsigned cells, unsigned width,
		      unsigned planes, uint8_t *page, uint64_t bit)
{
	for (unsigned j = 0; j < width; j++) {
		unsigned count = 0;

		for (unsigned c = j * cells; c < ng_min((j + 1) * cells, p->n_cells); c++)
			count += k < p->alphabet.n ? p->cells[c].count[k] : p->cells[c].n_marks;
		for (unsigned b = 0; b < planes; b++)
			put_bits(page, bit + b * width + j, count >> b & 1, 1);
	}
}

static void rows_write(const struct packer *p, uint8_t *page)
{
	unsigned n = p->alphabet.n;
	uint64_t bit = (uint64_t)ng_block_rows_at(n, p->n_cells, p->base_width) * 8;

	for (unsigned k = 0; k <= n; k++) {
		unsigned planes = ng_bits(k < n ? p->largest[k] : p->largest_marks);
		unsigned cells = k < dense_rows(n) ? 1 : NG_WIDE_CELLS;
		unsigned width = ng_div_up(p->n_cells, cells);

		put_bits(page + ng_block_planes_at(n), 4 * k, planes, 4);
		row_write(p, k, cells, width, planes, page, bit);
		bit += (uint64_t)planes * width;
	}
}

static void page_write(const struct packer *p, unsigned size, uint8_t *page)
{
	unsigned n = p->alphabet.n, separator = 0xffff, end;

	ng_store32(page, (uint32_t)p->start);
	page[4] = (uint8_t)(p->start >> 32);
	page[5] = (uint8_t)p->n_cells;
	ng_store16(page + 6, (uint16_t)n);
	ng_store32(page + 12, size);
	for (unsigned k = 0; k < n; k++) {
		unsigned symbol = p->alphabet.symbol[k];

		if (symbol == NG_SEPARATOR)
			separator = k;
		else
			page[NG_BLOCK_HEAD + k] = (uint8_t)symbol;
		put_bits(page + ng_block_bases_at(n, p->n_cells), (uint64_t)k * p->base_width,
			 p->before[symbol], p->base_width);
	}
	ng_store16(page + 8, (uint16_t)separator);
	put_bits(page + ng_block_bases_at(n, p->n_cells), (uint64_t)n * p->base_width,
		 p->before[NG_MARKS], p->base_width);
	rows_write(p, page);
	end = cells_write(p, page, front_bytes(p, NULL));
	assert(end <= NG_PAGE_BYTES);
}

/* The block is written: its counts go to those of the superblock and into `before` of the next. */
static void block_account(struct packer *p, struct ng_superblock_facts *facts)
{
	uint8_t *present = facts->present + facts->n_blocks * NG_PRESENT_BYTES;

	for (unsigned k = 0; k < p->alphabet.n; k++) {
		unsigned symbol = p->alphabet.symbol[k];
		uint64_t sum = 0;

		for (unsigned j = 0; j < p->n_cells; j++)
			sum += p->cells[j].count[k];
		p->before[symbol] += sum;
		facts->count[symbol] += sum;
		present[symbol >> 3] |= (uint8_t)(1u << (symbol & 7));
	}
	for (unsigned j = 0; j < p->n_cells; j++)
		p->before[NG_MARKS] += p->cells[j].n_marks;
	facts->count[NG_MARKS] = p->before[NG_MARKS];
	facts->n_blocks++;
}

static int superblock_grow(struct ng_packed_superblock *superblock)
{
	uint64_t n = superblock->facts.n_blocks;

	/* In steps of 256 blocks: a superblock of text has some 280. */
	if (n % 256 == 0) {
		uint8_t *grown = realloc(superblock->facts.present, (n + 256) * NG_PRESENT_BYTES);

		if (!grown)
			return -ENOMEM;
		memset(grown + n * NG_PRESENT_BYTES, 0, 256 * NG_PRESENT_BYTES);
		superblock->facts.present = grown;
	}
	return ng_buf_zero(&superblock->pages, NG_PAGE_BYTES);
}

int ng_superblock_pack(const struct ng_coder *coder, const struct ng_bwt_text *text, uint64_t begin,
		       uint64_t end, unsigned base_width, unsigned mark_shift,
		       struct ng_packed_superblock *ret_superblock)
{
	ng_cleanup(ng_freep) struct packer *p = calloc(1, sizeof(*p));
	ng_cleanup(ng_freep) struct cell *cells = calloc(NG_MAX_CELLS, sizeof(*cells));

	if (!p || !cells)
		return -ENOMEM;
	p->coder = coder;
	p->text = text;
	p->base_width = base_width;
	p->mark_shift = mark_shift;
	p->cells = cells;
	for (p->start = begin; p->start < end;) {
		unsigned grain = (unsigned)((p->start - begin) >> NG_GRAIN_LOG), size;
		int r = superblock_grow(ret_superblock);

		if (r < 0)
			return r;
		size = block_fill(p, end);
		page_write(p, size,
			   ret_superblock->pages.data + ret_superblock->pages.len - NG_PAGE_BYTES);
		ret_superblock->starts[grain >> 6] |= 1ull << (grain & 63);
		block_account(p, &ret_superblock->facts);
		p->start += size;
	}
	return 0;
}

void ng_packed_superblock_clear(struct ng_packed_superblock *superblock)
{
	ng_buf_free(&superblock->pages);
	free(superblock->facts.present);
	memset(superblock, 0, sizeof(*superblock));
}
