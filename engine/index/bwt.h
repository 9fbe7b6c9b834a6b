/* The Burrows-Wheeler transform of a shard with rank: the structure that decides how fast and how
 * large an index is. Ferragina and Manzini, J. ACM 2005, for the FM-index.
 *
 * Rows: the shard's text is its documents, each followed by a separator that is smaller than every
 * byte and belongs to no document; behind the last stands the end of text, smaller still. With n
 * bytes of text and separators there are n + 1 rows. Row 0 is the empty suffix. The symbol of the
 * primary row (whose suffix is the whole text) is stored as a separator; ng_bwt_lf corrects for it.
 *
 * All functions are thread-safe. On damaged blocks they return some value within range and set
 * *damaged, and never touch memory outside of the sections. */
#pragma once

#include "index/block.h"

struct ng_bwt;

/* The sections and the numbers that a BWT is opened from. The memory stays the caller's.
 * blocks must be followed by NG_BLOCK_SLACK readable bytes; the section ends with as many zeroes,
 * which blocks_bytes counts. */
struct ng_bwt_parts {
	const uint8_t *tables, *map, *blocks, *regions, *hints;
	size_t tables_bytes, map_bytes, blocks_bytes, regions_bytes, hints_bytes;
	uint64_t rows;
	uint64_t primary;
	unsigned mark_shift; /* log2 of the suffix array sampling, rounded down */
};

/* O(decoding tables): some 100 us. -EUCLEAN, -ENOMEM. */
int ng_bwt_open(const struct ng_bwt_parts *parts, struct ng_bwt **ret_bwt);
struct ng_bwt *ng_bwt_close(struct ng_bwt *bwt);

uint64_t ng_bwt_rows(const struct ng_bwt *bwt);

/* The rows [*ret_lo, *ret_hi) whose suffix begins with symbol. */
void ng_bwt_symbol_rows(const struct ng_bwt *bwt, unsigned symbol, uint64_t *ret_lo,
			uint64_t *ret_hi);

/* One step of backward search: from the rows [*lo, *hi) of a string to those of symbol followed by
 * that string. One visit of a page where both ends share a block, two otherwise. */
void ng_bwt_step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged);

/* The symbol of a row, and the row of the suffix that begins one position earlier. On the primary
 * row the returned row is 0 and the symbol NG_SEPARATOR. One visit. */
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
	/* to_mark: symbols that it gives all the same, and for which it goes on beyond the mark; a
	 * separator ends them. skip is 0 then. */
	uint64_t give;
};

#define NG_BWT_CHAINS 32u

/* Walk n <= NG_BWT_CHAINS chains to their ends. Their cache misses, and where the processor can,
 * their decoding, overlap: a step of many chains takes less than half of ng_bwt_lf's time. A
 * separator where symbols are given is reported as damage. */
void ng_bwt_walk_chains(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_chain *chains,
			bool *damaged);

/* Whether the suffix of a row is sampled; then *ret_sample is its number among the sampled rows. */
bool ng_bwt_mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged);

/* Number of rows whose suffix is sampled. */
uint64_t ng_bwt_marks(const struct ng_bwt *bwt);

/* The row that is number `mark` in [0, ng_bwt_marks()) among the sampled ones, the inverse of
 * ng_bwt_mark: in [0, rows), 0 where damaged. One visit, two now and then, O(log(blocks)) where
 * the sampled rows lie in heaps. */
void ng_bwt_mark_row(const struct ng_bwt *bwt, uint64_t mark, uint64_t *ret_row, bool *damaged);

/* ng_bwt_mark_row for n marks at once, whose cache misses overlap. */
void ng_bwt_mark_rows(const struct ng_bwt *bwt, unsigned n, const uint64_t *marks,
		      uint64_t *ret_rows, bool *damaged);

/* Names of the compiled kernels that this processor can run, best first, NULL-terminated; and a
 * BWT made to use one of them (for tests and benchmarks; -ENOENT). */
const char *const *ng_bwt_kernels(void);
int ng_bwt_use_kernel(struct ng_bwt *bwt, const char *name);
