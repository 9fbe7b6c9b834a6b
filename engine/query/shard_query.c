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
							  .left = 1u << shard->params.sa_log,
							  .to_mark = true};
		ng_bwt_walk_chains(shard->bwt, m, chains, &bad);
		for (unsigned c = 0; c < m; c++) {
			if (bad || !chains[c].marked || chains[c].sample >= shard->sa.n)
				return -EUCLEAN;
			ret_positions[i + c] = (ng_packed_get(&shard->sa, chains[c].sample)
						<< shard->params.sa_log) +
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

/* A chain for the next stretch of [begin, end): from the next sampled position, or, in the last,
 * from the end of the text, back to *begin, which moves on. buf: of the whole range. */
static int chain_start(const struct ng_shard *shard, uint64_t *begin, uint64_t end, uint8_t *buf,
		       struct ng_bwt_chain *ret_chain)
{
	unsigned log = shard->params.isa_log;
	uint64_t sample = (*begin >> log) + 1, last = shard->params.rows - 1;
	uint64_t at = ng_min(sample << log, last), stop = ng_min(at, end);

	*ret_chain = (struct ng_bwt_chain){
		.row = at == last ? 0 : ng_packed_get(&shard->isa, sample),
		.left = at - *begin,
		.skip = at - stop,
		.end = buf + (stop - *begin),
	};
	*begin = stop;
	return ret_chain->row < shard->params.rows ? 0 : -EUCLEAN;
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

		for (; n < NG_BWT_CHAINS && next < end; n++)
			if (chain_start(shard, &next, end, buf + (next - begin), &chains[n]) < 0)
				return -EUCLEAN;
		ng_bwt_walk_chains(shard->bwt, n, chains, &bad);
		if (bad)
			return -EUCLEAN;
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}
