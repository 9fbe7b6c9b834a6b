/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which neighbouring segments are merged until they are one. */
#pragma once

#include "base/base.h"

struct ng_merge_order;

/* Segments that are ordered at once: it takes the third power of them. */
#define NG_MERGE_ORDER_MAX 128u

/* -ENOMEM. To be freed with free(). */
int ng_merge_order_new(struct ng_merge_order **ret_order);

/* The order that costs least for n segments of so many rows, 1 <= n <= NG_MERGE_ORDER_MAX. */
void ng_merge_order_make(struct ng_merge_order *order, const uint64_t *rows, unsigned n);

/* Of segments [i, j), at least two of them, those before the last merge: [i, cut) and [cut, j). */
unsigned ng_merge_order_cut(const struct ng_merge_order *order, unsigned i, unsigned j);
