/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the BWT against each other. */
#include <inttypes.h>

#include "check/structure.h"

static uint64_t n_superblocks(const struct ng_checked *checked)
{
	return ng_div_up(checked->params.rows, 1ull << NG_SUPERBLOCK_LOG);
}

/* Where the symbols stand in a row of counts: each in a column of its own. */
static bool columns_check(const struct ng_checked *checked, const struct ng_checked_section *s,
			  const struct ng_superblocks *superblocks)
{
	bool taken[NG_SYMBOLS] = {false};
	unsigned n = 0;

	for (unsigned symbol = 0; symbol < NG_SYMBOLS; symbol++) {
		unsigned column = superblocks->index[symbol];

		if (column == NG_SUPERBLOCK_NO_SYMBOL)
			continue;
		if (taken[column]) {
			ng_checker_damage(checked->checker, s->type, s->offset + 8 + 2 * symbol,
					  "two symbols have one column of counts");
			return false;
		}
		taken[column] = true;
		n++;
	}
	if (n == superblocks->n_symbols)
		return true;
	ng_checker_damage(checked->checker, s->type, s->offset, "%u symbols instead of %u", n,
			  superblocks->n_symbols);
	return false;
}

/* Offset in the file of an entry. */
static uint64_t entry_at(const struct ng_checked_section *s,
			 const struct ng_superblocks *superblocks, uint64_t r, unsigned symbol)
{
	return s->offset + (uint64_t)(ng_superblocks_at(superblocks, r, symbol) - s->data);
}

/* Counts begin with 0, and end with the shard's totals. */
static bool totals_check(const struct ng_checked *checked, const struct ng_checked_section *s,
			 const struct ng_superblocks *superblocks)
{
	uint64_t total = 0;

	for (unsigned symbol = 0; symbol <= NG_MARKS; symbol++) {
		uint64_t all, want = UINT64_MAX;

		if (symbol < NG_SYMBOLS && superblocks->index[symbol] == NG_SUPERBLOCK_NO_SYMBOL)
			continue;
		all = ng_superblocks_count(superblocks, superblocks->n, symbol);
		if (ng_superblocks_count(superblocks, 0, symbol))
			ng_checker_damage(checked->checker, s->type,
					  entry_at(s, superblocks, 0, symbol),
					  "a count before the first row is not 0");
		if (symbol == NG_SEPARATOR)
			want = checked->params.docs;
		if (symbol == NG_MARKS)
			want = checked->n_samples;
		if (all == 0 || all > checked->params.rows || (want != UINT64_MAX && all != want)) {
			ng_checker_damage(checked->checker, s->type,
					  entry_at(s, superblocks, superblocks->n, symbol),
					  "%" PRIu64 " in all can't be the number of %s", all,
					  symbol == NG_MARKS       ? "marks"
					  : symbol == NG_SEPARATOR ? "separators"
								   : "a byte");
			return false;
		}
		total += symbol < NG_SYMBOLS ? all : 0;
	}
	if (total == checked->params.rows)
		return true;
	ng_checker_damage(checked->checker, s->type, s->offset,
			  "the symbols' counts add up to %" PRIu64 " instead of %" PRIu64 " rows",
			  total, checked->params.rows);
	return false;
}

static bool sections_find(const struct ng_checked *checked, struct ng_bwt_sections *ret)
{
	bool all = ng_checked_section(checked, NG_SECTION_BWT_DIRECTORY, &ret->directory);

	all &= ng_checked_section(checked, NG_SECTION_BWT_CELLS, &ret->cells);
	all &= ng_checked_section(checked, NG_SECTION_BWT_SUPERBLOCKS, &ret->superblocks);
	all &= ng_checked_section(checked, NG_SECTION_MARK_HINTS, &ret->hints);
	return all;
}

static bool lengths_check(const struct ng_checked *checked, const struct ng_bwt_sections *s)
{
	struct ng_packed hints;
	uint64_t cells = ng_div_up(checked->params.rows, NG_CELL);
	uint64_t lines = ng_div_up(cells, NG_LINE_CELLS);
	bool fit = true;

	if (s->directory.bytes != lines * NG_LINE_BYTES) {
		ng_checker_damage(checked->checker, s->directory.type, s->directory.offset,
				  "has %zu bytes instead of %" PRIu64, s->directory.bytes,
				  lines * NG_LINE_BYTES);
		fit = false;
	}
	if (ng_packed_open(NULL, s->hints.data, s->hints.bytes, &hints) < 0 ||
	    hints.n != ng_div_up(checked->n_samples, NG_MARK_HINT)) {
		ng_checker_damage(checked->checker, s->hints.type, s->hints.offset,
				  "doesn't hold the hints of %" PRIu64 " marked rows",
				  checked->n_samples);
		fit = false;
	}
	if (s->cells.bytes < NG_CELL_REACH) {
		ng_checker_damage(checked->checker, s->cells.type, s->cells.offset,
				  "its %zu bytes are too few", s->cells.bytes);
		return false;
	}
	for (size_t i = s->cells.bytes - NG_CELL_REACH; i < s->cells.bytes; i++) {
		if (!s->cells.data[i])
			continue;
		ng_checker_damage(checked->checker, s->cells.type, s->cells.offset + i,
				  "what is behind the last cell is not zero");
		break;
	}
	return fit;
}

/* Open checked->bwt; it stays NULL when a part is too damaged for that. */
static int open_bwt(struct ng_checked *checked, const struct ng_bwt_sections *s)
{
	struct ng_bwt_parts parts = {
		.directory = s->directory.data,
		.directory_bytes = s->directory.bytes,
		.cells = s->cells.data,
		.cells_bytes = s->cells.bytes,
		.superblocks = s->superblocks.data,
		.superblocks_bytes = s->superblocks.bytes,
		.hints = s->hints.data,
		.hints_bytes = s->hints.bytes,
		.rows = checked->params.rows,
		.mark_shift = ng_mark_shift(checked->params.sa_rate),
	};
	struct ng_superblocks superblocks;
	bool fit = lengths_check(checked, s);
	int r = ng_superblocks_open(s->superblocks.data, s->superblocks.bytes,
				    n_superblocks(checked), &superblocks);

	if (r < 0) {
		ng_checker_damage(checked->checker, s->superblocks.type, s->superblocks.offset,
				  "doesn't hold the counts of %" PRIu64 " superblocks",
				  n_superblocks(checked));
		return 0;
	}
	if (!columns_check(checked, &s->superblocks, &superblocks) ||
	    !totals_check(checked, &s->superblocks, &superblocks) || !fit)
		return 0;
	r = ng_bwt_open(&parts, &checked->bwt);
	if (r == -EUCLEAN)
		ng_checker_damage(checked->checker, s->superblocks.type, s->superblocks.offset,
				  "its sums don't fit the shard's parameters");
	return r == -EUCLEAN ? 0 : r;
}

int ng_check_bwt(struct ng_checked *checked)
{
	struct ng_bwt_sections sections;
	int r;

	if (!sections_find(checked, &sections))
		return 0;
	r = open_bwt(checked, &sections);
	if (r < 0 || !checked->bwt)
		return r;
	return ng_check_cells(checked, &sections);
}
