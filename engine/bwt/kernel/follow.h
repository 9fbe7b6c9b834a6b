/* Following a stream to the symbol at a position, with the move-to-front list in a vector register.
 * Part of bwt_kernel.h. */
#pragma once

#include <stddef.h>

#include "bwt/kernel/stream.h"

/* The symbol at a position of a stream, as an index in the alphabet, and how often it occurs in the
 * stream before. */
struct found {
	unsigned at;
	unsigned hits;
};

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

/* Where the tokens of a stream up to a position are noted, with the list in a vector register. For
 * alphabets of up to 256 symbols. */
struct notes {
	uint8_t tail[NG_SYMBOLS - 1 - LIST]; /* the list behind the vector */
	uint8_t symbols[2 * NG_STREAM + LIST];
	uint8_t runs[2 * NG_STREAM + LIST];
};

/* What changes with each token. In a variable of its own, so that it stays in registers. */
struct follower {
	__m512i list;
	uint8_t *at;   /* where the next token's symbol is noted */
	int left;      /* symbols before the position still to come; negative: it is reached */
	unsigned last; /* run of the last pair's second token */
};

static inline struct follower follower_start(struct notes *notes, unsigned beyond)
{
	for (unsigned i = 0; i < sizeof(notes->tail); i++)
		notes->tail[i] = (uint8_t)(LIST + i);
	return (struct follower){_mm512_load_si512(moves[0]), notes->symbols, (int)beyond, 0};
}

/* Only the vector's first byte is meant: what is behind is written again or never read. */
static inline void note_symbol(uint8_t *symbol, __m512i list)
{
	_mm_storeu_si128((__m128i *)(void *)symbol, _mm512_castsi512_si128(list));
}

static inline uint8_t *note_run(uint8_t *symbol)
{
	return symbol + (offsetof(struct notes, runs) - offsetof(struct notes, symbols));
}

/* Two tokens of ranks in the vector; or one, and {0, 0}. */
static inline void follow_pair(struct follower *f, const struct ng_token_pair *pair)
{
	__m512i one = _mm512_load_si512(moves[pair->rank[0] % LIST]);
	__m512i two = _mm512_load_si512(moves[pair->rank[1] % LIST]);

	/* Both moves in one: each step waits for one permutation only. */
	note_symbol(f->at, _mm512_permutexvar_epi8(one, f->list));
	f->list = _mm512_permutexvar_epi8(_mm512_permutexvar_epi8(two, one), f->list);
	note_symbol(f->at + 1, f->list);
	memcpy(note_run(f->at), pair->run, 2);
	f->last = pair->run[1];
	f->left -= pair->run[0] + pair->run[1];
	f->at += 2;
}

/* A token of any rank. */
static inline void follow_token(struct follower *f, struct notes *notes, struct token token)
{
	f->list = list_move_far(f->list, notes->tail, token.rank);
	note_symbol(f->at, f->list);
	ng_store16(note_run(f->at), (uint16_t)token.run);
	f->last = 0;
	f->left -= (int)token.run;
	f->at += 2;
}

/* The symbol at the position, and how often it was noted before: the sum of its tokens' runs, 64
 * tokens at a time. */
static inline struct found follower_found(const struct follower *f, struct notes *notes)
{
	/* The run that covers the position is the first or the second of the last pair. Of it
	 * counts what is before the position. */
	unsigned n = (unsigned)(f->at - notes->symbols) - 1, covered;
	int left = f->left + (int)f->last;
	__m512i all, sum = _mm512_setzero_si512();

	if (left < 0)
		left += notes->runs[--n];
	covered = (unsigned)left;
	memset(notes->runs + n, 0, LIST);
	all = _mm512_set1_epi8((char)notes->symbols[n]);
	for (unsigned i = 0; i < n; i += LIST) {
		__mmask64 mine =
			_mm512_cmpeq_epi8_mask(all, _mm512_loadu_si512(notes->symbols + i));

		sum = _mm512_add_epi64(
			sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mine, notes->runs + i),
					     _mm512_setzero_si512()));
	}
	return (struct found){notes->symbols[n], covered + (unsigned)_mm512_reduce_add_epi64(sum)};
}

static struct found follow_stream(const struct reader *from, unsigned beyond)
{
	struct notes notes;
	struct follower f = follower_start(&notes, beyond);
	struct reader r = *from;

	while (f.left >= 0) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			const struct ng_token_pair *pair = reader_look(&r);

			if (__builtin_expect(!pair, 0))
				follow_token(&f, &notes, reader_next_long(&r));
			else
				follow_pair(&f, pair);
			if (f.left < 0)
				break;
		}
	}
	return follower_found(&f, &notes);
}
#endif
