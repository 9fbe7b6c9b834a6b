/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word.h"

/* The last range that begins at c or before; the first if there is none. */
static const struct ng_word_range *range_at(uint32_t c)
{
	size_t lo = 0, hi = ng_word_ranges_n;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (ng_word_ranges[middle].first <= c)
			lo = middle;
		else
			hi = middle;
	}
	return &ng_word_ranges[lo];
}

enum ng_word_span ng_word_span(uint32_t first, uint32_t last)
{
	const struct ng_word_range *range;

	if (last - first == 63 && first % 64 == 0)
		return ng_word_blocks[first / 256] >> first / 64 % 4 * 2 & 3;
	range = range_at(first);
	if (range->first <= first && last <= range->last)
		return NG_WORD_ALL;
	if (range->last < first)
		range++;
	if (range == ng_word_ranges + ng_word_ranges_n || range->first > last)
		return NG_WORD_NONE;
	return NG_WORD_SOME;
}

bool ng_word_has(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	return ng_word_span(c, c) == NG_WORD_ALL;
}

unsigned ng_word_at(const uint8_t *p, const uint8_t *end)
{
	unsigned n = p < end ? ng_utf8_len(p, end) : 0;

	return n && ng_word_has(ng_utf8_get(p, n)) ? n : 0;
}

unsigned ng_word_before(const uint8_t *begin, const uint8_t *p)
{
	for (unsigned n = 1; n <= 4 && n <= p - begin; n++)
		if (ng_utf8_len(p - n, p) == n)
			return ng_word_has(ng_utf8_get(p - n, n)) ? n : 0;
	return 0;
}
