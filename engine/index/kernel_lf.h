/* LF-mapping: the symbol of a row, and the row of the suffix before. Part of bwt_kernel.h. */
#pragma once

#include "index/kernel_mark.h"

/* The symbol at a position of a stream, as an index in the alphabet, and how often it occurs in the
 * stream before. */
struct found {
	unsigned at;
	unsigned hits;
};

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

#ifdef __AVX512VBMI__
/* Byte i of the row for rank r is where byte i of a list comes from once rank r has moved to the
 * front: r for i = 0, i - 1 for 0 < i <= r, else i. */
#define MOVE(r, i)    ((i) == 0 ? (r) : (i) <= (r) ? (i)-1 : (i))
#define MOVE_4(r, i)  MOVE(r, i), MOVE(r, i + 1), MOVE(r, i + 2), MOVE(r, i + 3)
#define MOVE_16(r, i) MOVE_4(r, i), MOVE_4(r, i + 4), MOVE_4(r, i + 8), MOVE_4(r, i + 12)
#define MOVE_ROW(r)                                                                                \
	{                                                                                          \
		MOVE_16(r, 0), MOVE_16(r, 16), MOVE_16(r, 32), MOVE_16(r, 48)                      \
	}
#define MOVE_ROWS_4(r)  MOVE_ROW(r), MOVE_ROW(r + 1), MOVE_ROW(r + 2), MOVE_ROW(r + 3)
#define MOVE_ROWS_16(r) MOVE_ROWS_4(r), MOVE_ROWS_4(r + 4), MOVE_ROWS_4(r + 8), MOVE_ROWS_4(r + 12)

#define LIST 64u /* symbols of the move-to-front list that are in a vector */

static const uint8_t moves[LIST][LIST] __attribute__((__aligned__(64))) = {
	MOVE_ROWS_16(0), MOVE_ROWS_16(16), MOVE_ROWS_16(32), MOVE_ROWS_16(48)};

_Static_assert(NG_COMMON_RANKS <= LIST, "common tokens stay within the vector");

/* Move any rank to the front: what is behind the vector is in `tail`. */
static __attribute__((__noinline__)) __m512i list_move_far(__m512i list, uint8_t *tail,
							   unsigned rank)
{
	uint8_t first, last;

	if (rank < LIST)
		return _mm512_permutexvar_epi8(_mm512_load_si512(moves[rank]), list);
	rank = ng_min(rank - LIST, NG_SYMBOLS - 2 - LIST);
	first = tail[rank];
	last = (uint8_t)_mm_extract_epi8(_mm512_extracti32x4_epi32(list, 3), 15);
	memmove(tail + 1, tail, rank);
	tail[0] = last;
	list = _mm512_permutexvar_epi8(_mm512_load_si512(moves[LIST - 1]), list);
	return _mm512_mask_set1_epi8(list, 1, (char)first);
}

/* Where a stream's tokens are noted: each one's symbol, and its run. */
struct notes {
	uint8_t symbols[2 * NG_STREAM + LIST];
	uint8_t runs[2 * NG_STREAM + LIST];
};

/* Only the vector's first byte is meant: what is behind is written again or never read. */
static inline void note_front(uint8_t *symbol, __m512i list)
{
	_mm_storeu_si128((__m128i *)(void *)symbol, _mm512_castsi512_si128(list));
}

/* Decode up to the symbol with the list in a vector register, noting each token's symbol and run;
 * then sum the runs of the last one's, 64 tokens at a time. For alphabets of up to 256 symbols. */
static struct found follow_list(const struct reader *from, unsigned beyond)
{
	struct reader r = *from;
	struct notes notes;
	uint8_t tail[NG_SYMBOLS - 1 - LIST], *at = notes.symbols;
	__m512i list = _mm512_load_si512(moves[0]), all, sum = _mm512_setzero_si512();
	unsigned done = 0, last = 0, n;

	for (unsigned i = 0; i < sizeof(tail); i++)
		tail[i] = (uint8_t)(LIST + i);
	while (done <= beyond) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			const struct ng_token_pair *pair = reader_look(&r);
			uint8_t *run = at + offsetof(struct notes, runs);

			if (__builtin_expect(!pair, 0)) {
				struct token token = reader_next_long(&r);

				list = list_move_far(list, tail, token.rank);
				note_front(at, list);
				ng_store16(run, (uint16_t)token.run);
				last = 0;
				done += token.run;
			} else {
				__m512i one = _mm512_load_si512(moves[pair->rank[0]]);
				__m512i two = _mm512_load_si512(moves[pair->rank[1]]);

				/* Both moves in one: each step waits for one permutation only. */
				note_front(at, _mm512_permutexvar_epi8(one, list));
				list = _mm512_permutexvar_epi8(_mm512_permutexvar_epi8(two, one),
							       list);
				note_front(at + 1, list);
				memcpy(run, pair->run, 2);
				last = pair->run[1];
				done += pair->run[0] + last;
			}
			at += 2;
			if (done > beyond)
				break;
		}
	}
	/* The run that covers the position is the first or the second of the last pair; of it
	 * counts what is before the position. */
	n = (unsigned)(at - notes.symbols) - 1;
	done -= last;
	if (done > beyond)
		done -= notes.runs[--n];
	memset(notes.runs + n, 0, LIST);
	all = _mm512_set1_epi8((char)notes.symbols[n]);
	for (unsigned i = 0; i < n; i += LIST) {
		__mmask64 mine = _mm512_cmpeq_epi8_mask(all, _mm512_loadu_si512(notes.symbols + i));

		sum = _mm512_add_epi64(
			sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mine, notes.runs + i),
					     _mm512_setzero_si512()));
	}
	return (struct found){notes.symbols[n],
			      beyond - done + (unsigned)_mm512_reduce_add_epi64(sum)};
}
#endif

static inline struct found symbol_find(const struct reader *from, unsigned beyond,
				       unsigned n_symbols)
{
#ifdef __AVX512VBMI__
	if (n_symbols < NG_SYMBOLS)
		return follow_list(from, beyond);
#endif
	return trace_back(from, beyond);
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

/* The symbol at a place, and the row it leads to. */
static inline unsigned lf_at(const struct ng_bwt *bwt, const struct place *at, uint64_t row,
			     uint64_t *ret_row, bool *damaged)
{
	bool from_back = at->in_cell >= front_half(at->cell_size);
	unsigned beyond = from_back ? at->cell_size - 1 - at->in_cell : at->in_cell, symbol;
	struct reader reader;
	struct found t;
	uint64_t rank;

	reader_of_cell(&reader, bwt, at, at->cell, from_back);
	t = symbol_find(&reader, beyond, at->n_symbols);
	if (__builtin_expect(t.at >= at->n_symbols, 0)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	symbol = t.at == ng_block_separator(at->page) ? NG_SEPARATOR
						      : at->page[NG_BLOCK_HEAD + t.at];
	rank = base_of(bwt, at, t.at, symbol);
	if (t.at < NG_DENSE) {
		rank += row_sum(at, row_find(at, t.at, damaged), at->cell + from_back);
		rank = from_back ? rank - t.hits - 1 : rank + t.hits;
	} else {
		rank += wide_rank_here(bwt, at, t, from_back, damaged);
	}
	if (symbol == NG_SEPARATOR) {
		if (row == bwt->primary) {
			*ret_row = 0;
			return symbol;
		}
		rank -= row > bwt->primary;
	}
	*ret_row = bwt->first_row[symbol] + rank;
	if (__builtin_expect(*ret_row >= bwt->rows, 0)) {
		*damaged = true;
		*ret_row = 0;
	}
	return symbol;
}
