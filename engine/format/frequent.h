/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the shard's frequent patterns, so that a search begins where they end and not with the
 * rank steps over wide intervals, which are the slowest. Every substring of a frequent pattern is
 * frequent, so that they form a trie over their last bytes: a pattern's search walks down from its
 * last byte as far as the trie goes. (The top of the tree of all backward searches.)
 *
 *   u32 nodes N, u32 nodes of one byte M, u32 width of a row number, u32 width of a node number,
 *   N bytes: the byte that a node puts in front of its parent's pattern,
 *   then, from a multiple of 8 on, N + 1 records: first row, number of rows, first child.
 *
 * Nodes are in breadth-first order; those of one byte are the first M; the children of node i are
 * [child(i), child(i + 1)), ascending by byte. */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "format/pages.h"

#define NG_FREQUENT_MAX_BYTES 16u

/* ---- writing ---- */

/* A frequent pattern. */
struct ng_frequent_pattern {
	uint8_t last[NG_FREQUENT_MAX_BYTES]; /* its bytes from the last to the first, then zeroes */
	uint32_t len;
	uint64_t row, count;
};

/* Append the section. patterns: all with at least some count, in any order (they get sorted).
 * -ENOMEM. O(n log n). */
int ng_frequent_write(struct ng_frequent_pattern *patterns, size_t n, uint64_t rows,
		      struct ng_buf *buf);

/* ---- reading ---- */

struct ng_frequent {
	const uint8_t *bytes, *records;
	uint64_t rows;
	uint32_t n, n_first;
	unsigned row_width, node_width;
	const struct ng_pages *pages;
};

/* Open the section, in these pages or, where they are NULL, in memory. At least 8 bytes beyond it
 * must be readable. O(1). -EUCLEAN. */
int ng_frequent_open(const struct ng_pages *pages, const uint8_t *data, size_t bytes, uint64_t rows,
		     struct ng_frequent *ret_frequent);

/* All functions below set *damaged where a page that they read is damaged, or rows are out of
 * range, and leave it alone otherwise. */

/* The longest end of pat[0..len-1] that is in the trie: returns its length, 0 for none, and sets
 * its rows [*ret_lo, *ret_hi), which are within the shard; 0 where damaged. */
size_t ng_frequent_find(const struct ng_frequent *frequent, const uint8_t *pat, size_t len,
			uint64_t *ret_lo, uint64_t *ret_hi, bool *damaged);

/* Walk the trie by hand, for searches that branch: the child of node that has byte in front of its
 * pattern, whose node is the root or one that was found so; false where it isn't frequent, or
 * damaged. And the rows of a node that was found: within the shard, false where damaged. */
#define NG_FREQUENT_ROOT UINT32_MAX

bool ng_frequent_child(const struct ng_frequent *frequent, uint32_t node, uint8_t byte,
		       uint32_t *ret_child, bool *damaged);
bool ng_frequent_rows(const struct ng_frequent *frequent, uint32_t node, uint64_t *ret_lo,
		      uint64_t *ret_hi, bool *damaged);

/* A node as it stands there, for checks: requires i <= n; of node n only child has a meaning. */
struct ng_frequent_node {
	uint8_t byte;
	uint64_t row, count;
	uint32_t child; /* the first */
};

struct ng_frequent_node ng_frequent_node(const struct ng_frequent *frequent, uint32_t i,
					 bool *damaged);
