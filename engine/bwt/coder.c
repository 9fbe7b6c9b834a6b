#include "bwt/coder.h"

/* What the table choice reckons for a token without a code of its own. */
#define COST_UNCODED (NG_CODE_BITS + NG_ESCAPE_BITS)

static const uint8_t *lengths_of(const struct ng_coder *coder, unsigned table, unsigned context)
{
	return coder->lengths[table].bits[context];
}

static void costs_make(struct ng_coder *coder)
{
	for (unsigned c = 0; c < NG_CONTEXTS; c++) {
		for (unsigned id = 0; id < NG_TOKENS; id++) {
			uint16_t *cost = coder->costs + (size_t)(c * NG_TOKENS + id) * coder->lanes;

			for (unsigned t = 0; t < coder->n_tables; t++) {
				unsigned bits = lengths_of(coder, t, c)[id];

				cost[t] = (uint16_t)(bits ? bits : COST_UNCODED);
			}
		}
	}
}

int ng_coder_new(const struct ng_code_lengths *lengths, unsigned n_tables,
		 struct ng_coder **ret_coder)
{
	ng_cleanup(ng_coder_freep) struct ng_coder *coder = calloc(1, sizeof(*coder));
	size_t stride = (size_t)NG_CONTEXTS * NG_TOKEN_IDS;
	int r = 0;

	if (!coder)
		return -ENOMEM;
	coder->n_tables = n_tables;
	coder->lanes = (n_tables + 3) & ~3u;
	coder->lengths = malloc(n_tables * sizeof(*lengths));
	coder->codes = calloc(n_tables * stride, sizeof(*coder->codes));
	coder->costs =
		calloc((size_t)NG_CONTEXTS * NG_TOKENS * coder->lanes, sizeof(*coder->costs));
	if (!coder->lengths || !coder->codes || !coder->costs)
		return -ENOMEM;
	memcpy(coder->lengths, lengths, n_tables * sizeof(*lengths));
	for (unsigned t = 0; t < n_tables; t++)
		for (unsigned c = 0; r == 0 && c < NG_CONTEXTS; c++)
			r = ng_codes_assign(lengths[t].bits[c],
					    coder->codes + t * stride + c * NG_TOKEN_IDS);
	if (r < 0)
		return r;
	costs_make(coder);
	*ret_coder = ng_steal_ptr(&coder);
	return 0;
}

struct ng_coder *ng_coder_free(struct ng_coder *coder)
{
	if (coder) {
		free(coder->lengths);
		free(coder->codes);
		free(coder->costs);
	}
	free(coder);
	return NULL;
}

/* Sums of costs per table, four 16-bit lanes to a word: a stream has at most NG_STREAM tokens of
 * at most COST_UNCODED bits, which 16 bits hold. */
_Static_assert(NG_STREAM *COST_UNCODED < 65536, "a stream's cost fits into a lane");

static unsigned table_choose(const struct ng_coder *coder, const struct ng_run *runs,
			     unsigned n_runs)
{
	uint64_t sum[NG_MAX_TABLES / 4] = {0};
	uint16_t cost[NG_MAX_TABLES];
	unsigned words = coder->lanes / 4, best = 0;

	if (coder->n_tables == 1)
		return 0;
	ng_tokens_each(runs, n_runs, context, id, {
		const uint16_t *costs =
			coder->costs + (size_t)(context * NG_TOKENS + id) * coder->lanes;

		for (unsigned w = 0; w < words; w++)
			sum[w] += ng_load64(costs + 4 * w);
	});
	memcpy(cost, sum, sizeof(cost));
	for (unsigned t = 1; t < coder->n_tables; t++)
		if (cost[t] < cost[best])
			best = t;
	return best;
}

struct writer {
	uint8_t *p;
	uint64_t bits; /* from the top */
	unsigned have;
};

static inline void writer_put(struct writer *w, uint32_t value, unsigned width)
{
	w->bits |= (uint64_t)value << (64 - width) >> w->have;
	w->have += width;
	while (w->have >= 8) {
		*w->p++ = (uint8_t)(w->bits >> 56);
		w->bits <<= 8;
		w->have -= 8;
	}
}

void ng_coder_encode(const struct ng_coder *coder, const struct ng_run *runs, unsigned n_runs,
		     struct ng_stream *ret_stream)
{
	unsigned table = table_choose(coder, runs, n_runs), context = 0;
	const uint16_t *codes = coder->codes + (size_t)table * NG_CONTEXTS * NG_TOKEN_IDS;
	struct writer w = {.p = ret_stream->bytes};

	for (unsigned i = 0; i < n_runs; i++) {
		unsigned rank = runs[i].rank, left = runs[i].length;

		while (left) {
			const uint8_t *bits = lengths_of(coder, table, context);
			const uint16_t *code = codes + context * NG_TOKEN_IDS;
			int run_class = (int)ng_run_class(left);
			unsigned id;

			/* The longest class that has a code here. */
			while (run_class >= 0 && !bits[ng_token_id(rank, (unsigned)run_class)])
				run_class--;
			if (run_class < 0) {
				writer_put(&w, code[NG_TOKEN_ESCAPE], bits[NG_TOKEN_ESCAPE]);
				writer_put(&w, rank, NG_ESCAPE_BITS);
				run_class = 0;
			} else {
				id = ng_token_id(rank, (unsigned)run_class);
				writer_put(&w, code[id], bits[id]);
			}
			context = ng_token_context(rank, (unsigned)run_class);
			left -= ng_run_class_length[run_class];
			rank = 0;
		}
	}
	if (w.have)
		*w.p++ = (uint8_t)(w.bits >> 56);
	ret_stream->n_bytes = (unsigned)(w.p - ret_stream->bytes);
	ret_stream->table = table;
}
