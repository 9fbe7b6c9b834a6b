/* The inner loops of rank, written once and compiled for several instruction sets: bwt_portable.c,
 * bwt_avx2.c and bwt_avx512.c define NG_KERNEL_NAME and include this file. */
#include <limits.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "index/bwt_internal.h"

/* ---- streams of tokens ---- */

struct reader {
	uint64_t bits;      /* the next bits, from the top */
	const uint8_t *p;   /* what comes after them */
	unsigned have;      /* how many of them count, those that are used up included */
	unsigned used;      /* bits used since the last fill, modulo 64 */
	const uint8_t *row; /* first-level decoding table of the context */
	const uint8_t *table;
	const struct ng_token_tables *tables;
};

/* Refill to at least 56 bits. Reads 8 bytes at p; a stream of NG_STREAM tokens can't take p
 * further than NG_BLOCK_SLACK beyond its page. */
static inline void reader_fill(struct reader *r)
{
	unsigned have = r->have - (r->used & 63);

	r->bits |= __builtin_bswap64(ng_load64(r->p)) >> have;
	r->p += (63 - have) >> 3;
	r->have = have | 56;
	r->used = 0;
}

static inline void reader_start(struct reader *r, const struct ng_bwt *bwt, const uint8_t *stream,
				unsigned table)
{
	r->bits = 0;
	r->p = stream;
	r->have = r->used = 0;
	r->table = (const uint8_t *)(bwt->tables.first +
				     (size_t)ng_min(table, bwt->tables.n_tables - 1) *
					     NG_TABLE_STRIDE);
	r->row = r->table;
	r->tables = &bwt->tables;
}

/* Between two fills so many tokens are read: those before the last take NG_FIRST_BITS each, or
 * refill, so that the last still finds NG_CODE_BITS, and so that `used` stays below 64. */
#define TOKENS_A_FILL 5
_Static_assert(56 - (TOKENS_A_FILL - 1) * NG_FIRST_BITS >= NG_CODE_BITS, "enough bits");

struct token {
	unsigned rank, run;
};

static inline void reader_skip(struct reader *r, unsigned length)
{
	r->bits <<= length;
	r->used += length;
	reader_fill(r);
}

/* The token behind a link; the reader is full afterwards. */
static inline struct token reader_next_long(struct reader *r)
{
	const struct ng_token_tables *tables = r->tables;
	size_t at = (size_t)((const uint16_t *)(const void *)r->row - tables->first) +
		    (r->bits >> (64 - NG_FIRST_BITS));
	uint32_t link = tables->links[at];
	uint32_t entry =
		tables->second[(link >> 6) + (r->bits << NG_FIRST_BITS >> 1 >> (63 - (link & 63)))];

	reader_skip(r, ng_entry_length(entry));
	if (__builtin_expect(entry & NG_ENTRY_ESCAPE, 0)) {
		entry = ng_entry_make(0, (unsigned)(r->bits >> (64 - NG_ESCAPE_BITS)), 0);
		reader_skip(r, NG_ESCAPE_BITS);
	}
	r->row = r->table + ((entry & NG_ENTRY_CONTEXT) >> 1);
	return (struct token){ng_entry_rank(entry), ng_entry_run(entry)};
}

static inline struct token reader_next(struct reader *r)
{
	unsigned entry = ng_load16(r->row + (r->bits >> (64 - NG_FIRST_BITS)) * 2);
	const struct ng_token *token;

	if (__builtin_expect((entry & 63) == 0, 0))
		return reader_next_long(r);
	r->bits <<= entry & 63;
	r->used += entry;
	r->row = r->table + (entry & NG_FIRST_CONTEXT);
	token = &r->tables->common[entry >> 6];
	return (struct token){token->rank, token->run};
}

/* ---- counting one symbol in a stream ---- */

