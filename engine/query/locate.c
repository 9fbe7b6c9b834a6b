/* SPDX-License-Identifier: Apache-2.0 */
/* Locating and extracting: Ferragina and Manzini, J. ACM 2005. */
#include "bwt/bwt_prefetch.h"
#include "query/shard.h"

/* Where a sample was taken. */
static int sample_place(const struct ng_shard *shard, uint64_t sample, struct ng_match *ret)
{
	bool bad = false;
	uint64_t docs = ng_ef_rank(&shard->sample_starts, sample, &bad), first;

	if (bad || docs == 0 || docs > shard->params.docs)
		return -EUCLEAN;
	first = ng_ef_get(&shard->sample_starts, docs - 1, &bad);
	if (bad || first > sample)
		return -EUCLEAN;
	ret->doc = docs - 1;
	ret->offset = (sample - first) * shard->params.sa_rate;
	return 0;
}

/* Ask for the samples that chains have come to, if they have to be waited for. */
static void samples_prefetch(const struct ng_shard *shard, unsigned n,
			     const struct ng_bwt_chain *chains)
{
	const struct ng_packed *numbers = &shard->sa.numbers;

	for (unsigned c = 0; c < n && ng_pages_cold(numbers->pages); c++)
		if (chains[c].marked && chains[c].sample < numbers->n)
			ng_pages_prefetch(numbers->pages, ng_packed_at(numbers, chains[c].sample),
					  sizeof(uint64_t));
}

