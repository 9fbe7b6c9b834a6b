/* SPDX-License-Identifier: Apache-2.0 */
/* Walking many backward searches at once. Part of kernel.h. */
#pragma once

#include "bwt/kernel/step.h"

/* Searches on their way side by side. */
#define SEARCHES 24u

static inline bool search_goes_on(const struct ng_bwt_search *search)
{
	return search->left && search->lo < search->hi;
}

/* Ask for the directory's lines of a search's next step. */
static inline void search_fetch(const struct ng_bwt *bwt, const struct ng_bwt_search *search)
{
	line_fetch(bwt, search->lo);
	line_fetch(bwt, ng_min(search->hi, bwt->rows - 1));
}

/* The next search with a step to go, or NULL. */
static inline struct ng_bwt_search *search_take(const struct ng_bwt *bwt,
						struct ng_bwt_search **next,
						const struct ng_bwt_search *end, bool *damaged)
{
	while (*next < end) {
		struct ng_bwt_search *search = (*next)++;

		if (search->hi > bwt->rows) {
			*damaged = true;
			search->hi = search->lo;
		}
		if (!search_goes_on(search))
			continue;
		search_fetch(bwt, search);
		return search;
	}
	return NULL;
}

/* By turns, in each of which all searches make a step, in two halves: their cells are found in the
 * directory and asked for; then these are read, and the directory's next lines asked for. */
static void searches_walk(const struct ng_bwt *bwt, size_t n, struct ng_bwt_search *searches,
			  bool *damaged)
{
	struct ng_bwt_search *next = searches, *end = searches + n, *walking[SEARCHES];
	struct ends ends[SEARCHES];
	unsigned in = 0;

	while (in < SEARCHES && (walking[in] = search_take(bwt, &next, end, damaged)))
		in++;
	while (in) {
		for (unsigned i = 0; i < in; i++)
			ends_find(bwt, walking[i]->at[-1], walking[i]->lo, walking[i]->hi,
				  &ends[i]);
		for (unsigned i = 0; i < in; i++) {
			struct ng_bwt_search *search = walking[i];
			bool bad = false;

			step_from(bwt, search->at[-1], &search->lo, &search->hi, &ends[i], false,
				  &bad);
			*damaged |= bad;
			search->at--;
			search->left--;
			if (search_goes_on(search))
				search_fetch(bwt, search);
			else
				walking[i] = search_take(bwt, &next, end, damaged);
		}
		for (unsigned i = 0; i < in;) {
			if (walking[i])
				i++;
			else
				walking[i] = walking[--in];
		}
	}
}
