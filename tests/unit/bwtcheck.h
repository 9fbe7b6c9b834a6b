/* SPDX-License-Identifier: Apache-2.0 */
/* What every function of bwt/bwt.h answers, against the sequence itself; and sequences. */
#pragma once

#include "bwt/superblocks.h"
#include "bwtmake.h"
#include "format/params.h"
#include "naive.h"

#define GAP 128u

/* A BWT as it is written, and what can be counted in it. */
struct sequence {
	const char *name;
	struct ng_bwt_text text;
	unsigned mark_shift;
	uint64_t total[NG_SYMBOLS], first[NG_SYMBOLS];
	uint32_t (*before)[NG_SYMBOLS]; /* symbols before each GAPth row */
	uint32_t *lf;                   /* the row that ng_bwt_lf must give */
};

static void sequence_count(struct sequence *s)
{
	uint64_t rows = s->text.rows, sum = 0;
	uint32_t now[NG_SYMBOLS] = {0};

	s->before = calloc(rows / GAP + 1, sizeof(*s->before));
	s->lf = calloc(rows, sizeof(*s->lf));
	assert_non_null(s->before);
	assert_non_null(s->lf);
	for (uint64_t r = 0; r < rows; r++) {
		unsigned symbol = ng_bwt_text_symbol(&s->text, r);

		if (r % GAP == 0)
			memcpy(s->before[r / GAP], now, sizeof(now));
		s->lf[r] = now[symbol]++;
	}
	for (unsigned i = 0; i < NG_SYMBOLS; i++) {
		unsigned symbol = i ? i - 1 : NG_SEPARATOR;

		s->total[symbol] = now[symbol];
		s->first[symbol] = sum;
		sum += now[symbol];
	}
	for (uint64_t r = 0; r < rows; r++) {
		unsigned symbol = ng_bwt_text_symbol(&s->text, r);

		s->lf[r] = symbol == NG_SEPARATOR ? 0 : s->lf[r] + (uint32_t)s->first[symbol];
	}
}

static uint64_t naive_rank(const struct sequence *s, unsigned symbol, uint64_t row)
{
	uint64_t checkpoint = ng_min(row, s->text.rows - 1) / GAP;
	uint64_t rank = s->before[checkpoint][symbol];

	for (uint64_t r = checkpoint * GAP; r < row; r++)
		rank += ng_bwt_text_symbol(&s->text, r) == symbol;
	return rank;
}

static void check_step(const struct sequence *s, const struct ng_bwt *bwt, unsigned symbol,
		       uint64_t lo, uint64_t hi, uint64_t rank_lo, uint64_t rank_hi)
{
	uint64_t want_lo = s->first[symbol] + rank_lo, want_hi = s->first[symbol] + rank_hi;
	uint64_t got_lo = lo, got_hi = hi;
	bool damaged = false;

	ng_bwt_step(bwt, symbol, &got_lo, &got_hi, &damaged);
	/* An interval without rows may be anywhere. */
	if (want_lo == want_hi && got_lo == got_hi)
		want_lo = want_hi = ng_min(got_lo, s->text.rows);
	if (damaged || got_lo != want_lo || got_hi != want_hi)
		fail_msg("%s: step by %u from [%ju, %ju): [%ju, %ju) instead of [%ju, %ju)%s",
			 s->name, symbol, (uintmax_t)lo, (uintmax_t)hi, (uintmax_t)got_lo,
			 (uintmax_t)got_hi, (uintmax_t)want_lo, (uintmax_t)want_hi,
			 damaged ? ", damaged" : "");
}

