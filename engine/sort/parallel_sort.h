/* SPDX-License-Identifier: Apache-2.0 */
/* Suffix sorting by several threads, and the frequent patterns of what is sorted. */
#pragma once

#include "format/frequent.h"
#include "sort/suffix_sort.h"

/* Memory that it takes at its peak, the text left out; has_nul as in ng_sort_text. */
uint64_t ng_parallel_sort_memory(uint64_t n, bool has_nul, unsigned threads);

/* The work that it takes, as merge/cost.h counts it. */
uint64_t ng_parallel_sort_work(uint64_t n, bool has_nul, unsigned threads);

/* How much of that is done before a watch is told of anything: all parts are sorted side by side.
 */
uint64_t ng_parallel_sort_silent_work(uint64_t n, bool has_nul, unsigned threads);

/* The threads that do so. */
unsigned ng_parallel_sort_busy(uint64_t n, bool has_nul, unsigned threads);

/* Called as work is done, by any of the threads, with how much more it is; may be NULL. */
struct ng_sort_watch {
	void (*progress)(void *userdata, uint64_t more);
	void *userdata;
};

/* What ng_suffix_sort gives, byte for byte. A text that is large enough is cut between documents
 * into parts of about the same size, two for two threads and so on; each is sorted by a thread of
 * its own, and then neighbours are merged, by all of them (sort/memory_merge.h). With NUL bytes in
 * it, it is sorted by one thread. The watch (NULL: none) is told when a part is sorted, and how far
 * merging is: in all about ng_parallel_sort_work. Errors as ng_suffix_sort. */
int ng_parallel_sort(const struct ng_sort_text *text, uint32_t sa_rate, unsigned threads,
		     const struct ng_sort_watch *watch, struct ng_sorted *ret_sorted);

/* The frequent patterns of a sorted text without NUL bytes, as ng_frequent_search gives them:
 * *ret_patterns is the caller's. -ENOMEM. */
int ng_sorted_patterns(const struct ng_sorted *sorted, unsigned threads,
		       struct ng_frequent_pattern **ret_patterns, size_t *ret_n);
