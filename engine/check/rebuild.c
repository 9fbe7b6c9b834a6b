#include <inttypes.h>

#include "base/parallel.h"
#include "check/full.h"

#define BATCH 2048u /* stretches that a thread takes at a time */

/* From a sampled position, or the text's end, back to the sampled position before. */
struct stretch {
	uint64_t row; /* of the suffix at `at` */
	uint64_t at;
	uint64_t doc;   /* that the byte before `at` is in, or the separator of */
	uint64_t begin; /* where that document begins */
};

static void damage(struct ng_full *full, uint32_t type, const char *what, uint64_t position)
{
	ng_checker_damage(full->checker, type, ng_full_section_at(full, type),
			  "%s at position %" PRIu64, what, position);
}

/* The rows of stretches [first, first + n), by the inverse of the samples. False where it fails. */
static bool stretches_start(struct ng_full *full, uint64_t first, unsigned n,
			    struct stretch *stretches)
{
	const struct ng_shard *shard = full->shard;
	uint64_t values[NG_BWT_CHAINS], marks[NG_BWT_CHAINS], rows[NG_BWT_CHAINS] = {0};
	uint64_t samples = shard->sa.numbers.n;
	unsigned sampled = 0;
	bool bad = false;

	for (; sampled < n && first + sampled + 1 < samples; sampled++)
		values[sampled] = first + sampled + 1;
	if (ng_permutation_invert(&shard->sa, sampled, values, marks) < 0) {
		damage(full, NG_SECTION_SHORTCUTS, "no sample is found",
		       first * shard->params.sa_rate);
		return false;
	}
	ng_bwt_mark_rows(shard->bwt, sampled, marks, rows, &bad);
	if (bad) {
		damage(full, NG_SECTION_MARK_HINTS, "no marked row is found",
		       first * shard->params.sa_rate);
		return false;
	}
	for (unsigned i = 0; i < n; i++) {
		struct stretch *s = &stretches[i];

		/* The last begins at the text's end, which is row 0. */
		s->row = i < sampled ? rows[i] : 0;
		s->at = i < sampled ? values[i] * shard->params.sa_rate : full->n;
		s->doc = s->at ? ng_ef_rank(&shard->doc_starts, s->at - 1) - 1 : 0;
		s->begin = ng_ef_get(&shard->doc_starts, s->doc);
	}
	return true;
}

/* Step over separators that end documents until text comes, or the stretch's end. */
static bool separators_step(struct ng_full *full, struct stretch *s, uint64_t end)
{
	const struct ng_shard *shard = full->shard;

	while (s->at > end && s->at == ng_ef_get(&shard->doc_starts, s->doc + 1)) {
		bool bad = false;

		if (ng_bwt_lf(shard->bwt, s->row, &s->row, &bad) != NG_SEPARATOR || bad) {
			damage(full, NG_SECTION_DOC_STARTS, "no document ends", s->at - 1);
			return false;
		}
		full->text[--s->at] = 0;
		/* An empty document: the one before ends here, too. */
		if (s->at == s->begin && s->doc > 0)
			s->begin = ng_ef_get(&shard->doc_starts, --s->doc);
	}
	return true;
}

/* Text of one document for each stretch that is not at its end. *ret_left: whether any is left. */
static bool round_walk(struct ng_full *full, uint64_t first, unsigned n, struct stretch *stretches,
		       bool *ret_left)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	unsigned of[NG_BWT_CHAINS], m = 0;
	bool bad = false;

	for (unsigned i = 0; i < n; i++) {
		struct stretch *s = &stretches[i];
		uint64_t end = (first + i) * full->shard->params.sa_rate;

		if (!separators_step(full, s, end))
			return false;
		if (s->at == end)
			continue;
		of[m] = i;
		chains[m++] = (struct ng_bwt_chain){.row = s->row,
						    .left = s->at - ng_max(end, s->begin),
						    .end = full->text + s->at};
	}
	ng_bwt_walk_chains(full->shard->bwt, m, chains, &bad);
	for (unsigned c = 0; c < m; c++) {
		struct stretch *s = &stretches[of[c]];

		s->row = chains[c].row;
		s->at -= chains[c].taken;
		if (s->at == s->begin && s->doc > 0)
			s->begin = ng_ef_get(&full->shard->doc_starts, --s->doc);
	}
	if (bad)
		damage(full, NG_SECTION_BWT_BLOCKS,
		       "the text cannot be followed, or a document ends",
		       first * full->shard->params.sa_rate);
	*ret_left = m > 0;
	return !bad;
}

/* Where a stretch ends, the row is marked, its sample is this position, and it is the row where the
 * stretch before begins. */
static void end_check(struct ng_full *full, uint64_t sample, uint64_t row)
{
	const struct ng_shard *shard = full->shard;
	uint64_t mark, again, position = sample * shard->params.sa_rate;
	bool bad = false;

	if (!ng_bwt_mark(shard->bwt, row, &mark, &bad) || bad || mark >= shard->sa.numbers.n ||
	    ng_packed_get(&shard->sa.numbers, mark) != sample) {
		damage(full, NG_SECTION_SA_SAMPLES, "a sample is missing or wrong", position);
		return;
	}
	ng_bwt_mark_row(shard->bwt, mark, &again, &bad);
	if (bad || again != row)
		damage(full, NG_SECTION_MARK_HINTS, "another row is found than the marked one",
		       position);
	if (sample == 0 && row != shard->params.primary)
		damage(full, NG_SECTION_PARAMS, "another row than the primary one is", 0);
}

static int batch_walk(void *userdata, uint64_t batch)
{
	struct ng_full *full = userdata;
	uint64_t samples = full->shard->sa.numbers.n, rate = full->shard->params.sa_rate;
	uint64_t begin = batch * BATCH, end = ng_min(begin + BATCH, samples);
	struct stretch stretches[NG_BWT_CHAINS];

	for (uint64_t first = begin; first < end; first += NG_BWT_CHAINS) {
		unsigned n = (unsigned)ng_min(end - first, (uint64_t)NG_BWT_CHAINS);
		bool left = true, sound = stretches_start(full, first, n, stretches);

		if (ng_checker_cancelled(full->checker))
			return -EINTR;
		while (sound && left)
			sound = round_walk(full, first, n, stretches, &left);
		for (unsigned i = 0; sound && i < n; i++)
			end_check(full, first + i, stretches[i].row);
	}
	ng_checker_advance(full->checker, ng_min(end * rate, full->n) - begin * rate);
	return 0;
}

int ng_full_rebuild(struct ng_full *full)
{
	ng_checker_phase(full->checker, "rebuilding the text", full->n);
	return ng_parallel(ng_div_up(full->shard->sa.numbers.n, BATCH), full->checker->threads,
			   batch_walk, full);
}
