/* LF-mapping: the symbol of a row, and the row of the suffix before. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/follow.h"
#include "bwt/kernel/mark.h"

/* The tokens of a stream up to the one that covers a position. */
struct tokens {
	unsigned n;
	unsigned done; /* symbols decoded */
	struct token token[NG_STREAM + 2];
};

static inline void tokens_until(const struct reader *from, struct tokens *t, unsigned beyond)
{
	struct reader r = *from;
	unsigned n = 0, done = 0;

	while (done <= beyond) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			struct pair pair = reader_next(&r);

			t->token[n] = pair.one;
			t->token[n + 1] = pair.two;
			n += 1 + (pair.two.run != 0);
			done += pair.one.run + pair.two.run;
			if (done > beyond)
				break;
		}
	}
	/* The first token of the last pair may have been enough. */
	if (done - t->token[n - 1].run > beyond)
		done -= t->token[--n].run;
	t->n = n;
	t->done = done;
}

/* Decode up to the symbol; then follow it back to its place in the alphabet: undo the moves to the
 * front one by one, and count the tokens that were this symbol's. */
static __attribute__((__unused__)) struct found trace_back(const struct reader *from,
							   unsigned beyond)
{
	struct tokens tokens;
	unsigned at, hits;

	tokens_until(from, &tokens, beyond);
	at = tokens.token[tokens.n - 1].rank;
	hits = beyond - (tokens.done - tokens.token[tokens.n - 1].run);
	for (unsigned i = tokens.n - 1; i-- > 0;) {
		unsigned rank = tokens.token[i].rank, run = tokens.token[i].run;
		unsigned front = -(unsigned)(at == 0);

		hits += run & front;
		at = ((at - (at <= rank)) & ~front) | (rank & front);
	}
	return (struct found){at, hits};
}

/* Where the symbol of a place is: the stream, and the symbols of it to leave behind. */
static inline unsigned stream_of(const struct ng_bwt *bwt, const struct place *at,
				 struct reader *ret_reader)
{
	bool from_back = at->in_cell >= front_half(at->cell_size);

	reader_of_cell(ret_reader, bwt, at, at->cell, from_back);
	return from_back ? at->cell_size - 1 - at->in_cell : at->in_cell;
}

static inline struct found symbol_find(const struct ng_bwt *bwt, const struct place *at)
{
	struct reader reader;
	unsigned beyond = stream_of(bwt, at, &reader);

#ifdef __AVX512VBMI__
	if (at->n_symbols < NG_SYMBOLS)
		return follow_stream(&reader, beyond);
#endif
	return trace_back(&reader, beyond);
}

/* Rank in the block of the symbol found at a place, whose row is wide: its other occurrences in the
 * wide cell are looked for outside of the place's own cell, where t.hits has them already, before
 * it or after it. */
static __attribute__((__noinline__)) unsigned wide_rank_here(const struct ng_bwt *bwt,
							     const struct place *at, struct found t,
							     bool from_back, bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, cell = wide * NG_WIDE_CELLS;
	unsigned end = ng_min(cell + NG_WIDE_CELLS, at->n_cells), found = 0, others;
	struct row row = row_find(at, t.at, damaged);
	unsigned before = row_sum(at, row, wide), all = row_cell(at, row, wide);

	if (__builtin_expect(all <= t.hits, 0)) {
		*damaged = true;
		return 0;
	}
	others = all - 1 - t.hits;
	if (from_back) {
		for (cell = at->cell + 1; cell < end && found < others; cell++)
			found += cell_count(bwt, at, cell, t.at, 0,
					    ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL));
		return before + others - ng_min(found, others);
	}
	for (; cell < at->cell && found < others; cell++)
		found += cell_count(bwt, at, cell, t.at, 0, NG_CELL);
	return before + t.hits + found;
}

/* The symbol found at a place, and the row it leads to. */
static inline unsigned lf_from(const struct ng_bwt *bwt, const struct place *at, struct found t,
			       uint64_t *ret_row, bool *damaged)
{
	bool from_back = at->in_cell >= front_half(at->cell_size);
	unsigned symbol;
	uint64_t rank;

	if (__builtin_expect(t.at >= at->n_symbols, 0)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	if (t.at == ng_block_separator(at->page)) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	symbol = at->page[NG_BLOCK_HEAD + t.at];
	rank = base_of(bwt, at, t.at, symbol);
	if (t.at < NG_DENSE) {
		rank += row_sum(at, row_find(at, t.at, damaged), at->cell + from_back);
		rank = from_back ? rank - t.hits - 1 : rank + t.hits;
	} else {
		rank += wide_rank_here(bwt, at, t, from_back, damaged);
	}
	*ret_row = bwt->first_row[symbol] + rank;
	if (__builtin_expect(*ret_row >= bwt->rows, 0)) {
		*damaged = true;
		*ret_row = 0;
	}
	return symbol;
}

/* A row being visited: in a block that is decoded, or a place. */
struct row_at {
	struct decoded decoded;
	struct place place;
};

static inline bool row_visit(const struct ng_bwt *bwt, uint64_t row, struct row_at *ret,
			     bool *damaged)
{
	const uint8_t *page;

	if (row < bwt->rows) {
		page = ng_bwt_page(bwt, row);
		ret->decoded = decoded_visit(bwt, page, row);
		if (ret->decoded.head)
			return true;
		page_fetch_wide(bwt, page, row);
		if (place_find(bwt, page, row, &ret->place, damaged))
			return true;
	}
	*damaged = true;
	return false;
}

static inline unsigned row_lf(const struct ng_bwt *bwt, const struct row_at *at, uint64_t *ret_row,
			      bool *damaged)
{
	if (at->decoded.head)
		return decoded_lf(bwt, &at->decoded, ret_row, damaged);
	return lf_from(bwt, &at->place, symbol_find(bwt, &at->place), ret_row, damaged);
}

static inline bool row_mark(const struct ng_bwt *bwt, const struct row_at *at, uint64_t *ret_sample,
			    bool *damaged)
{
	if (at->decoded.head)
		return decoded_mark(&at->decoded, ret_sample);
	return mark_at(bwt, &at->place, ret_sample, damaged);
}
