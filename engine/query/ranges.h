/* SPDX-License-Identifier: Apache-2.0 */
/* The occurrences of a query as a list of ranges of rows: of an exact query one in each shard, of
 * one that ignores case one for each spelling that occurs in a shard, and of whole words one for
 * each character that stands before them. Functions are thread-safe and return 0, or the errors of
 * query.h; -EINVAL for ranges that aren't this index's. */
#pragma once

#include "base/buf.h"
#include "query/query.h"

/* Rows [lo, hi) of a shard, whose suffixes begin with `lead` bytes that precede the occurrence in
 * its document (most often none), and then one string. Never empty. */
struct ng_range {
	uint32_t shard;
	uint64_t lo, hi;
	uint64_t first; /* occurrences in the ranges before: the number of row lo's */
	uint64_t bytes; /* of the string: the occurrences' length */
	uint8_t lead_bytes[4];
	uint8_t lead;
};

/* Ascending by shard, then row; disjoint where no range has a lead. The whole is the caller's, who
 * clears it. */
struct ng_ranges {
	struct ng_range *list;
	size_t n;
	uint64_t count; /* occurrences in all */
};

#define NG_RANGES_INIT ((struct ng_ranges){0})

void ng_ranges_clear(struct ng_ranges *ranges); /* and back to NG_RANGES_INIT */

/* Those of exactly pat[0..len-1], len >= 1: what ng_find gives. Cost and errors as ng_find. */
int ng_ranges_find(const struct ng_index *index, const uint8_t *pat, size_t len,
		   const ng_cancel *cancel, struct ng_ranges *ret_ranges);

int ng_ranges_copy(const struct ng_ranges *ranges, struct ng_ranges *ret_ranges);

/* The occurrences of n lists of ranges without leads: each place once, with its longest string.
 * O(n log(n)) of all ranges. -ENOMEM. */
int ng_ranges_join(size_t n, const struct ng_ranges *lists, struct ng_ranges *ret_ranges);

/* The range of occurrence number `occurrence` < count, which is row
 * lo + (occurrence - first) of it. O(log n). */
const struct ng_range *ng_ranges_at(const struct ng_ranges *ranges, uint64_t occurrence);

/* Whether a range is of rows that this index has. */
bool ng_range_fits(const struct ng_range *range, const struct ng_index *index);

/* 0, or -EINVAL for ranges that aren't this index's. O(n). */
int ng_ranges_check(const struct ng_ranges *ranges, const struct ng_index *index);

/* Occurrences [first, first + n) in index order (shard, then suffix order; stable for an index), n
 * of them or as many as there are; *ret_n says how many ret_matches holds. O(sa_sampling) rank
 * steps an occurrence. */
int ng_ranges_locate(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		     size_t n, const ng_cancel *cancel, struct ng_match *ret_matches,
		     size_t *ret_n);

/* The same of occurrences numbers[0..n-1]: rising, and each below the count. */
int ng_ranges_locate_at(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
			const uint64_t *numbers, const ng_cancel *cancel,
			struct ng_match *ret_matches);

/* Append a range's string, as it stands in the text, to buf. Costs a locate and the extraction of
 * its bytes. */
int ng_range_text(const struct ng_index *index, const struct ng_range *range,
		  const ng_cancel *cancel, struct ng_buf *buf);
