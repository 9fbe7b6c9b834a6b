/* Backward search, locating and extracting: Ferragina and Manzini, J. ACM 2005. */
#include "query/shard.h"

/* Chains that are walked side by side, so that their cache misses overlap. */
#define CHAINS 16u

int ng_shard_find(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  const ng_cancel *cancel, struct ng_interval *ret_interval)
{
	struct ng_interval rows;
	bool bad = false;
	size_t i;

	i = len;
	if (shard->has_kmers)
		i -= ng_kmers_find(&shard->kmers, pat, len, &rows.lo, &rows.hi);
	if (i == len)
		ng_bwt_symbol_rows(shard->bwt, pat[--i], &rows.lo, &rows.hi);
	if (rows.lo > rows.hi || rows.hi > shard->params.rows)
		return -EUCLEAN;
	while (i > 0 && rows.lo < rows.hi && !bad) {
		ng_bwt_step(shard->bwt, pat[--i], &rows.lo, &rows.hi, &bad);
		if ((i & 63) == 0 && ng_cancelled(cancel))
			return -EINTR;
	}
	if (bad)
		return -EUCLEAN;
	if (rows.lo == rows.hi)
		rows.lo = rows.hi = 0;
	*ret_interval = rows;
	return ng_shard_result(shard, 0);
}

/* Position of one row's suffix. */
static int locate_row(const struct ng_shard *shard, uint64_t row, uint64_t *ret_position)
{
	uint64_t sample, steps = 0;
	bool bad = false;

	while (!ng_bwt_walk(shard->bwt, &row, &sample, &bad))
		if (bad || ++steps > 1u << shard->params.sa_log)
			return -EUCLEAN;
	if (bad || sample >= shard->sa.n)
		return -EUCLEAN;
	*ret_position = (ng_packed_get(&shard->sa, sample) << shard->params.sa_log) + steps;
	return 0;
}

int ng_shard_locate(const struct ng_shard *shard, uint64_t first, size_t n, const ng_cancel *cancel,
		    uint64_t *ret_positions)
{
	for (size_t i = 0; i < n; i++) {
		int r = locate_row(shard, first + i, &ret_positions[i]);

		if (r < 0)
			return r;
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}

int ng_shard_doc_at(const struct ng_shard *shard, uint64_t position, uint64_t *ret_doc,
		    uint64_t *ret_offset)
{
	uint64_t before = ng_ef_rank(&shard->doc_starts, position), begin;

	if (before == 0 || before > shard->params.docs)
		return -EUCLEAN;
	begin = ng_ef_get(&shard->doc_starts, before - 1);
	if (begin > position)
		return -EUCLEAN;
	*ret_doc = before - 1;
	*ret_offset = position - begin;
	return ng_shard_result(shard, 0);
}

int ng_shard_doc_extent(const struct ng_shard *shard, uint64_t doc, uint64_t *ret_begin,
			uint64_t *ret_bytes)
{
	uint64_t begin = ng_ef_get(&shard->doc_starts, doc);
	uint64_t end = ng_ef_get(&shard->doc_starts, doc + 1);

	if (end <= begin || end > shard->params.rows - 1)
		return -EUCLEAN;
	*ret_begin = begin;
	*ret_bytes = end - begin - 1;
	return ng_shard_result(shard, 0);
}

/* One stretch of text that is walked from a sampled position behind it back to its beginning. */
struct stretch {
	uint64_t at; /* position that row stands for */
	uint64_t begin;
};

/* The next stretch of [begin, end), from the front on: up to the next sampled position, or, in the
 * last, up to the end of the text. */
static int stretch_start(const struct ng_shard *shard, uint64_t *begin, uint64_t end,
			 struct stretch *ret, uint64_t *ret_row)
{
	unsigned log = shard->params.isa_log;
	uint64_t sample = (*begin >> log) + 1, last = shard->params.rows - 1;

	ret->begin = *begin;
	if (sample << log > last) {
		ret->at = last;
		*ret_row = 0;
	} else {
		ret->at = sample << log;
		*ret_row = ng_packed_get(&shard->isa, sample);
	}
	*begin = ng_min(ret->at, end);
	return *ret_row < shard->params.rows ? 0 : -EUCLEAN;
}

int ng_shard_extract(const struct ng_shard *shard, uint64_t begin, size_t len,
		     const ng_cancel *cancel, uint8_t *buf)
{
	struct stretch stretches[CHAINS];
	uint64_t rows[CHAINS], next = begin, end = begin + len;
	uint16_t symbols[CHAINS];
	unsigned n = 0, steps = 0;
	bool bad = false;

	if (end > shard->params.rows - 1 || end < begin)
		return -EINVAL;
	while (next < end || n) {
		for (; n < CHAINS && next < end; n++)
			if (stretch_start(shard, &next, end, &stretches[n], &rows[n]) < 0)
				return -EUCLEAN;
		ng_bwt_lf_many(shard->bwt, n, rows, symbols, &bad);
		for (unsigned c = 0; c < n;) {
			struct stretch *s = &stretches[c];

			s->at--;
			if (s->at < end) {
				/* The range is inside a document: no separators. */
				bad |= symbols[c] == NG_SEPARATOR;
				buf[s->at - begin] = (uint8_t)symbols[c];
			}
			if (s->at > s->begin) {
				c++;
				continue;
			}
			stretches[c] = stretches[--n];
			rows[c] = rows[n];
			symbols[c] = symbols[n];
		}
		if (bad)
			return -EUCLEAN;
		if ((++steps & 15) == 0 && ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}