/* Follows the move-to-front rank of one symbol only, so that no list is needed. */
struct counter {
	unsigned at;   /* its rank now */
	unsigned done; /* symbols decoded */
	unsigned hits; /* of them, the symbol */
	unsigned last; /* of the last token's run, the symbol: all or nothing */
};

static inline void counter_take(struct counter *c, struct token token)
{
	c->done += token.run;
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
	c->last = token.run;
	c->hits += token.run;
}

/* Hits among the first `target` symbols, when done has just reached it. */
static inline unsigned counter_at(const struct counter *c, unsigned target)
{
	return c->hits - (c->last ? c->done - target : 0);
}

/* Read on until `target` symbols are decoded. */
static inline void count_until(struct reader *from, struct counter *counter, unsigned target)
{
	struct reader r = *from;
	struct counter c = *counter;

	while (c.done < target) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < TOKENS_A_FILL; i++) {
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
		for (int i = 0; i < TOKENS_A_FILL; i++) {
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

/* ---- the parts of a block ---- */

#ifdef __AVX2__
/* ng_block_find without a call: nearly all alphabets fit into two vectors. */
static inline unsigned block_find(const uint8_t *page, unsigned symbol)
{
	const __m256i *alphabet = (const __m256i *)(const void *)(page + NG_BLOCK_HEAD);
	unsigned n = ng_block_symbols(page), separator = ng_block_separator(page);
	__m256i all = _mm256_set1_epi8((char)symbol);
	uint32_t low, high;
	uint64_t found;

	if (symbol == NG_SEPARATOR || n > 64)
		return ng_block_find(page, symbol);
	low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_loadu_si256(alphabet)));
	high = (uint32_t)_mm256_movemask_epi8(
		_mm256_cmpeq_epi8(all, _mm256_loadu_si256(alphabet + 1)));
	found = low | (uint64_t)high << 32;
	if (n < 64)
		found &= (1ull << n) - 1;
	if (separator < 64)
		found &= ~(1ull << separator);
	return found ? (unsigned)__builtin_ctzll(found) : UINT_MAX;
}
#else
#define block_find ng_block_find
#endif

/* The first lines of a page hold most of what a rank reads before it comes to a stream. Asked for
 * at once, their latencies overlap. */
static inline const uint8_t *page_fetch(const struct ng_bwt *bwt, uint64_t row)
{
	const uint8_t *page = ng_bwt_page(bwt, row);

	for (unsigned line = 0; line < 7; line++)
		__builtin_prefetch(page + 64 * line);
	return page;
}

/* Where a position lies. */
struct place {
	const uint8_t *page;
	unsigned n_symbols, n_cells, size;
	unsigned offset; /* of the position in the block */
	unsigned cell, in_cell, cell_size;
	unsigned rows_at; /* byte offset of the rows */
};

static inline uint32_t cell_word(const struct place *at, unsigned cell)
{
	return ng_load32(at->page + ng_block_cells_at(at->n_symbols) + 4 * cell);
}

static inline unsigned front_half(unsigned cell_size)
{
	return (cell_size + 1) / 2;
}

/* Ask for the stream that the place is in, while its symbol and its row are looked up. */
static inline void stream_fetch(const struct place *at)
{
	uint32_t word = cell_word(at, at->cell);
	bool back = at->in_cell > front_half(at->cell_size);
	const uint8_t *stream = at->page + (back ? word >> 12 & 0xfff : word & 0xfff);

	__builtin_prefetch(stream);
	__builtin_prefetch(stream + 64);
}

static inline bool place_find(const struct ng_bwt *bwt, const uint8_t *page, uint64_t row,
			      struct place *ret, bool *damaged)
{
	uint64_t offset = row - ng_block_start(page);

