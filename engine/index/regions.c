#include "index/regions.h"

#include "index/block.h"

static uint64_t region_bytes(unsigned n_symbols, uint64_t n_blocks)
{
	return ng_align_up(16 + 8ull * n_symbols + n_symbols * ng_div_up(n_blocks, 8), 8);
}

/* Region r's tables, or NULL when they don't fit. */
static const uint8_t *region_at(const struct ng_regions *regions, uint64_t r,
				uint64_t *ret_n_blocks)
{
	uint64_t offset = ng_load64(regions->data + NG_REGION_HEAD + 8 * r), n_blocks;

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

	if (n_regions >= UINT32_MAX || bytes < NG_REGION_HEAD + 8 * (n_regions + 1) ||
	    ng_load32(data + 4) != n_regions)
		return -EUCLEAN;
	regions.n_symbols = ng_load32(data);
	if (regions.n_symbols > NG_SYMBOLS)
		return -EUCLEAN;
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		regions.index[s] = ng_load16(data + 8 + 2 * s);
		if (regions.index[s] != NG_REGION_NO_SYMBOL &&
		    regions.index[s] >= regions.n_symbols)
			return -EUCLEAN;
	}
	*ret_regions = regions;
	return 0;
}

int ng_regions_count(const struct ng_regions *regions, uint64_t r, unsigned symbol,
		     uint64_t *ret_count)
{
	unsigned s = regions->index[symbol];
	uint64_t n_blocks;
	const uint8_t *region = region_at(regions, r, &n_blocks);

	if (!region)
		return -EUCLEAN;
	*ret_count = s == NG_REGION_NO_SYMBOL ? 0 : ng_load64(region + 16 + 8 * s);
	return 0;
}

int ng_regions_next(const struct ng_regions *regions, uint64_t r, uint64_t block, unsigned symbol,
		    uint64_t *ret_block)
{
	unsigned s = regions->index[symbol];
	uint64_t first, n_blocks;
	const uint8_t *region = region_at(regions, r, &n_blocks), *row;
	size_t row_bytes;

	if (!region)
		return -EUCLEAN;
	first = ng_load64(region);
	if (s == NG_REGION_NO_SYMBOL || block < first)
		return 0;
	row_bytes = ng_div_up(n_blocks, 8);
	row = region + 16 + 8ull * regions->n_symbols + s * row_bytes;
	for (uint64_t b = block - first + 1; b < n_blocks; b++) {
		unsigned rest = row[b >> 3] >> (b & 7);

		if (rest) {
			*ret_block = first + b + (unsigned)__builtin_ctz(rest);
			return 1;
		}
		b |= 7;
	}
	return 0;
}

int ng_regions_write(const struct ng_region_facts *facts, uint64_t n_regions, struct ng_buf *buf)
{
	uint64_t total[NG_SYMBOLS] = {0}, before[NG_SYMBOLS] = {0}, end, block = 0;
	uint16_t symbols[NG_SYMBOLS];
	unsigned n_symbols = 0;
	int r;

	for (uint64_t i = 0; i < n_regions; i++)
		for (unsigned s = 0; s < NG_SYMBOLS; s++)
			total[s] += facts[i].count[s];
	r = ng_buf_zero(buf, NG_REGION_HEAD);
	for (unsigned s = 0; r == 0 && s < NG_SYMBOLS; s++) {
		if (total[s])
			symbols[n_symbols] = (uint16_t)s;
		ng_store16(buf->data + 8 + 2 * s,
			   total[s] ? (uint16_t)n_symbols++ : NG_REGION_NO_SYMBOL);
	}
	if (r < 0)
		return r;
	ng_store32(buf->data, n_symbols);
	ng_store32(buf->data + 4, (uint32_t)n_regions);
	end = NG_REGION_HEAD + 8 * (n_regions + 1);
	for (uint64_t i = 0; r == 0 && i <= n_regions; i++) {
		r = ng_buf_append(buf, &end, sizeof(end));
		end += region_bytes(n_symbols, i < n_regions ? facts[i].n_blocks : 0);
	}
	for (uint64_t i = 0; r == 0 && i <= n_regions; i++) {
		uint64_t n_blocks = i < n_regions ? facts[i].n_blocks : 0;
		size_t at = buf->len, row_bytes = ng_div_up(n_blocks, 8);
		uint8_t *rows;

		r = ng_buf_zero(buf, region_bytes(n_symbols, n_blocks));
		if (r < 0)
			break;
		ng_store64(buf->data + at, block);
		ng_store64(buf->data + at + 8, n_blocks);
		rows = buf->data + at + 16 + 8ull * n_symbols;
		for (unsigned k = 0; k < n_symbols; k++) {
			unsigned s = symbols[k];

			ng_store64(buf->data + at + 16 + 8 * k, before[s]);
			for (uint64_t b = 0; b < n_blocks; b++)
				if (facts[i].present[b * NG_PRESENT_BYTES + (s >> 3)] >> (s & 7) &
				    1)
					rows[k * row_bytes + (b >> 3)] |= (uint8_t)(1u << (b & 7));
			if (i < n_regions)
				before[s] += facts[i].count[s];
		}
		block += n_blocks;
	}
	return r;
}
