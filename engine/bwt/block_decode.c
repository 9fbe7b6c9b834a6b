#include "bwt/block_decode.h"

#include "bwt/kernel/stream.h"

#define PIECE 16u /* bytes of a run that are written at once */
#define FRONT 8u  /* symbols of the list that a register holds */

_Static_assert(NG_STREAM_ROOM >= NG_STREAM + 2 * 128 + PIECE, "room for the runs beyond the end");

/* The move-to-front list but for its front, where nearly all ranks are. */
struct list {
	uint8_t rest[NG_SYMBOLS - FRONT];
	unsigned n_rest;
};

static uint64_t list_start(struct list *list, const uint8_t *symbols, unsigned n)
{
	uint8_t front[FRONT] = {0};

	memcpy(front, symbols, ng_min(n, FRONT));
	list->n_rest = n > FRONT ? n - FRONT : 0;
	memcpy(list->rest, symbols + FRONT, list->n_rest);
	return ng_load64(front);
}

/* The list's front with the symbol of a rank < FRONT moved to its beginning. */
static inline uint64_t front_move(uint64_t front, unsigned rank)
{
	uint64_t before = (1ull << (8 * rank)) - 1;

	return (front & ~(before << 8 | 0xff)) | (front & before) << 8 |
	       (front >> (8 * rank) & 0xff);
}

static __attribute__((__noinline__)) uint64_t rest_move(struct list *list, uint64_t front,
							unsigned rank)
{
	uint8_t symbol;

	/* Outside of the alphabet, which the caller notes. */
	if (rank - FRONT >= list->n_rest)
		return front;
	symbol = list->rest[rank - FRONT];
	memmove(list->rest + 1, list->rest, rank - FRONT);
	list->rest[0] = (uint8_t)(front >> (8 * (FRONT - 1)));
	return front << 8 | symbol;
}

static inline uint64_t list_move(struct list *list, uint64_t front, unsigned rank)
{
	if (__builtin_expect(rank >= FRONT, 0))
		return rest_move(list, front, rank);
	return front_move(front, rank);
}

static inline uint8_t *run_put(uint8_t *at, uint64_t front, unsigned run)
{
	memset(at, (int)(front & 0xff), PIECE);
	if (__builtin_expect(run > PIECE, 0))
		memset(at + PIECE, (int)(front & 0xff), run - PIECE);
	return at + run;
}

bool ng_stream_decode(const struct ng_bwt *bwt, const uint8_t *stream, unsigned table,
		      const uint8_t *symbols, unsigned n_symbols, unsigned size,
		      uint8_t ret[NG_STREAM_ROOM])
{
	uint8_t *at = ret, *end = ret + size;
	/* A second token behind the stream's end is none, and its rank says nothing. */
	bool wrong = false, wrong_second = false;
	unsigned second = 0;
	struct list list;
	struct reader r;
	uint64_t front;

	front = list_start(&list, symbols, n_symbols);
	reader_start(&r, bwt, stream, table);
	while (at < end) {
		reader_fill(&r);
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			struct pair pair = reader_next(&r);

			front = list_move(&list, front, pair.one.rank);
			at = run_put(at, front, pair.one.run);
			wrong |= wrong_second | (pair.one.rank >= n_symbols);
			front = list_move(&list, front, pair.two.rank);
			at = run_put(at, front, pair.two.run);
			wrong_second = pair.two.rank >= n_symbols;
			second = pair.two.run;
			if (at >= end)
				break;
		}
	}
	if (at == end)
		return !wrong && !wrong_second;
	return !wrong && at - second == end;
}

static unsigned bitmap_decode(const uint8_t *marks, unsigned size, uint64_t *bits)
{
	unsigned n = 0;

	for (unsigned i = 0; i < size; i += 32) {
		uint64_t word = ng_field(marks, i, ng_min(size - i, 32));

		bits[i / 64] |= word << (i & 32);
		n += (unsigned)__builtin_popcountll(word);
	}
	return n;
}

unsigned ng_marks_decode(const struct ng_bwt *bwt, const uint8_t *marks, unsigned n_marks,
			 unsigned size, uint64_t ret_bits[NG_WIDE / 64])
{
	unsigned shift = bwt->mark_shift, high = n_marks * shift, next = 0, n = 0;
	unsigned limit = ng_marks_high_bits(n_marks, size, shift);

	memset(ret_bits, 0, NG_WIDE / 8);
	if (n_marks == 0)
		return 0;
	if (ng_marks_are_bitmap(n_marks, size, shift))
		return bitmap_decode(marks, size, ret_bits);
	for (unsigned at = 0; at < limit; at += 56) {
		uint64_t word = ng_field(marks, high + at, ng_min(limit - at, 56));

		for (; word; word &= word - 1, n++) {
			unsigned bit = at + (unsigned)__builtin_ctzll(word), position;

			if (n >= n_marks)
				continue;
			position = (bit - n) << shift | (unsigned)ng_field(marks, n * shift, shift);
			if (position < next || position >= size)
				return NG_MARKS_NO_ORDER;
			ret_bits[position / 64] |= 1ull << (position % 64);
			next = position + 1;
		}
	}
	return n;
}