/* Rank of every byte at every row of a small text: intervals that begin and that end there. */
static void check_every_rank(const struct sequence *s, const struct ng_bwt *bwt)
{
	uint64_t rows = s->text.rows, lo, hi;

	for (unsigned symbol = 0; symbol < NG_SYMBOLS; symbol++) {
		uint64_t total = s->total[symbol], rank = 0, step = 1;

		/* In longer texts rare symbols and absent ones now and then. */
		if (rows > 700)
			step = total == 0 ? 37 : total < rows / 40 ? 11 : 1;
		ng_bwt_symbol_rows(bwt, symbol, &lo, &hi);
		assert_int_equal(lo, s->first[symbol]);
		assert_int_equal(hi - lo, total);
		/* No pattern holds a separator. */
		if (symbol == NG_SEPARATOR)
			continue;
		for (uint64_t row = 0; row < rows; row++) {
			if (row % step == 0)
				check_step(s, bwt, symbol, row, rows, rank, total);
			rank += ng_bwt_text_symbol(&s->text, row) == symbol;
			if (row % step == 0)
				check_step(s, bwt, symbol, 0, row + 1, 0, rank);
		}
		assert_int_equal(rank, total);
	}
}

/* One end at each cell's first row, its last, or one in it, where what it doesn't list is found
 * further on; the other one there, too, or near, or at either end of all rows. */
static void check_cell_steps(const struct sequence *s, const struct ng_bwt *bwt, uint64_t *rng)
{
	uint64_t rows = s->text.rows;

	for (uint64_t row = 0; row < rows; row += NG_CELL) {
		uint64_t r = scratch_random(rng), at = row + (r & 1 ? r % NG_CELL : r >> 8 & 1023);
		unsigned symbol = (unsigned)(r >> 20 & 255);

		/* Mostly one that the shard has. */
		for (unsigned i = 0; i < 64 && !s->total[symbol]; i++)
			symbol = (symbol + 1) % 256;
		at = ng_min(r >> 40 & 1 ? row : at, rows - 1);
		check_step(s, bwt, symbol, at, rows, naive_rank(s, symbol, at), s->total[symbol]);
		check_step(s, bwt, symbol, 0, at + 1, 0, naive_rank(s, symbol, at + 1));
		check_step(s, bwt, symbol, at, at + 1, naive_rank(s, symbol, at),
			   naive_rank(s, symbol, at + 1));
		check_step(s, bwt, symbol, row, ng_min(row + NG_CELL, rows),
			   naive_rank(s, symbol, row),
			   naive_rank(s, symbol, ng_min(row + NG_CELL, rows)));
	}
}

static void check_random_steps(const struct sequence *s, const struct ng_bwt *bwt, unsigned n,
			       uint64_t *rng)
{
	uint64_t rows = s->text.rows;

	for (unsigned i = 0; i < n; i++) {
		uint64_t r = scratch_random(rng), lo = r % rows, hi;
		unsigned symbol = ng_bwt_text_symbol(&s->text, scratch_random(rng) % rows);

		/* Near a border between superblocks, where absent symbols are found elsewhere. */
		if (i % 4 == 0)
			lo = ng_min((r % 3 << NG_SUPERBLOCK_LOG) + (r >> 40) % 8192 -
					    (r % 3 ? 4096u : 0u),
				    rows - 1);
		if (i % 8 == 1)
			symbol = (unsigned)(r >> 48 & 255);
		if (symbol == NG_SEPARATOR)
			symbol = 0;
		hi = ng_min(lo + 1 + (r >> 8) % (1ull << (r >> 56) % 24), rows);
		check_step(s, bwt, symbol, lo, hi, naive_rank(s, symbol, lo),
			   naive_rank(s, symbol, hi));
	}
}

