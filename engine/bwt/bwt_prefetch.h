/* Walks in a BWT that isn't in memory: the pages of a whole turn are asked for before any of them
 * is read (base/prefetch.h). */
#pragma once

#include "bwt/bwt.h"

/* Whether the first of some rows to be visited aren't in memory: reads the pages of a few. */
bool ng_bwt_is_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows);

/* Ask for the pages that a visit of each of these rows will read; those that aren't rows are left
 * out. A system call or two a row. */
void ng_bwt_prefetch_rows(const struct ng_bwt *bwt, size_t n, const uint64_t *rows);

/* ng_bwt_mark_rows; where the first one's page turns out to be cold, those of all are asked for. */
void ng_bwt_mark_rows_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			       uint64_t *ret_rows, bool *damaged);

/* ng_bwt_walk_chains; where the chains' first rows turn out to be cold, a turn of all chains waits
 * for the disk once, not once a chain. */
void ng_bwt_walk_chains_prefetch(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
				 bool *damaged);
