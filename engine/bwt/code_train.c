#include "bwt/code_train.h"

#include <math.h>

#include "base/parallel.h"

#define SAMPLE_STREAMS 12000u
#define WINDOW         16384u /* symbols whose frequencies order the alphabet of a sample */
#define ITERATIONS     6u
#define PART_STREAMS   128u /* that a thread looks at in one go */
#define IDS            (NG_CONTEXTS * NG_TOKENS)

/* Distinct tokens of one stream: context * NG_TOKENS + id, and how often. */
struct use {
	uint32_t token;
	uint32_t count;
};

struct sample {
	struct use *uses; /* of all streams, back to back */
	size_t n_uses, cap;
	size_t *begin; /* [n + 1] */
	unsigned n;
};

static void sample_clear(struct sample *sample)
{
	free(sample->uses);
	free(sample->begin);
}

/* One stream's tokens into sample; count is a scratch array of IDS zeroes and stays one. */
static int sample_add(struct sample *sample, const struct ng_run *runs, unsigned n_runs,
		      uint32_t *count)
{
	uint32_t seen[NG_STREAM];
	unsigned n_seen = 0;

	ng_tokens_each(runs, n_runs, context, id, {
		uint32_t token = context * NG_TOKENS + id;

		if (!count[token]++)
			seen[n_seen++] = token;
	});
	if (sample->n_uses + n_seen > sample->cap) {
		size_t cap = 2 * (sample->n_uses + n_seen);
		struct use *grown = realloc(sample->uses, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		sample->uses = grown;
		sample->cap = cap;
	}
	for (unsigned i = 0; i < n_seen; i++) {
		sample->uses[sample->n_uses++] = (struct use){seen[i], count[seen[i]]};
		count[seen[i]] = 0;
	}
	sample->begin[++sample->n] = sample->n_uses;
	return 0;
}

/* Parts of the sample that threads make, a few side by side and then the next few. */
struct making {
	const struct ng_bwt_text *text;
	uint64_t streams, stride;
	uint64_t first; /* of the sampled streams, the first of part 0 */
	struct sample *parts;
};

static int part_make(void *userdata, uint64_t part)
{
	const struct making *m = userdata;
	const struct ng_bwt_text *text = m->text;
	struct sample *sample = &m->parts[part];
	ng_cleanup(ng_freep) uint32_t *count = calloc(IDS, sizeof(*count));
	uint64_t from = m->first + part * PART_STREAMS;
	int r = 0;

	sample->begin = calloc(PART_STREAMS + 1, sizeof(*sample->begin));
	if (!count || !sample->begin)
		return -ENOMEM;
	for (uint64_t i = from; r == 0 && i < from + PART_STREAMS; i++) {
		uint64_t begin = i * m->stride * NG_STREAM;
		uint64_t end = ng_min(begin + NG_STREAM, text->rows);
		uint64_t window = begin / WINDOW * WINDOW;
		uint16_t symbols[NG_STREAM];
		struct ng_run runs[NG_STREAM];
		struct ng_alphabet alphabet;
		unsigned n_runs;

		if (i * m->stride >= m->streams)
			break;
		ng_alphabet_make(text, window, ng_min(window + WINDOW, text->rows), &alphabet);
		for (uint64_t k = begin; k < end; k++)
			symbols[k - begin] = alphabet.index[ng_bwt_text_symbol(text, k)];
		n_runs = ng_runs_make(symbols, (unsigned)(end - begin), false, alphabet.n, runs);
		r = sample_add(sample, runs, n_runs, count);
	}
	return r;
}

/* A part's streams, behind those that the sample has room for. */
static int sample_join(struct sample *sample, const struct sample *part)
{
	size_t n = sample->n_uses + part->n_uses;

	if (n > sample->cap) {
		struct use *grown = realloc(sample->uses, 2 * n * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		sample->uses = grown;
		sample->cap = 2 * n;
	}
	if (part->n_uses)
		memcpy(sample->uses + sample->n_uses, part->uses,
		       part->n_uses * sizeof(*part->uses));
	for (unsigned i = 1; i <= part->n; i++)
		sample->begin[++sample->n] = sample->n_uses + part->begin[i];
	sample->n_uses = n;
	return 0;
}

static int sample_make(const struct ng_bwt_text *text, unsigned threads,
		       void (*progress)(void *userdata, uint64_t done, uint64_t total),
		       void *userdata, struct sample *sample)
{
	struct making m = {.text = text, .streams = ng_div_up(text->rows, NG_STREAM)};
	uint64_t n;
	int r = 0;

	m.stride = ng_max(m.streams / SAMPLE_STREAMS, (uint64_t)1);
	n = ng_div_up(m.streams, m.stride);
	sample->begin = calloc(n + 1, sizeof(*sample->begin));
	m.parts = calloc(threads, sizeof(*m.parts));
	if (!sample->begin || !m.parts)
		r = -ENOMEM;
	for (; r == 0 && m.first < n; m.first += (uint64_t)threads * PART_STREAMS) {
		r = ng_parallel(threads, threads, part_make, &m);
		for (unsigned i = 0; i < threads; i++) {
			if (r == 0)
				r = sample_join(sample, &m.parts[i]);
			sample_clear(&m.parts[i]);
			m.parts[i] = (struct sample){0};
		}
		if (r == 0 && progress)
			progress(userdata, 0, text->rows);
	}
	free(m.parts);
	return r;
}

/* Cost of each token under each table, in bits, from its counts; `prior` adds the counts over all
 * tables, so that a table can code what its own streams haven't shown. */
static void costs_make(const double *counts, const double *prior, double weight, unsigned n_tables,
		       float *ret_costs)
{
	double prior_sum = 0;

	for (unsigned i = 0; i < IDS; i++)
		prior_sum += prior[i];
	for (unsigned t = 0; t < n_tables; t++) {
		for (unsigned c = 0; c < NG_CONTEXTS; c++) {
			const double *n = counts + (size_t)t * IDS + c * NG_TOKENS;
			const double *p = prior + c * NG_TOKENS;
			double sum = 0, scale = weight / prior_sum;

			for (unsigned i = 0; i < NG_TOKENS; i++)
				sum += n[i] + scale * p[i];
			for (unsigned i = 0; i < NG_TOKENS; i++) {
				double mine = n[i] + scale * p[i];
				double bits = mine > 0 ? log2(sum / mine) : 24;

				ret_costs[(size_t)(c * NG_TOKENS + i) * NG_MAX_TABLES + t] =
					(float)ng_min(bits, 24.0);
			}
		}
	}
}

static unsigned cheapest(const struct sample *sample, unsigned stream, const float *costs,
			 unsigned n_tables)
{
	float sum[NG_MAX_TABLES] = {0};
	unsigned best = 0;

	for (size_t u = sample->begin[stream]; u < sample->begin[stream + 1]; u++) {
		const float *cost = costs + (size_t)sample->uses[u].token * NG_MAX_TABLES;
		float count = (float)sample->uses[u].count;

		for (unsigned t = 0; t < n_tables; t++)
			sum[t] += count * cost[t];
	}
	for (unsigned t = 1; t < n_tables; t++)
		if (sum[t] < sum[best])
			best = t;
	return best;
}

/* The choice for all streams of the sample. */
struct choosing {
	const struct sample *sample;
	const float *costs;
	unsigned n_tables;
	uint8_t *best;
};

static int part_choose(void *userdata, uint64_t part)
{
	const struct choosing *c = userdata;
	uint64_t begin = part * PART_STREAMS;
	uint64_t end = ng_min(begin + PART_STREAMS, (uint64_t)c->sample->n);

	for (uint64_t s = begin; s < end; s++)
		c->best[s] = (uint8_t)cheapest(c->sample, (unsigned)s, c->costs, c->n_tables);
	return 0;
}

static void counts_add(const struct sample *sample, unsigned stream, double *counts)
{
	for (size_t u = sample->begin[stream]; u < sample->begin[stream + 1]; u++)
		counts[sample->uses[u].token] += sample->uses[u].count;
}

struct ranked {
	size_t tokens;
	unsigned stream;
};

static int ranked_compare(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->tokens != b->tokens)
		return a->tokens < b->tokens ? -1 : 1;
	return a->stream < b->stream ? -1 : 1;
}

/* Begin with the streams split evenly by how many tokens they take: smooth text apart from
 * ragged. */
static int clusters_begin(const struct sample *sample, unsigned n_tables, double *counts)
{
	ng_cleanup(ng_freep) struct ranked *order = calloc(sample->n, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (unsigned s = 0; s < sample->n; s++) {
		order[s].stream = s;
		for (size_t u = sample->begin[s]; u < sample->begin[s + 1]; u++)
			order[s].tokens += sample->uses[u].count;
	}
	qsort(order, sample->n, sizeof(*order), ranked_compare);
	for (unsigned i = 0; i < sample->n; i++)
		counts_add(sample, order[i].stream,
			   counts + (size_t)((uint64_t)i * n_tables / sample->n) * IDS);
	return 0;
}

/* Tokens seen once or twice in a sample aren't worth a code of their own: the escape's count. */
static int table_make(const double *counts, struct ng_code_lengths *lengths)
{
	for (unsigned c = 0; c < NG_CONTEXTS; c++) {
		uint64_t n[NG_TOKEN_IDS] = {0};
		int r;

		n[NG_TOKEN_ESCAPE] = 1;
		for (unsigned i = 0; i < NG_TOKENS; i++) {
			uint64_t seen = (uint64_t)counts[c * NG_TOKENS + i];

			if (seen > 2)
				n[i] = seen;
			else
				n[NG_TOKEN_ESCAPE] += seen;
		}
		r = ng_code_lengths_make(n, NG_TOKEN_IDS, lengths->bits[c]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* How many tables pay for themselves: one takes about a KiB of the shard. */
static unsigned tables_for(uint64_t rows)
{
	return rows < 1u << 19 ? 1 : rows < 1u << 22 ? 2 : rows < 1u << 25 ? 4 : 8;
}

int ng_code_train(const struct ng_bwt_text *text, unsigned threads,
		  void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		  struct ng_code_lengths **ret_lengths, unsigned *ret_n_tables)
{
	unsigned n_tables = tables_for(text->rows);
	ng_cleanup(ng_freep) double *counts = calloc((size_t)n_tables * IDS, sizeof(*counts));
	ng_cleanup(ng_freep) double *all = calloc(IDS, sizeof(*all));
	ng_cleanup(ng_freep) float *costs = calloc((size_t)IDS * NG_MAX_TABLES, sizeof(*costs));
	ng_cleanup(ng_freep) struct ng_code_lengths *lengths = calloc(n_tables, sizeof(*lengths));
	ng_cleanup(sample_clear) struct sample sample = {0};
	ng_cleanup(ng_freep) uint8_t *best = NULL;
	struct choosing choosing;
	int r;

	if (!counts || !all || !costs || !lengths)
		return -ENOMEM;
	r = sample_make(text, threads, progress, userdata, &sample);
	if (r == 0)
		r = clusters_begin(&sample, n_tables, counts);
	if (r == 0) {
		best = calloc(sample.n + 1, sizeof(*best));
		r = best ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	for (unsigned s = 0; s < sample.n; s++)
		counts_add(&sample, s, all);
	choosing = (struct choosing){&sample, costs, n_tables, best};
	for (unsigned i = 0; i < ITERATIONS && n_tables > 1; i++) {
		costs_make(counts, all, 200, n_tables, costs);
		memset(counts, 0, (size_t)n_tables * IDS * sizeof(*counts));
		ng_parallel(ng_div_up(sample.n, PART_STREAMS), threads, part_choose, &choosing);
		for (unsigned s = 0; s < sample.n; s++)
			counts_add(&sample, s, counts + (size_t)best[s] * IDS);
	}
	for (unsigned t = 0; r == 0 && t < n_tables; t++)
		r = table_make(counts + (size_t)t * IDS, &lengths[t]);
	if (r < 0)
		return r;
	*ret_lengths = ng_steal_ptr(&lengths);
	*ret_n_tables = n_tables;
	return 0;
}
