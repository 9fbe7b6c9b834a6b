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
/* The move-to-front list in a vector register: its first 64 symbols, which alphabets have seldom
 * more of. Rank r comes to the front by one byte permutation. (With 16 symbols, which AVX2 would
 * permute, every tenth token mispredicts, and tracing back is as fast.) */
static inline __m512i list_move(__m512i list, unsigned rank)
{
	/* Byte i of the new list is byte i - 1 of the old one for 0 < i <= r, byte r for i = 0. */
	const __m512i shifted = _mm512_set_epi8(
		62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42,
		41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21,
		20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0);
	const __m512i same = _mm512_set_epi8(
		63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43,
		42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22,
		21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	__m512i from = _mm512_mask_mov_epi8(same, _bzhi_u64(UINT64_MAX, rank + 1), shifted);

	from = _mm512_mask_set1_epi8(from, 1, (char)rank);
	return _mm512_permutexvar_epi8(from, list);
}

static inline uint8_t list_front(__m512i list)
{
	return (uint8_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(list));
}

/* Decode up to the symbol with the list, noting each token's symbol and run; then sum the runs of
 * the last one's, 64 tokens at a time. For alphabets of up to 64 symbols. */
static struct found follow_list(const struct reader *from, unsigned beyond)
{
	struct reader r = *from;
	uint8_t symbols[2 * NG_STREAM + 64], runs[2 * NG_STREAM + 64];
	__m512i list, all, sum = _mm512_setzero_si512();
	unsigned n = 0, done = 0, last = 0;

	for (unsigned i = 0; i < 64; i++)
		symbols[i] = (uint8_t)i;
	list = _mm512_loadu_si512(symbols);
	while (done <= beyond) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			struct pair pair = reader_next(&r);

			list = list_move(list, pair.one.rank);
			symbols[n] = list_front(list);
			runs[n] = (uint8_t)pair.one.run;
			list = list_move(list, pair.two.rank);
			symbols[n + 1] = list_front(list);
			runs[n + 1] = (uint8_t)pair.two.run;
			n += 2;
			last = pair.two.run;
			done += pair.one.run + last;
			if (done > beyond)
				break;
		}
	}
	/* The run that covers the position is the first or the second of the last pair; of it
	 * counts what is before the position. */
	n--;
	done -= last;
	if (done > beyond)
		done -= runs[--n];
	memset(runs + n, 0, 64);
	all = _mm512_set1_epi8((char)symbols[n]);
	for (unsigned i = 0; i < n; i += 64) {
		__mmask64 mine = _mm512_cmpeq_epi8_mask(all, _mm512_loadu_si512(symbols + i));

		sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mine, runs + i),
							    _mm512_setzero_si512()));
	}
	return (struct found){symbols[n], beyond - done + (unsigned)_mm512_reduce_add_epi64(sum)};
}
#endif

static inline struct found symbol_find(const struct reader *from, unsigned beyond,
				       unsigned n_symbols)
{
#ifdef __AVX512VBMI__
	if (n_symbols <= 64)
		return follow_list(from, beyond);
#endif
	return trace_back(from, beyond);
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
		rank += wide_rank(bwt, at, t.at, damaged);
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
