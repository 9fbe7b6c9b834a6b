/* SPDX-License-Identifier: Apache-2.0 */
/* One of three searches finds the stretches; they are counted here. */
#include "query/trace.h"

#include "query/fold.h"
#include "query/often.h"
#include "query/trace_exact.h"
#include "query/trace_fold.h"

struct ng_trace {
	const struct ng_index *index;
	struct ng_trace_options options;
	const uint8_t *text;
	size_t len;
	/* One of them. */
	struct ng_trace_exact *exact;
	struct ng_often *often;
	struct ng_trace_fold *fold;
	struct ng_whole whole;        /* of the first */
	struct ng_text_blocks blocks; /* of the first two: the text */
	bool has_found;               /* found isn't counted yet */
	struct ng_span found;
	struct ng_ranges ranges; /* of the one given last */
};

static int search_new(struct ng_trace *trace)
{
	const struct ng_trace_options *options = &trace->options;
	const struct ng_often_options often = {
		.min_bytes = options->min_bytes,
		.at_least = options->at_least,
		.at_most = UINT64_MAX,
		.word = options->word,
	};
	int r;

	if (options->folds)
		return ng_trace_fold_new(trace->index, trace->text, trace->len, options,
					 &trace->fold);
	ng_text_blocks_memory(&trace->blocks, trace->text, trace->len);
	if (options->at_least == 1) {
		trace->whole =
			(struct ng_whole){.min_bytes = options->min_bytes, .word = options->word};
		ng_whole_begin(&trace->whole, &trace->blocks);
		return ng_trace_exact_new(trace->index, trace->text, trace->len, options->min_bytes,
					  &trace->exact);
	}
	r = ng_often_new(trace->index, &often, &trace->often);
	if (r == 0)
		ng_often_begin(trace->often, &trace->blocks);
	return r;
}

int ng_trace_new(const struct ng_index *index, const uint8_t *text, size_t len,
		 const struct ng_trace_options *options, struct ng_trace **ret_trace)
{
	ng_cleanup(ng_trace_freep) struct ng_trace *trace = NULL;
	int r;

	if (options->min_bytes == 0 || options->at_least == 0 ||
	    options->at_most < options->at_least)
		return -EINVAL;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return -ENOMEM;
	trace->index = index;
	trace->options = *options;
	trace->text = text;
	trace->len = len;
	r = search_new(trace);
	if (r == 0)
		*ret_trace = ng_steal_ptr(&trace);
	return r;
}

struct ng_trace *ng_trace_free(struct ng_trace *trace)
{
	if (!trace)
		return NULL;
	ng_trace_exact_free(trace->exact);
	ng_often_free(trace->often);
	ng_trace_fold_free(trace->fold);
	ng_ranges_clear(&trace->ranges);
	free(trace);
	return NULL;
}

void ng_trace_set_text(struct ng_trace *trace, const uint8_t *text)
{
	trace->text = text;
	ng_text_blocks_memory(&trace->blocks, text, trace->len);
	if (trace->exact)
		ng_trace_exact_set_text(trace->exact, text);
	if (trace->fold)
		ng_trace_fold_set_text(trace->fold, text);
}

size_t ng_trace_held(const struct ng_trace *trace)
{
	return trace->fold ? ng_trace_fold_held(trace->fold) : 0;
}

void ng_trace_shed(struct ng_trace *trace)
{
	if (trace->fold)
		ng_trace_fold_shed(trace->fold);
}

static int found_next(struct ng_trace *trace, const ng_cancel *cancel)
{
	struct ng_often_stretch stretch;
	int r;

	if (trace->fold)
		return ng_trace_fold_next(trace->fold, cancel, &trace->found);
	if (trace->exact)
		return ng_whole_next(&trace->whole, ng_trace_exact_next, trace->exact, cancel,
				     &trace->found);
	r = ng_often_next(trace->often, cancel, &stretch);
	if (r > 0)
		trace->found = (struct ng_span){stretch.begin, stretch.end};
	return r;
}

static int found_count(struct ng_trace *trace, const ng_cancel *cancel)
{
	const uint8_t *bytes = trace->text + trace->found.begin;
	size_t len = trace->found.end - trace->found.begin;
	struct ng_ranges ranges = NG_RANGES_INIT;
	int r = trace->options.folds ? ng_fold_find_by(trace->index, trace->options.folds, bytes,
						       len, cancel, &ranges)
				     : ng_ranges_find(trace->index, bytes, len, cancel, &ranges);

	if (r < 0)
		return r;
	ng_ranges_clear(&trace->ranges);
	trace->ranges = ranges;
	return ranges.count < trace->options.at_least ? -EUCLEAN : 0;
}

int ng_trace_next(struct ng_trace *trace, const ng_cancel *cancel, struct ng_maximal *ret_maximal)
{
	do {
		int r = trace->has_found ? 1 : found_next(trace, cancel);

		if (r == 0)
			return 0;
		trace->has_found = r > 0;
		if (r > 0)
			r = found_count(trace, cancel);
		/* What programs print for E2BIG is about arguments of theirs. */
		if (r < 0)
			return r == -E2BIG ? -EOVERFLOW : r;
		trace->has_found = false;
	} while (trace->ranges.count > trace->options.at_most);
	*ret_maximal = (struct ng_maximal){trace->found.begin, trace->found.end,
					   trace->ranges.count, &trace->ranges};
	return 1;
}
