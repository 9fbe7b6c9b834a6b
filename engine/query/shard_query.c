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

/* Where a sample was taken. */
static int sample_place(const struct ng_shard *shard, uint64_t sample, struct ng_match *ret)
{
	uint64_t docs = ng_ef_rank(&shard->sample_starts, sample), first;

	if (docs == 0 || docs > shard->params.docs)
		return -EUCLEAN;
	first = ng_ef_get(&shard->sample_starts, docs - 1);
	if (first > sample)
		return -EUCLEAN;
	ret->doc = docs - 1;
	ret->offset = (sample - first) * shard->params.sa_rate;
	return 0;
}

int ng_shard_locate(const struct ng_shard *shard, uint64_t first, size_t n, const ng_cancel *cancel,
		    struct ng_match *ret_matches)
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
			struct ng_match *match = &ret_matches[i + c];

			if (bad || !chains[c].marked || chains[c].sample >= shard->sa.numbers.n ||
			    sample_place(shard, ng_packed_get(&shard->sa.numbers, chains[c].sample),
					 match) < 0)
				return -EUCLEAN;
			match->offset += chains[c].taken;
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

	if (end <= begin || end > shard->params.rows)
		return -EUCLEAN;
	*ret_begin = begin;
	*ret_bytes = end - begin - 1;
	return ng_shard_result(shard, 0);
}

_Static_assert(NG_BWT_CHAINS <= NG_INVERT_MAX, "the rows of all chains are found at once");

/* What is read of a document. */
struct extract {
	const struct ng_shard *shard;
	uint64_t doc, bytes;
	uint64_t first_sample;
	uint64_t next, end; /* offsets that are left */
	uint8_t *buf;       /* where the byte at `next` goes */
};

/* Chains for the next stretches: each from the next sampled offset, or, the last of a document,
 * from its separator, back to where the one before begins. */
static int chains_start(struct extract *e, struct ng_bwt_chain *chains, unsigned *ret_n)
{
	uint64_t values[NG_BWT_CHAINS], marks[NG_BWT_CHAINS], rows[NG_BWT_CHAINS];
	uint64_t rate = e->shard->params.sa_rate;
	unsigned n = 0, sampled = 0;
	bool bad = false;

	for (; n < NG_BWT_CHAINS && e->next < e->end; n++) {
		uint64_t sample = e->next / rate + 1;
		uint64_t at = ng_min(sample * rate, e->bytes), stop = ng_min(at, e->end);

		e->buf += stop - e->next;
		/* The row of a separator is the number of its document. */
		chains[n] = (struct ng_bwt_chain){
			.row = e->doc, .left = at - e->next, .skip = at - stop, .end = e->buf};
		if (at < e->bytes)
			values[sampled++] = e->first_sample + sample;
		e->next = stop;
	}
	for (unsigned i = 0; i < sampled; i++)
		if (values[i] >= e->shard->sa.numbers.n)
			return -EUCLEAN;
	if (ng_permutation_invert(&e->shard->sa, sampled, values, marks) < 0)
		return -EUCLEAN;
	ng_bwt_mark_rows(e->shard->bwt, sampled, marks, rows, &bad);
	/* Only the last may be without. */
	for (unsigned i = 0; i < sampled; i++)
		chains[i].row = rows[i];
	*ret_n = n;
	return bad ? -EUCLEAN : 0;
}

int ng_shard_extract(const struct ng_shard *shard, uint64_t doc, uint64_t offset, size_t len,
		     const ng_cancel *cancel, uint8_t *buf)
{
	struct extract e = {.shard = shard,
			    .doc = doc,
			    .first_sample = ng_ef_get(&shard->sample_starts, doc),
			    .next = offset,
			    .end = offset + len,
			    .buf = buf};
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	bool bad = false;
	uint64_t begin;
	int r = ng_shard_doc_extent(shard, doc, &begin, &e.bytes);

	if (r < 0)
		return r;
	if (e.end > e.bytes || e.end < offset)
		return -EINVAL;
	while (e.next < e.end) {
		unsigned n = 0;

		if (chains_start(&e, chains, &n) < 0)
			return -EUCLEAN;
		ng_bwt_walk_chains(shard->bwt, n, chains, &bad);
		if (bad)
			return -EUCLEAN;
		if (ng_cancelled(cancel))
			return -EINTR;
	}
	return ng_shard_result(shard, 0);
}
