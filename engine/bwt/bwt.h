/* SPDX-License-Identifier: Apache-2.0 */
/* The Burrows-Wheeler transform of a shard with rank: the structure that decides how fast and how
 * large an index is. Ferragina and Manzini, J. ACM 2005, for the FM-index.
 *
 * Rows: one for each byte of each document, and one for the separator that stands behind each. A
 * suffix runs up to its document's separator, which is smaller than every byte; among separators,
 * that of the document with the smaller number is the smaller one. So row d < docs is the separator
 * of document d, and documents don't depend on each other. The symbol of a row is the one before
 * its suffix in the document; of the first in a document, which has none, a separator.
 *
 * All functions are thread-safe. Pages are compared with their sums before what they hold is used.
 * Where one is damaged, or what it holds is out of range, they return some value within range and
 * set *damaged, and never touch memory outside of the sections. */
#pragma once

#include "bwt/cell.h"
#include "format/pages.h"

struct ng_bwt;

/* The sections and the numbers that a BWT is opened from. The memory stays the caller's.
 * The section of cells ends with NG_CELL_REACH zeroes, which cells_bytes counts; the others must be
 * followed by 64 readable bytes. */
struct ng_bwt_parts {
	const uint8_t *directory, *cells, *superblocks, *hints;
	size_t directory_bytes, cells_bytes, superblocks_bytes, hints_bytes;
	uint64_t rows;
	unsigned mark_shift;          /* log2 of the suffix array sampling, rounded down */
	const struct ng_pages *pages; /* of the file; NULL: nothing needs to be checked */
};

/* O(1). -EUCLEAN, -ENOMEM. */
int ng_bwt_open(const struct ng_bwt_parts *parts, struct ng_bwt **ret_bwt);
struct ng_bwt *ng_bwt_close(struct ng_bwt *bwt);

uint64_t ng_bwt_rows(const struct ng_bwt *bwt);

/* The rows [*ret_lo, *ret_hi) whose suffix begins with symbol. */
void ng_bwt_symbol_rows(const struct ng_bwt *bwt, unsigned symbol, uint64_t *ret_lo,
			uint64_t *ret_hi);

/* Bits, one for each symbol that a row in [lo, hi), lo < hi, has; and perhaps some more, of symbols
 * that only their neighbours have. A visit for each cell that they lie in: for intervals of some
 * thousand rows much cheaper than to try all symbols. */
#define NG_BWT_SYMBOL_WORDS 5u
void ng_bwt_symbols(const struct ng_bwt *bwt, uint64_t lo, uint64_t hi,
		    uint64_t ret_symbols[static NG_BWT_SYMBOL_WORDS], bool *damaged);

/* One step of backward search: from the rows [*lo, *hi) of a string to those of symbol followed by
 * that string. One visit of a cell where it holds both ends, two otherwise. Requires *lo < *hi.
 * There being none, *lo and *hi are one row, any of [0, rows]. */
void ng_bwt_step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged);

/* The symbol of a row, and the row of the suffix that begins one position earlier. On a document's
 * first row the symbol is NG_SEPARATOR and the returned row 0. One visit. */
unsigned ng_bwt_lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged);

/* A chain of LF steps. */
struct ng_bwt_chain {
	uint64_t row;    /* where it is */
	uint64_t left;   /* steps to go, at most */
	uint64_t taken;  /* steps gone; to_mark: to the mark */
	bool to_mark;    /* whether it ends at a row that is marked, instead of giving symbols */
	bool marked;     /* whether it has come to one; then */
	uint64_t sample; /* is the row's number among the sampled ones */
	/* Where symbols go: the first `skip` nowhere, the others before `end`, from the back. */
	uint64_t skip;
	uint8_t *end;
	unsigned until; /* it ends with this symbol, which is given, too: 1 more than it; 0: none */
	/* to_mark: symbols that it gives all the same, and for which it goes on beyond the mark; a
	 * separator ends them. skip is 0 then. */
	uint64_t give;
};

#define NG_BWT_CHAINS 32u

/* Walk n <= NG_BWT_CHAINS chains to their ends, in step, so that their cache misses overlap. A step
 * beyond a document's first row is reported as damage. */
void ng_bwt_walk_chains(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
			bool *damaged);

/* A walk over the ranks of a text's suffixes among the BWT's rows, from the text's end to its
 * front: the rank of a suffix is the number of rows whose suffix is smaller. */
struct ng_bwt_rank_walk {
	uint64_t row;            /* rank in [0, rows] of the suffix that begins at text_end */
	const uint8_t *text_end; /* the bytes to take stand before it */
	size_t left;             /* how many: at least as many are readable */
	uint64_t *ranks_end;     /* where ranks go: before it, from the back, one a byte */
};

/* Walk n <= NG_BWT_CHAINS walks to their ends. For a byte c in front of a suffix of rank r the rank
 * is first_row(c) + occ(c, r), with occ(c, r) the number of c among the first r symbols: a backward
 * step with one end (J. Siren, Burrows-Wheeler transform for terabases, DCC 2016). The bytes may be
 * others than the BWT holds. Afterwards left is 0, text_end and ranks_end are at the fronts of what
 * was taken and written, and row is the last rank. One visit a byte, whose cache misses, and those
 * of the others, overlap. */
void ng_bwt_walk_ranks(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_rank_walk *walks,
		       bool *damaged);

/* A backward search on its way. */
struct ng_bwt_search {
	uint64_t lo, hi;   /* rows of the bytes searched so far */
	const uint8_t *at; /* the first of them: at[-1] comes next */
	size_t left;       /* bytes before at that are still to be searched */
};

/* Walk n searches, any number of them, until each has nothing left or no rows any more (lo == hi):
 * the steps of ng_bwt_step, 24 searches side by side, the next taking the place of one that ends,
 * so that their cache misses overlap. Unbounded in time: whoever wants to be cancelled gives long
 * patterns piece by piece. */
void ng_bwt_walk_searches(const struct ng_bwt *bwt, size_t n, struct ng_bwt_search *searches,
			  bool *damaged);

/* Whether the suffix of a row is sampled; then *ret_sample is its number among the sampled rows. */
bool ng_bwt_mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged);

/* Number of rows whose suffix is sampled. */
uint64_t ng_bwt_marks(const struct ng_bwt *bwt);

/* The row that is number `mark` in [0, ng_bwt_marks()) among the sampled ones, the inverse of
 * ng_bwt_mark: in [0, rows), 0 where damaged. A visit or two, O(log(cells)) where the
 * sampled rows lie in heaps. */
void ng_bwt_mark_row(const struct ng_bwt *bwt, uint64_t mark, uint64_t *ret_row, bool *damaged);

/* ng_bwt_mark_row for n marks at once, whose cache misses overlap. */
void ng_bwt_mark_rows(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
		      uint64_t *ret_rows, bool *damaged);

/* Names of the compiled kernels that this processor can run, best first, NULL-terminated; and a
 * BWT made to use one of them (for tests and benchmarks; -ENOENT). */
const char *const *ng_bwt_kernels(void);
int ng_bwt_use_kernel(struct ng_bwt *bwt, const char *name);
