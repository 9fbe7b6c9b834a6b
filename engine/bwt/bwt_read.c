#include "bwt/bwt_read.h"

#include "bwt/block_decode.h"
#include "bwt/kernel/place.h"

/* A block being read. */
struct block {
	const struct ng_bwt *bwt;
	struct place at;
	struct row marks;
	unsigned rows_end;        /* where the counts end, in bytes: streams and marks are behind */
	uint8_t list[NG_SYMBOLS]; /* the alphabet; its separator as 0 */
	uint8_t is_separator[NG_SYMBOLS];
	bool has_separator, has_nul;
};

/* That the block's rows are those the map leads to it for, and that the next block goes on behind
 * them. */
static bool rows_fit(const struct ng_bwt *bwt, uint64_t number, const uint8_t *page)
{
	uint64_t start = ng_block_start(page), size = ng_block_size(page);

	if (start >= bwt->rows || size == 0 || size > bwt->rows - start || start % NG_GRAIN ||
	    (number == 0) != (start == 0) || ng_bwt_page(bwt, start) != page ||
	    ng_bwt_page(bwt, start + size - 1) != page)
		return false;
	if (number + 1 == bwt->n_blocks)
		return start + size == bwt->rows;
	return ng_block_start(page + NG_PAGE_BYTES) == start + size;
}

/* indices: symbols are read as their places in the alphabet. */
static bool block_open(const struct ng_bwt *bwt, const uint8_t *page, bool indices, struct block *b)
{
	unsigned separator = ng_block_separator(page);
	bool damaged = false;

	b->bwt = bwt;
	if (!place_find(bwt, page, ng_block_start(page), &b->at, &damaged) ||
	    b->at.n_symbols == 0 || b->at.size <= (b->at.n_cells - 1) * NG_CELL)
		return false;
	b->marks = row_find(&b->at, b->at.n_symbols, &damaged);
	b->rows_end = (b->marks.bit + b->marks.planes * b->marks.width + 7) / 8;
	b->has_separator = separator != 0xffff;
	b->has_nul = false;
	if (damaged ||
	    (b->has_separator && (separator >= b->at.n_symbols || page[NG_BLOCK_HEAD + separator])))
		return false;
	if (indices) {
		for (unsigned k = 0; k < b->at.n_symbols; k++)
			b->list[k] = (uint8_t)k;
		b->has_separator = false;
		return b->at.n_symbols <= UINT8_MAX + 1;
	}
	memcpy(b->list, page + NG_BLOCK_HEAD, b->at.n_symbols);
	for (unsigned k = 0; k < b->at.n_symbols; k++) {
		b->is_separator[k] = k == separator;
		b->has_nul |= k != separator && b->list[k] == 0;
	}
	return true;
}

/* size bytes backwards. */
static void reverse(uint8_t *to, const uint8_t *from, unsigned size)
{
	unsigned i = 0;

	for (; i + 8 <= size; i += 8)
		ng_store64(to + i, __builtin_bswap64(ng_load64(from + size - i - 8)));
	for (; i < size; i++)
		to[i] = from[size - 1 - i];
}

/* The symbols of a cell, each as list has it, to ret[0..NG_CELL-1]. */
static bool cell_decode(const struct block *b, unsigned cell, const uint8_t *list, uint8_t *ret)
{
	unsigned size = ng_min(b->at.size - cell * NG_CELL, NG_CELL), n = b->at.n_symbols;
	unsigned front = front_half(size), back = size - front;
	uint32_t word = cell_word(&b->at, cell);
	unsigned at[2] = {word & 0xfff, word >> 12 & 0xfff};
	unsigned table[2] = {word >> 24 & 15, word >> 28};
	unsigned n_tables = b->bwt->tables.n_tables;
	uint8_t backwards[NG_STREAM_ROOM];

	if (at[0] < b->rows_end || table[0] >= n_tables ||
	    !ng_stream_decode(b->bwt, b->at.page + at[0], table[0], list, n, front, ret))
		return false;
	/* A cell of one symbol has no second stream. */
	if (back == 0)
		return true;
	if (at[1] < b->rows_end || table[1] >= n_tables ||
	    !ng_stream_decode(b->bwt, b->at.page + at[1], table[1], list, n, back, backwards))
		return false;
	reverse(ret + front, backwards, back);
	return true;
}

