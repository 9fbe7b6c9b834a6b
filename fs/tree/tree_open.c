/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, and opening again, what a mount shows. */
#include <assert.h>

#include "files/trace_line.h"
#include "tree/node_ops.h"

/* Listings of the most recent queries are kept within these bounds; see listing.h. */
#define LISTINGS_MAX       16u
#define LISTINGS_MAX_BYTES (4u << 20)

/* Text on each side of an occurrence in a line of kwic. */
#define KWIC_CONTEXT_BYTES 40u

/* The same in a line of lines and grep: most lines are shown whole. */
#define LINE_CONTEXT_BYTES 512u

/* Occurrences that lines and grep look at: what takes a second or two. */
#define SCAN 100000u

/* Answers to a query in batch/kwic and its like. */
#define FIRST 10u

int ng_tree_new(const char *const *paths, size_t n_paths, const struct ng_tree_options *options,
		struct ng_tree **ret_tree, struct ng_error *err)
{
	ng_cleanup(ng_tree_freep) struct ng_tree *tree = NULL;
	int r;

	assert(n_paths > 0);
	if (n_paths > NG_NODE_INDEX_LIMIT)
		return ng_fail(err, -E2BIG, "at most %u indexes fit into one mount",
			       NG_NODE_INDEX_LIMIT);
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	pthread_mutex_init(&tree->refusal.lock, NULL);
	tree->settings = (struct ng_settings){
		.page_docs = options->page_docs,
		.kwic_bytes = KWIC_CONTEXT_BYTES,
		.match_bytes = options->context_bytes,
		.line_bytes = LINE_CONTEXT_BYTES,
		.scan = SCAN,
		.first = FIRST,
		.docs = NG_TRACE_LINE_DOCS,
	};
	tree->no_streams = options->no_streams;
	r = ng_nodes_new(options->node_limit_bytes, &tree->nodes);
	if (r == 0)
		r = ng_streams_new(&options->streams, &tree->streams);
	if (r == 0)
		r = ng_listings_new(LISTINGS_MAX, LISTINGS_MAX_BYTES, &tree->listings);
	if (r)
		return ng_fail(err, r, "%s", strerror(-r));
	r = ng_indexes_new(paths, n_paths, &options->opening, tree->listings, &tree->indexes, err);
	if (r)
		return r;
	*ret_tree = ng_steal_ptr(&tree);
	return 0;
}

struct ng_tree *ng_tree_free(struct ng_tree *tree)
{
	if (!tree)
		return NULL;
	ng_nodes_free(tree->nodes);     /* streams hold indexes, */
	ng_indexes_free(tree->indexes); /* and indexes what is on the streams' disk */
	ng_streams_free(tree->streams);
	ng_listings_free(tree->listings);
	pthread_mutex_destroy(&tree->refusal.lock);
	free(tree);
	return NULL;
}

int ng_tree_reload(struct ng_tree *tree, ng_tree_changed changed, void *userdata,
		   struct ng_error *err)
{
	size_t n = ng_indexes_count(tree->indexes);
	bool is_changed[NG_NODE_INDEX_LIMIT];
	int n_changed = 0;
	int r = ng_indexes_reopen(tree->indexes, is_changed, err);

	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (!is_changed[i])
			continue;
		n_changed++;
		if (n > 1)
			changed(userdata, NG_NODE_ROOT, ng_indexes_name(tree->indexes, i));
		for (size_t k = 0; n == 1 && ng_node_top_name(k); k++)
			changed(userdata, NG_NODE_ROOT, ng_node_top_name(k));
	}
	return n_changed;
}

struct ng_indexes *ng_tree_indexes(struct ng_tree *tree)
{
	return tree->indexes;
}

struct ng_nodes *ng_tree_nodes(struct ng_tree *tree)
{
	return tree->nodes;
}

const char *ng_tree_path(const struct ng_tree *tree, ng_node_id id)
{
	unsigned index_no = ng_node_index(id);

	return ng_indexes_path(tree->indexes,
			       index_no < ng_indexes_count(tree->indexes) ? index_no : 0);
}

bool ng_tree_take_refusal(struct ng_tree *tree, struct ng_error *ret_text)
{
	struct ng_refusal *refusal = &tree->refusal;
	bool is;

	pthread_mutex_lock(&refusal->lock);
	is = refusal->is;
	if (is)
		*ret_text = refusal->err;
	refusal->is = false;
	pthread_mutex_unlock(&refusal->lock);
	return is;
}

bool ng_tree_take_damage(struct ng_tree *tree, ng_node_id id, struct ng_error *ret_text)
{
	unsigned index_no = ng_node_index(id);
	const struct ng_mounted_index *index;
	bool found;

	if (index_no >= ng_indexes_count(tree->indexes))
		return false;
	index = ng_indexes_get(tree->indexes, index_no);
	found = ng_index_take_damage(index->index, ret_text);
	ng_indexes_put(tree->indexes, index);
	return found;
}

void ng_tree_suspect(struct ng_tree *tree, ng_node_id id)
{
	if (ng_node_index(id) < ng_indexes_count(tree->indexes))
		ng_indexes_suspect(tree->indexes, ng_node_index(id));
}

void ng_tree_totals(struct ng_tree *tree, uint64_t *ret_docs, uint64_t *ret_bytes)
{
	*ret_docs = 0;
	*ret_bytes = 0;
	for (size_t i = 0; i < ng_indexes_count(tree->indexes); i++) {
		const struct ng_mounted_index *index = ng_indexes_get(tree->indexes, i);

		*ret_docs += index->docs;
		*ret_bytes += index->text_bytes;
		ng_indexes_put(tree->indexes, index);
	}
}
