/* The inner loops of rank, written once and compiled for several instruction sets: bwt_portable.c,
 * bwt_avx2.c and bwt_avx512.c define NG_KERNEL_NAME and include this file. */
#include <limits.h>

#include "index/bwt_internal.h"

/* ---- streams of tokens ---- */

struct reader {
	uint64_t bits;    /* the next bits, from the top */
	const uint8_t *p; /* what comes after them */
	unsigned have;    /* how many of them count */
	uint32_t context; /* byte offset of its table */
	const uint8_t *table;
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
	r->p = stream;
	r->have = 0;
	r->context = 0;
	r->table = (const uint8_t *)(bwt->tables.first +
				     (size_t)ng_min(table, bwt->tables.n_tables - 1) *
					     NG_TABLE_STRIDE);
	r->second = bwt->tables.second;
}

/* The token of a code longer than NG_FIRST_BITS, or of the escape; its length includes the escape's
 * rank. bits holds at least NG_CODE_BITS + NG_ESCAPE_BITS. */
static __attribute__((__noinline__)) uint32_t long_entry(const uint32_t *second, uint64_t bits,
							 uint32_t link)
{
	unsigned width = ng_entry_length(link), length;
	uint32_t entry =
		second[(link >> 14 & 0x1ffff) * 4 + (bits << NG_FIRST_BITS >> 1 >> (63 - width))];

	if (!(entry & NG_ENTRY_SPECIAL))
		return entry;
	length = ng_entry_length(entry);
	return ng_entry_make(length + NG_ESCAPE_BITS,
			     (unsigned)(bits << length >> (64 - NG_ESCAPE_BITS)), 0);
}

static inline void reader_skip(struct reader *r, uint32_t entry)
{
	r->bits <<= entry & 63;
	r->have -= entry & 63;
}

/* The next token; the reader must hold NG_FIRST_BITS bits. */
static inline uint32_t reader_next(struct reader *r)
{
	uint32_t entry = ng_load32(r->table + r->context + (r->bits >> (64 - NG_FIRST_BITS)) * 4);

	if (__builtin_expect(entry & NG_ENTRY_SPECIAL, 0)) {
		reader_fill(r);
		entry = long_entry(r->second, r->bits, entry);
		reader_skip(r, entry);
		reader_fill(r);
		entry &= ~63u;
	}
	reader_skip(r, entry);
	r->context = entry & NG_ENTRY_CONTEXT;
	return entry;
}

/* ---- counting one symbol in a stream ---- */

/* Follows the move-to-front rank of one symbol only, so that no list is needed. */
struct counter {
	unsigned at;   /* its rank now */
	unsigned done; /* symbols decoded */
	unsigned hits; /* of them, the symbol */
	unsigned hit;  /* all ones when the last token was the symbol's, or 0 */
};

static inline void counter_take(struct counter *c, uint32_t entry)
{
	unsigned rank = ng_entry_rank(entry), run = ng_entry_run(entry);
	/* Masks, since no branch predictor knows the text. */
	unsigned hit = -(unsigned)(rank == c->at);

	c->done += run;
	c->hits += run & hit;
	c->hit = hit;
	c->at = (c->at + (rank > c->at)) & ~hit;
}

/* Hits among the first `target` symbols, when done has reached it. */
static inline unsigned counter_at(const struct counter *c, unsigned target)
{
	return c->hits - ((c->done - target) & c->hit);
}

/* A filled reader holds 56 bits, and a code that isn't long takes 8 at most (long ones refill), so
 * that six tokens need no fill between them. */
#define TOKENS_A_FILL 6

