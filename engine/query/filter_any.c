/* SPDX-License-Identifier: Apache-2.0 */
/* Whether any occurrence counts under a scope. */
#include "query/filter.h"
#include "query/index_internal.h"

/* Occurrences that a thread takes at a time; and that are looked at in the first turn, and in one
 * at most. */
#define ANY_PART  64u
#define ANY_FIRST 64u
#define ANY_MAX   16384u

struct looking {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	uint64_t first;
	atomic_bool found;
};

static int part_look(void *userdata, uint64_t part)
{
	struct looking *l = userdata;
	struct ng_match matches[ANY_PART];
	size_t n = 0;
	int r;

	if (atomic_load(&l->found))
		return 0;
	r = ng_filter_locate(l->index, l->ranges, l->filter, l->first + part * ANY_PART, ANY_PART,
			     l->cancel, matches, NULL, &n);
	if (r == 0 && n)
		atomic_store(&l->found, true);
	return r;
}

/* By turns of twice as many each time. */
int ng_filter_any(const struct ng_index *index, const struct ng_ranges *ranges,
		  const struct ng_filter *filter, const ng_cancel *cancel, bool *ret_any)
{
	struct looking l = {index, ranges, filter, cancel, 0, false};
	uint64_t most = ng_filter_most(filter, ranges), turn = ANY_FIRST;
	int r = 0;

	if (filter->near.bits || ng_filter_is_empty(filter)) {
		*ret_any = most > 0;
		return 0;
	}
	if (filter->docs->count == 0)
		most = 0;
	while (r == 0 && l.first < most && !atomic_load(&l.found)) {
		uint64_t n = ng_min(turn, most - l.first);

		r = ng_index_run(index, ng_div_up(n, (uint64_t)ANY_PART), part_look, &l);
		l.first += n;
		turn = ng_min(2 * turn, (uint64_t)ANY_MAX);
	}
	if (r == 0)
		*ret_any = atomic_load(&l.found);
	return r;
}
