/* SPDX-License-Identifier: Apache-2.0 */
#include "query/df.h"

#include <pthread.h>

#include "query/docset.h"
#include "query/index_internal.h"

/* Occurrences that a thread locates at a time, at most. */
#define PART 1024u

struct df {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	size_t part; /* occurrences that a thread locates at a time */
	pthread_mutex_t
		lock; /* of docs; taken once a part, for much less time than locating takes */
	struct ng_docset docs;
};

static int part_add(void *userdata, uint64_t part)
{
	struct df *df = userdata;
	struct ng_match matches[PART];
	uint64_t last = UINT64_MAX;
	size_t n = 0;
	int r = ng_filter_locate(df->index, df->ranges, df->filter, part * df->part, df->part,
				 df->cancel, matches, NULL, &n);

	pthread_mutex_lock(&df->lock);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (matches[i].doc != last)
			r = ng_docset_add(&df->docs, matches[i].doc);
		last = matches[i].doc;
	}
	pthread_mutex_unlock(&df->lock);
	return r;
}

int ng_df_filtered(const struct ng_index *index, const struct ng_ranges *ranges,
		   const struct ng_filter *filter, const ng_cancel *cancel, uint64_t *ret_docs)
{
	struct df df = {.index = index,
			.ranges = ranges,
			.filter = filter,
			.cancel = cancel,
			.part = ng_index_part(index, PART)};
	int r = ng_ranges_check(ranges, index);

	if (r < 0)
		return r;
	pthread_mutex_init(&df.lock, NULL);
	df.docs = ng_docset_make(index->stats.numbers);
	r = ng_index_run(index, ng_div_up(ng_filter_most(filter, ranges), (uint64_t)df.part),
			 part_add, &df);
	if (r == 0)
		*ret_docs = df.docs.n;
	ng_docset_clear(&df.docs);
	pthread_mutex_destroy(&df.lock);
	return r;
}

int ng_df(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	  uint64_t *ret_docs)
{
	static const struct ng_filter all;

	return ng_df_filtered(index, ranges, &all, cancel, ret_docs);
}
