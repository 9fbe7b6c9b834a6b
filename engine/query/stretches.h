/* SPDX-License-Identifier: Apache-2.0 */
/* The maximal stretches of a text that occur often enough, by backward search alone, as
 * trace_exact.c: let every stretch to come begin at `begin` or later and end at `end` or later, and
 * x be the first place where one that is long enough can end. A search backwards from x comes down
 * to `begin`, or to a place that all stretches to come begin at or behind. In the first case the
 * stretch goes on to the last end from which a search still comes down to `begin`: that is looked
 * for by doubling, then halving. Searches from ends beyond it are short, as they become too rare
 * soon; and the one from the next place says where the next stretch begins at the earliest. */
#pragma once

#include "query/whole.h"

/* A text, as it is searched: bytes, or symbols, between places 0 and len. */
struct ng_stretch_text {
	uint64_t len;
	/* As search; but where what is found isn't long enough, any place before which nothing
	 * that ends at x or later and is long enough begins will do. */
	int (*look)(void *userdata, uint64_t begin, uint64_t x, const ng_cancel *cancel,
		    uint64_t *ret_from);
	/* The first place >= begin from which what goes up to x > begin occurs often enough; x if
	 * even what is before it doesn't. What occurs so must do so, too, without its last byte or
	 * symbol. */
	int (*search)(void *userdata, uint64_t begin, uint64_t x, const ng_cancel *cancel,
		      uint64_t *ret_from);
	/* The first place >= at where a stretch from `begin` on is long enough; > len: there is
	 * none. */
	uint64_t (*first_end)(const void *userdata, uint64_t begin, uint64_t at);
	void *userdata;
};

/* What is still to come; zeroed at first. */
struct ng_stretches {
	uint64_t begin, end;
};

/* The next stretch, by rising begin and rising end: 1, or 0 where there are no more. Errors of
 * search, and -EINTR; after one it may be called again and goes on where it was. */
int ng_stretches_next(struct ng_stretches *stretches, const struct ng_stretch_text *text,
		      const ng_cancel *cancel, struct ng_span *ret_stretch);
