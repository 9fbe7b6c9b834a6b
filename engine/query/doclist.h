/* SPDX-License-Identifier: Apache-2.0 */
/* The distinct documents that hold a pattern, a page at a time. */
#pragma once

#include "query/filter.h"

struct ng_doclist;

/* Start at the first of the occurrences, whose ranges are copied. Not thread-safe. */
int ng_doclist_new(const struct ng_index *index, const struct ng_ranges *ranges,
		   struct ng_doclist **ret_list);

/* Leave out documents that a filter doesn't let through, which is taken over: before the first
 * page. */
void ng_doclist_set_filter(struct ng_doclist *list, struct ng_filter *filter);

/* The next page: up to max_docs documents that no earlier page held, in the order of their first
 * occurrence in the index, then sorted by number within the page. *ret_n < max_docs, or *ret_more
 * false, only when no other document follows; *ret_more is exact (it looks ahead). Cost: one
 * locate an occurrence walked, on all threads of the index. The list may go on after -EINTR where
 * it was. */
int ng_doclist_next(struct ng_doclist *list, size_t max_docs, const ng_cancel *cancel,
		    uint64_t *ret_docs, size_t *ret_n, bool *ret_more);

struct ng_doclist *ng_doclist_free(struct ng_doclist *list);

static inline void ng_doclist_freep(struct ng_doclist **list)
{
	ng_doclist_free(*list);
}
