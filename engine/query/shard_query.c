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

int ng_shard_locate_before(const struct ng_shard *shard, uint64_t first, size_t n, uint8_t *end,
			   uint32_t bytes, size_t stride, const ng_cancel *cancel,
			   uint64_t *ret_positions, uint32_t *ret_before)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	uint64_t rate = shard->params.sa_rate;
	bool bad = false;

	for (size_t i = 0; i < n; i += NG_BWT_CHAINS) {
		unsigned m = (unsigned)ng_min(n - i, (size_t)NG_BWT_CHAINS);

		for (unsigned c = 0; c < m; c++)
			chains[c] =
				(struct ng_bwt_chain){.row = first + i + c,
						      .left = ng_max(rate, (uint64_t)bytes),
						      .to_mark = true,
						      .end = bytes ? end + (i + c) * stride : NULL,
						      .give = bytes};
		ng_bwt_walk_chains(shard->bwt, m, chains, &bad);
		for (unsigned c = 0; c < m; c++) {
			if (bad || !chains[c].marked || chains[c].taken > rate ||
			    chains[c].sample >= shard->sa.numbers.n)
				return -EUCLEAN;
			ret_positions[i + c] =
				ng_packed_get(&shard->sa.numbers, chains[c].sample) * rate +
				chains[c].taken;
			if (bytes)
				ret_before[i + c] =
					(uint32_t)(end + (i + c) * stride - chains[c].end);
		}
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}

int ng_shard_locate(const struct ng_shard *shard, uint64_t first, size_t n, const ng_cancel *cancel,
		    uint64_t *ret_positions)
{
	return ng_shard_locate_before(shard, first, n, NULL, 0, 0, cancel, ret_positions, NULL);
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

/* Chains that are walked together. */
struct chains {
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	unsigned n;
	uint64_t samples[NG_BWT_CHAINS]; /* where they start, */
	unsigned of[NG_BWT_CHAINS];      /* and the chain that does */
	unsigned sampled;
};

/* Chains for the next pieces of [begin, end): each from the next sampled position, or, at the end
 * of the text, from there, back to where the one before begins. buf: where the text from begin on
 * goes. Returns where they end: at end, unless they have become too many. */
static uint64_t chains_add(const struct ng_shard *shard, uint64_t begin, uint64_t end, uint8_t *buf,
			   struct chains *chains)
{
	uint64_t last = shard->params.rows - 1, rate = shard->params.sa_rate;

	while (chains->n < NG_BWT_CHAINS && begin < end) {
		uint64_t sample = begin / rate + 1;
		uint64_t at = ng_min(sample * rate, last), stop = ng_min(at, end);

		buf += stop - begin;
		/* Row 0, which it is until it is known, is the end of the text. */
		chains->chains[chains->n] =
			(struct ng_bwt_chain){.left = at - begin, .skip = at - stop, .end = buf};
		if (sample * rate <= last) {
			chains->of[chains->sampled] = chains->n;
			chains->samples[chains->sampled++] = sample;
		}
		chains->n++;
		begin = stop;
	}
	return begin;
}

static int chains_walk(const struct ng_shard *shard, struct chains *chains)
{
	uint64_t marks[NG_BWT_CHAINS], rows[NG_BWT_CHAINS];
	bool bad = false;

	if (ng_permutation_invert(&shard->sa, chains->sampled, chains->samples, marks) < 0)
		return -EUCLEAN;
	ng_bwt_mark_rows(shard->bwt, chains->sampled, marks, rows, &bad);
	for (unsigned i = 0; i < chains->sampled; i++)
		chains->chains[chains->of[i]].row = rows[i];
	if (!bad)
		ng_bwt_walk_chains(shard->bwt, chains->n, chains->chains, &bad);
	return bad ? -EUCLEAN : 0;
}

int ng_shard_extract_each(const struct ng_shard *shard, size_t n,
			  const struct ng_stretch *stretches, const ng_cancel *cancel)
{
	uint64_t done = 0; /* of the first stretch that isn't through */

	for (size_t i = 0; i < n; i++)
		if (stretches[i].begin + stretches[i].len > shard->params.rows - 1 ||
		    stretches[i].begin + stretches[i].len < stretches[i].begin)
			return -EINVAL;
	for (size_t i = 0; i < n;) {
		struct chains chains;
		int r;

		chains.n = chains.sampled = 0;
		while (i < n && chains.n < NG_BWT_CHAINS) {
			const struct ng_stretch *stretch = &stretches[i];

			done = chains_add(shard, stretch->begin + done,
					  stretch->begin + stretch->len, stretch->buf + done,
					  &chains) -
			       stretch->begin;
			if (done < stretch->len)
				break;
			done = 0;
			i++;
		}
		r = chains_walk(shard, &chains);
		if (r < 0)
			return r;
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}

int ng_shard_extract(const struct ng_shard *shard, uint64_t begin, size_t len,
		     const ng_cancel *cancel, uint8_t *buf)
{
	struct ng_stretch stretch = {begin, len, buf};

	return ng_shard_extract_each(shard, 1, &stretch, cancel);
}
