/* SPDX-License-Identifier: Apache-2.0 */
#include "query/casefold.h"

#include "base/utf8.h"

static bool range_has(const struct ng_fold_range *range, uint32_t c)
{
	return c >= range->first && c <= range->last && (c - range->first) % range->stride == 0;
}

uint32_t ng_casefold(uint32_t c)
{
	size_t lo = 0, hi = ng_fold_ranges_n;

	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (ng_fold_ranges[middle].first <= c)
			lo = middle;
		else
			hi = middle;
	}
	return range_has(&ng_fold_ranges[lo], c) ? c + (uint32_t)ng_fold_ranges[lo].delta : c;
}

static void case_add(struct ng_cases *cases, uint32_t c)
{
	unsigned n = cases->n++;

	cases->of[n].len = ng_utf8_put(c, cases->of[n].bytes);
}

void ng_casefold_cases(uint32_t folded, struct ng_cases *ret_cases)
{
	ret_cases->n = 0;
	case_add(ret_cases, folded);
	for (size_t i = 0; i < ng_fold_ranges_n; i++) {
		const struct ng_fold_range *range = &ng_fold_ranges[ng_fold_by_target[i]];
		uint32_t c = folded - (uint32_t)range->delta;

		/* Those that follow go further. */
		if (range->first + (uint32_t)range->delta > folded)
			break;
		if (range_has(range, c) && ret_cases->n < NG_CASEFOLD_MAX)
			case_add(ret_cases, c);
	}
}

size_t ng_casefold_last(const uint8_t *text, size_t len, struct ng_cases *ret_cases)
{
	const uint8_t *end = text + len;

	for (size_t n = 1; n <= 4 && n <= len; n++) {
		if (ng_utf8_len(end - n, end) != n)
			continue;
		ng_casefold_cases(ng_casefold(ng_utf8_get(end - n, (unsigned)n)), ret_cases);
		return n;
	}
	ret_cases->n = 1;
	ret_cases->of[0].bytes[0] = end[-1];
	ret_cases->of[0].len = 1;
	return 1;
}
