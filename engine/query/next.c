/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a query. An FM-index extends to the left only, so that what may follow is either
 * tried, each by a search of its own, or read from the text. The rows of the query are in the order
 * of what follows it, so that few of them need be read. */
#include "query/next.h"

#include "base/utf8.h"
#include "query/batch.h"
#include "query/char_counts.h"

/* Searches cost steps for each byte of the pattern and for each byte that might follow; reading
 * costs a locate and a short extract for each row that is looked at. So many rows, and patterns of
 * so many bytes, are better read. */
#define FEW_ROWS  4u
#define LONG_PAT  256u
#define CHARACTER 4u /* bytes of the longest */

/* ---- reading ---- */

/* The bytes that follow an occurrence; fewer than CHARACTER where the document ends. */
struct after {
	uint8_t bytes[CHARACTER];
	size_t n;
};

struct reading {
	const struct ng_index *index;
	uint32_t s;
	size_t len; /* of the pattern */
	const ng_cancel *cancel;
	struct ng_char_counts *counts;
};

static int after_read(const struct reading *reading, uint64_t row, struct after *ret)
{
	struct ng_match match = {0, 0};
	int r = ng_index_locate_rows(reading->index, reading->s, row, 1, reading->cancel, &match);

	if (r < 0)
		return r;
	*ret = (struct after){.n = 0};
	return ng_index_peek(reading->index, match.doc, match.offset + reading->len,
			     sizeof(ret->bytes), reading->cancel, ret->bytes, &ret->n);
}

static unsigned after_character(const struct after *after)
{
	return after->n ? ng_utf8_len(after->bytes, after->bytes + after->n) : 0;
}

/* Bytes that decide what the entry is: rows that have these in common have the same. */
static size_t after_deciding(const struct after *after)
{
	unsigned character = after_character(after);
	size_t n = 1;

	if (character || after->n == 0)
		return character;
	if (ng_utf8_promised(after->bytes[0]) == 0)
		return 1;
	while (n < after->n && ng_utf8_continues(after->bytes[n]))
		n++;
	return ng_min(n + 1, after->n);
}

/* Whether all rows between two that are followed so have the same entry. */
static bool after_same(const struct after *a, const struct after *b)
{
	size_t n = after_deciding(a);

	return n == after_deciding(b) && memcmp(a->bytes, b->bytes, n) == 0;
}

static int after_count(const struct reading *reading, const struct after *after, uint64_t rows)
{
	unsigned character = after_character(after);

	if (after->n == 0)
		return ng_char_counts_add(reading->counts, NG_NEXT_END, NULL, 0, rows);
	if (character)
		return ng_char_counts_add(reading->counts, NG_NEXT_CHARACTER, after->bytes,
					  character, rows);
	return ng_char_counts_add(reading->counts, NG_NEXT_BYTE, after->bytes, 1, rows);
}

/* Rows [lo, hi), the first and the last of which are followed so. */
static int range_count(const struct reading *reading, uint64_t lo, const struct after *first,
		       uint64_t hi, const struct after *last)
{
	uint64_t middle = lo + (hi - lo) / 2;
	struct after before, at;
	int r;

	if (hi - lo == 1 || after_same(first, last))
		return after_count(reading, first, hi - lo);
	r = after_read(reading, middle - 1, &before);
	if (r == 0)
		r = after_read(reading, middle, &at);
	if (r == 0)
		r = range_count(reading, lo, first, middle, &before);
	if (r == 0)
		r = range_count(reading, middle, &at, hi, last);
	return r;
}

static int rows_read(const struct reading *reading, struct ng_interval rows)
{
	struct after first, last;
	int r = after_read(reading, rows.lo, &first);

	if (r == 0)
		r = after_read(reading, rows.hi - 1, &last);
	return r < 0 ? r : range_count(reading, rows.lo, &first, rows.hi, &last);
}

/* ---- searching ---- */

struct searching {
	const struct ng_shard *shard;
	const ng_cancel *cancel;
	struct ng_char_counts *counts;
	uint8_t *text;           /* 256 copies of pattern and tail: what is searched for */
	size_t len;              /* of the pattern */
	struct ng_interval rows; /* of the pattern: those that matter */
};

struct tail {
	uint8_t bytes[CHARACTER];
	unsigned n;
};

static uint64_t rows_within(struct ng_interval rows, struct ng_interval within)
{
	uint64_t lo = ng_max(rows.lo, within.lo), hi = ng_min(rows.hi, within.hi);

	return lo < hi ? hi - lo : 0;
}

/* Rows of the pattern followed by tail and each byte [begin, end) that the shard has; the others
 * have none. */
