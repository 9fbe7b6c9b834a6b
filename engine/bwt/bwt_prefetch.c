#include "bwt/bwt_prefetch.h"

#include "base/prefetch.h"
#include "bwt/bwt_internal.h"

/* Rows whose pages are read to find out: where a part of an index is in memory, one row says too
 * little. */
#define TOUCHED 3u

bool ng_bwt_is_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	for (size_t i = 0; i < n && i < TOUCHED; i++)
		if (rows[i] < bwt->rows && ng_touch_waits(ng_bwt_page(bwt, rows[i])))
			return true;
	return false;
}

void ng_bwt_prefetch_rows(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	const uint8_t *last = NULL;

	/* Which pages they are stands in the map, which may have to come first. */
	for (size_t i = 0; i < n; i++)
		if (rows[i] < bwt->rows)
			ng_prefetch(ng_bwt_map_line(bwt, rows[i]), NG_MAP_LINE_BYTES);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *page = rows[i] < bwt->rows ? ng_bwt_page(bwt, rows[i]) : last;

		if (page != last)
			ng_prefetch(page, NG_PAGE_BYTES);
		last = page;
	}
}

/* The page where a mark most likely is, NULL for a number that is none. */
static const uint8_t *mark_page(const struct ng_bwt *bwt, uint64_t mark)
{
	struct ng_mark_blocks blocks;

	if (!ng_bwt_mark_blocks(bwt, mark, &blocks))
		return NULL;
	return bwt->blocks + blocks.guess * NG_PAGE_BYTES;
}

static void marks_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks)
{
	/* Which pages they are stands beside the hints, which may have to come first. */
	for (unsigned i = 0; i < n; i++)
		if (marks[i] / NG_MARK_HINT < bwt->hints.n)
			ng_prefetch(ng_packed_at(&bwt->hints, marks[i] / NG_MARK_HINT), 16);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *page = mark_page(bwt, marks[i]);

		if (page)
			ng_prefetch(page, NG_PAGE_BYTES);
	}
}

void ng_bwt_mark_rows_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			       uint64_t *ret_rows, bool *damaged)
{
	const uint8_t *first = n > 1 ? mark_page(bwt, marks[0]) : NULL;

	if (first && ng_touch_waits(first))
		marks_prefetch(bwt, n, marks);
	ng_bwt_mark_rows(bwt, n, marks, ret_rows, damaged);
}

/* A visit of a chain's row, and the step from there. False when the chain has ended. */
static bool chain_go(const struct ng_bwt *bwt, struct ng_bwt_chain *chain, bool *damaged)
{
	unsigned symbol;

	if (chain->to_mark && !chain->marked)
		chain->marked = ng_bwt_mark(bwt, chain->row, &chain->sample, damaged);
	if (!chain->left || (chain->marked && !chain->give))
		return false;
	symbol = ng_bwt_lf(bwt, chain->row, &chain->row, damaged);
	ng_bwt_chain_took(chain, symbol, damaged);
	return chain->left || chain->to_mark;
}

void ng_bwt_walk_chains_prefetch(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
				 bool *damaged)
{
	struct ng_bwt_chain *walking[NG_BWT_CHAINS];
	uint64_t rows[NG_BWT_CHAINS] = {0};

	for (unsigned i = 0; i < n; i++) {
		rows[i] = chains[i].row;
		walking[i] = &chains[i];
	}
	if (!ng_bwt_is_cold(bwt, n, rows)) {
		ng_bwt_walk_chains(bwt, n, chains, damaged);
		return;
	}
	while (n) {
		unsigned left = 0;

		for (unsigned i = 0; i < n; i++)
			rows[i] = walking[i]->row;
		ng_bwt_prefetch_rows(bwt, n, rows);
		for (unsigned i = 0; i < n; i++)
			if (chain_go(bwt, walking[i], damaged))
				walking[left++] = walking[i];
		n = left;
	}
}