/* Which of n <= 64 bytes have a value. */
static uint64_t equal_bits(const uint8_t *bytes, unsigned n, uint8_t value)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7full;
	uint64_t bits = 0;
	unsigned i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t other = ng_load64(bytes + i) ^ value * 0x0101010101010101ull;
		uint64_t equal = ~(((other & low) + low) | other | low);

		bits |= ((equal >> 7) * 0x0102040810204080ull >> 56) << i;
	}
	for (; i < n; i++)
		bits |= (uint64_t)(bytes[i] == value) << i;
	return bits;
}

/* The separators of a cell whose symbols are there: its zeroes, but where NUL bytes are among them
 * decoding it again shows which are. */
static bool cell_separators(const struct block *b, unsigned cell, const uint8_t *symbols,
			    uint64_t *ret_bits)
{
	unsigned size = ng_min(b->at.size - cell * NG_CELL, NG_CELL);
	uint8_t separators[NG_CELL], value = 0;

	if (b->has_nul) {
		if (!cell_decode(b, cell, b->is_separator, separators))
			return false;
		symbols = separators;
		value = 1;
	}
	for (unsigned i = 0; i < size; i += 64)
		ret_bits[i / 64] = equal_bits(symbols + i, ng_min(size - i, 64), value);
	return true;
}

static bool wide_marks(const struct block *b, unsigned wide, uint64_t *ret_bits)
{
	unsigned size = ng_min(b->at.size - wide * NG_WIDE, NG_WIDE);
	unsigned n = row_cell(&b->at, b->marks, wide);
	unsigned bytes = ng_marks_bytes(n, size, b->bwt->mark_shift);
	unsigned stream = cell_word(&b->at, wide * NG_WIDE_CELLS) & 0xfff;

	if (n == 0)
		return true;
	/* They end where the first stream begins. */
	if (n > size || stream < b->rows_end + bytes)
		return false;
	return ng_marks_decode(b->bwt, b->at.page + stream - bytes, n, size, ret_bits) == n;
}

uint64_t ng_bwt_blocks(const struct ng_bwt *bwt)
{
	return bwt->n_blocks;
}

uint64_t ng_bwt_block_of(const struct ng_bwt *bwt, uint64_t row)
{
	return (uint64_t)(ng_bwt_page(bwt, row) - bwt->blocks) / NG_PAGE_BYTES;
}

static int read_block(const struct ng_bwt *bwt, uint64_t block, bool indices,
		      struct ng_bwt_rows *ret_rows)
{
	const uint8_t *page = bwt->blocks + block * NG_PAGE_BYTES;
	struct block b;

	if (!rows_fit(bwt, block, page) || !block_open(bwt, page, indices, &b))
		return -EUCLEAN;
	ret_rows->start = ng_block_start(page);
	ret_rows->n = b.at.size;
	ret_rows->n_symbols = b.at.n_symbols;
	ret_rows->marks_before = base_of(bwt, &b.at, b.at.n_symbols, NG_MARKS);
	memset(ret_rows->separators, 0, sizeof(ret_rows->separators));
	memset(ret_rows->marks, 0, sizeof(ret_rows->marks));
	for (unsigned cell = 0; cell < b.at.n_cells; cell++) {
		uint8_t *symbols = ret_rows->symbol + cell * NG_CELL;

		if (!cell_decode(&b, cell, b.list, symbols))
			return -EUCLEAN;
		if (b.has_separator &&
		    !cell_separators(&b, cell, symbols, ret_rows->separators + cell * NG_CELL / 64))
			return -EUCLEAN;
		if (cell % NG_WIDE_CELLS == 0 &&
		    !wide_marks(&b, cell / NG_WIDE_CELLS, ret_rows->marks + cell * NG_CELL / 64))
			return -EUCLEAN;
	}
	return 0;
}

int ng_bwt_read_block(const struct ng_bwt *bwt, uint64_t block, struct ng_bwt_rows *ret_rows)
{
	return read_block(bwt, block, false, ret_rows);
}

int ng_bwt_read_indices(const struct ng_bwt *bwt, uint64_t block, struct ng_bwt_rows *ret_rows)
{
	return read_block(bwt, block, true, ret_rows);
}
