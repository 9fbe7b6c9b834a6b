#include "check/block.h"

#include "bwt/block_decode.h"

/* A block being examined. */
struct exam {
	const struct ng_bwt *bwt;
	const uint8_t *page;
	struct ng_block_facts *facts;
	struct ng_block_fault *fault;
	unsigned n_cells;
	unsigned rows_at; /* bytes */
	unsigned rows_end;
	unsigned row_bit[NG_SYMBOLS + 1]; /* where each row of counts begins in the page */
	unsigned planes[NG_SYMBOLS + 1];
	uint16_t wide[NG_SYMBOLS]; /* counts in the wide cell so far */
};

__attribute__((__format__(printf, 3, 4))) static bool wrong(struct exam *e, unsigned at,
							    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->fault->text, sizeof(e->fault->text), fmt, ap);
	va_end(ap);
	e->fault->at = at;
	return false;
}

static bool head_examine(struct exam *e)
{
	struct ng_block_facts *facts = e->facts;

	facts->start = ng_block_start(e->page);
	facts->size = ng_block_size(e->page);
	facts->n_symbols = ng_block_symbols(e->page);
	e->n_cells = ng_block_cells(e->page);
	if (facts->start % NG_GRAIN)
		return wrong(e, 0, "begins within a grain");
	if (e->n_cells == 0 || e->n_cells > NG_MAX_CELLS)
		return wrong(e, 5, "%u cells", e->n_cells);
	if (facts->n_symbols == 0 || facts->n_symbols > NG_SYMBOLS)
		return wrong(e, 6, "%u symbols", facts->n_symbols);
	if (ng_load16(e->page + 10))
		return wrong(e, 10, "a reserved number is not 0");
	if (facts->size <= (e->n_cells - 1) * NG_CELL || facts->size > e->n_cells * NG_CELL)
		return wrong(e, 12, "%u rows in %u cells", facts->size, e->n_cells);
	e->rows_at = ng_block_rows_at(facts->n_symbols, e->n_cells, e->bwt->base_width);
	if (e->rows_at > NG_PAGE_BYTES)
		return wrong(e, 6, "its parts don't fit into the page");
	return true;
}

static bool alphabet_examine(struct exam *e)
{
	struct ng_block_facts *facts = e->facts;
	unsigned separator = ng_block_separator(e->page);
	const uint8_t *bases = e->page + ng_block_bases_at(facts->n_symbols, e->n_cells);
	bool seen[NG_SYMBOLS] = {false};

	if (separator >= facts->n_symbols && separator != 0xffff)
		return wrong(e, 8, "the separator is not in the alphabet");
	for (unsigned k = 0; k < facts->n_symbols; k++) {
		unsigned symbol = e->page[NG_BLOCK_HEAD + k];

		if (k == separator) {
			if (symbol)
				return wrong(e, NG_BLOCK_HEAD + k, "the separator is not 0");
			symbol = NG_SEPARATOR;
		}
		if (seen[symbol])
			return wrong(e, NG_BLOCK_HEAD + k, "symbol %u twice in the alphabet",
				     symbol);
		seen[symbol] = true;
		facts->symbol[k] = (uint16_t)symbol;
	}
	for (unsigned k = 0; k <= facts->n_symbols; k++)
		facts->base[k] =
			ng_field(bases, (uint64_t)k * e->bwt->base_width, e->bwt->base_width);
	return true;
}

/* Rows of counts that have a column for each cell. */
static unsigned n_dense(const struct exam *e)
{
	return ng_min(e->facts->n_symbols, NG_DENSE);
}

static unsigned row_width(const struct exam *e, unsigned k)
{
	return k < n_dense(e) ? e->n_cells : ng_block_wide_cells(e->n_cells);
}

static bool rows_examine(struct exam *e)
{
	const uint8_t *planes = e->page + ng_block_planes_at(e->facts->n_symbols);
	unsigned bit = e->rows_at * 8;

	for (unsigned k = 0; k <= e->facts->n_symbols; k++) {
		e->row_bit[k] = bit;
		e->planes[k] = planes[k / 2] >> (k % 2 * 4) & 15;
		bit += e->planes[k] * row_width(e, k);
	}
	e->rows_end = (bit + 7) / 8;
	if (e->rows_end > NG_PAGE_BYTES)
		return wrong(e, e->rows_at, "the counts don't fit into the page");
	return true;
}

static unsigned row_count(const struct exam *e, unsigned k, unsigned column)
{
	unsigned count = 0;

	for (unsigned b = 0; b < e->planes[k]; b++)
		count |=
			(unsigned)ng_field(e->page, e->row_bit[k] + b * row_width(e, k) + column, 1)
			<< b;
	return count;
}

