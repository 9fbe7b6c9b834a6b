/* SPDX-License-Identifier: Apache-2.0 */
/* Walks in a BWT that isn't in memory: the pages of a whole turn are asked for before any of them
 * is read (base/prefetch.h). */
#pragma once

#include "bwt/bwt.h"

/* Whether the first of some rows to be visited isn't in memory: reads the pages of those before it,
 * and its own. */
bool ng_bwt_is_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows);

/* The same of rows that were asked for, to know whether that was needed. sleeps: those of the
 * thread before (ng_thread_sleeps). */
bool ng_bwt_was_cold(const struct ng_bwt *bwt, size_t n, const uint64_t *rows, uint64_t sleeps);

/* Ask for the pages that a visit of each of these rows will read; those that aren't rows are left
 * out. A system call or two a row. Where the pages are is read in a directory, which may have to be
 * waited for: whoever visits rows of several BWTs asks for the directories of all first. */
void ng_bwt_prefetch_directory(const struct ng_bwt *bwt, size_t n, const uint64_t *rows);
void ng_bwt_prefetch_cells(const struct ng_bwt *bwt, size_t n, const uint64_t *rows);

static inline void ng_bwt_prefetch_rows(const struct ng_bwt *bwt, size_t n, const uint64_t *rows)
{
	ng_bwt_prefetch_directory(bwt, n, rows);
	ng_bwt_prefetch_cells(bwt, n, rows);
}

/* ng_bwt_mark_rows; where pages are cold, those of all are asked for. */
void ng_bwt_mark_rows_prefetch(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
			       uint64_t *ret_rows, bool *damaged);

/* ng_bwt_walk_chains; where pages are cold, a turn of all chains waits for the disk once, not once
 * a chain. */
void ng_bwt_walk_chains_prefetch(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
				 bool *damaged);
