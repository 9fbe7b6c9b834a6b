/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways to find which of some occurrences have one of others near them. For near.c. */
#pragma once

#include "query/index_internal.h"
#include "query/ranges.h"

struct ng_near_pair {
	const struct ng_index *index;
	const struct ng_ranges *ranges; /* whose occurrences are wanted, */
	const struct ng_ranges *others; /* near one of these */
	uint64_t distance;
	size_t together;              /* places that ng_near_locate has in memory at a time */
	const struct ng_cached *docs; /* a bit for each document that counts; NULL: all do */
	const struct ng_cached
		*of; /* a bit for each of the occurrences that is wanted; NULL: all */
	const ng_cancel *cancel;
	struct ng_cached *bits; /* are set, of those found; perhaps also of some not in `of` */
};

static inline bool ng_near_has(const struct ng_cached *bits, uint64_t i)
{
	return !bits || (bits->words[i / 64] >> i % 64 & 1);
}

/* The longest string of some ranges, in bytes. */
static inline uint64_t ng_near_longest(const struct ng_ranges *ranges)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < ranges->n; i++)
		longest = ng_max(longest, ranges->list[i].bytes);
	return longest;
}

/* Walk the text around each occurrence of what is rarer. */
int ng_near_walk(const struct ng_near_pair *pair);

/* Places that are in memory then: 24 MiB. */
#define NG_NEAR_TOGETHER (1u << 20)

/* Locate everything: what is rarer once, and the others once for each pair->together of it. */
int ng_near_locate(const struct ng_near_pair *pair);
