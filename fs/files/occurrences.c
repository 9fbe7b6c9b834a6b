/* SPDX-License-Identifier: Apache-2.0 */
#include "files/occurrences.h"

/* Lines of a chunk, and the room that their text may take. */
#define LINES_MAX   8192u
#define LINES_MIN   64u
#define CHUNK_BYTES (1u << 20)

/* A line of a chunk, and which occurrence it is of. */
struct place {
	uint64_t number;
	size_t line;
};

static size_t lines_at_once(const struct ng_occurrences *o)
{
	uint64_t bytes =
		2 * (uint64_t)o->how.context_bytes + (ng_query_varies(&o->query) ? o->longest : 0);
	uint64_t fit = CHUNK_BYTES / ng_max(bytes, UINT64_C(1));

	return (size_t)ng_max(ng_min(fit, (uint64_t)LINES_MAX), (uint64_t)LINES_MIN);
}

void ng_occurrences_shed(struct ng_occurrences *o)
{
	ng_buf_free(&o->strings);
	free(o->contexts);
	free(o->text);
	free(o->places);
	free(o->numbers);
	free(o->string_at);
	o->contexts = NULL;
	o->text = NULL;
	o->places = NULL;
	o->numbers = NULL;
	o->string_at = NULL;
	o->has_room = false;
}

/* Whether contexts aren't simply those of the lines asked for. */
static bool is_chosen(const struct ng_occurrences *o)
{
	return o->how.random || !ng_filter_is_empty(&o->filter);
}

static int make_room(struct ng_occurrences *o)
{
	size_t n = o->at_once;

	if (o->has_room)
		return 0;
	ng_occurrences_shed(o); /* what there was memory for */
	o->contexts = calloc(n, sizeof(*o->contexts));
	o->text = malloc(n * 2 * ng_max(o->how.context_bytes, 1u));
	if (!o->contexts || !o->text)
		return -ENOMEM;
	if (is_chosen(o)) {
		o->places = calloc(n, sizeof(*o->places));
		o->numbers = calloc(n, sizeof(*o->numbers));
		if (!o->places || !o->numbers)
			return -ENOMEM;
	}
	if (ng_query_varies(&o->query)) {
		o->string_at = calloc(n, sizeof(*o->string_at));
		if (!o->string_at)
			return -ENOMEM;
	}
	o->has_room = true;
	return 0;
}

int ng_occurrences_find(const struct ng_index *index, const struct ng_query *query,
			const struct ng_occurrences_how *how, const ng_cancel *cancel,
			struct ng_occurrences *ret)
{
	struct ng_occurrences o = {
		.index = index, .query = *query, .how = *how, .strings = NG_BUF_INIT};
	int r;

	r = ng_query_find(index, query, cancel, &o.ranges);
	if (r == 0)
		r = ng_filter_get(index, query->scope, &o.ranges, cancel, &o.filter);
	if (r) {
		ng_occurrences_clear(&o);
		return r;
	}
	for (size_t i = 0; i < o.ranges.n; i++)
		o.longest = ng_max(o.longest, o.ranges.list[i].bytes);
	o.at_once = lines_at_once(&o);
	o.count = ng_filter_most(&o.filter, &o.ranges);
	if (how->random && o.count)
		o.shuffle = ng_shuffle_make(o.count, how->seed);
	*ret = o;
	return 0;
}

size_t ng_occurrences_held(const struct ng_occurrences *o)
{
	size_t line = sizeof(*o->contexts) + 2 * (size_t)o->how.context_bytes;

	if (is_chosen(o))
		line += sizeof(*o->places) + sizeof(*o->numbers);
	if (ng_query_varies(&o->query))
		line += sizeof(*o->string_at);
	return o->has_room ? o->at_once * line + o->strings.cap : 0;
}

void ng_occurrences_clear(struct ng_occurrences *o)
{
	ng_ranges_clear(&o->ranges);
	ng_filter_clear(&o->filter);
	ng_occurrences_shed(o);
	*o = (struct ng_occurrences){0};
}