static void check_rows(const struct sequence *s, const struct ng_bwt *bwt)
{
	uint64_t rows = s->text.rows, marks = 0, step = 1;

	if (rows > 250000)
		step = rows > 2000000 ? 47 : 11;
	for (uint64_t row = 0; row < rows; row++) {
		uint64_t to = UINT64_MAX, sample = UINT64_MAX;
		bool damaged = false, marked;
		unsigned symbol;

		if (row % step == 0) {
			marked = ng_bwt_mark(bwt, row, &sample, &damaged);
			if (damaged || marked != ng_bit(s->text.marks, row) ||
			    (marked && sample != marks))
				fail_msg("%s: mark of row %ju", s->name, (uintmax_t)row);
			symbol = ng_bwt_lf(bwt, row, &to, &damaged);
			if (damaged || symbol != ng_bwt_text_symbol(&s->text, row) ||
			    to != s->lf[row])
				fail_msg("%s: row %ju leads to %ju by %u", s->name, (uintmax_t)row,
					 (uintmax_t)to, symbol);
		}
		marks += ng_bit(s->text.marks, row);
	}
}

/* A chain that gives symbols: what `left` steps from a row give. Whether it meets a separator. */
static bool naive_chain(const struct sequence *s, uint64_t row, unsigned left, unsigned skip,
			uint8_t *end, uint64_t *ret_row)
{
	bool separator = false;

	for (unsigned i = 0; i < left; i++, row = s->lf[row]) {
		unsigned symbol = ng_bwt_text_symbol(&s->text, row);

		separator |= symbol == NG_SEPARATOR;
		if (i >= skip)
			*--end = (uint8_t)symbol;
	}
	*ret_row = row;
	return separator;
}

#define CHAIN_STEPS 40u

static void check_symbol_chains(const struct sequence *s, const struct ng_bwt *bwt, unsigned n,
				uint64_t *rng)
{
	for (unsigned i = 0; i < n; i++) {
		struct ng_bwt_chain chains[NG_BWT_CHAINS];
		uint64_t from[NG_BWT_CHAINS], near = scratch_random(rng) % s->text.rows;
		uint8_t got[NG_BWT_CHAINS][CHAIN_STEPS] = {{0}};
		uint8_t want[NG_BWT_CHAINS][CHAIN_STEPS] = {{0}};
		unsigned steps[NG_BWT_CHAINS], skip[NG_BWT_CHAINS], m = i % (NG_BWT_CHAINS + 1);
		bool damaged = false, separator = false;

		for (unsigned k = 0; k < m; k++) {
			uint64_t r = scratch_random(rng);

			from[k] = (i & 64 ? near + r % 300 : r >> 20) % s->text.rows;
			steps[k] = (unsigned)(r >> 8) % (CHAIN_STEPS + 1);
			skip[k] = (unsigned)(r >> 16) % (steps[k] + 1);
			chains[k] = (struct ng_bwt_chain){.row = from[k],
							  .left = steps[k],
							  .skip = skip[k],
							  .end = got[k] + CHAIN_STEPS};
		}
		ng_bwt_walk_chains(bwt, m, chains, &damaged);
		for (unsigned k = 0; k < m; k++) {
			uint64_t row;

			separator |= naive_chain(s, from[k], steps[k], skip[k],
						 want[k] + CHAIN_STEPS, &row);
			if (chains[k].row != row || chains[k].taken != steps[k] || chains[k].left ||
			    memcmp(got[k], want[k], CHAIN_STEPS) != 0)
				fail_msg("%s: chain %u of %u: %u steps from row %ju", s->name, k, m,
					 steps[k], (uintmax_t)from[k]);
		}
		assert_int_equal(damaged, separator);
	}
}

/* Whether what a chain has given is what stands before a row, up to a separator. */
static bool is_given(const struct sequence *s, uint64_t row, unsigned give, const uint8_t *end,
		     const uint8_t *begin)
{
	for (unsigned i = 0; i < give; i++, row = s->lf[row]) {
		unsigned symbol = ng_bwt_text_symbol(&s->text, row);

		if (symbol == NG_SEPARATOR)
			break;
		if (end == begin || *--end != symbol)
			return false;
	}
	return end == begin;
}