	ret->page = page;
	ret->size = ng_block_size(page);
	ret->n_symbols = ng_block_symbols(page);
	ret->n_cells = ng_block_cells(page);
	ret->offset = (unsigned)offset;
	ret->cell = (unsigned)offset >> NG_CELL_LOG;
	ret->in_cell = (unsigned)offset & (NG_CELL - 1);
	ret->cell_size = ng_min(ret->size - (ret->cell << NG_CELL_LOG), NG_CELL);
	ret->rows_at = ng_block_rows_at(ret->n_symbols, ret->n_cells, bwt->base_width);
	if (__builtin_expect(offset >= ret->size || ret->size > ret->n_cells * NG_CELL ||
				     ret->n_symbols > NG_SYMBOLS || ret->n_cells > NG_MAX_CELLS ||
				     ret->rows_at > NG_PAGE_BYTES,
			     0)) {
		*damaged = true;
		return false;
	}
	stream_fetch(ret);
	return true;
}

/* Sum of the first k of the packed 4-bit numbers at p. */
static inline unsigned planes_before(const uint8_t *p, unsigned k)
{
	const uint64_t nibble = 0x0f0f0f0f0f0f0f0full;
	unsigned sum = 0;
	uint64_t word;

	for (; k >= 16; k -= 16, p += 8) {
		word = ng_load64(p);
		sum += (unsigned)(((word & nibble) + (word >> 4 & nibble)) *
					  0x0101010101010101ull >>
				  56);
	}
	word = ng_load64(p) & ((1ull << (4 * k)) - 1);
	return sum +
	       (unsigned)(((word & nibble) + (word >> 4 & nibble)) * 0x0101010101010101ull >> 56);
}

struct row {
	unsigned bit; /* of its first plane, from the page's start */
	unsigned planes;
	unsigned width; /* of a plane, in bits: cells or wide cells */
};

static inline struct row row_find(const struct place *at, unsigned k, bool *damaged)
{
	const uint8_t *planes = at->page + ng_block_planes_at(at->n_symbols);
	unsigned before = planes_before(planes, k), n_dense = ng_min(at->n_symbols, NG_DENSE);
	struct row row = {.planes = planes[k / 2] >> (k % 2 * 4) & 15, .width = at->n_cells};

	row.bit = at->rows_at * 8 + before * at->n_cells;
	if (k >= n_dense) {
		unsigned dense = planes_before(planes, n_dense);

		row.width = ng_block_wide_cells(at->n_cells);
		row.bit = at->rows_at * 8 + dense * at->n_cells + (before - dense) * row.width;
	}
	if (__builtin_expect(row.bit + row.planes * row.width > NG_PAGE_BYTES * 8, 0)) {
		*damaged = true;
		row.bit = row.planes = 0;
	}
	return row;
}

/* Sum of a row's counts over the cells below `end`. */
static inline unsigned row_sum(const struct place *at, struct row row, unsigned end)
{
	unsigned sum = 0;

	if (__builtin_expect(end > 56, 0)) {
		for (unsigned b = 0; b < row.planes; b++)
			sum += (unsigned)__builtin_popcountll(
				       ng_field(at->page, row.bit + b * row.width, 56))
			       << b;
		row.bit += 56;
		end -= 56;
	}
	for (unsigned b = 0; b < row.planes; b++)
		sum += (unsigned)__builtin_popcountll(
			       ng_field(at->page, row.bit + b * row.width, end))
		       << b;
	return sum;
}

static inline unsigned row_cell(const struct place *at, struct row row, unsigned cell)
{
	unsigned count = 0;

	for (unsigned b = 0; b < row.planes; b++) {
		unsigned bit = row.bit + b * row.width + cell;

		count |= (at->page[bit >> 3] >> (bit & 7) & 1u) << b;
	}
	return count;
}

/* Occurrences before the block of the symbol (or NG_MARKS) that has row k. */
static inline uint64_t base_of(const struct ng_bwt *bwt, const struct place *at, unsigned k,
			       unsigned symbol)
{
	return ng_regions_count(&bwt->regions, ng_block_start(at->page) >> NG_REGION_LOG, symbol) +
	       ng_field(at->page + ng_block_bases_at(at->n_symbols, at->n_cells),
			(uint64_t)k * bwt->base_width, bwt->base_width);
}

