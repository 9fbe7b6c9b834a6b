/* Reading streams of tokens, and counting one symbol in them. Part of bwt_kernel.h. */
#pragma once

#include <limits.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "bwt/bwt_internal.h"

struct reader {
	uint64_t bits;    /* the next bits, from the top */
	unsigned have;    /* how many of them count */
	const uint8_t *p; /* what comes after them */
	const struct ng_token_table *table;
	const uint8_t *row; /* of the table's first level: the context's */
	const uint32_t *second;
};

/* Refill to at least 56 bits. Reads 8 bytes at p; a stream of NG_STREAM tokens can't take p
 * further than NG_BLOCK_SLACK beyond its page. */
static inline void reader_fill(struct reader *r)
{
	r->bits |= __builtin_bswap64(ng_load64(r->p)) >> r->have;
	r->p += (63 - r->have) >> 3;
	r->have |= 56;
}

static inline void reader_start(struct reader *r, const struct ng_bwt *bwt, const uint8_t *stream,
				unsigned table)
{
	r->bits = 0;
	r->have = 0;
	r->p = stream;
	r->table = &bwt->tables.table[ng_min(table, bwt->tables.n_tables - 1)];
	r->row = (const uint8_t *)r->table->first;
	r->second = bwt->tables.second;
}

/* So many looks into tables between two fills: those before the last take NG_FIRST_BITS each, or
 * refill, so that the last still finds NG_CODE_BITS. */
#define LOOKS_A_FILL 5
_Static_assert(NG_FIRST_CONTEXT / 2 >> NG_FIRST_BITS == NG_CONTEXTS - 1, "rows follow each other");
_Static_assert(56 - (LOOKS_A_FILL - 1) * NG_FIRST_BITS >= NG_CODE_BITS, "enough bits");

struct token {
	unsigned rank, run;
};

/* What one look into a table gives: a token, and a second one or {0, 0}, which changes nothing. */
struct pair {
	struct token one, two;
};

static inline void reader_skip(struct reader *r, unsigned length)
{
	r->bits <<= length;
	r->have -= length;
	reader_fill(r);
}

/* The token behind a link; the reader is full afterwards. */
static inline struct token reader_next_long(struct reader *r)
{
	const uint8_t *first = (const uint8_t *)r->table->first;
	uint32_t link =
		r->table->links[(size_t)(r->row - first) / 2 + (r->bits >> (64 - NG_FIRST_BITS))];
	uint32_t entry =
		r->second[(link >> 6) + (r->bits << NG_FIRST_BITS >> 1 >> (63 - (link & 63)))];

	reader_skip(r, ng_entry_length(entry));
	if (__builtin_expect(entry & NG_ENTRY_ESCAPE, 0)) {
		entry = ng_entry_make(0, (unsigned)(r->bits >> (64 - NG_ESCAPE_BITS)), 0);
		reader_skip(r, NG_ESCAPE_BITS);
	}
	r->row = first + (entry & NG_FIRST_CONTEXT);
	return (struct token){ng_entry_rank(entry), ng_entry_run(entry)};
}

/* One or two tokens, or NULL: reader_next_long has the next. */
static inline const struct ng_token_pair *reader_look(struct reader *r)
{
	unsigned entry = ng_load16(r->row + (r->bits >> (64 - NG_FIRST_BITS)) * 2);
	unsigned length = entry & 63;

	if (__builtin_expect(length == 0, 0))
		return NULL;
	r->bits <<= length;
	r->have -= length;
	r->row = (const uint8_t *)r->table->first + (entry & NG_FIRST_CONTEXT);
	return &r->table->common[entry >> 6];
}

static inline struct pair reader_next(struct reader *r)
{
	const struct ng_token_pair *pair = reader_look(r);

	if (__builtin_expect(!pair, 0))
		return (struct pair){.one = reader_next_long(r)};
	return (struct pair){{pair->rank[0], pair->run[0]}, {pair->rank[1], pair->run[1]}};
}

/* ---- counting one symbol in a stream ---- */

/* Follows the move-to-front rank of one symbol only, so that no list is needed. */
struct counter {
	unsigned at;       /* its rank now */
	unsigned done;     /* symbols decoded */
	unsigned hits;     /* of them, the symbol */
	struct token last; /* the second token of the last pair */
};

/* Of the token's run, the symbol. */
static inline unsigned counter_token(struct counter *c, struct token token)
{
	/* A hit brings the symbol to the front; a larger rank pushes it back by one. No branches,
	 * since no predictor knows the text; compilers make some of the plain form. */
#ifdef __x86_64__
	__asm__("cmp %[rank], %[at]\n\t"
		"cmovne %[zero], %[run]\n\t"
		"cmove %[zero], %[at]\n\t"
		"adc $0, %[at]"
		: [at] "+&r"(c->at), [run] "+&r"(token.run)
		: [rank] "r"(token.rank), [zero] "r"(0)
		: "cc");
#else
	{
		unsigned hit = -(unsigned)(token.rank == c->at);

		c->at = (c->at + (token.rank > c->at)) & ~hit;
		token.run &= hit;
	}
#endif
	return token.run;
}

static inline void counter_take(struct counter *c, struct pair pair)
{
	c->done += pair.one.run + pair.two.run;
	c->hits += counter_token(c, pair.one);
	c->hits += counter_token(c, pair.two);
	c->last = pair.two;
}

/* Hits among the first `target` symbols, when the last pair has reached it. What of the pair lies
 * beyond is one run or two, and whose they are needs no notes, since a symbol that was just seen
 * has rank 0, and rank 1 after one other. */
static inline unsigned counter_at(const struct counter *c, unsigned target)
{
	unsigned beyond = c->done - target, hits = c->hits;
	bool one_hit;

	if (c->last.run > beyond)
		return hits - (c->at == 0 ? beyond : 0);
	if (c->at == 0)
		hits -= c->last.run;
	one_hit = c->at == 0 ? c->last.rank == 0 : c->at == 1 && c->last.rank > 0;
	return hits - (one_hit ? beyond - c->last.run : 0);
}

/* Read on until `target` symbols are decoded. */
static inline void count_until(struct reader *from, struct counter *counter, unsigned target)
{
	struct reader r = *from;
	struct counter c = *counter;

	while (c.done < target) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			counter_take(&c, reader_next(&r));
			if (c.done >= target)
				break;
		}
	}
	*from = r;
	*counter = c;
}

/* Two streams side by side, so that the latency of one hides behind the other's. */
static inline void count_until_both(struct reader *ra, struct counter *ca, unsigned target_a,
				    struct reader *rb, struct counter *cb, unsigned target_b)
{
	struct reader a = *ra, b = *rb;
	struct counter x = *ca, y = *cb;

	while (x.done < target_a && y.done < target_b) {
		reader_fill(&a);
		reader_fill(&b);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL; i++) {
			counter_take(&x, reader_next(&a));
			counter_take(&y, reader_next(&b));
			if (x.done >= target_a || y.done >= target_b)
				break;
		}
	}
	count_until(&a, &x, target_a);
	count_until(&b, &y, target_b);
	*ca = x;
	*cb = y;
}
