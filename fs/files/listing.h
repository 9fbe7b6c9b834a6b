/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of documents that hold a query: computed once, kept for as long as there is room, so
 * that walking /docs/QUERY/more/more/... costs what walking the occurrences once costs. A page is
 * a pure function of the index, the query and its number, so nothing is lost when it is dropped. */
#pragma once

#include "query/find.h"
#include "query/doclist.h"

struct ng_listings;

/* One page: documents in ascending order, and whether another page follows. */
struct ng_page {
	_Atomic unsigned refs;
	bool more;
	size_t n_docs;
	uint64_t docs[];
};

/* max_listings queries and about max_bytes of pages are kept.
 * -ENOMEM. All functions below are thread-safe. */
int ng_listings_new(size_t max_listings, size_t max_bytes, struct ng_listings **ret_listings);
/* No call may be under way. */
struct ng_listings *ng_listings_free(struct ng_listings *listings);

/* Page number `page` of a query in an index, which is open until ng_listings_drop, in pages of
 * page_docs >= 1 documents at most. The caller drops
 * the reference with ng_page_unref. -ENOENT where there is no such page (page 0 always is there, if
 * only empty), -EINTR when cancelled, also while another thread is at the same listing; others as
 * ng_query_find and ng_doclist_next. Cost: nothing for a page that is kept, otherwise walking on
 * from the last page that is; from the beginning only if the page has been dropped. */
int ng_listings_page(struct ng_listings *listings, const struct ng_index *index,
		     const struct ng_query *query, size_t page_docs, uint64_t page,
		     const ng_cancel *cancel, struct ng_page **ret_page);

/* Whether the pages of page_docs that are kept settle if doc holds the query: 1 yes, 0 no, -EAGAIN
 * if they don't. Never computes a page. */
int ng_listings_holds(struct ng_listings *listings, const struct ng_index *index,
		      const struct ng_query *query, size_t page_docs, uint64_t doc);

/* Forget what is kept of an index, which no call is using: before it is closed. */
void ng_listings_drop(struct ng_listings *listings, const struct ng_index *index);

void ng_page_unref(struct ng_page *page);

static inline void ng_page_unrefp(struct ng_page **page)
{
	if (*page)
		ng_page_unref(*page);
}
