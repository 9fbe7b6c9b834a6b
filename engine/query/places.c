/* SPDX-License-Identifier: Apache-2.0 */
#include "query/places.h"

#include "query/index_internal.h"

/* Occurrences that a thread locates at a time: some milliseconds, so that threads end together. */
#define PART 256u

struct finding {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	struct ng_place *list; /* of the occurrences of ranges that may count */
	size_t *found;         /* how many of each part's do */
};

static int part_find(void *userdata, uint64_t part)
{
	const struct finding *f = userdata;
	struct ng_match matches[PART];
	uint64_t numbers[PART];
	size_t n = 0;
	int r = ng_filter_locate(f->index, f->ranges, f->filter, part * PART, PART, f->cancel,
				 matches, numbers, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t bytes = ng_ranges_at(f->ranges, numbers[i])->bytes;

		f->list[part * PART + i] =
			(struct ng_place){matches[i].doc, matches[i].offset,
					  (uint32_t)ng_min(bytes, (uint64_t)UINT32_MAX)};
	}
	f->found[part] = n;
	return r;
}

/* The places of one list of ranges, one behind the other. */
static int ranges_find(struct finding *f, size_t *ret_n)
{
	uint64_t most = ng_filter_most(f->filter, f->ranges), parts = ng_div_up(most, PART);
	ng_cleanup(ng_freep) size_t *found = calloc(parts + 1, sizeof(*found));
	size_t n = 0;
	int r;

	if (!found)
		return -ENOMEM;
	f->found = found;
	r = ng_index_run(f->index, parts, part_find, f);
	for (uint64_t part = 0; r == 0 && part < parts; part++) {
		memmove(f->list + n, f->list + part * PART, found[part] * sizeof(*f->list));
		n += found[part];
	}
	if (r == 0)
		*ret_n = n;
	return r;
}

static int compare_places(const void *pa, const void *pb)
{
	const struct ng_place *a = pa, *b = pb;

	if (a->doc != b->doc)
		return a->doc < b->doc ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

static size_t keep_one_each(struct ng_place *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && list[kept - 1].doc == list[i].doc &&
		    list[kept - 1].offset == list[i].offset)
			continue;
		list[kept++] = list[i];
	}
	return kept;
}

int ng_places_find(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
		   uint64_t most, const struct ng_filter *filter, const ng_cancel *cancel,
		   struct ng_places *ret_places)
{
	static const struct ng_filter all;
	ng_cleanup(ng_freep) struct ng_place *list = NULL;
	uint64_t count = 0;
	size_t done = 0;
	int r = 0;

	if (!filter)
		filter = &all;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = ng_ranges_check(&ranges[i], index);
		if (r == 0 &&
		    __builtin_add_overflow(count, ng_filter_most(filter, &ranges[i]), &count))
			r = -EUCLEAN;
	}
	if (r < 0)
		return r;
	if (count > most)
		return -EOVERFLOW;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct finding f = {.index = index,
				    .ranges = &ranges[i],
				    .filter = filter,
				    .cancel = cancel,
				    .list = list + done};
		size_t found = 0;

		r = ranges_find(&f, &found);
		done += found;
	}
	if (r < 0)
		return r;
	qsort(list, done, sizeof(*list), compare_places);
	ret_places->n = keep_one_each(list, done);
	ret_places->list = ng_steal_ptr(&list);
	return 0;
}

void ng_places_choose(struct ng_places *places, const struct ng_filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < places->n; i++)
		if (ng_filter_has(filter, places->list[i].doc))
			places->list[kept++] = places->list[i];
	places->n = kept;
}

void ng_places_clear(struct ng_places *places)
{
	free(places->list);
	*places = NG_PLACES_INIT;
}
