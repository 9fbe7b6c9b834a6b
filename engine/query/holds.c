/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one document holds a query. */
#include "query/find.h"
#include "query/fold_scan.h"

/* How much of a document is read at once to look for a query in it: little at first, since what is
 * frequent stands near the beginning; and how many occurrences are located at once. */
#define SCAN_FIRST  1024u
#define SCAN_BYTES  65536u
#define SCAN_LOCATE 256u

/* Whether one of the occurrences that count is in a document. */
static int holds_by_locating(const struct ng_index *index, uint64_t doc,
			     const struct ng_ranges *ranges, const struct ng_filter *filter,
			     const ng_cancel *cancel)
{
	uint64_t most = ng_filter_most(filter, ranges);
	struct ng_match matches[SCAN_LOCATE];
	int r = 0;

	for (uint64_t first = 0; r == 0 && first < most; first += SCAN_LOCATE) {
		size_t n = 0;

		r = ng_filter_locate(index, ranges, filter, first, SCAN_LOCATE, cancel, matches,
				     NULL, &n);
		for (size_t i = 0; r == 0 && i < n; i++) {
			if (matches[i].doc == doc)
				return 1;
		}
	}
	return r;
}

/* Whether a piece of text holds the query. scan: how to look for it if anything is folded. */
static int piece_holds(const struct ng_query *query, const struct ng_fold_scan *scan,
		       const uint8_t *text, size_t len, const ng_cancel *cancel)
{
	if (query->fold)
		return ng_fold_scan_holds(scan, text, len, cancel);
	return memmem(text, len, query->bytes, query->len) != NULL;
}

/* A piece of the document after the other. */
static int pieces_hold(const struct ng_index *index, uint64_t doc, const struct ng_query *query,
		       const struct ng_fold_scan *scan, const ng_cancel *cancel)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	uint64_t offset = 0;
	size_t kept = 0, want = SCAN_FIRST, got;
	int r = ng_buf_reserve(&text, scan->longest + SCAN_BYTES);

	while (r == 0) {
		r = ng_doc_read(index, doc, offset, want, cancel, text.data + kept, &got);
		if (r || got == 0)
			break;
		r = piece_holds(query, scan, text.data, kept + got, cancel);
		if (r)
			break;
		offset += got;
		want = ng_min(2 * want, (size_t)SCAN_BYTES);
		/* What could begin an occurrence that ends in the next piece. */
		got += kept;
		kept = ng_min(got, scan->longest - 1);
		memmove(text.data, text.data + got - kept, kept);
	}
	return r;
}

/* The whole document. */
static int whole_holds(const struct ng_index *index, uint64_t doc, uint64_t doc_bytes,
		       const struct ng_fold_scan *scan, const ng_cancel *cancel)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	size_t got = 0;
	int r = ng_buf_reserve(&text, ng_max(doc_bytes, (uint64_t)1));

	if (r == 0)
		r = ng_doc_read(index, doc, 0, doc_bytes, cancel, text.data, &got);
	return r ? r : ng_fold_scan_holds(scan, text.data, got, cancel);
}

int ng_query_doc_reads(const struct ng_index *index, uint64_t doc, uint64_t doc_bytes,
		       const struct ng_query *query, const ng_cancel *cancel)
{
	ng_cleanup(ng_fold_scan_clear) struct ng_fold_scan scan = {.longest = query->len};
	int r = 0;

	/* Spelled otherwise, an occurrence may be shorter than the query. */
	if (query->len > doc_bytes && !query->fold)
		return 0;
	if (query->fold)
		r = ng_fold_scan_make(query->fold & ~NG_QUERY_WORD, query->fold & NG_QUERY_WORD,
				      query->bytes, query->len, &scan);
	if (r)
		return r;
	return ng_query_reads_whole(query) ? whole_holds(index, doc, doc_bytes, &scan, cancel)
					   : pieces_hold(index, doc, query, &scan, cancel);
}

/* It, or one of those that count as it does. */
static int holds_by_reading(const struct ng_index *index, uint64_t doc, uint64_t doc_bytes,
			    const struct ng_query *query, const ng_cancel *cancel)
{
	int r = ng_query_doc_reads(index, doc, doc_bytes, query, cancel);

	for (size_t i = 0; r == 0 && ng_scope_has_any(query->scope) && i < query->scope->any.n;
	     i++) {
		const struct ng_query other =
			ng_scope_query(query->scope, &query->scope->any.list[i]);

		r = ng_query_doc_reads(index, doc, doc_bytes, &other, cancel);
	}
	return r;
}

/* Whether it takes less to read a document than to locate count occurrences. */
static bool is_better_read(const struct ng_index *index, const struct ng_query *query,
			   uint64_t doc_bytes, uint64_t count)
{
	struct ng_index_stats stats;
	uint64_t steps;

	if (ng_scope_is_near(query->scope) ||
	    (ng_query_reads_whole(query) && doc_bytes > NG_QUERY_WHOLE_MAX))
		return false;
	ng_index_stats(index, &stats);
	steps = stats.text_store_bytes ? doc_bytes / NG_QUERY_STORE_SPEEDUP : doc_bytes;
	return count > steps / ng_max(stats.sa_sampling, 1u);
}

int ng_query_doc_holds(const struct ng_index *index, uint64_t doc, const struct ng_query *query,
		       uint64_t count, const ng_cancel *cancel)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t doc_bytes;
	bool reads;
	int r = ng_doc_bytes(index, doc, &doc_bytes);

	if (r || count == 0)
		return r;
	reads = is_better_read(index, query, doc_bytes, count);
	if (reads && !ng_scope_limits(query->scope))
		return holds_by_reading(index, doc, doc_bytes, query, cancel);
	r = ng_query_find(index, query, cancel, &ranges);
	if (r == 0)
		r = ng_filter_get(index, query->scope, &ranges, cancel, &filter);
	if (r || !ng_filter_has(&filter, doc))
		return r;
	return reads ? holds_by_reading(index, doc, doc_bytes, query, cancel)
		     : holds_by_locating(index, doc, &ranges, &filter, cancel);
}
