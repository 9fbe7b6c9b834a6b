#include "bwt/superblocks.h"

#include "bwt/block.h"

static size_t row_bytes(uint64_t n_blocks)
{
	return ng_div_up(n_blocks, 8 * NG_PRESENT_BLOCKS);
}

static uint64_t superblock_bytes(unsigned n_symbols, uint64_t n_blocks)
{
	return ng_align_up(16 + n_symbols * row_bytes(n_blocks), 8);
}

/* Where the offsets of n superblocks of n_symbols begin. */
static uint64_t offsets_at(unsigned n_symbols, uint64_t n)
{
	return NG_SUPERBLOCK_HEAD + 8 * (n + 1) * (n_symbols + 1);
}

/* Superblock r's table, or NULL when it doesn't fit. */
static const uint8_t *superblock_at(const struct ng_superblocks *superblocks, uint64_t r,
				    uint64_t *ret_n_blocks)
{
	uint64_t at = offsets_at(superblocks->n_symbols, superblocks->n) + 8 * r, offset, n_blocks;

	offset = ng_load64(superblocks->data + at);
	if (offset > superblocks->bytes || superblocks->bytes - offset < 16)
		return NULL;
	n_blocks = ng_load64(superblocks->data + offset + 8);
	if (n_blocks > 1ull << NG_SUPERBLOCK_LOG ||
	    superblock_bytes(superblocks->n_symbols, n_blocks) > superblocks->bytes - offset)
		return NULL;
	*ret_n_blocks = n_blocks;
	return superblocks->data + offset;
}

int ng_superblocks_open(const uint8_t *data, size_t bytes, uint64_t n_superblocks,
			struct ng_superblocks *ret_superblocks)
{
	struct ng_superblocks superblocks = {.data = data, .bytes = bytes, .n = n_superblocks};

	if (n_superblocks >= UINT32_MAX || bytes < NG_SUPERBLOCK_HEAD ||
	    ng_load32(data + 4) != n_superblocks)
		return -EUCLEAN;
	superblocks.n_symbols = ng_load32(data);
	if (superblocks.n_symbols > NG_SYMBOLS ||
	    bytes < offsets_at(superblocks.n_symbols, n_superblocks) + 8 * n_superblocks)
		return -EUCLEAN;
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		superblocks.index[s] = ng_load16(data + 8 + 2 * s);
		if (superblocks.index[s] != NG_SUPERBLOCK_NO_SYMBOL &&
		    superblocks.index[s] >= superblocks.n_symbols)
			return -EUCLEAN;
		superblocks.column[s] =
			(uint16_t)ng_min(superblocks.index[s], superblocks.n_symbols);
	}
	superblocks.column[NG_MARKS] = (uint16_t)superblocks.n_symbols;
	*ret_superblocks = superblocks;
	return 0;
}

int ng_superblocks_next(const struct ng_superblocks *superblocks, uint64_t r, uint64_t block,
			unsigned symbol, uint64_t *ret_block)
{
	unsigned s = superblocks->index[symbol];
	uint64_t first, n_blocks;
	const uint8_t *superblock = superblock_at(superblocks, r, &n_blocks), *row;
	uint64_t groups, at;

	if (!superblock)
		return -EUCLEAN;
	first = ng_load64(superblock);
	if (s == NG_SUPERBLOCK_NO_SYMBOL || block < first)
		return 0;
	row = superblock + 16 + s * row_bytes(n_blocks);
	groups = ng_div_up(n_blocks, NG_PRESENT_BLOCKS);
	at = block - first + 1;
	for (uint64_t g = at / NG_PRESENT_BLOCKS; g < groups && at < n_blocks; g++) {
		unsigned rest = row[g >> 3] >> (g & 7);

		if (rest) {
			g += (unsigned)__builtin_ctz(rest);
			at = ng_max(at, g * NG_PRESENT_BLOCKS);
			*ret_block = first + at;
			return at < n_blocks;
		}
		g |= 7;
	}
	return 0;
}

int ng_superblocks_blocks(const struct ng_superblocks *superblocks, uint64_t r, uint64_t *ret_first,
			  uint64_t *ret_n)
{
	uint64_t n;
	const uint8_t *superblock = superblock_at(superblocks, r, &n);

	if (!superblock)
		return -EUCLEAN;
	*ret_first = ng_load64(superblock);
	*ret_n = n;
	return 0;
}