/* Rows rows[0..n-1], or, where that is NULL, [first, first + n). */
static int locate(const struct ng_shard *shard, uint64_t first, size_t n, const uint64_t *rows,
		  uint8_t *end, uint32_t bytes, size_t stride, const ng_cancel *cancel,
		  struct ng_match *ret_matches, uint32_t *ret_before)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	uint64_t rate = shard->params.sa_rate;
	bool bad = false;

	for (size_t i = 0; i < n; i += NG_BWT_CHAINS) {
		unsigned m = (unsigned)ng_min(n - i, (size_t)NG_BWT_CHAINS);

		for (unsigned c = 0; c < m; c++)
			chains[c] = (struct ng_bwt_chain){
				.row = ng_shard_bwt_row(shard, rows ? rows[i + c] : first + i + c,
							&bad),
				.left = ng_max(rate, (uint64_t)bytes),
				.to_mark = true,
				.end = bytes ? end + (i + c) * stride : NULL,
				.give = bytes};
		if (bad)
			return ng_shard_damaged(shard);
		ng_bwt_walk_chains_prefetch(shard->bwt, m, chains, &bad);
		samples_prefetch(shard, m, chains);
		for (unsigned c = 0; c < m; c++) {
			struct ng_match *match = &ret_matches[i + c];
			uint64_t sample;

			if (bad || !chains[c].marked || chains[c].taken > rate ||
			    chains[c].sample >= shard->sa.numbers.n)
				return ng_shard_damaged(shard);
			sample = ng_packed_get(&shard->sa.numbers, chains[c].sample, &bad);
			if (bad || sample_place(shard, sample, match) < 0)
				return ng_shard_damaged(shard);
			match->offset += chains[c].taken;
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
		    struct ng_match *ret_matches)
{
	return locate(shard, first, n, NULL, NULL, 0, 0, cancel, ret_matches, NULL);
}

int ng_shard_locate_before(const struct ng_shard *shard, size_t n, const uint64_t *rows,
			   uint8_t *end, uint32_t bytes, size_t stride, const ng_cancel *cancel,
			   struct ng_match *ret_matches, uint32_t *ret_before)
{
	return locate(shard, 0, n, rows, end, bytes, stride, cancel, ret_matches, ret_before);
}

int ng_shard_doc_at(const struct ng_shard *shard, uint64_t position, uint64_t *ret_doc,
		    uint64_t *ret_offset)
{
	bool bad = false;
	uint64_t before = ng_ef_rank(&shard->doc_starts, position, &bad), begin;

	if (bad || before == 0 || before > shard->params.docs)
		return ng_shard_damaged(shard);
	begin = ng_ef_get(&shard->doc_starts, before - 1, &bad);
	if (bad || begin > position)
		return ng_shard_damaged(shard);
	*ret_doc = before - 1;
	*ret_offset = position - begin;
	return ng_shard_result(shard, 0);
}

int ng_shard_doc_extent(const struct ng_shard *shard, uint64_t doc, uint64_t *ret_begin,
			uint64_t *ret_bytes)
{
	bool bad = false;
	uint64_t begin = ng_ef_get(&shard->doc_starts, doc, &bad);
	uint64_t end = ng_ef_get(&shard->doc_starts, doc + 1, &bad);

	if (bad || end <= begin || end > shard->params.rows)
		return ng_shard_damaged(shard);
	*ret_begin = begin;
	*ret_bytes = end - begin - 1;
	return ng_shard_result(shard, 0);
}

_Static_assert(NG_BWT_CHAINS <= NG_INVERT_MAX, "the rows of all chains are found at once");

/* The BWT's rows of n <= NG_BWT_CHAINS sampled suffixes. */
static int sample_rows(const struct ng_shard *shard, unsigned n, const uint64_t *samples,
		       uint64_t *ret_rows)
{
	uint64_t marks[NG_BWT_CHAINS];
	bool bad = false;

	for (unsigned i = 0; i < n; i++)
		if (samples[i] >= shard->sa.numbers.n)
			return -EUCLEAN;
	if (ng_permutation_invert(&shard->sa, n, samples, marks) < 0)
		return -EUCLEAN;
	ng_bwt_mark_rows_prefetch(shard->bwt, n, marks, ret_rows, &bad);
	return bad ? -EUCLEAN : 0;
}

int ng_shard_rows_behind(const struct ng_shard *shard, unsigned n, const struct ng_match *places,
			 uint64_t *ret_rows, uint64_t *ret_offsets)
{
	uint64_t samples[NG_BWT_CHAINS], rows[NG_BWT_CHAINS], rate = shard->params.sa_rate;
	unsigned of[NG_BWT_CHAINS], sampled = 0;
	bool bad = false;
	int r = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t begin, bytes, sample = ng_div_up(places[i].offset, rate);

		r = ng_shard_doc_extent(shard, places[i].doc, &begin, &bytes);
		if (r < 0)
			return r;
		ret_offsets[i] = ng_min(sample * rate, bytes);
		/* The row of a separator is the number of its document. */
		ret_rows[i] = places[i].doc;
		if (ret_offsets[i] == bytes)
			continue;
		of[sampled] = i;
		samples[sampled++] = ng_ef_get(&shard->sample_starts, places[i].doc, &bad) + sample;
	}
	if (!bad)
		r = sample_rows(shard, sampled, samples, rows);
	for (unsigned i = 0; !bad && r == 0 && i < sampled; i++)
		ret_rows[of[i]] = rows[i];
	return ng_shard_result(shard, bad ? -EUCLEAN : r);
}

/* What is left of a stretch. */
struct extract {
	uint64_t doc, bytes;
	uint64_t first_sample;
	uint64_t next, end; /* offsets */
	uint8_t *buf;       /* where the byte at `next` goes */
	uint64_t *row;      /* where that of `next` goes; NULL: nobody asks */
};

/* Chains that are walked together. */
struct chains {
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	unsigned n;
	uint64_t samples[NG_BWT_CHAINS]; /* where they start, */
	unsigned of[NG_BWT_CHAINS];      /* and the chain that does */
	unsigned sampled;
	uint64_t *ends[NG_BWT_CHAINS];           /* where the rows go that they come to, or NULL */
	struct ng_way_back *ways[NG_BWT_CHAINS]; /* that they are; NULL: they are of stretches */
};

static int extract_begin(const struct ng_shard *shard, const struct ng_stretch *stretch,
			 struct extract *ret)
{
	bool bad = false;
	uint64_t begin;
	int r = ng_shard_doc_extent(shard, stretch->doc, &begin, &ret->bytes);

