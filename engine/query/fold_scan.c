/* SPDX-License-Identifier: Apache-2.0 */
#include "query/fold_scan.h"

#include "query/word.h"

/* Places that are tried between two looks at the cancel flag. */
#define TOGETHER 4096u

static bool is_byte(uint32_t symbol)
{
	return symbol >= NG_SYMBOL_BYTE;
}

/* A run of white space within the query is any run. */
static bool is_run(const struct ng_fold_scan *scan, size_t i)
{
	return scan->symbols[i] == NG_SYMBOL_SPACE && i > 0 && i + 1 < scan->n;
}

static void longest_find(struct ng_fold_scan *scan)
{
	struct ng_variant variants[NG_VARIANTS_MAX];

	scan->longest = 0;
	for (size_t i = 0; i < scan->n; i++) {
		unsigned n = ng_folding_variants(scan->folds, scan->symbols, i + 1, variants);
		unsigned most = 0;

		for (unsigned k = 0; k < n; k++)
			most = ng_max(most, (unsigned)variants[k].len);
		scan->longest += most;
		if (is_run(scan, i)) {
			scan->longest = SIZE_MAX;
			return;
		}
	}
}

/* Bytes of several are not looked at any closer. */
static void begins_find(struct ng_fold_scan *scan)
{
	for (unsigned byte = 0; byte < 0x100; byte++) {
		uint32_t symbols[NG_SYMBOLS_MAX];
		const uint8_t text = (uint8_t)byte;
		unsigned n;

		ng_folding_symbols(scan->folds, &text, 1, symbols, &n);
		scan->begins[byte] = symbols[0] == scan->symbols[0] ||
				     (byte >= 0x80 && !is_byte(scan->symbols[0]));
	}
}

int ng_fold_scan_make(unsigned folds, bool word, const uint8_t *pat, size_t len,
		      struct ng_fold_scan *ret_scan)
{
	struct ng_fold_scan scan = {.folds = folds, .word = word};
	int r = ng_folding_query(folds, pat, len, &scan.symbols, &scan.n);

	if (r < 0)
		return r;
	scan.bytes_end = scan.n;
	while (scan.bytes_end && is_byte(scan.symbols[scan.bytes_end - 1]))
		scan.bytes_end--;
	longest_find(&scan);
	begins_find(&scan);
	*ret_scan = scan;
	return 0;
}

void ng_fold_scan_clear(struct ng_fold_scan *scan)
{
	free(scan->symbols);
	*scan = (struct ng_fold_scan){0};
}

/* Bytes of the character at p that makes symbols [i, i + *ret_n), or 0. */
static size_t symbols_at(const struct ng_fold_scan *scan, const uint8_t *p, const uint8_t *end,
			 size_t i, unsigned *ret_n)
{
	uint32_t symbols[NG_SYMBOLS_MAX];
	size_t bytes;

	if (p == end)
		return 0;
	*ret_n = 1;
	if (is_byte(scan->symbols[i]))
		return scan->symbols[i] == NG_SYMBOL_BYTE + *p;
	bytes = ng_folding_symbols(scan->folds, p, (size_t)(end - p), symbols, ret_n);
	if (*ret_n > scan->n - i || memcmp(symbols, scan->symbols + i, *ret_n * sizeof(*symbols)))
		return 0;
	return bytes;
}

/* Whether p begins with all the rest of the query, which is bytes: the beginning of a character of
 * white space, perhaps. */
static bool rest_at(const struct ng_fold_scan *scan, const uint8_t *p, const uint8_t *end, size_t i)
{
	if (i < scan->bytes_end || scan->n - i > (size_t)(end - p))
		return false;
	for (; i < scan->n; i++, p++)
		if (scan->symbols[i] != NG_SYMBOL_BYTE + *p)
			return false;
	return true;
}

/* Where a run that p is in ends. */
static const uint8_t *run_end(const struct ng_fold_scan *scan, const uint8_t *p, const uint8_t *end,
			      size_t i)
{
	unsigned n;
	size_t bytes;

	while (!rest_at(scan, p, end, i + 1) && (bytes = symbols_at(scan, p, end, i, &n)) > 0)
		p += bytes;
	return p;
}

/* Where an occurrence that begins at p ends, or NULL. */
static const uint8_t *end_of(const struct ng_fold_scan *scan, const uint8_t *p, const uint8_t *end)
{
	for (size_t i = 0; i < scan->n;) {
		unsigned n;
		size_t bytes = symbols_at(scan, p, end, i, &n);

		if (bytes == 0)
			return NULL;
		p += bytes;
		if (is_run(scan, i))
			p = run_end(scan, p, end, i);
		i += n;
	}
	return p;
}

size_t ng_fold_scan_at(const struct ng_fold_scan *scan, const uint8_t *text, size_t len, size_t at)
{
	const uint8_t *p = text + at, *end = text + len, *behind = NULL;

	if (scan->begins[*p])
		behind = end_of(scan, p, end);
	if (behind && scan->word && (ng_word_before(text, p) || ng_word_at(behind, end)))
		behind = NULL;
	return behind ? (size_t)(behind - p) : 0;
}

int ng_fold_scan_holds(const struct ng_fold_scan *scan, const uint8_t *text, size_t len,
		       const ng_cancel *cancel)
{
	for (size_t i = 0; i < len; i++) {
		if (i % TOGETHER == 0 && ng_cancelled(cancel))
			return -EINTR;
		if (ng_fold_scan_at(scan, text, len, i))
			return 1;
	}
	return 0;
}