static inline void reader_of_cell(struct reader *r, const struct ng_bwt *bwt,
				  const struct place *at, unsigned cell, bool from_back)
{
	uint32_t word = cell_word(at, cell);

	if (from_back)
		reader_start(r, bwt, at->page + (word >> 12 & 0xfff), word >> 28);
	else
		reader_start(r, bwt, at->page + (word & 0xfff), word >> 24 & 15);
}

/* Number of symbol k in the part [begin, end) of a cell, by decoding what it must. */
static unsigned cell_count(const struct ng_bwt *bwt, const struct place *at, unsigned cell,
			   unsigned k, unsigned begin, unsigned end)
{
	unsigned size = ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL);
	unsigned front = front_half(size), sum = 0;

	if (begin < front) {
		struct reader r;
		struct counter c = {.at = k};
		unsigned stop = ng_min(end, front), before;

		reader_of_cell(&r, bwt, at, cell, false);
		count_until(&r, &c, begin);
		before = counter_at(&c, begin);
		count_until(&r, &c, stop);
		sum += counter_at(&c, stop) - before;
	}
	if (end > front) {
		struct reader r;
		struct counter c = {.at = k};
		unsigned stop = size - ng_max(begin, front), before;

		reader_of_cell(&r, bwt, at, cell, true);
		count_until(&r, &c, size - end);
		before = counter_at(&c, size - end);
		count_until(&r, &c, stop);
		sum += counter_at(&c, stop) - before;
	}
	return sum;
}

/* Rank in the block of a symbol whose row is wide: decode from the nearer end of the wide cell, as
 * long as there are occurrences to be found. */
static __attribute__((__noinline__)) unsigned
wide_rank(const struct ng_bwt *bwt, const struct place *at, unsigned k, bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, begin = wide << NG_WIDE_LOG;
	unsigned end = ng_min(begin + NG_WIDE, at->size);
	struct row row = row_find(at, k, damaged);
	unsigned before = row_sum(at, row, wide), all = row_cell(at, row, wide), found = 0;

	if (at->offset - begin <= end - at->offset) {
		for (unsigned cell = begin >> NG_CELL_LOG; cell < at->cell && found < all; cell++)
			found += cell_count(bwt, at, cell, k, 0, NG_CELL);
		if (found < all)
			found += cell_count(bwt, at, at->cell, k, 0, at->in_cell);
		return before + found;
	}
	for (unsigned cell = (end - 1) >> NG_CELL_LOG; cell > at->cell && found < all; cell--)
		found += cell_count(bwt, at, cell, k, 0,
				    ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL));
	if (found < all)
		found += cell_count(bwt, at, at->cell, k, at->in_cell, at->cell_size);
	return before + all - found;
}

/* ---- rank ---- */

/* A rank on its way: everything but the decoding. The answer is base + hits when counted from the
 * cell's front, base - hits from its back. */
struct visit {
	uint64_t base;
	struct reader reader;
	unsigned k;
	unsigned wide;   /* index of a symbol with a wide row; 0: it isn't one */
	unsigned target; /* symbols to decode; 0: base is the answer */
	bool from_back;
};

static inline void visit_cell(const struct ng_bwt *bwt, const struct place *at, unsigned k,
			      unsigned symbol, struct visit *v, bool *damaged)
{
	v->k = k;
	v->from_back = at->in_cell > front_half(at->cell_size);
	v->target = v->from_back ? at->cell_size - at->in_cell : at->in_cell;
	reader_of_cell(&v->reader, bwt, at, at->cell, v->from_back);
	v->base = base_of(bwt, at, k, symbol) +
		  row_sum(at, row_find(at, k, damaged), at->cell + v->from_back);
}

/* Prepare the rank of symbol before row <= rows, whose page page_fetch gave. v->k is UINT_MAX where
 * nothing is to decode. */
