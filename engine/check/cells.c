/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of the BWT in their places: what each says of those before it, the directory, and the
 * counts and bits of the superblocks. */
#include <inttypes.h>

#include "base/parallel.h"
#include "bwt/cell_decode.h"
#include "check/structure.h"

/* Sums over the cells of a superblock. */
struct superblock {
	uint64_t number;
	uint32_t before[NG_SYMBOLS + 1]; /* occurrences in the superblock so far; last: marks */
	uint16_t groups[NG_SYMBOLS];     /* as the superblock's entry should have them */
	bool whole;                      /* no cell was damaged so far */
};

struct job {
	const struct ng_checked *checked;
	const struct ng_bwt_sections *sections;
};

static uint64_t cell_offset(const struct job *job, uint64_t cell)
{
	const uint8_t *line = ng_directory_line(job->checked->bwt->directory, cell);

	return job->sections->cells.offset + ng_directory_begin(line, cell);
}

/* What the cell says was before it. */
static void counts_check(const struct job *job, const struct superblock *superblock, uint64_t cell,
			 const struct ng_cell_facts *facts)
{
	for (unsigned k = 0; k <= facts->n_symbols; k++) {
		unsigned symbol = k < facts->n_symbols ? facts->list[k] : NG_MARKS;
		uint32_t says = k < facts->n_symbols ? facts->before[k] : facts->marks_before;

		if (says == superblock->before[symbol])
			continue;
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_CELLS,
				  cell_offset(job, cell),
				  "cell %" PRIu64 " says %" PRIu32 " of %s %u before it, the "
				  "cells before hold %" PRIu32,
				  cell, says, symbol == NG_MARKS ? "marks" : "symbol", symbol,
				  superblock->before[symbol]);
		return;
	}
}

/* The hints of the marked rows that are in the cell. */
static void hints_check(const struct job *job, const struct superblock *superblock, uint64_t cell,
			uint64_t n_marks)
{
	const struct ng_bwt *bwt = job->checked->bwt;
	const struct ng_checked_section *s = &job->sections->hints;
	uint64_t first = ng_superblocks_count(&bwt->superblocks, superblock->number, NG_MARKS) +
			 superblock->before[NG_MARKS];
	uint64_t i = ng_div_up(first, NG_MARK_HINT);
	bool bad = false; /* never, without pages */

	for (; i < bwt->hints.n && i * NG_MARK_HINT < first + n_marks; i++) {
		uint64_t says = ng_packed_get(&bwt->hints, i, &bad);

		if (says == cell)
			continue;
		ng_checker_damage(job->checked->checker, s->type,
				  s->offset + (uint64_t)(bwt->hints.data - s->data) +
					  i * bwt->hints.width / 8,
				  "marked row %" PRIu64 " is in cell %" PRIu64
				  ", its hint says %" PRIu64,
				  i * NG_MARK_HINT, cell, says);
		return;
	}
}

/* One cell, decoded, in its place. */
static void place_check(const struct job *job, struct superblock *superblock, uint64_t cell,
			const struct ng_cell_facts *facts)
{
	unsigned group = (unsigned)(cell % NG_SUPERBLOCK_CELLS / NG_GROUP_CELLS);
	unsigned size = ng_bwt_cell_size(job->checked->bwt, cell);

	counts_check(job, superblock, cell, facts);
	hints_check(job, superblock, cell, facts->n_marks);
	for (unsigned k = 0; k < facts->n_symbols; k++)
		superblock->groups[facts->list[k]] |= (uint16_t)(1u << group);
	for (unsigned i = 0; i < size; i++)
		superblock->before[facts->list[facts->places[i]]]++;
	superblock->before[NG_MARKS] += facts->n_marks;
}

