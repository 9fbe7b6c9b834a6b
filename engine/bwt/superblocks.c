/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/superblocks.h"

int ng_superblocks_open(const uint8_t *data, size_t bytes, uint64_t n_superblocks,
			struct ng_superblocks *ret_superblocks)
{
	struct ng_superblocks s = {.data = data, .n = n_superblocks};

	if (n_superblocks >= UINT32_MAX || bytes < NG_SUPERBLOCK_HEAD ||
	    ng_load32(data + 4) != n_superblocks)
		return -EUCLEAN;
	s.n_symbols = ng_load32(data);
	if (s.n_symbols > NG_SYMBOLS ||
	    bytes != NG_SUPERBLOCK_HEAD + 8 * (n_superblocks + 1) * (s.n_symbols + 1))
		return -EUCLEAN;
	for (unsigned symbol = 0; symbol < NG_SYMBOLS; symbol++) {
		s.index[symbol] = ng_load16(data + 8 + 2 * symbol);
		if (s.index[symbol] != NG_SUPERBLOCK_NO_SYMBOL && s.index[symbol] >= s.n_symbols)
			return -EUCLEAN;
		s.column[symbol] = (uint16_t)ng_min(s.index[symbol], s.n_symbols);
	}
	s.column[NG_MARKS] = (uint16_t)s.n_symbols;
	*ret_superblocks = s;
	return 0;
}

/* The columns of the symbols that occur, most frequent first; returns their number. */
static unsigned columns_make(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			     uint16_t *ret_symbols)
{
	uint64_t total[NG_SYMBOLS] = {0};
	unsigned n = 0;

	for (uint64_t i = 0; i < n_superblocks; i++)
		for (unsigned s = 0; s < NG_SYMBOLS; s++)
			total[s] += facts[i].count[s];
	for (unsigned s = 0; s < NG_SYMBOLS; s++) {
		unsigned at = n;

		if (!total[s])
			continue;
		for (; at && total[ret_symbols[at - 1]] < total[s]; at--)
			ret_symbols[at] = ret_symbols[at - 1];
		ret_symbols[at] = (uint16_t)s;
		n++;
	}
	return n;
}

int ng_superblocks_write(const struct ng_superblock_facts *facts, uint64_t n_superblocks,
			 struct ng_buf *buf)
{
	uint16_t symbols[NG_SYMBOLS + 1];
	uint64_t before[NG_SYMBOLS + 1] = {0};
	unsigned n = columns_make(facts, n_superblocks, symbols);
	size_t at = buf->len;
	int r = ng_buf_zero(buf, NG_SUPERBLOCK_HEAD + 8 * (n_superblocks + 1) * (n + 1));
	uint8_t *to;

	if (r < 0)
		return r;
	to = buf->data + at;
	ng_store32(to, n);
	ng_store32(to + 4, (uint32_t)n_superblocks);
	for (unsigned s = 0; s < NG_SYMBOLS; s++)
		ng_store16(to + 8 + 2 * s, NG_SUPERBLOCK_NO_SYMBOL);
	for (unsigned k = 0; k < n; k++)
		ng_store16(to + 8 + 2 * symbols[k], (uint16_t)k);
	symbols[n] = NG_MARKS;
	to += NG_SUPERBLOCK_HEAD;
	for (uint64_t i = 0; i <= n_superblocks; i++) {
		for (unsigned k = 0; k <= n; k++, to += 8) {
			unsigned s = symbols[k];
			uint64_t groups = i < n_superblocks && k < n ? facts[i].groups[s] : 0;

			ng_store64(to, before[s] << 16 | groups);
			if (i < n_superblocks)
				before[s] += facts[i].count[s];
		}
	}
	return 0;
}