static int compare_numbers(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* Of the contexts of numbers, n of them and located, leave those in documents that count; places
 * goes with them. */
static void leave_out(struct ng_occurrences *o, struct place *places, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		if (!ng_filter_has(&o->filter, o->contexts[i].match.doc))
			continue;
		o->numbers[kept] = o->numbers[i];
		places[kept++] = places[i];
	}
	*n = kept;
}

static int compare_lines(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->line < b->line ? -1 : a->line > b->line;
}

/* The lines [at, at + n) of a random order, or under a filter: where each one's occurrence stands
 * in the index, looked up in that order. */
static int look_up_chosen(struct ng_occurrences *o, uint64_t at, size_t n, const ng_cancel *cancel)
{
	ng_cleanup(ng_freep) struct place *places = calloc(n + 1, sizeof(*places));
	int r;

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint64_t next = o->how.random ? ng_shuffle_at(&o->shuffle, at + i) : at + i;

		places[i] = (struct place){ng_filter_number(&o->filter, next), i};
	}
	qsort(places, n, sizeof(*places), compare_numbers);
	for (size_t i = 0; i < n; i++)
		o->numbers[i] = places[i].number;
	/* All that are near others count. */
	if (o->filter.docs && !o->filter.near.bits) {
		r = ng_contexts_at(o->index, &o->ranges, n, o->numbers, 0, cancel, o->contexts,
				   o->text);
		if (r)
			return r;
		leave_out(o, places, &n);
	}
	/* The numbers are in numbers; what follows needs to know which context is a line's. */
	for (size_t i = 0; i < n; i++)
		places[i].number = i;
	qsort(places, n, sizeof(*places), compare_lines);
	for (size_t i = 0; i < n; i++)
		o->places[i] = places[i].number;
	o->found = n;
	return ng_contexts_at(o->index, &o->ranges, n, o->numbers, o->how.context_bytes, cancel,
			      o->contexts, o->text);
}

static int look_up_in_order(struct ng_occurrences *o, uint64_t at, size_t n,
			    const ng_cancel *cancel)
{
	size_t got = 0;
	int r = ng_contexts(o->index, &o->ranges, at, n, o->how.context_bytes, cancel, o->contexts,
			    o->text, &got);

	o->found = n;
	return r == 0 && got != n ? -EUCLEAN : r;
}

/* The strings of the contexts, the first of which is occurrence number at in index order, unless
 * they were chosen. */
static int look_up_strings(struct ng_occurrences *o, uint64_t at, const ng_cancel *cancel)
{
	const struct ng_range *last = NULL;
	int r = 0;

	o->strings.len = 0;
	for (size_t i = 0; r == 0 && i < o->found; i++) {
		uint64_t number = is_chosen(o) ? o->numbers[i] : at + i;
		const struct ng_range *range = ng_ranges_at(&o->ranges, number);

		if (range == last) {
			o->string_at[i] = o->string_at[i - 1];
			continue;
		}
		o->string_at[i] = o->strings.len;
		r = ng_range_text(o->index, range, cancel, &o->strings);
		last = range;
	}
	return r;
}

int ng_occurrences_look_up(struct ng_occurrences *o, uint64_t at, size_t n, const ng_cancel *cancel)
{
	int r = make_room(o);

	if (r == 0)
		r = is_chosen(o) ? look_up_chosen(o, at, n, cancel)
				 : look_up_in_order(o, at, n, cancel);

	return r == 0 && ng_query_varies(&o->query) ? look_up_strings(o, at, cancel) : r;
}

struct ng_occurrence ng_occurrences_get(const struct ng_occurrences *o, size_t i)
{
	size_t k = is_chosen(o) ? o->places[i] : i;

	return (struct ng_occurrence){
		.context = &o->contexts[k],
		.middle = o->text + (2 * k + 1) * o->how.context_bytes,
		.string = ng_query_varies(&o->query) ? o->strings.data + o->string_at[k]
						     : o->query.bytes,
	};
}
