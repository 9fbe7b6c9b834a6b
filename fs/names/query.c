/* SPDX-License-Identifier: Apache-2.0 */
#include "names/query.h"

#include "query/fold.h"
#include "query/fold_scan.h"
#include "query/word_find.h"

/* How much of a document is read at once to look for a query in it, and how many occurrences are
 * located at once. */
#define SCAN_BYTES  65536u
#define SCAN_LOCATE 256u

/* The longest document that is read whole, where it is not looked through in pieces. */
#define WHOLE_MAX (32u << 20)

/* With a text store reading is that much cheaper than backward steps. */
#define STORE_SPEEDUP 64u

static unsigned folds_of(const struct ng_query *query)
{
	return query->fold & ~NG_QUERY_WORD;
}

/* Its occurrences, words or not. */
static int find_any(const struct ng_index *index, const struct ng_query *query,
		    const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	unsigned folds = folds_of(query);
	int r;

	if (!folds)
		return ng_ranges_find(index, query->bytes, query->len, cancel, ret_ranges);
	r = ng_fold_find_by(index, folds, query->bytes, query->len, cancel, ret_ranges);
	/* What programs print for E2BIG is about arguments of theirs. */
	return r == -E2BIG ? -EOVERFLOW : r;
}

/* ret_ranges may be NULL. */
static int find_words(const struct ng_index *index, const struct ng_query *query,
		      const ng_cancel *cancel, struct ng_ranges *ret_ranges, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges any = NG_RANGES_INIT;
	const uint8_t *pat = folds_of(query) ? NULL : query->bytes;
	int r = find_any(index, query, cancel, &any);

	return r ? r : ng_word_find(index, &any, pat, query->len, cancel, ret_ranges, ret_count);
}

int ng_query_find(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	if (query->fold & NG_QUERY_WORD)
		return find_words(index, query, cancel, ret_ranges, NULL);
	return find_any(index, query, cancel, ret_ranges);
}

int ng_query_bound(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	if (!query->fold)
		return ng_count(index, query->bytes, query->len, cancel, ret_count);
	if (query->fold & NG_QUERY_WORD)
		return find_words(index, query, cancel, NULL, ret_count);
	r = find_any(index, query, cancel, &ranges);
	if (r == 0)
		*ret_count = ranges.count;
	return r;
}

int ng_query_count(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, uint64_t *ret_count)
{
	ng_cleanup(ng_survivors_clear) struct ng_survivors survivors = {0};
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	if (!query->where)
		return ng_query_bound(index, query, cancel, ret_count);
	r = ng_query_find(index, query, cancel, &ranges);
	if (r == 0)
		r = ng_survivors_get(index, &ranges, query->where, cancel, &survivors);
	if (r == 0)
		*ret_count = survivors.bits->count;
	return r;
}

int ng_query_any(const struct ng_index *index, const struct ng_query *query,
		 const ng_cancel *cancel, bool *ret_any, uint64_t *ret_bound)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {NULL};
	uint64_t count = 0;
	bool any = false;
	int r;

	if (query->where) {
		r = ng_query_find(index, query, cancel, &ranges);
		count = ranges.count;
		if (r == 0)
			r = ng_filter_get(index, query->where, cancel, &filter);
		if (r == 0)
			r = ng_filter_any(index, &ranges, &filter, cancel, &any);
	} else {
		r = ng_query_bound(index, query, cancel, &count);
		any = count > 0;
	}
	if (r)
		return r;
	*ret_any = any;
	*ret_bound = count;
	return 0;
}

static int holds_by_locating(const struct ng_index *index, uint64_t doc,
			     const struct ng_query *query, const ng_cancel *cancel)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	struct ng_match matches[SCAN_LOCATE];
	uint64_t first = 0;
	size_t n;
	int r = ng_query_find(index, query, cancel, &ranges);

	while (r == 0 && first < ranges.count) {
		r = ng_ranges_locate(index, &ranges, first, SCAN_LOCATE, cancel, matches, &n);
		for (size_t i = 0; r == 0 && i < n; i++) {
			if (matches[i].doc == doc)
				return 1;
		}
		first += SCAN_LOCATE;
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
	size_t kept = 0, got;
	int r = ng_buf_reserve(&text, scan->longest + SCAN_BYTES);

	while (r == 0) {
		r = ng_doc_read(index, doc, offset, SCAN_BYTES, cancel, text.data + kept, &got);
		if (r || got == 0)
			break;
		r = piece_holds(query, scan, text.data, kept + got, cancel);
		if (r)
			break;
		offset += got;
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

/* Whether an occurrence may be of any length, or what stands beside it matters. */
static bool needs_whole(const struct ng_query *query)
{
	return query->fold & (NG_FOLD_SPACE | NG_QUERY_WORD);
}

static int holds_by_reading(const struct ng_index *index, uint64_t doc, uint64_t doc_bytes,
			    const struct ng_query *query, const ng_cancel *cancel)
{
	ng_cleanup(ng_fold_scan_clear) struct ng_fold_scan scan = {.longest = query->len};
	int r = 0;

	if (query->fold)
		r = ng_fold_scan_make(folds_of(query), query->fold & NG_QUERY_WORD, query->bytes,
				      query->len, &scan);
	if (r)
		return r;
	return needs_whole(query) ? whole_holds(index, doc, doc_bytes, &scan, cancel)
				  : pieces_hold(index, doc, query, &scan, cancel);
}

int ng_query_doc_holds(const struct ng_index *index, uint64_t doc, const struct ng_query *query,
		       uint64_t count, const ng_cancel *cancel)
{
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {NULL};
	struct ng_index_stats stats;
	uint64_t doc_bytes, read_steps;
	int r = ng_doc_bytes(index, doc, &doc_bytes);

	if (r == 0)
		r = ng_filter_get(index, query->where, cancel, &filter);
	if (r)
		return r;
	if (!ng_filter_has(&filter, doc))
		return 0;
	/* Spelled otherwise, an occurrence may be shorter than the query. */
	if (count == 0 || (query->len > doc_bytes && !query->fold))
		return 0;
	ng_index_stats(index, &stats);
	read_steps = stats.text_store_bytes ? doc_bytes / STORE_SPEEDUP : doc_bytes;
	if (count <= read_steps / ng_max(stats.sa_sampling, 1u) ||
	    (needs_whole(query) && doc_bytes > WHOLE_MAX))
		return holds_by_locating(index, doc, query, cancel);
	return holds_by_reading(index, doc, doc_bytes, query, cancel);
}