static inline void visit_start(const struct ng_bwt *bwt, const uint8_t *page, unsigned symbol,
			       uint64_t row, struct visit *v, struct place *at, bool *damaged)
{
	unsigned k;

	*v = (struct visit){.k = UINT_MAX};
	if (row >= bwt->rows) {
		v->base = bwt->total[symbol];
		return;
	}
	if (!place_find(bwt, page, row, at, damaged)) {
		v->base = 0;
		return;
	}
	k = block_find(at->page, symbol);
	if (k == UINT_MAX) {
		v->base = ng_bwt_absent_rank(bwt, at->page, symbol, damaged);
		return;
	}
	if (k >= NG_DENSE) {
		v->base = base_of(bwt, at, k, symbol) + wide_rank(bwt, at, k, damaged);
		v->wide = k;
		return;
	}
	visit_cell(bwt, at, k, symbol, v, damaged);
}

static inline uint64_t visit_answer(const struct visit *v, const struct counter *c)
{
	unsigned hits = counter_at(c, v->target);

	return v->from_back ? v->base - hits : v->base + hits;
}

/* Both ends of an interval of `width` rows in one stream: one pass answers them. */
static inline void step_within(struct visit *v, unsigned width, uint64_t *ret_lo, uint64_t *ret_hi)
{
	struct counter c = {.at = v->k};
	unsigned near = v->from_back ? v->target - width : v->target, hits_near, hits_far;

	count_until(&v->reader, &c, near);
	hits_near = counter_at(&c, near);
	count_until(&v->reader, &c, near + width);
	hits_far = counter_at(&c, near + width);
	*ret_lo = v->from_back ? v->base - hits_far : v->base + hits_near;
	*ret_hi = v->from_back ? v->base - hits_near : v->base + hits_far;
}

static inline uint64_t row_clamp(const struct ng_bwt *bwt, uint64_t row, bool *damaged)
{
	if (__builtin_expect(row > bwt->rows, 0)) {
		*damaged = true;
		return bwt->rows;
	}
	return row;
}

static void step(const struct ng_bwt *bwt, unsigned symbol, uint64_t *lo, uint64_t *hi,
		 bool *damaged)
{
	struct visit a, b;
	struct place at = {0}, bt = {0};
	uint64_t first = bwt->first_row[symbol], width = *hi - *lo, rank_lo, rank_hi;

	const uint8_t *page_lo, *page_hi;

	/* lo < rows, or there would be nothing in the interval. */
	page_lo = page_fetch(bwt, *lo);
	page_hi = page_fetch(bwt, ng_min(*hi, bwt->rows - 1));
	visit_start(bwt, page_lo, symbol, *lo, &a, &at, damaged);
	if (a.k != UINT_MAX && width <= at.cell_size - at.in_cell &&
	    (a.from_back || at.in_cell + width <= front_half(at.cell_size))) {
		/* The usual case once an interval is small. */
		step_within(&a, (unsigned)width, &rank_lo, &rank_hi);
	} else if (a.wide && width <= at.cell_size - at.in_cell) {
		rank_lo = a.base;
		rank_hi = a.base + cell_count(bwt, &at, at.cell, a.wide, at.in_cell,
					      at.in_cell + (unsigned)width);
	} else {
		struct counter x = {.at = a.k}, y;

		visit_start(bwt, page_hi, symbol, *hi, &b, &bt, damaged);
		y = (struct counter){.at = b.k};
		count_until_both(&a.reader, &x, a.target, &b.reader, &y, b.target);
		rank_lo = visit_answer(&a, &x);
		rank_hi = visit_answer(&b, &y);
	}
	*lo = row_clamp(bwt, first + rank_lo, damaged);
	*hi = row_clamp(bwt, first + rank_hi, damaged);
	if (__builtin_expect(*lo > *hi, 0)) {
		*damaged = true;
		*hi = *lo;
	}
}

/* ---- LF-mapping ---- */

/* The tokens of a stream up to the one that covers a position. */
struct tokens {
	unsigned n;
	unsigned done; /* symbols decoded */
	struct token token[NG_STREAM];
};

