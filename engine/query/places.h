/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences in the order of the text: document by document, each from its beginning on. */
#pragma once

#include "query/filter.h"

struct ng_place {
	uint64_t doc, offset;
	uint32_t bytes; /* of the occurrence */
};

struct ng_places {
	struct ng_place *list;
	size_t n;
};

#define NG_PLACES_INIT ((struct ng_places){0})

/* All occurrences of n lists of ranges; or, of one list, those that a filter of it lets through.
 * Where one place is in several of them it is there once, with its longest occurrence. filter may
 * be NULL. -EOVERFLOW: there are more than `most` in all that may count; nothing is located then.
 * Cost: a locate each, on the index's threads, and a sort; 24 bytes each, which are the caller's.
 * Thread-safe. */
int ng_places_find(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
		   uint64_t most, const struct ng_filter *filter, const ng_cancel *cancel,
		   struct ng_places *ret_places);

/* Leave those in documents that a filter lets through. */
void ng_places_choose(struct ng_places *places, const struct ng_filter *filter);

void ng_places_clear(struct ng_places *places); /* and back to NG_PLACES_INIT */
