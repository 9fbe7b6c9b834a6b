/* SPDX-License-Identifier: Apache-2.0 */
#include "bwt/bwt_prefetch.h"

#include "base/prefetch.h"
#include "bwt/bwt_internal.h"

/* Rows whose pages are read to find out where none was waited for: where a part of an index is in
 * memory, one row says too little. */
#define TOUCHED 3u

/* Turns of a walk until it is looked again whether the disk is waited for: where it wasn't, and
 * where it was. To look in memory takes less than a step of one chain; to look on a disk takes as
 * long as a turn. */
#define WARM_TURNS 8u
#define COLD_TURNS 64u

static const uint8_t *row_cell(const struct ng_bwt *bwt, uint64_t row)
{
	return ng_bwt_cell_guess(bwt, row >> NG_CELL_LOG);
}

bool ng_bwt_is_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i] < bwt->rows && ng_touch_waits(row_cell(bwt, rows[i])))
			return true;
	return false;
}

bool ng_bwt_was_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows, uint64_t sleeps)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i] < bwt->rows && ng_touch_waited(row_cell(bwt, rows[i]), sleeps))
			return true;
	return false;
}

void ng_bwt_prefetch_directory(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	const uint8_t *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *line;

		if (rows[i] >= bwt->rows)
			continue;
		line = ng_directory_line(bwt->directory, rows[i] >> NG_CELL_LOG);
		/* Lines lie at multiples of their size from a page's beginning. */
		if (line != last)
			ng_pages_prefetch(bwt->pages, line, NG_LINE_BYTES);
		last = line;
	}
}

void ng_bwt_prefetch_cells(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	uint64_t last = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		uint64_t cell = rows[i] >> NG_CELL_LOG, begin, end;
		const uint8_t *line;

		if (rows[i] >= bwt->rows || cell == last)
			continue;
		last = cell;
		line = ng_directory_line(bwt->directory, cell);
		begin = ng_min(ng_directory_begin(line, cell), bwt->cells_bytes);
		end = ng_min(ng_directory_end(line, cell), bwt->cells_bytes);
		if (begin < end)
			ng_pages_prefetch(bwt->pages, bwt->cells + begin, end - begin);
	}
}

static void marks_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks)
{
	uint64_t rows[NG_BWT_CHAINS];
	struct ng_mark_cells cells;
	unsigned found = 0;

	/* Which cells they are in stands beside the hints, which may have to come first. */
	for (unsigned i = 0; i < n; i++)
		if (marks[i] / NG_MARK_HINT < bwt->hints.n)
			ng_prefetch(ng_packed_at(&bwt->hints, marks[i] / NG_MARK_HINT), 16);
	for (unsigned i = 0; i < n; i++)
		if (ng_bwt_mark_cells(bwt, marks[i], &cells))
			rows[found++] = cells.guess << NG_CELL_LOG;
	ng_bwt_prefetch_rows(bwt, found, rows);
}

void ng_bwt_mark_rows_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			       uint64_t *ret_rows, bool *damaged)
{
	for (unsigned i = 0; i < n && ng_pages_cold(bwt->pages); i += NG_BWT_CHAINS)
		marks_prefetch(bwt, ng_min(n - i, NG_BWT_CHAINS), marks + i);
	ng_bwt_mark_rows(bwt, n, marks, ret_rows, damaged);
}

void ng_bwt_walk_chains_prefetch(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
				 bool *damaged)
{
	struct ng_bwt_chain *walking[NG_BWT_CHAINS];
	uint64_t rows[NG_BWT_CHAINS];
	unsigned in = 0, look = 0; /* in so many turns */
	bool cold = ng_pages_cold(bwt->pages), first = true;

	for (unsigned i = 0; i < n; i++)
		if (chains[i].left || chains[i].to_mark)
			walking[in++] = &chains[i];
	while (in) {
		for (unsigned i = 0; i < in; i++)
			rows[i] = walking[i]->row;
		if (cold)
			ng_bwt_prefetch_rows(bwt, in, rows);
		/* Where the chains begin was often read just now, in finding their rows: that says
		 * nothing of where they go, and it is looked in the next turn. */
		if (look == 0 && !(first && cold)) {
			if (cold) {
				cold = ng_bwt_was_cold(bwt, in, rows, ng_thread_sleeps());
			} else {
				cold = ng_bwt_is_cold(bwt, ng_min(in, TOUCHED), rows);
				if (cold)
					ng_bwt_prefetch_rows(bwt, in, rows);
			}
			ng_pages_set_cold(bwt->pages, cold);
			look = cold ? COLD_TURNS : 1;
		}
		in = bwt->kernel->chains_walk(bwt, in, walking, cold || first ? 1 : WARM_TURNS,
					      damaged);
		look -= look > 0;
		first = false;
	}
}