/* The superblock's entries, and those of the next one, against what its cells hold. */
static void entries_check(const struct job *job, const struct superblock *superblock)
{
	const struct ng_superblocks *superblocks = &job->checked->bwt->superblocks;
	const struct ng_checked_section *s = &job->sections->superblocks;
	uint64_t r = superblock->number;

	for (unsigned symbol = 0; symbol <= NG_MARKS; symbol++) {
		uint64_t says = 0, offset;
		unsigned groups = 0, held = symbol < NG_SYMBOLS ? superblock->groups[symbol] : 0;

		offset =
			s->offset + (uint64_t)(ng_superblocks_at(superblocks, r, symbol) - s->data);
		if (symbol == NG_MARKS || superblocks->index[symbol] != NG_SUPERBLOCK_NO_SYMBOL) {
			says = ng_superblocks_count(superblocks, r + 1, symbol) -
			       ng_superblocks_count(superblocks, r, symbol);
			groups = ng_superblocks_groups(superblocks, r, symbol);
		}
		if (says != superblock->before[symbol]) {
			ng_checker_damage(job->checked->checker, s->type, offset,
					  "superblock %" PRIu64 " has %" PRIu64
					  " of %s %u, its cells hold %" PRIu32,
					  r, says, symbol == NG_MARKS ? "marks" : "symbol", symbol,
					  superblock->before[symbol]);
			return;
		}
		if (groups != held) {
			ng_checker_damage(job->checked->checker, s->type, offset,
					  "superblock %" PRIu64
					  " is wrong about which cells have symbol %u",
					  r, symbol);
			return;
		}
	}
}

static int superblock_check(void *userdata, uint64_t r)
{
	const struct job *job = userdata;
	const struct ng_bwt *bwt = job->checked->bwt;
	struct ng_checker *checker = job->checked->checker;
	struct superblock superblock = {.number = r, .whole = true};
	uint64_t cell = r * NG_SUPERBLOCK_CELLS;
	uint64_t end = ng_min(cell + NG_SUPERBLOCK_CELLS, bwt->n_cells);
	struct ng_cell_facts facts;

	for (unsigned i = 0; cell < end; cell++, i++) {
		const char *why = "the directory doesn't lead to it";
		const uint8_t *at, *next;

		if (i % 64 == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		if (ng_bwt_cell_find(bwt, cell, &at, &next) &&
		    ng_cell_decode(at, next, ng_bwt_cell_size(bwt, cell), bwt->mark_shift, &facts,
				   &why)) {
			if (superblock.whole)
				place_check(job, &superblock, cell, &facts);
		} else {
			ng_checker_damage(checker, NG_SECTION_BWT_CELLS, cell_offset(job, cell),
					  "cell %" PRIu64 ": %s", cell, why);
			superblock.whole = false;
		}
		ng_checker_advance(checker, NG_CELL);
	}
	if (superblock.whole)
		entries_check(job, &superblock);
	return 0;
}

/* Cells follow each other through all lines, and end where the section's slack begins. */
static void directory_check(const struct job *job)
{
	const struct ng_bwt *bwt = job->checked->bwt;
	const struct ng_checked_section *s = &job->sections->directory;
	uint64_t at = 0, cell = 0;

	for (const uint8_t *line = s->data; cell < bwt->n_cells; line += NG_LINE_BYTES) {
		bool fits = ng_load64(line) == at;

		for (unsigned i = 0; fits && i < NG_LINE_CELLS; i++, cell++) {
			if (cell >= bwt->n_cells) {
				fits = ng_load16(line + 8 + 2 * i) == 0;
				continue;
			}
			fits = ng_directory_begin(line, cell) == at &&
			       ng_directory_end(line, cell) > at;
			at = ng_directory_end(line, cell);
		}
		if (fits)
			continue;
		ng_checker_damage(job->checked->checker, s->type,
				  s->offset + (uint64_t)(line - s->data),
				  "cells don't follow each other from cell %" PRIu64 " on", cell);
		return;
	}
	if (at != bwt->cells_bytes)
		ng_checker_damage(job->checked->checker, s->type, s->offset,
				  "cells end at %" PRIu64 " instead of %" PRIu64, at,
				  bwt->cells_bytes);
}

int ng_check_cells(const struct ng_checked *checked, const struct ng_bwt_sections *sections)
{
	struct job job = {checked, sections};

	ng_checker_phase(checked->checker, "checking cells", checked->params.rows);
	directory_check(&job);
	return ng_parallel(checked->bwt->superblocks.n, checked->checker->threads, superblock_check,
			   &job);
}