static void check_mark_chains(const struct sequence *s, const struct ng_bwt *bwt, unsigned n,
			      uint64_t *rng)
{
	for (unsigned i = 0; i < n; i++) {
		struct ng_bwt_chain chains[NG_BWT_CHAINS];
		uint64_t from[NG_BWT_CHAINS];
		uint8_t got[NG_BWT_CHAINS][CHAIN_STEPS] = {{0}};
		unsigned give[NG_BWT_CHAINS], m = i % (NG_BWT_CHAINS + 1);
		bool damaged = false, separator = false;

		for (unsigned k = 0; k < m; k++) {
			from[k] = scratch_random(rng) % s->text.rows;
			give[k] = i & 1 ? (unsigned)scratch_random(rng) % (CHAIN_STEPS + 1) : 0;
			chains[k] = (struct ng_bwt_chain){.row = from[k],
							  .left = CHAIN_STEPS,
							  .to_mark = true,
							  .end = got[k] + CHAIN_STEPS,
							  .give = give[k]};
		}
		ng_bwt_walk_chains(bwt, m, chains, &damaged);
		for (unsigned k = 0; k < m; k++) {
			uint64_t row = from[k], sample = 0;
			unsigned taken = 0;
			bool marked;

			while (!(marked = ng_bit(s->text.marks, row)) && taken < CHAIN_STEPS) {
				separator |= ng_bwt_text_symbol(&s->text, row) == NG_SEPARATOR;
				row = s->lf[row];
				taken++;
			}
			assert_int_equal(ng_bwt_mark(bwt, row, &sample, &damaged), marked);
			if (chains[k].marked != marked || chains[k].taken != taken ||
			    !is_given(s, from[k], give[k], got[k] + CHAIN_STEPS, chains[k].end) ||
			    (!give[k] && chains[k].row != row) ||
			    (marked && chains[k].sample != sample))
				fail_msg("%s: chain %u of %u to a mark from row %ju", s->name, k, m,
					 (uintmax_t)from[k]);
		}
		assert_int_equal(damaged, separator);
	}
}

#define SEARCH_STEPS 12u

/* A search from random rows on, by symbols that occur there, mostly: pat is filled from its end.
 * *ret_lo and *ret_hi get its rows after as many steps as it takes, at most SEARCH_STEPS. */
static struct ng_bwt_search search_make(const struct sequence *s, uint64_t *rng, uint8_t *pat,
					uint64_t *ret_lo, uint64_t *ret_hi)
{
	uint64_t r = scratch_random(rng), rows = s->text.rows, lo = r % rows;
	uint64_t hi = ng_min(lo + 1 + (r >> 8) % (1ull << (r >> 56) % 24), rows);
	unsigned steps = (unsigned)(r >> 40) % (SEARCH_STEPS + 1), taken = 0;
	struct ng_bwt_search search = {lo, hi, pat + SEARCH_STEPS, steps};

	for (unsigned i = 0; i < SEARCH_STEPS; i++)
		pat[i] = (uint8_t)scratch_random(rng);
	for (; taken < steps && lo < hi; taken++) {
		unsigned symbol =
			ng_bwt_text_symbol(&s->text, lo + scratch_random(rng) % (hi - lo));
		uint8_t *at = &pat[SEARCH_STEPS - taken - 1];

		if (symbol != NG_SEPARATOR && scratch_random(rng) % 16)
			*at = (uint8_t)symbol;
		lo = s->first[*at] + naive_rank(s, *at, lo);
		hi = s->first[*at] + naive_rank(s, *at, hi);
	}
	*ret_lo = lo;
	*ret_hi = hi;
	return search;
}

#define SEARCHES_MOST 130u

