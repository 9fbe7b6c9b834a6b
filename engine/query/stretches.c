/* SPDX-License-Identifier: Apache-2.0 */
#include "query/stretches.h"

/* Places by which a stretch is tried to be longer at first. */
#define LONGER_FIRST 16u

/* The stretch that begins at `begin` and goes on to good at least: its end, and where the next one
 * begins at the earliest, which is the text's end if there can be none. */
static int find_end(const struct ng_stretch_text *text, uint64_t begin, uint64_t good,
		    const ng_cancel *cancel, uint64_t *ret_end, uint64_t *ret_next)
{
	uint64_t len = text->len, bad = len + 1, next = len, longer = LONGER_FIRST;

	while (bad - good > 1) {
		uint64_t end = bad > len ? ng_min(good + longer, len) : good + (bad - good) / 2;
		uint64_t from = 0;
		int r = text->search(text->userdata, begin, end, cancel, &from);

		if (r < 0)
			return r;
		if (from == begin) {
			good = end;
		} else {
			bad = end;
			next = from;
		}
		longer *= 2;
	}
	*ret_end = good;
	*ret_next = next;
	return 0;
}

int ng_stretches_next(struct ng_stretches *stretches, const struct ng_stretch_text *text,
		      const ng_cancel *cancel, struct ng_span *ret_stretch)
{
	uint64_t x;

	while ((x = text->first_end(text->userdata, stretches->begin, stretches->end)) <=
	       text->len) {
		uint64_t from = 0, end = 0, next = 0;
		int r = ng_cancelled(cancel)
				? -EINTR
				: text->look(text->userdata, stretches->begin, x, cancel, &from);

		if (r < 0)
			return r;
		if (text->first_end(text->userdata, from, x) > x) {
			*stretches = (struct ng_stretches){from, x};
			continue;
		}
		r = find_end(text, from, x, cancel, &end, &next);
		if (r < 0)
			return r;
		*ret_stretch = (struct ng_span){from, end};
		*stretches = (struct ng_stretches){next, end + 1};
		return 1;
	}
	return 0;
}
