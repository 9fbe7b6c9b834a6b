/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include "query/facet.h"
#include "query/fold.h"
#include "query/hits.h"
#include "query/line_scan.h"
#include "query/word_beside.h"
#include "query/word_find.h"
#include "query/wordlist.h"

#define FACETS       4u
#define PLACES_MAX   400u
#define LINES        5u
#define LINE_BYTES   50u
#define WINDOW_BYTES 64u
#define WINDOWS      8u
#define WORDS        4u

/* What damage, and nothing else, may make of an answer; true: there is one. */
static bool is_answered(int r)
{
	sections_require(r >= 0 || r == -EUCLEAN || r == -EIO || r == -ENOMEM || r == -E2BIG ||
			 r == -EOVERFLOW || r == -EFBIG);
	return r >= 0;
}

static void ask_facets(const struct ng_index *index, const struct ng_ranges *ranges)
{
	ng_cleanup(ng_scope_unrefp) struct ng_scope *scope = NULL;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	const uint32_t near = 9;
	ng_cleanup(ng_survivors_clear) struct ng_survivors survivors = {0};
	const struct ng_facet *list = NULL;
	static const struct ng_filter all;
	size_t n = 0;
	bool any = false;

	if (!is_answered(ng_index_facets(index, &list, &n)))
		return;
	for (size_t i = 0; i < ng_min(n, (size_t)FACETS); i++) {
		ng_cleanup(ng_facet_counts_clear) struct ng_facet_counts counts = {0};
		uint64_t sum = 0, values = 0, bytes = 0;

		is_answered(ng_facet_bounds(index, &list[i], &values, &bytes));
		if (!is_answered(ng_facet_count(index, &list[i], ranges, &all, NULL, &counts)))
			continue;
		for (size_t k = 0; k < counts.n; k++)
			sum += counts.list[k].occurrences;
		sections_require(sum == ranges->count);
	}
	sections_require(!ng_scope_add_where(&scope, "path:1*|>3", 10));
	sections_require(!ng_scope_add(&scope, NG_SCOPE_ALSO, "e", 1));
	sections_require(!ng_scope_add(&scope, NG_SCOPE_NOT, "qu", 2));
	sections_require(!ng_scope_finish(scope, ranges->count % 2 ? &near : NULL, 0));
	if (is_answered(ng_filter_get(index, scope, ranges, NULL, &filter)))
		is_answered(ng_filter_any(index, ranges, &filter, NULL, &any));
	if (is_answered(ng_survivors_get(index, ranges, scope, NULL, &survivors)))
		sections_require(survivors.n <= ranges->count);
}

static void ask_hits(const struct ng_index *index, const struct ng_places *places,
		     const struct ng_grep *grep)
{
	const struct ng_hits hits = {index, places, grep, LINE_BYTES};
	struct ng_hits_last last = {0};
	struct ng_hit found[LINES];
	size_t at = 0, n = 0;

	while (at < places->n &&
	       is_answered(ng_hits_read(&hits, &at, LINES, &last, NULL, found, &n))) {
		for (size_t i = 0; i < n; i++)
			sections_require(found[i].from <= found[i].to &&
					 found[i].to <= found[i].line.bytes);
		ng_hits_clear(found, n);
	}
}

static void ask_lines(const struct ng_index *index, const struct ng_ranges *ranges)
{
	ng_cleanup(ng_places_clear) struct ng_places places = NG_PLACES_INIT;

	if (is_answered(ng_places_find(index, ranges, 1, PLACES_MAX, NULL, NULL, &places)))
		ask_hits(index, &places, NULL);
}

static int judge(void *userdata, const uint8_t *line, size_t len, size_t *ret_from, size_t *ret_to)
{
	return ng_grep_line(userdata, line, len, ret_from, ret_to);
}

/* By the strings that must be there, and by reading windows of all of the text. */
static void ask_grep(const struct ng_index *index)
{
	ng_cleanup(ng_places_clear) struct ng_places places = NG_PLACES_INIT;
	struct ng_grep *grep = NULL;
	struct ng_line_scan scan = {.index = index,
				    .judge = judge,
				    .most_bytes = LINE_BYTES,
				    .window_bytes = WINDOW_BYTES};
	struct ng_line_scan_at at = {0};
	bool more = true;

	sections_require(!ng_grep_new((const uint8_t *)"(cat|mat).*t", 12, true, &grep, NULL));
	if (is_answered(ng_grep_places(grep, index, PLACES_MAX, NULL, &places, NULL)))
		ask_hits(index, &places, grep);
	scan.userdata = grep;
	for (unsigned i = 0; more && i < WINDOWS; i++) {
		ng_cleanup(ng_freep) struct ng_hit *hits = NULL;
		size_t n = 0;

		if (!is_answered(ng_line_scan_next(&scan, &at, NULL, &hits, &n, &more)))
			break;
		ng_hits_clear(hits, n);
	}
	ng_grep_free(grep);
}

static void ask_words(const struct ng_index *index, const struct ng_ranges *ranges,
		      const uint8_t *pat, size_t len)
{
	ng_cleanup(ng_word_counts_clear) struct ng_word_counts next = NG_WORD_COUNTS_INIT;
	ng_cleanup(ng_word_counts_clear) struct ng_word_counts prev = NG_WORD_COUNTS_INIT;
	ng_cleanup(ng_ranges_clear) struct ng_ranges whole = NG_RANGES_INIT;

	is_answered(ng_word_next(index, ranges, NULL, &next));
	is_answered(ng_word_prev(index, ranges, NULL, &prev));
	if (is_answered(ng_word_find(index, ranges, pat, len, NULL, &whole, NULL)))
		sections_require(whole.count <= ranges->count);
}

static void ask_wordlist(const struct ng_index *index)
{
	const struct ng_word_counts *words = NULL;
	struct ng_wordlist *list = NULL;
	int r;

	if (!is_answered(ng_wordlist_new(index, 2, &list)))
		return;
	for (unsigned i = 0; i < WORDS; i++) {
		r = ng_wordlist_next(list, NULL, &words);
		if (!is_answered(r) || r == 0)
			break;
	}
	ng_wordlist_free(list);
}

void asked_text(const struct ng_index *index, const uint8_t *pat, size_t len)
{
	static const unsigned all_folds = NG_FOLD_CASE | NG_FOLD_SPACE | NG_FOLD_FORM;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_ranges_clear) struct ng_ranges folded = NG_RANGES_INIT;

	ask_grep(index);
	ask_wordlist(index);
	if (is_answered(ng_fold_find_by(index, all_folds, pat, len, NULL, &folded)) &&
	    folded.count <= PLACES_MAX)
		ask_lines(index, &folded);
	if (!is_answered(ng_ranges_find(index, pat, len, NULL, &ranges)))
		return;
	/* A forged index may say that there are any number of them. */
	if (ranges.count > PLACES_MAX)
		return;
	ask_facets(index, &ranges);
	ask_lines(index, &ranges);
	ask_words(index, &ranges, pat, len);
}