static int bytes_find(const struct searching *s, const struct tail *tail, unsigned begin,
		      unsigned end, uint64_t *ret_counts)
{
	struct ng_pattern patterns[256];
	struct ng_interval rows[256];
	size_t len = s->len + tail->n + 1, n = 0;
	int r;

	for (unsigned byte = begin; byte < end; byte++) {
		uint8_t *pat = s->text + n * (s->len + CHARACTER);
		uint64_t lo, hi;

		ng_bwt_symbol_rows(s->shard->bwt, byte, &lo, &hi);
		if (lo == hi)
			continue;
		memcpy(pat + s->len, tail->bytes, tail->n);
		pat[len - 1] = (uint8_t)byte;
		patterns[n++] = (struct ng_pattern){pat, len};
	}
	r = ng_shard_find_many(s->shard, n, patterns, s->cancel, rows);
	if (r < 0)
		return r;
	memset(ret_counts, 0, (end - begin) * sizeof(*ret_counts));
	for (size_t i = 0; i < n; i++)
		ret_counts[patterns[i].bytes[len - 1] - begin] = rows_within(rows[i], s->rows);
	return 0;
}

/* Count characters that begin with tail, which occurs `rows` times behind the pattern; their number
 * is added to *ret_characters. */
static int characters_count(const struct searching *s, const struct tail *tail, uint64_t rows,
			    uint64_t *ret_characters)
{
	uint64_t counts[64];
	int r;

	if (tail->n == ng_utf8_promised(tail->bytes[0])) {
		if (ng_utf8_len(tail->bytes, tail->bytes + tail->n) != tail->n)
			return 0;
		*ret_characters += rows;
		return ng_char_counts_add(s->counts, NG_NEXT_CHARACTER, tail->bytes, tail->n, rows);
	}
	r = bytes_find(s, tail, 0x80, 0xc0, counts);
	for (unsigned i = 0; r == 0 && i < 64; i++) {
		struct tail more = *tail;

		more.bytes[more.n++] = (uint8_t)(0x80 + i);
		if (counts[i])
			r = characters_count(s, &more, counts[i], ret_characters);
	}
	return r;
}

static int first_byte_count(const struct searching *s, uint8_t byte, uint64_t rows)
{
	struct tail tail = {{byte}, 1};
	uint64_t characters = 0;
	int r = 0;

	if (byte < 0x80)
		return ng_char_counts_add(s->counts, NG_NEXT_CHARACTER, &byte, 1, rows);
	if (rows && ng_utf8_promised(byte))
		r = characters_count(s, &tail, rows, &characters);
	if (r < 0 || characters > rows)
		return r < 0 ? r : -EUCLEAN;
	return ng_char_counts_add(s->counts, NG_NEXT_BYTE, &byte, 1, rows - characters);
}

static int rows_search(struct searching *s, const uint8_t *pat, uint64_t rows)
{
	ng_cleanup(ng_freep) uint8_t *text = malloc(256 * (s->len + CHARACTER));
	uint64_t counts[256];
	int r;

	if (!text)
		return -ENOMEM;
	for (unsigned i = 0; i < 256; i++)
		memcpy(text + i * (s->len + CHARACTER), pat, s->len);
	s->text = text;
	r = bytes_find(s, &(struct tail){.n = 0}, 0, 256, counts);
	for (unsigned byte = 0; r == 0 && byte < 256; byte++) {
		if (counts[byte] > rows)
			return -EUCLEAN;
		rows -= counts[byte];
		r = first_byte_count(s, (uint8_t)byte, counts[byte]);
	}
	/* What is followed by no byte is followed by a separator. */
	return r < 0 ? r : ng_char_counts_add(s->counts, NG_NEXT_END, NULL, 0, rows);
}

static int behind_count(const struct ng_index *index, const struct ng_range *range,
			const ng_cancel *cancel, struct ng_char_counts *counts)
{
	ng_cleanup(ng_buf_free) struct ng_buf pat = NG_BUF_INIT;
	size_t len = range->lead + range->bytes;
	struct reading reading = {index, range->shard, len, cancel, counts};
	struct searching searching = {index->shards[range->shard], cancel, counts, NULL, len,
				      {range->lo, range->hi}};
	int r;

	if (len >= LONG_PAT || range->hi - range->lo <= FEW_ROWS)
		return rows_read(&reading, (struct ng_interval){range->lo, range->hi});
	r = ng_buf_append(&pat, range->lead_bytes, range->lead);
	if (r == 0)
		r = ng_range_text(index, range, cancel, &pat);
	return r < 0 ? r : rows_search(&searching, pat.data, range->hi - range->lo);
}

int ng_next(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	    struct ng_next **ret_list, size_t *ret_n)
{
	return ng_char_counts_all(index, ranges, cancel, behind_count, ret_list, ret_n);
}