bool ng_superblocks_has(const struct ng_superblocks *superblocks, uint64_t r, uint64_t group,
			unsigned symbol)
{
	unsigned s = superblocks->index[symbol];
	uint64_t n_blocks;
	const uint8_t *superblock = superblock_at(superblocks, r, &n_blocks);

	if (!superblock || s == NG_SUPERBLOCK_NO_SYMBOL ||
	    group >= ng_div_up(n_blocks, NG_PRESENT_BLOCKS))
		return false;
	return superblock[16 + s * row_bytes(n_blocks) + (group >> 3)] >> (group & 7) & 1;
}

/* The columns of the symbols that occur; returns their number. */
static unsigned columns_make(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			     uint16_t *ret_symbols)
{
	bool has[NG_SYMBOLS] = {false};
	unsigned n = 0;

	for (uint64_t i = 0; i < n_superblocks; i++)
		for (unsigned s = 0; s < NG_SYMBOLS; s++)
			has[s] |= facts[i].count[s] > 0;
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		if (has[s])
			ret_symbols[n++] = (uint16_t)s;
	return n;
}

static int counts_write(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			const uint16_t *symbols, unsigned n_symbols, struct ng_buf *buf)
{
	uint64_t before[NG_SYMBOLS + 1] = {0};
	int r = 0;

	for (uint64_t i = 0; r == 0 && i <= n_superblocks; i++) {
		for (unsigned k = 0; r == 0 && k <= n_symbols; k++) {
			unsigned s = k < n_symbols ? symbols[k] : NG_MARKS;

			r = ng_buf_append(buf, &before[s], sizeof(before[s]));
			if (i < n_superblocks)
				before[s] += facts[i].count[s];
		}
	}
	return r;
}

static void bit_set(uint8_t *bits, uint64_t i)
{
	bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static int presence_write(const struct ng_superblock_facts *facts, uint64_t first_block,
			  const uint16_t *symbols, unsigned n_symbols, struct ng_buf *buf)
{
	size_t at = buf->len, bytes = row_bytes(facts->n_blocks);
	uint8_t *rows;
	int r = ng_buf_zero(buf, superblock_bytes(n_symbols, facts->n_blocks));

	if (r < 0)
		return r;
	ng_store64(buf->data + at, first_block);
	ng_store64(buf->data + at + 8, facts->n_blocks);
	rows = buf->data + at + 16;
	for (unsigned k = 0; k < n_symbols; k++) {
		unsigned s = symbols[k];

		for (uint64_t b = 0; b < facts->n_blocks; b++)
			if (facts->present[b * NG_PRESENT_BYTES + (s >> 3)] >> (s & 7) & 1)
				bit_set(rows + k * bytes, b / NG_PRESENT_BLOCKS);
	}
	return 0;
}

int ng_superblocks_write(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			 struct ng_buf *buf)
{
	uint16_t symbols[NG_SYMBOLS];
	unsigned n_symbols = columns_make(facts, n_superblocks, symbols);
	uint64_t block = 0, end = offsets_at(n_symbols, n_superblocks) + 8 * n_superblocks;
	int r = ng_buf_zero(buf, NG_SUPERBLOCK_HEAD);

	if (r < 0)
		return r;
	ng_store32(buf->data, n_symbols);
	ng_store32(buf->data + 4, (uint32_t)n_superblocks);
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		ng_store16(buf->data + 8 + 2 * s, NG_SUPERBLOCK_NO_SYMBOL);
	for (unsigned k = 0; k < n_symbols; k++)
		ng_store16(buf->data + 8 + 2 * symbols[k], (uint16_t)k);
	r = counts_write(facts, n_superblocks, symbols, n_symbols, buf);
	for (uint64_t i = 0; r == 0 && i < n_superblocks; i++) {
		r = ng_buf_append(buf, &end, sizeof(end));
		end += superblock_bytes(n_symbols, facts[i].n_blocks);
	}
	for (uint64_t i = 0; r == 0 && i < n_superblocks; i++) {
		r = presence_write(&facts[i], block, symbols, n_symbols, buf);
		block += facts[i].n_blocks;
	}
	return r;
}