static inline void tokens_until(const struct reader *from, struct tokens *t, unsigned beyond)
{
	struct reader r = *from;
	unsigned n = 0, done = 0;

	while (done <= beyond) {
		reader_fill(&r);
#pragma GCC unroll 5
		for (int i = 0; i < TOKENS_A_FILL; i++) {
			struct token token = reader_next(&r);

			t->token[n++] = token;
			done += token.run;
			if (done > beyond)
				break;
		}
	}
	t->n = n;
	t->done = done;
}

/* Follow the symbol of the last token back to its place in the alphabet: undo the moves to the
 * front one by one, and count the tokens that were this symbol's. */
struct trace {
	unsigned at;   /* rank before the token looked at last; in the end, index in the alphabet */
	unsigned hits; /* symbols equal to it before the last token */
};

static inline struct trace trace_back(const struct tokens *tokens)
{
	unsigned at = tokens->token[tokens->n - 1].rank, hits = 0;

	for (unsigned i = tokens->n - 1; i-- > 0;) {
		unsigned rank = tokens->token[i].rank, run = tokens->token[i].run;
		unsigned front = -(unsigned)(at == 0);

		hits += run & front;
		at = ((at - (at <= rank)) & ~front) | (rank & front);
	}
	return (struct trace){at, hits};
}

struct lf_visit {
	struct place at;
	struct reader reader;
	unsigned beyond; /* the position, counted from the stream's start */
	bool from_back;
};

static inline bool lf_start(const struct ng_bwt *bwt, uint64_t row, struct lf_visit *v,
			    bool *damaged)
{
	if (row >= bwt->rows || !place_find(bwt, page_fetch(bwt, row), row, &v->at, damaged)) {
		*damaged = true;
		return false;
	}
	v->from_back = v->at.in_cell >= front_half(v->at.cell_size);
	v->beyond = v->from_back ? v->at.cell_size - 1 - v->at.in_cell : v->at.in_cell;
	reader_of_cell(&v->reader, bwt, &v->at, v->at.cell, v->from_back);
	return true;
}

