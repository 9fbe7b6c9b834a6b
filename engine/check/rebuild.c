/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/parallel.h"
#include "check/full.h"

#define BATCH 2048u /* stretches that a thread takes at a time */

/* From a sampled offset of a document, or its separator, back to the sampled offset before. */
struct stretch {
	uint64_t row;       /* of the suffix at `at` */
	uint64_t at, begin; /* positions in the text */
	bool first;         /* begin is where its document begins */
};

static void damage(struct ng_full *full, uint32_t type, const char *what, uint64_t position)
{
	ng_checker_damage(full->checker, type, ng_full_section_at(full, type),
			  "%s at position %" PRIu64, what, position);
}

/* Where the stretch that ends at a sample begins; false: at a separator. The structure's check has
 * found that documents and samples fit each other. */
static bool stretch_place(const struct ng_full *full, uint64_t sample, struct stretch *ret,
			  bool *bad)
{
	const struct ng_shard *shard = full->shard;
	uint64_t doc = ng_ef_rank(&shard->sample_starts, sample, bad) - 1;
	uint64_t rate = shard->params.sa_rate, doc_begin, separator, number;

	if (*bad || doc >= shard->params.docs)
		return false;
	doc_begin = ng_ef_get(&shard->doc_starts, doc, bad);
	separator = ng_ef_get(&shard->doc_starts, doc + 1, bad) - 1;
	number = sample - ng_ef_get(&shard->sample_starts, doc, bad);
	if (*bad)
		return false;
	*ret = (struct stretch){.row = doc,
				.at = ng_min(doc_begin + (number + 1) * rate, separator),
				.begin = doc_begin + number * rate,
				.first = number == 0};
	if (ret->at == separator)
		full->text[separator] = 0;
	return ret->at < separator;
}

/* The stretches that end at samples [first, first + n), by the inverse of the samples. False where
 * it fails. */
static bool stretches_start(struct ng_full *full, uint64_t first, unsigned n,
			    struct stretch *stretches)
{
	const struct ng_shard *shard = full->shard;
	uint64_t values[NG_BWT_CHAINS], marks[NG_BWT_CHAINS], rows[NG_BWT_CHAINS] = {0};
	unsigned of[NG_BWT_CHAINS], sampled = 0;
	bool bad = false;

	for (unsigned i = 0; i < n; i++) {
		if (!stretch_place(full, first + i, &stretches[i], &bad))
			continue;
		of[sampled] = i;
		values[sampled++] = first + i + 1;
	}
	if (bad) {
		damage(full, NG_SECTION_SAMPLE_STARTS, "no document is found", first);
		return false;
	}
	if (ng_permutation_invert(&shard->sa, sampled, values, marks) < 0) {
		damage(full, NG_SECTION_SHORTCUTS, "no sample is found", stretches[0].begin);
		return false;
	}
	ng_bwt_mark_rows(shard->bwt, sampled, marks, rows, &bad);
	if (bad) {
		damage(full, NG_SECTION_MARK_HINTS, "no marked row is found", stretches[0].begin);
		return false;
	}
	for (unsigned i = 0; i < sampled; i++)
		stretches[of[i]].row = rows[i];
	return true;
}

static bool stretches_walk(struct ng_full *full, unsigned n, struct stretch *stretches)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	bool bad = false;

	for (unsigned i = 0; i < n; i++)
		chains[i] = (struct ng_bwt_chain){.row = stretches[i].row,
						  .left = stretches[i].at - stretches[i].begin,
						  .end = full->text + stretches[i].at};
	ng_bwt_walk_chains(full->shard->bwt, n, chains, &bad);
	for (unsigned i = 0; i < n; i++)
		stretches[i].row = chains[i].row;
	if (bad)
		damage(full, NG_SECTION_BWT_CELLS,
		       "the text cannot be followed, or a document begins", stretches[0].begin);
	return !bad;
}

/* Where a stretch ends, the row is marked, its sample is this one, and it is the row where the
 * stretch before begins; and where a document begins, no symbol is in front. */
static void end_check(struct ng_full *full, uint64_t sample, const struct stretch *s)
{
	const struct ng_shard *shard = full->shard;
	uint64_t mark, row;
	bool bad = false;

	if (!ng_bwt_mark(shard->bwt, s->row, &mark, &bad) || bad || mark >= shard->sa.numbers.n ||
	    ng_packed_get(&shard->sa.numbers, mark, &bad) != sample || bad) {
		damage(full, NG_SECTION_SA_SAMPLES, "a sample is missing or wrong", s->begin);
		return;
	}
	ng_bwt_mark_row(shard->bwt, mark, &row, &bad);
	if (bad || row != s->row)
		damage(full, NG_SECTION_MARK_HINTS, "another row is found than the marked one",
		       s->begin);
	if (s->first && (ng_bwt_lf(shard->bwt, s->row, &row, &bad) != NG_SEPARATOR || bad))
		damage(full, NG_SECTION_DOC_STARTS, "no document begins", s->begin);
}

static int batch_walk(void *userdata, uint64_t batch)
{
	struct ng_full *full = userdata;
	uint64_t samples = full->shard->sa.numbers.n, bytes = 0;
	uint64_t begin = batch * BATCH, end = ng_min(begin + BATCH, samples);
	struct stretch stretches[NG_BWT_CHAINS];

	for (uint64_t first = begin; first < end; first += NG_BWT_CHAINS) {
		unsigned n = (unsigned)ng_min(end - first, (uint64_t)NG_BWT_CHAINS);
		bool sound = stretches_start(full, first, n, stretches) &&
			     stretches_walk(full, n, stretches);

		if (ng_checker_cancelled(full->checker))
			return -EINTR;
		for (unsigned i = 0; i < n; i++) {
			if (sound)
				end_check(full, first + i, &stretches[i]);
			bytes += stretches[i].at - stretches[i].begin;
		}
	}
	ng_checker_advance(full->checker, bytes);
	return 0;
}

int ng_full_rebuild(struct ng_full *full)
{
	ng_checker_phase(full->checker, "rebuilding the text", full->n);
	return ng_parallel(ng_div_up(full->shard->sa.numbers.n, BATCH), full->checker->threads,
			   batch_walk, full);
}