	if (r < 0)
		return r;
	ret->doc = stretch->doc;
	ret->first_sample = ng_ef_get(&shard->sample_starts, stretch->doc, &bad);
	if (bad)
		return -EUCLEAN;
	ret->next = stretch->offset;
	ret->end = stretch->offset + stretch->len;
	ret->buf = stretch->buf;
	ret->row = stretch->row;
	return ret->end > ret->bytes || ret->end < ret->next ? -EINVAL : 0;
}

/* As many more chains as there is room for: each from the next sampled offset, or, the last of a
 * document, from its separator, back to where the one before begins. */
static void chains_add(const struct ng_shard *shard, struct extract *e, struct chains *chains)
{
	uint64_t rate = shard->params.sa_rate;

	for (; chains->n < NG_BWT_CHAINS && e->next < e->end; chains->n++) {
		uint64_t sample = e->next / rate + 1;
		uint64_t at = ng_min(sample * rate, e->bytes), stop = ng_min(at, e->end);

		e->buf += stop - e->next;
		/* The row of a separator is the number of its document. */
		chains->chains[chains->n] = (struct ng_bwt_chain){
			.row = e->doc, .left = at - e->next, .skip = at - stop, .end = e->buf};
		chains->ways[chains->n] = NULL;
		chains->ends[chains->n] = e->row;
		e->row = NULL;
		if (at < e->bytes) {
			chains->of[chains->sampled] = chains->n;
			chains->samples[chains->sampled++] = e->first_sample + sample;
		}
		e->next = stop;
	}
}

static int chains_walk(const struct ng_shard *shard, struct chains *chains)
{
	uint64_t rows[NG_BWT_CHAINS];
	bool bad = false;
	int r = sample_rows(shard, chains->sampled, chains->samples, rows);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < chains->sampled; i++)
		chains->chains[chains->of[i]].row = rows[i];
	ng_bwt_walk_chains_prefetch(shard->bwt, chains->n, chains->chains, &bad);
	for (unsigned i = 0; i < chains->n; i++) {
		if (chains->ends[i])
			*chains->ends[i] = chains->chains[i].row;
		if (chains->ways[i])
			chains->ways[i]->got = chains->chains[i].taken;
	}
	return bad ? -EUCLEAN : 0;
}

static void way_add(struct ng_way_back *way, uint8_t symbol, struct chains *chains)
{
	unsigned i = chains->n++;

	chains->chains[i] = (struct ng_bwt_chain){
		.row = way->row, .left = way->most, .end = way->end, .until = symbol + 1u};
	chains->ends[i] = &way->row;
	chains->ways[i] = way;
}

int ng_shard_extract_each(const struct ng_shard *shard, size_t n,
			  const struct ng_stretch *stretches, const ng_cancel *cancel)
{
	return ng_shard_extract_back(shard, n, stretches, 0, NULL, 0, cancel);
}

int ng_shard_extract_back(const struct ng_shard *shard, size_t n,
			  const struct ng_stretch *stretches, size_t m, struct ng_way_back *ways,
			  uint8_t symbol, const ng_cancel *cancel)
{
	struct extract e = {0};
	size_t way = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && (i < n || e.next < e.end || way < m);) {
		struct chains chains;

		chains.n = chains.sampled = 0;
		while (r == 0 && chains.n < NG_BWT_CHAINS && (i < n || e.next < e.end)) {
			if (e.next == e.end)
				r = extract_begin(shard, &stretches[i++], &e);
			if (r == 0)
				chains_add(shard, &e, &chains);
		}
		while (r == 0 && chains.n < NG_BWT_CHAINS && way < m)
			way_add(&ways[way++], symbol, &chains);
		if (r == 0)
			r = chains_walk(shard, &chains);
		if (r == 0 && ng_cancelled(cancel))
			r = -EINTR;
	}
	return ng_shard_result(shard, r);
}

int ng_shard_extract(const struct ng_shard *shard, uint64_t doc, uint64_t offset, size_t len,
		     const ng_cancel *cancel, uint8_t *buf)
{
	struct ng_stretch stretch = {doc, offset, len, buf, NULL};

	return ng_shard_extract_each(shard, 1, &stretch, cancel);
}
