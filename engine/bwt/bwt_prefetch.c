#include "bwt/bwt_prefetch.h"

#include "base/prefetch.h"
#include "bwt/bwt_internal.h"

/* Rows whose pages are read to find out: where a part of an index is in memory, one row says too
 * little. */
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

/* The cell of a row: what most of them take. */
#define CELL_BYTES 512u

bool ng_bwt_is_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	for (size_t i = 0; i < n && i < TOUCHED; i++)
		if (rows[i] < bwt->rows && ng_touch_waits(row_cell(bwt, rows[i])))
			return true;
	return false;
}

void ng_bwt_prefetch_rows(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	const uint8_t *last = NULL;

	/* Which pages they are stands in the directory, which may have to come first. */
	for (size_t i = 0; i < n; i++)
		if (rows[i] < bwt->rows)
			ng_prefetch(ng_directory_line(bwt->directory, rows[i] >> NG_CELL_LOG),
				    NG_LINE_BYTES);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *cell = rows[i] < bwt->rows ? row_cell(bwt, rows[i]) : last;

		if (cell != last)
			ng_prefetch(cell, CELL_BYTES);
		last = cell;
	}
}

static void marks_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks)
{
	struct ng_mark_cells cells;

	/* Which cells they are in stands beside the hints, which may have to come first. */
	for (unsigned i = 0; i < n; i++)
		if (marks[i] / NG_MARK_HINT < bwt->hints.n)
			ng_prefetch(ng_packed_at(&bwt->hints, marks[i] / NG_MARK_HINT), 16);
	for (unsigned i = 0; i < n; i++) {
		uint64_t row;

		if (!ng_bwt_mark_cells(bwt, marks[i], &cells))
			continue;
		row = cells.guess << NG_CELL_LOG;
		ng_bwt_prefetch_rows(bwt, 1, &row);
	}
}

void ng_bwt_mark_rows_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			       uint64_t *ret_rows, bool *damaged)
{
	struct ng_mark_cells cells;
	uint64_t row;

	if (n > 1 && ng_bwt_mark_cells(bwt, marks[0], &cells)) {
		row = cells.guess << NG_CELL_LOG;
		if (ng_bwt_is_cold(bwt, 1, &row))
			marks_prefetch(bwt, n, marks);
	}
	ng_bwt_mark_rows(bwt, n, marks, ret_rows, damaged);
}

void ng_bwt_walk_chains_prefetch(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
				 bool *damaged)
{
	struct ng_bwt_chain *walking[NG_BWT_CHAINS];
	uint64_t rows[NG_BWT_CHAINS];
	unsigned in = 0, cold = 0;
	bool first = true;

	for (unsigned i = 0; i < n; i++)
		if (chains[i].left || chains[i].to_mark)
			walking[in++] = &chains[i];
	while (in) {
		for (unsigned i = 0; i < in; i++)
			rows[i] = walking[i]->row;
		/* Where the chains begin was often read just now, in finding their rows: that says
		 * nothing of where they go, and after one turn it is looked again. */
		if (cold == 0 && ng_bwt_is_cold(bwt, in, rows))
			cold = COLD_TURNS;
		if (cold) {
			ng_bwt_prefetch_rows(bwt, in, rows);
			cold--;
		}
		in = bwt->kernel->chains_walk(bwt, in, walking, cold || first ? 1 : WARM_TURNS,
					      damaged);
		first = false;
	}
}
