#include "bwt/regions.h"

#include "bwt/block.h"

static size_t row_bytes(uint64_t n_blocks)
{
	return ng_div_up(n_blocks, 8 * NG_PRESENT_BLOCKS);
}

static uint64_t region_bytes(unsigned n_symbols, uint64_t n_blocks)
{
	return ng_align_up(16 + n_symbols * row_bytes(n_blocks), 8);
}

/* Where the offsets of n regions of n_symbols begin. */
static uint64_t offsets_at(unsigned n_symbols, uint64_t n)
{
	return NG_REGION_HEAD + 8 * (n + 1) * (n_symbols + 1);
}

/* Region r's table, or NULL when it doesn't fit. */
static const uint8_t *region_at(const struct ng_regions *regions, uint64_t r,
				uint64_t *ret_n_blocks)
{
	uint64_t at = offsets_at(regions->n_symbols, regions->n) + 8 * r, offset, n_blocks;

	offset = ng_load64(regions->data + at);
	if (offset > regions->bytes || regions->bytes - offset < 16)
		return NULL;
	n_blocks = ng_load64(regions->data + offset + 8);
	if (n_blocks > 1ull << NG_REGION_LOG ||
	    region_bytes(regions->n_symbols, n_blocks) > regions->bytes - offset)
		return NULL;
	*ret_n_blocks = n_blocks;
	return regions->data + offset;
}

int ng_regions_open(const uint8_t *data, size_t bytes, uint64_t n_regions,
		    struct ng_regions *ret_regions)
{
	struct ng_regions regions = {.data = data, .bytes = bytes, .n = n_regions};

	if (n_regions >= UINT32_MAX || bytes < NG_REGION_HEAD || ng_load32(data + 4) != n_regions)
		return -EUCLEAN;
	regions.n_symbols = ng_load32(data);
	if (regions.n_symbols > NG_SYMBOLS ||
	    bytes < offsets_at(regions.n_symbols, n_regions) + 8 * n_regions)
		return -EUCLEAN;
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		regions.index[s] = ng_load16(data + 8 + 2 * s);
		if (regions.index[s] != NG_REGION_NO_SYMBOL &&
		    regions.index[s] >= regions.n_symbols)
			return -EUCLEAN;
		regions.column[s] = (uint16_t)ng_min(regions.index[s], regions.n_symbols);
	}
	regions.column[NG_MARKS] = (uint16_t)regions.n_symbols;
	*ret_regions = regions;
	return 0;
}

int ng_regions_next(const struct ng_regions *regions, uint64_t r, uint64_t block, unsigned symbol,
		    uint64_t *ret_block)
{
	unsigned s = regions->index[symbol];
	uint64_t first, n_blocks;
	const uint8_t *region = region_at(regions, r, &n_blocks), *row;
	uint64_t groups, at;

	if (!region)
		return -EUCLEAN;
	first = ng_load64(region);
	if (s == NG_REGION_NO_SYMBOL || block < first)
		return 0;
	row = region + 16 + s * row_bytes(n_blocks);
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

int ng_regions_blocks(const struct ng_regions *regions, uint64_t r, uint64_t *ret_first,
		      uint64_t *ret_n)
{
	uint64_t n;
	const uint8_t *region = region_at(regions, r, &n);

	if (!region)
		return -EUCLEAN;
	*ret_first = ng_load64(region);
	*ret_n = n;
	return 0;
}

bool ng_regions_has(const struct ng_regions *regions, uint64_t r, uint64_t group, unsigned symbol)
{
	unsigned s = regions->index[symbol];
	uint64_t n_blocks;
	const uint8_t *region = region_at(regions, r, &n_blocks);

	if (!region || s == NG_REGION_NO_SYMBOL || group >= ng_div_up(n_blocks, NG_PRESENT_BLOCKS))
		return false;
	return region[16 + s * row_bytes(n_blocks) + (group >> 3)] >> (group & 7) & 1;
}

/* The columns of the symbols that occur; returns their number. */
static unsigned columns_make(const struct ng_region_facts *facts, uint64_t n_regions,
			     uint16_t *ret_symbols)
{
	bool has[NG_SYMBOLS] = {false};
	unsigned n = 0;

	for (uint64_t i = 0; i < n_regions; i++)
		for (unsigned s = 0; s < NG_SYMBOLS; s++)
			has[s] |= facts[i].count[s] > 0;
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		if (has[s])
			ret_symbols[n++] = (uint16_t)s;
	return n;
}

static int counts_write(const struct ng_region_facts *facts, uint64_t n_regions,
			const uint16_t *symbols, unsigned n_symbols, struct ng_buf *buf)
{
	uint64_t before[NG_SYMBOLS + 1] = {0};
	int r = 0;

	for (uint64_t i = 0; r == 0 && i <= n_regions; i++) {
		for (unsigned k = 0; r == 0 && k <= n_symbols; k++) {
			unsigned s = k < n_symbols ? symbols[k] : NG_MARKS;

			r = ng_buf_append(buf, &before[s], sizeof(before[s]));
			if (i < n_regions)
				before[s] += facts[i].count[s];
		}
	}
	return r;
}

static void bit_set(uint8_t *bits, uint64_t i)
{
	bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static int presence_write(const struct ng_region_facts *facts, uint64_t first_block,
			  const uint16_t *symbols, unsigned n_symbols, struct ng_buf *buf)
{
	size_t at = buf->len, bytes = row_bytes(facts->n_blocks);
	uint8_t *rows;
	int r = ng_buf_zero(buf, region_bytes(n_symbols, facts->n_blocks));

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

int ng_regions_write(const struct ng_region_facts *facts, uint64_t n_regions, struct ng_buf *buf)
{
	uint16_t symbols[NG_SYMBOLS];
	unsigned n_symbols = columns_make(facts, n_regions, symbols);
	uint64_t block = 0, end = offsets_at(n_symbols, n_regions) + 8 * n_regions;
	int r = ng_buf_zero(buf, NG_REGION_HEAD);

	if (r < 0)
		return r;
	ng_store32(buf->data, n_symbols);
	ng_store32(buf->data + 4, (uint32_t)n_regions);
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		ng_store16(buf->data + 8 + 2 * s, NG_REGION_NO_SYMBOL);
	for (unsigned k = 0; k < n_symbols; k++)
		ng_store16(buf->data + 8 + 2 * symbols[k], (uint16_t)k);
	r = counts_write(facts, n_regions, symbols, n_symbols, buf);
	for (uint64_t i = 0; r == 0 && i < n_regions; i++) {
		r = ng_buf_append(buf, &end, sizeof(end));
		end += region_bytes(n_symbols, facts[i].n_blocks);
	}
	for (uint64_t i = 0; r == 0 && i < n_regions; i++) {
		r = presence_write(&facts[i], block, symbols, n_symbols, buf);
		block += facts[i].n_blocks;
	}
	return r;
}
