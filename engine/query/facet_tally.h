/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by the values of a facet, while they are made. Not thread-safe. */
#pragma once

#include "base/dictionary.h"
#include "query/facet.h"

/* Values, and what each of them has; value and bytes are not set in list, since the text moves.
 * Zero it before the first use. */
struct ng_facet_tally {
	struct ng_dictionary dictionary;
	struct ng_facet_count *list; /* [dictionary.n] */
	size_t cap;
	struct ng_facet_count none;
};

/* Add to what value[0..bytes-1] has; value NULL: to what those without one have. -EFBIG: more than
 * NG_FACET_COUNTS_MAX values; -ENOMEM. */
int ng_facet_tally_add(struct ng_facet_tally *tally, const uint8_t *value, size_t bytes,
		       uint64_t occurrences, uint64_t docs);

/* Give all of it, in order, but for values that no document has. It can only be cleared then.
 * -ENOMEM. */
int ng_facet_tally_give(struct ng_facet_tally *tally, struct ng_facet_counts *ret_counts);

void ng_facet_tally_clear(struct ng_facet_tally *tally);
