/* SPDX-License-Identifier: Apache-2.0 */
/* What an index's own documents have in common: the stretches of each that occur more than once. */
#pragma once

#include "query/often.h"

/* A maximal stretch [begin, end) of a document (often.h), how often it occurs in all documents, and
 * the first of its occurrences: in the document of the smallest number, there the foremost. */
struct ng_repeat {
	uint64_t doc, begin, end, count;
	struct ng_match first;
};

struct ng_repeats;

/* Not thread-safe. skip_first: leave out those that are their own first occurrences. -EINVAL
 * (options), -ENOMEM. */
int ng_repeats_new(const struct ng_index *index, const struct ng_often_options *options,
		   bool skip_first, struct ng_repeats **ret_repeats);
struct ng_repeats *ng_repeats_free(struct ng_repeats *repeats);

/* The next ones, of all documents by their numbers, and in each by rising begin, in *ret_list,
 * which stays the repeats': 1, or 0 when there are no more. A call that failed, because it was
 * cancelled, say, may be made again.
 *
 * Some documents at a time are looked at by all threads of the index, each document by one. Cost:
 * the document's text and often.h; and a locate for each occurrence of a stretch in the first shard
 * that has it, the first time. Memory: some MiB, whatever the index's size. The errors of
 * query.h. */
int ng_repeats_next(struct ng_repeats *repeats, const ng_cancel *cancel,
		    const struct ng_repeat **ret_list, size_t *ret_n);

/* Between two calls: give back memory, of which there is `held` about; what was given last is gone.
 * Documents of which much was found that wasn't given are looked at again. */
size_t ng_repeats_held(const struct ng_repeats *repeats);
void ng_repeats_shed(struct ng_repeats *repeats);
