/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of frequent patterns against the BWT. */
#include <inttypes.h>

#include "check/structure.h"
#include "format/frequent.h"

struct tree {
	const struct ng_checked *checked;
	struct ng_checked_section section;
	struct ng_frequent frequent;
};

/* Offset in the file of a node's record. */
static uint64_t record_at(const struct tree *tree, uint64_t node)
{
	const struct ng_frequent *k = &tree->frequent;

	return tree->section.offset + (uint64_t)(k->records - tree->section.data) +
	       node * (2 * k->row_width + k->node_width) / 8;
}

/* Every node is the child of one that stands before it, or at the top. */
static bool shape_check(const struct tree *tree)
{
	const struct ng_frequent *k = &tree->frequent;
	uint32_t child = k->n_first;
	bool bad = false;

	for (uint32_t i = 0; i <= k->n; i++) {
		uint32_t next = ng_frequent_node(k, i, &bad).child;

		if (next < child || next > k->n || (i == 0 && next != child) ||
		    (i == k->n && next != k->n) || (i < k->n && next <= i)) {
			ng_checker_damage(tree->checked->checker, tree->section.type,
					  record_at(tree, i),
					  "node %" PRIu32 " has children where there are none", i);
			return false;
		}
		child = next;
	}
	return true;
}

/* The children [begin, end) of a pattern with the rows [lo, hi). */
static void children_check(const struct tree *tree, uint32_t begin, uint32_t end, uint64_t lo,
			   uint64_t hi, bool top)
{
	const struct ng_bwt *bwt = tree->checked->bwt;
	int before = -1;

	for (uint32_t i = begin; i < end; i++) {
		bool bad = false;
		struct ng_frequent_node node = ng_frequent_node(&tree->frequent, i, &bad);
		uint64_t from = lo, to = hi;

		if (top)
			ng_bwt_symbol_rows(bwt, node.byte, &from, &to);
		else
			ng_bwt_step(bwt, node.byte, &from, &to, &bad);
		if (node.byte <= before || bad || node.count == 0 || node.row != from ||
		    node.count != to - from) {
			ng_checker_damage(tree->checked->checker, tree->section.type,
					  record_at(tree, i),
					  "node %" PRIu32 " is %" PRIu64 " rows from %" PRIu64
					  " on; the BWT says %" PRIu64 " from %" PRIu64,
					  i, node.count, node.row, to - from, from);
			return;
		}
		before = node.byte;
	}
}

int ng_check_frequent(const struct ng_checked *checked)
{
	struct tree tree = {.checked = checked};
	const struct ng_frequent *k = &tree.frequent;
	const uint8_t *data;
	size_t bytes;
	uint32_t deep = 0, level_end;

	if (!ng_shard_file_section(checked->file, NG_SECTION_FREQUENT, &data, &bytes))
		return 0;
	ng_checked_section(checked, NG_SECTION_FREQUENT, &tree.section);
	if (ng_frequent_open(NULL, data, bytes, checked->params.rows, &tree.frequent) < 0) {
		ng_checker_damage(checked->checker, tree.section.type, tree.section.offset,
				  "its nodes don't fit into it");
		return 0;
	}
	if (!shape_check(&tree))
		return 0;
	children_check(&tree, 0, k->n_first, 0, checked->params.rows, true);
	level_end = k->n_first;
	for (uint32_t i = 0; i < k->n; i++) {
		bool bad = false;
		struct ng_frequent_node node = ng_frequent_node(k, i, &bad);

		if (i % 4096 == 0 && ng_checker_cancelled(checked->checker))
			return -EINTR;
		if (i == level_end) {
			deep++;
			level_end = node.child;
		}
		if (!node.count || node.row > checked->params.rows ||
		    node.count > checked->params.rows - node.row)
			continue; /* its parent's check has said so */
		children_check(&tree, node.child, ng_frequent_node(k, i + 1, &bad).child, node.row,
			       node.row + node.count, false);
	}
	if (deep >= NG_FREQUENT_MAX_BYTES)
		ng_checker_damage(checked->checker, tree.section.type, tree.section.offset,
				  "a pattern of more than %u bytes", NG_FREQUENT_MAX_BYTES);
	return 0;
}
