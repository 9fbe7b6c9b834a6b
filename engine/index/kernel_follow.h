/* Following a stream to the symbol at a position, with the move-to-front list in a vector register.
 * Part of bwt_kernel.h. */
#pragma once

#include <stddef.h>

#include "index/kernel_stream.h"

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

/* A stream on its way to a position: the list in a vector register, and each token's symbol and run
 * noted. For alphabets of up to 256 symbols. */
struct follower {
	struct reader reader;
	__m512i list;
	int left;      /* symbols before the position that aren't decoded, less 1 when it is */
	uint8_t *at;   /* where the next token's symbol is noted */
	unsigned last; /* run of the last pair's second token */
	uint8_t tail[NG_SYMBOLS - 1 - LIST]; /* the list behind the vector */
	uint8_t symbols[2 * NG_STREAM + LIST];
	uint8_t runs[2 * NG_STREAM + LIST];
};

#define NOTES_APART (offsetof(struct follower, runs) - offsetof(struct follower, symbols))

static inline void follower_start(struct follower *f, const struct reader *reader, unsigned beyond)
{
	f->reader = *reader;
	f->list = _mm512_load_si512(moves[0]);
	f->left = (int)beyond;
	f->at = f->symbols;
	f->last = 0;
	for (unsigned i = 0; i < sizeof(f->tail); i++)
		f->tail[i] = (uint8_t)(LIST + i);
}

/* Only the vector's first byte is meant: what is behind is written again or never read. */
static inline void note_front(uint8_t *symbol, __m512i list)
{
	_mm_storeu_si128((__m128i *)(void *)symbol, _mm512_castsi512_si128(list));
}

/* One look into the table. What changes is in variables of the caller's, for registers. */
static inline __attribute__((__always_inline__)) void follower_look(struct reader *r, __m512i *list,
								    uint8_t **at, int *left,
								    unsigned *last, uint8_t *tail)
{
	const struct ng_token_pair *pair = reader_look(r);

	if (__builtin_expect(!pair, 0)) {
		struct token token = reader_next_long(r);

		*list = list_move_far(*list, tail, token.rank);
		note_front(*at, *list);
		ng_store16(*at + NOTES_APART, (uint16_t)token.run);
		*last = 0;
		*left -= (int)token.run;
	} else {
		__m512i one = _mm512_load_si512(moves[pair->rank[0]]);
		__m512i two = _mm512_load_si512(moves[pair->rank[1]]);

		/* Both moves in one: each step waits for one permutation only. */
		note_front(*at, _mm512_permutexvar_epi8(one, *list));
		*list = _mm512_permutexvar_epi8(_mm512_permutexvar_epi8(two, one), *list);
		note_front(*at + 1, *list);
		memcpy(*at + NOTES_APART, pair->run, 2);
		*last = pair->run[1];
		*left -= pair->run[0] + pair->run[1];
	}
	*at += 2;
}

static void follower_run(struct follower *f)
{
	struct reader r = f->reader;
	__m512i list = f->list;
	uint8_t *at = f->at;
	unsigned last = f->last;
	int left = f->left;

	while (left >= 0) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			follower_look(&r, &list, &at, &left, &last, f->tail);
			if (left < 0)
				break;
		}
	}
	f->at = at;
	f->last = last;
	f->left = left;
}

/* Two in step, until one is at its position: what one look waits for hides behind the other's. */
static void follower_run_both(struct follower *f, struct follower *g)
{
	struct reader r = f->reader, q = g->reader;
	__m512i list_r = f->list, list_q = g->list;
	uint8_t *at_r = f->at, *at_q = g->at;
	unsigned last_r = f->last, last_q = g->last;
	int left_r = f->left, left_q = g->left;

	while ((left_r | left_q) >= 0) {
		reader_fill(&r);
		reader_fill(&q);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			follower_look(&r, &list_r, &at_r, &left_r, &last_r, f->tail);
			follower_look(&q, &list_q, &at_q, &left_q, &last_q, g->tail);
			if ((left_r | left_q) < 0)
				break;
		}
	}
	f->reader = r;
	f->list = list_r;
	f->at = at_r;
	f->last = last_r;
	f->left = left_r;
	g->reader = q;
	g->list = list_q;
	g->at = at_q;
	g->last = last_q;
	g->left = left_q;
}

/* The symbol at the position, and how often it was noted before: the sum of its tokens' runs, 64
 * tokens at a time. */
static inline struct found follower_found(struct follower *f)
{
	/* The run that covers the position is the first or the second of the last pair. Of it
	 * counts what is before the position. */
	unsigned n = (unsigned)(f->at - f->symbols) - 1, covered;
	int left = f->left + (int)f->last;
	__m512i all, sum = _mm512_setzero_si512();

	if (left < 0)
		left += f->runs[--n];
	covered = (unsigned)left;
	memset(f->runs + n, 0, LIST);
	all = _mm512_set1_epi8((char)f->symbols[n]);
	for (unsigned i = 0; i < n; i += LIST) {
		__mmask64 mine = _mm512_cmpeq_epi8_mask(all, _mm512_loadu_si512(f->symbols + i));

		sum = _mm512_add_epi64(sum,
				       _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mine, f->runs + i),
						       _mm512_setzero_si512()));
	}
	return (struct found){f->symbols[n], covered + (unsigned)_mm512_reduce_add_epi64(sum)};
}

static struct found follow_list(const struct reader *from, unsigned beyond)
{
	struct follower f;

	follower_start(&f, from, beyond);
	follower_run(&f);
	return follower_found(&f);
}
#endif
