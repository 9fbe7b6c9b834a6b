/* Backward search, locating and extracting: Ferragina and Manzini, J. ACM 2005. */
#include "query/shard.h"

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

int ng_shard_locate(const struct ng_shard *shard, uint64_t first, size_t n, const ng_cancel *cancel,
		    uint64_t *ret_positions)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	bool bad = false;

	for (size_t i = 0; i < n; i += NG_BWT_CHAINS) {
		unsigned m = (unsigned)ng_min(n - i, (size_t)NG_BWT_CHAINS);

		for (unsigned c = 0; c < m; c++)
			chains[c] = (struct ng_bwt_chain){.row = first + i + c,
							  .left = shard->params.sa_rate,
							  .to_mark = true};
		ng_bwt_walk_chains(shard->bwt, m, chains, &bad);
		for (unsigned c = 0; c < m; c++) {
			if (bad || !chains[c].marked || chains[c].sample >= shard->sa.numbers.n)
				return -EUCLEAN;
			ret_positions[i + c] = ng_packed_get(&shard->sa.numbers, chains[c].sample) *
						       shard->params.sa_rate +
					       chains[c].taken;
		}
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

_Static_assert(NG_BWT_CHAINS <= NG_INVERT_MAX, "the rows of all chains are found at once");

/* Chains for the next stretches of [*begin, end), which moves on: each from the next sampled
 * position, or, the last, from the end of the text, back to where the one before begins. buf: where
 * the text from *begin on goes. */
static int chains_start(const struct ng_shard *shard, uint64_t *begin, uint64_t end, uint8_t *buf,
			struct ng_bwt_chain *chains, unsigned *ret_n)
{
	uint64_t last = shard->params.rows - 1, rate = shard->params.sa_rate;
	uint64_t values[NG_BWT_CHAINS], marks[NG_BWT_CHAINS], rows[NG_BWT_CHAINS];
	unsigned n = 0, sampled = 0;
	bool bad = false;

	for (; n < NG_BWT_CHAINS && *begin < end; n++) {
		uint64_t sample = *begin / rate + 1;
		uint64_t at = ng_min(sample * rate, last), stop = ng_min(at, end);

		buf += stop - *begin;
		chains[n] =
			(struct ng_bwt_chain){.left = at - *begin, .skip = at - stop, .end = buf};
		if (sample * rate <= last)
			values[sampled++] = sample;
		*begin = stop;
	}
	if (ng_permutation_invert(&shard->sa, sampled, values, marks) < 0)
		return -EUCLEAN;
	ng_bwt_mark_rows(shard->bwt, sampled, marks, rows, &bad);
	/* Only the last may be without: row 0 is the end of the text. */
	for (unsigned i = 0; i < sampled; i++)
		chains[i].row = rows[i];
	*ret_n = n;
	return bad ? -EUCLEAN : 0;
}

int ng_shard_extract(const struct ng_shard *shard, uint64_t begin, size_t len,
		     const ng_cancel *cancel, uint8_t *buf)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	uint64_t next = begin, end = begin + len;
	bool bad = false;

	if (end > shard->params.rows - 1 || end < begin)
		return -EINVAL;
	while (next < end) {
		unsigned n = 0;

		if (chains_start(shard, &next, end, buf + (next - begin), chains, &n) < 0)
			return -EUCLEAN;
		ng_bwt_walk_chains(shard->bwt, n, chains, &bad);
		if (bad)
			return -EUCLEAN;
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}