static inline void count_until(struct reader *from, struct counter *counter, unsigned target)
{
	struct reader r = *from;
	struct counter c = *counter;

	while (c.done < target) {
		reader_fill(&r);
#pragma GCC unroll 6
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
#pragma GCC unroll 6
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

static inline uint64_t base_of(const struct ng_bwt *bwt, const struct place *at, unsigned k)
{
	return ng_field(at->page + ng_block_bases_at(at->n_symbols, at->n_cells),
			(uint64_t)k * bwt->base_width, bwt->base_width);
}

static inline uint32_t cell_word(const struct place *at, unsigned cell)
{
	return ng_load32(at->page + ng_block_cells_at(at->n_symbols) + 4 * cell);
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

static inline unsigned front_half(unsigned cell_size)
{
	return (cell_size + 1) / 2;
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

/* Rank in the block of a symbol whose row is wide: from the nearer end of the wide cell. */
static __attribute__((__noinline__)) unsigned
wide_rank(const struct ng_bwt *bwt, const struct place *at, unsigned k, bool *damaged)
{
	unsigned wide = at->offset >> NG_WIDE_LOG, begin = wide << NG_WIDE_LOG;
	unsigned end = ng_min(begin + NG_WIDE, at->size), sum;
	struct row row = row_find(at, k, damaged);

	if (at->offset - begin <= end - at->offset) {
		sum = row_sum(at, row, wide);
		for (unsigned cell = begin >> NG_CELL_LOG; cell < at->cell; cell++)
			sum += cell_count(bwt, at, cell, k, 0, NG_CELL);
		return sum + cell_count(bwt, at, at->cell, k, 0, at->in_cell);
	}
	sum = row_sum(at, row, wide + 1);
	for (unsigned cell = at->cell + 1; cell << NG_CELL_LOG < end; cell++)
		sum -= cell_count(bwt, at, cell, k, 0,
				  ng_min(at->size - (cell << NG_CELL_LOG), NG_CELL));
	return sum - cell_count(bwt, at, at->cell, k, at->in_cell, at->cell_size);
}

/* ---- rank ---- */

/* A rank on its way: everything but the decoding. The answer is base + hits when counted from the
 * cell's front, base - hits from its back. */
struct visit {
	uint64_t base;
	struct reader reader;
	unsigned k;
	unsigned target; /* symbols to decode; 0: base is the answer */
	bool from_back;
};

static inline void visit_cell(const struct ng_bwt *bwt, const struct place *at, unsigned k,
			      struct visit *v, bool *damaged)
{
	v->k = k;
	v->from_back = at->in_cell > front_half(at->cell_size);
	v->target = v->from_back ? at->cell_size - at->in_cell : at->in_cell;
	reader_of_cell(&v->reader, bwt, at, at->cell, v->from_back);
	v->base = base_of(bwt, at, k) +
		  row_sum(at, row_find(at, k, damaged), at->cell + v->from_back);
}

/* Prepare the rank of symbol before row <= rows, whose page page_fetch gave. v->k is UINT_MAX where
 * nothing is to decode. */
static inline void visit_start(const struct ng_bwt *bwt, const uint8_t *page, unsigned symbol,
			       uint64_t row, struct visit *v, struct place *at, bool *damaged)
{
	unsigned k;

	*v = (struct visit){ .k = UINT_MAX };
	if (row >= bwt->rows) {
		v->base = bwt->total[symbol];
		return;
	}
	if (!place_find(bwt, page, row, at, damaged)) {
		v->base = 0;
		return;
	}
	k = ng_block_find(at->page, symbol);
	if (k == UINT_MAX) {
		v->base = ng_bwt_absent_rank(bwt, at->page, symbol, damaged);
		return;
	}
	if (k >= NG_DENSE) {
		v->base = base_of(bwt, at, k) + wide_rank(bwt, at, k, damaged);
		return;
	}
	visit_cell(bwt, at, k, v, damaged);
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
	struct place at = { 0 }, bt = { 0 };
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
	uint32_t entry[NG_STREAM];
};

static inline void tokens_until(const struct reader *from, struct tokens *t, unsigned beyond)
{
	struct reader r = *from;
	unsigned n = t->n, done = t->done;

	while (done <= beyond) {
		reader_fill(&r);
#pragma GCC unroll 6
		for (int i = 0; i < TOKENS_A_FILL; i++) {
			uint32_t entry = reader_next(&r);

			t->entry[n++] = entry;
			done += ng_entry_run(entry);
			if (done > beyond)
				break;
		}
	}
	t->n = n;
	t->done = done;
}

static inline void tokens_until_both(struct reader *ra, struct tokens *x, unsigned beyond_x,
				     struct reader *rb, struct tokens *y, unsigned beyond_y)
{
	struct reader a = *ra, b = *rb;
	unsigned n = 0, done_x = 0, done_y = 0;

	while (done_x <= beyond_x && done_y <= beyond_y) {
		reader_fill(&a);
		reader_fill(&b);
#pragma GCC unroll 6
		for (int i = 0; i < TOKENS_A_FILL; i++) {
			uint32_t ex = reader_next(&a), ey = reader_next(&b);

			x->entry[n] = ex;
			y->entry[n++] = ey;
			done_x += ng_entry_run(ex);
			done_y += ng_entry_run(ey);
			if (done_x > beyond_x || done_y > beyond_y)
				break;
		}
	}
	x->n = y->n = n;
	x->done = done_x;
	y->done = done_y;
	tokens_until(&a, x, beyond_x);
	tokens_until(&b, y, beyond_y);
}

/* Follow the symbol of the last token back to its place in the alphabet: undo the moves to the
 * front one by one, and count the tokens that were this symbol's. */
struct trace {
	unsigned at;   /* rank before the token looked at last; in the end, index in the alphabet */
	unsigned hits; /* symbols equal to it before the last token */
};

static inline void trace_back(struct trace *t, uint32_t entry)
{
	unsigned rank = ng_entry_rank(entry);
	unsigned front = -(unsigned)(t->at == 0);

	t->hits += ng_entry_run(entry) & front;
	t->at = ((t->at - (t->at <= rank)) & ~front) | (rank & front);
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
	unsigned hits =
		t.hits + v->beyond - (tokens->done - ng_entry_run(tokens->entry[tokens->n - 1]));
	unsigned symbol;
	uint64_t rank;

	if (__builtin_expect(t.at >= at->n_symbols, 0)) {
		*damaged = true;
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	symbol = t.at == ng_block_separator(at->page) ? NG_SEPARATOR
						      : at->page[NG_BLOCK_HEAD + t.at];
	rank = base_of(bwt, at, t.at);
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
	struct trace t = {0};

	if (!lf_start(bwt, row, &v, damaged)) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	tokens.n = tokens.done = 0;
	tokens_until(&v.reader, &tokens, v.beyond);
	t.at = ng_entry_rank(tokens.entry[tokens.n - 1]);
	for (unsigned i = tokens.n - 1; i-- > 0;)
		trace_back(&t, tokens.entry[i]);
	return lf_finish(bwt, row, &v, &tokens, t, ret_row, damaged);
}

static void lf_pair(const struct ng_bwt *bwt, uint64_t *rows, uint16_t *symbols, bool *damaged)
{
	struct lf_visit v, w;
	struct tokens x, y;
	struct trace t = {0}, u = {0};
	unsigned i, j;

	if (!lf_start(bwt, rows[0], &v, damaged) || !lf_start(bwt, rows[1], &w, damaged)) {
		rows[0] = rows[1] = 0;
		symbols[0] = symbols[1] = NG_SEPARATOR;
		return;
	}
	tokens_until_both(&v.reader, &x, v.beyond, &w.reader, &y, w.beyond);
	t.at = ng_entry_rank(x.entry[x.n - 1]);
	u.at = ng_entry_rank(y.entry[y.n - 1]);
	i = x.n - 1;
	j = y.n - 1;
	while (i > 0 && j > 0) {
		trace_back(&t, x.entry[--i]);
		trace_back(&u, y.entry[--j]);
	}
	while (i > 0)
		trace_back(&t, x.entry[--i]);
	while (j > 0)
		trace_back(&u, y.entry[--j]);
	symbols[0] = (uint16_t)lf_finish(bwt, rows[0], &v, &x, t, &rows[0], damaged);
	symbols[1] = (uint16_t)lf_finish(bwt, rows[1], &w, &y, u, &rows[1], damaged);
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
	*ret_sample = base_of(bwt, &at, at.n_symbols) + row_sum(&at, marks, wide) + before;
	return true;
}

const struct ng_bwt_kernel NG_KERNEL = {
	.name = NG_KERNEL_NAME,
	.step = step,
	.lf = lf,
	.lf_pair = lf_pair,
	.mark = mark,
};