static void check_searches(const struct sequence *s, const struct ng_bwt *bwt, unsigned n,
			   uint64_t *rng)
{
	for (unsigned i = 0; i < n; i++) {
		struct ng_bwt_search searches[SEARCHES_MOST];
		uint64_t lo[SEARCHES_MOST], hi[SEARCHES_MOST];
		uint8_t pats[SEARCHES_MOST][SEARCH_STEPS];
		unsigned m = i % 8 ? (unsigned)(scratch_random(rng) % SEARCHES_MOST) : i / 8;
		bool damaged = false;

		m = ng_min(m, SEARCHES_MOST);
		for (unsigned k = 0; k < m; k++)
			searches[k] = search_make(s, rng, pats[k], &lo[k], &hi[k]);
		ng_bwt_walk_searches(bwt, m, searches, &damaged);
		for (unsigned k = 0; k < m; k++) {
			if (lo[k] == hi[k] && searches[k].lo == searches[k].hi)
				lo[k] = hi[k] = ng_min(searches[k].lo, s->text.rows);
			if (damaged || searches[k].lo != lo[k] || searches[k].hi != hi[k] ||
			    (searches[k].left && lo[k] < hi[k]))
				fail_msg("%s: search %u of %u: [%ju, %ju) instead of [%ju, %ju)",
					 s->name, k, m, (uintmax_t)searches[k].lo,
					 (uintmax_t)searches[k].hi, (uintmax_t)lo[k],
					 (uintmax_t)hi[k]);
		}
	}
}

/* Everything that is checked above, in a BWT as it is. */
static void check_bwt(const struct sequence *s, const struct ng_bwt *bwt, unsigned n_random,
		      uint64_t *rng)
{
	check_rows(s, bwt);
	check_symbol_chains(s, bwt, n_random / 64, rng);
	check_mark_chains(s, bwt, n_random / 64, rng);
	check_random_steps(s, bwt, n_random, rng);
	check_cell_steps(s, bwt, rng);
	check_searches(s, bwt, n_random / 64, rng);
	if (s->text.rows <= 4096)
		check_every_rank(s, bwt);
}

/* ---- sequences that no text need have ---- */

enum marks { MARKS_NONE, MARKS_ALL, MARKS_DENSE, MARKS_SPARSE, MARKS_CLUSTERED, MARKS_KINDS };

static bool is_marked(enum marks marks, uint64_t row, uint64_t r)
{
	switch (marks) {
	case MARKS_ALL:
		return true;
	case MARKS_DENSE:
		return r % 3 == 0;
	case MARKS_SPARSE:
		return r % 700 == 0;
	case MARKS_CLUSTERED:
		return row / 1500 % 40 == 3 || row / 700 % 64 == 9;
	default:
		return false;
	}
}

/* Symbols at random: `letters` of them at a time, others every 100,000 rows, in runs of up to
 * `run`; a byte that occurs in one row alone, a NUL beside separators. */
static inline void sequence_random(const char *name, uint64_t rows, unsigned letters, unsigned run,
				   enum marks marks, unsigned mark_shift, uint64_t *rng,
				   struct sequence *s)
{
	uint8_t *bwt = calloc(rows, 1);
	uint64_t *separators = calloc(rows / 64 + 1, sizeof(*separators));
	uint64_t *bits = calloc(rows / 64 + 1, sizeof(*bits));

	*s = (struct sequence){
		.name = name, .text = {bwt, separators, bits, rows}, .mark_shift = mark_shift};

	assert_non_null(bwt);
	assert_non_null(separators);
	assert_non_null(bits);
	for (uint64_t row = 0; row < rows;) {
		uint64_t r = scratch_random(rng);
		uint64_t end = ng_min(row + 1 + (r >> 8) % run, rows);
		uint8_t byte = (uint8_t)((r >> 40) % letters + row / 100000 * letters);
		bool separator = (r >> 32) % 64 == 0;

		for (; row < end; row++) {
			bwt[row] = byte;
			separators[row >> 6] |= (uint64_t)separator << (row & 63);
			bits[row >> 6] |= (uint64_t)is_marked(marks, row, scratch_random(rng))
					  << (row & 63);
		}
	}
	bwt[rows / 2] = 0xee;
}

/* Frees what sequence_random made. */
static inline void sequence_clear(struct sequence *s)
{
	free((void *)s->text.bwt);
	free((void *)s->text.separators);
	free((void *)s->text.marks);
}