static inline unsigned lf_finish(const struct ng_bwt *bwt, uint64_t row, const struct lf_visit *v,
				 const struct tokens *tokens, struct trace t, uint64_t *ret_row,
				 bool *damaged)
{
	const struct place *at = &v->at;
	unsigned hits = t.hits + v->beyond - (tokens->done - tokens->token[tokens->n - 1].run);
	unsigned symbol;
	uint64_t rank;

	if (__builtin_expect(t.at >= at->n_symbols, 0)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	symbol = t.at == ng_block_separator(at->page) ? NG_SEPARATOR
						      : at->page[NG_BLOCK_HEAD + t.at];
	rank = base_of(bwt, at, t.at, symbol);
	if (t.at < NG_DENSE) {
		rank += row_sum(at, row_find(at, t.at, damaged), at->cell + v->from_back);
		rank = v->from_back ? rank - hits - 1 : rank + hits;
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

static unsigned lf(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_row, bool *damaged)
{
	struct lf_visit v;
	struct tokens tokens;

	if (!lf_start(bwt, row, &v, damaged)) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	tokens_until(&v.reader, &tokens, v.beyond);
	return lf_finish(bwt, row, &v, &tokens, trace_back(&tokens), ret_row, damaged);
}

/* How far ahead of the row that is stepped pages and, later, streams are asked for. */
#define PAGES_AHEAD   6u
#define STREAMS_AHEAD 3u

static void lf_many(const struct ng_bwt *bwt, unsigned n, uint64_t *rows, uint16_t *symbols,
		    bool *damaged)
{
	for (unsigned i = 0; i < n + PAGES_AHEAD; i++) {
		struct place at;
		bool ignored;

		if (i < n && rows[i] < bwt->rows)
			page_fetch(bwt, rows[i]);
		if (i >= STREAMS_AHEAD && i - STREAMS_AHEAD < n &&
		    rows[i - STREAMS_AHEAD] < bwt->rows)
			place_find(bwt, ng_bwt_page(bwt, rows[i - STREAMS_AHEAD]),
				   rows[i - STREAMS_AHEAD], &at, &ignored);
		if (i >= PAGES_AHEAD)
			symbols[i - PAGES_AHEAD] = (uint16_t)lf(bwt, rows[i - PAGES_AHEAD],
								&rows[i - PAGES_AHEAD], damaged);
	}
}

/* ---- marked rows ---- */

/* Bit number of the zero number `n` (from 0) in the bits at p, of which there are `limit`. */
static inline unsigned select_zero(const uint8_t *p, unsigned first_bit, unsigned limit, unsigned n)
{
	for (unsigned at = 0; at < limit; at += 56) {
		uint64_t word = ~ng_field(p, first_bit + at, 56) & ((1ull << 56) - 1);
		unsigned zeros = (unsigned)__builtin_popcountll(word);

		if (n < zeros) {
			while (n--)
				word &= word - 1;
			return at + (unsigned)__builtin_ctzll(word);
		}
		n -= zeros;
	}
	return limit;
}

static inline bool cell_mark(const uint8_t *marks, unsigned n_marks, unsigned size, unsigned shift,
			     unsigned position, unsigned *ret_before)
{
	unsigned high = n_marks * shift, limit = ng_marks_high_bits(n_marks, size, shift);
	unsigned bucket = position >> shift, bit, i, low = position & ((1u << shift) - 1);

	if (ng_marks_are_bitmap(n_marks, size, shift)) {
		unsigned before = 0;

		for (i = 0; i + 56 <= position; i += 56)
			before += (unsigned)__builtin_popcountll(ng_field(marks, i, 56));
		before += (unsigned)__builtin_popcountll(ng_field(marks, i, position - i));
		*ret_before = before;
		return marks[position >> 3] >> (position & 7) & 1;
	}
	bit = bucket ? select_zero(marks, high, limit, bucket - 1) + 1 : 0;
	for (i = bit - bucket; bit < limit && (marks[(high + bit) >> 3] >> ((high + bit) & 7) & 1);
	     bit++, i++) {
		unsigned value = (unsigned)ng_field(marks, i * shift, shift);

		if (value >= low) {
			*ret_before = i;
			return value == low;
		}
	}
	return false;
}

static bool mark(const struct ng_bwt *bwt, uint64_t row, uint64_t *ret_sample, bool *damaged)
{
	struct place at;
	struct row marks;
	unsigned n_marks, begin, before, wide, size;

	if (row >= bwt->rows || !place_find(bwt, page_fetch(bwt, row), row, &at, damaged)) {
		*damaged = true;
		return false;
	}
	wide = at.offset >> NG_WIDE_LOG;
	size = ng_min(at.size - (wide << NG_WIDE_LOG), NG_WIDE);
	marks = row_find(&at, at.n_symbols, damaged);
	n_marks = row_cell(&at, marks, wide);
	if (!n_marks)
		return false;
	begin = (cell_word(&at, wide * NG_WIDE_CELLS) & 0xfff) -
		ng_marks_bytes(n_marks, size, bwt->mark_shift);
	if (__builtin_expect(begin > NG_PAGE_BYTES || n_marks > size, 0)) {
		*damaged = true;
		return false;
	}
	if (!cell_mark(at.page + begin, n_marks, size, bwt->mark_shift, at.offset & (NG_WIDE - 1),
		       &before))
		return false;
	*ret_sample =
		base_of(bwt, &at, at.n_symbols, NG_MARKS) + row_sum(&at, marks, wide) + before;
	return true;
}

const struct ng_bwt_kernel NG_KERNEL = {
	.name = NG_KERNEL_NAME,
	.step = step,
	.lf = lf,
	.lf_many = lf_many,
	.mark = mark,
};