static bool stream_examine(struct exam *e, unsigned at, unsigned table, unsigned size,
			   uint16_t *count)
{
	uint8_t symbols[NG_STREAM_ROOM], list[NG_SYMBOLS];
	unsigned n = e->facts->n_symbols;

	if (size == 0)
		return true;
	if (at < e->rows_end)
		return wrong(e, at, "a stream lies in the counts");
	if (table >= e->bwt->tables.n_tables)
		return wrong(e, at, "a stream's code table doesn't exist");
	for (unsigned k = 0; k < n; k++)
		list[k] = (uint8_t)k;
	if (!ng_stream_decode(e->bwt, e->page + at, table, list, n, size, symbols))
		return wrong(e, at, "a stream that no text gives");
	for (unsigned i = 0; i < size; i++)
		count[symbols[i]]++;
	if (n <= 256)
		return true;
	/* The last of 257 symbols was written as the first. */
	for (unsigned k = 0; k < n; k++)
		list[k] = k == n - 1;
	ng_stream_decode(e->bwt, e->page + at, table, list, n, size, symbols);
	for (unsigned i = 0; i < size; i++) {
		count[0] = (uint16_t)(count[0] - symbols[i]);
		count[n - 1] = (uint16_t)(count[n - 1] + symbols[i]);
	}
	return true;
}

/* A row's column against what was decoded. */
static bool column_examine(struct exam *e, unsigned k, unsigned column, unsigned count)
{
	unsigned says = row_count(e, k, column);

	if (says == count)
		return true;
	return wrong(e, e->row_bit[k] / 8, "%s %u of %s %u is %u in its streams, %u in its row",
		     k < n_dense(e) ? "cell" : "wide cell", column,
		     k < e->facts->n_symbols ? "symbol" : "marks", k, count, says);
}

/* Number of marks in a wide cell: as many as are set, each at its own place within it. */
static bool marks_examine(struct exam *e, unsigned wide, unsigned size)
{
	unsigned says = row_count(e, e->facts->n_symbols, wide), begin, n;
	const uint8_t *cells = e->page + ng_block_cells_at(e->facts->n_symbols);
	uint64_t bits[NG_WIDE / 64];

	if (says == 0)
		return true;
	begin = (ng_load32(cells + 4 * wide * NG_WIDE_CELLS) & 0xfff) -
		ng_marks_bytes(says, size, e->bwt->mark_shift);
	if (says > size || begin < e->rows_end || begin > NG_PAGE_BYTES)
		return wrong(e, e->row_bit[e->facts->n_symbols] / 8,
			     "the %u marks of wide cell %u don't fit", says, wide);
	n = ng_marks_decode(e->bwt, e->page + begin, says, size, bits);
	if (n == NG_MARKS_NO_ORDER)
		return wrong(e, begin, "the marks of wide cell %u are out of order", wide);
	if (n != says)
		return wrong(e, begin, "%u marks in wide cell %u, %u in its row", n, wide, says);
	e->facts->count[e->facts->n_symbols] += n;
	return true;
}

/* Behind the last cell of a wide cell. */
static bool wide_examine(struct exam *e, unsigned wide)
{
	unsigned n = e->facts->n_symbols, begin = wide << NG_WIDE_LOG;

	for (unsigned k = n_dense(e); k < n; k++)
		if (!column_examine(e, k, wide, e->wide[k]))
			return false;
	memset(e->wide, 0, n * sizeof(e->wide[0]));
	return marks_examine(e, wide, ng_min(e->facts->size - begin, NG_WIDE));
}

static bool cell_examine(struct exam *e, unsigned cell)
{
	struct ng_block_facts *facts = e->facts;
	unsigned n = facts->n_symbols, size = ng_min(facts->size - cell * NG_CELL, NG_CELL);
	unsigned front = (size + 1) / 2;
	uint32_t word = ng_load32(e->page + ng_block_cells_at(n) + 4 * cell);
	uint16_t count[NG_SYMBOLS] = {0};

	if (!stream_examine(e, word & 0xfff, word >> 24 & 15, front, count) ||
	    !stream_examine(e, word >> 12 & 0xfff, word >> 28, size - front, count))
		return false;
	for (unsigned k = 0; k < n; k++) {
		if (k < NG_DENSE && !column_examine(e, k, cell, count[k]))
			return false;
		e->wide[k] = (uint16_t)(e->wide[k] + count[k]);
		facts->count[k] += count[k];
	}
	if (cell % NG_WIDE_CELLS != NG_WIDE_CELLS - 1 && cell != e->n_cells - 1)
		return true;
	return wide_examine(e, cell / NG_WIDE_CELLS);
}

bool ng_block_examine(const struct ng_bwt *bwt, const uint8_t *page, struct ng_block_facts *ret,
		      struct ng_block_fault *ret_fault)
{
	struct exam e = {.bwt = bwt, .page = page, .facts = ret, .fault = ret_fault};

	memset(ret, 0, sizeof(*ret));
	if (!head_examine(&e) || !alphabet_examine(&e) || !rows_examine(&e))
		return false;
	for (unsigned cell = 0; cell < e.n_cells; cell++)
		if (!cell_examine(&e, cell))
			return false;
	return true;
}
