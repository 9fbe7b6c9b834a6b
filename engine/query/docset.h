/* SPDX-License-Identifier: Apache-2.0 */
/* A set of document numbers: a hash table while it is small, a bit for each document of the index
 * as soon as that takes no more room. */
#pragma once

#include "base/base.h"

/* Fields are docset.c's own, save n. */
struct ng_docset {
	uint64_t docs; /* numbers are below it */
	uint64_t n;    /* of them in the set */
	uint64_t *slots;
	size_t cap;     /* slots, a power of two */
	uint64_t *bits; /* instead of slots, once there */
};

/* An empty set of numbers in [0, docs). No allocation. */
struct ng_docset ng_docset_make(uint64_t docs);
void ng_docset_clear(struct ng_docset *set);

/* doc < docs. */
bool ng_docset_has(const struct ng_docset *set, uint64_t doc);

/* Add doc < docs; it may be there already. O(1) amortized. -ENOMEM; the set is as it was then.
 * Memory stays within docs / 8 bytes and some, and within 32 bytes a document in it and some. */
int ng_docset_add(struct ng_docset *set, uint64_t doc);
