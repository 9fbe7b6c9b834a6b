/* Opening, and opening again, what a mount shows. */
#include <assert.h>

#include "room.h"
#include "tracing.h"

/* Listings of the most recent queries are kept within these bounds; see listing.h. */
#define LISTINGS_MAX       16u
#define LISTINGS_MAX_BYTES (4u << 20)

/* Text on each side of an occurrence in a line of kwic. */
#define KWIC_CONTEXT_BYTES 40u

int ng_view_new(const char *const *paths, size_t n_paths, const struct ng_view_options *options,
		struct ng_view **ret_view, struct ng_error *err)
{
	ng_cleanup(ng_view_freep) struct ng_view *view = NULL;
	int r;

	assert(n_paths > 0);
	if (n_paths > NG_NODE_INDEX_LIMIT)
		return ng_fail(err, -E2BIG, "at most %u indexes fit into one mount",
			       NG_NODE_INDEX_LIMIT);
	view = calloc(1, sizeof(*view));
	if (!view)
		return ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	view->settings = (struct ng_settings){
		.page_docs = options->page_docs,
		.kwic_bytes = KWIC_CONTEXT_BYTES,
		.match_bytes = options->context_bytes,
		.min_bytes = NG_TRACING_MIN_BYTES,
	};
	r = ng_nodes_new(options->node_limit_bytes, &view->nodes);
	if (r == 0)
		r = ng_listings_new(LISTINGS_MAX, LISTINGS_MAX_BYTES, &view->listings);
	if (r)
		return ng_fail(err, r, "%s", strerror(-r));
	r = ng_indexes_new(paths, n_paths, &options->opening, view->listings, &view->indexes, err);
	if (r)
		return r;
	*ret_view = ng_steal_ptr(&view);
	return 0;
}

struct ng_view *ng_view_free(struct ng_view *view)
{
	if (!view)
		return NULL;
	ng_nodes_free(view->nodes); /* streams hold indexes */
	ng_indexes_free(view->indexes);
	ng_listings_free(view->listings);
	free(view);
	return NULL;
}

int ng_view_reload(struct ng_view *view, ng_view_changed changed, void *userdata,
		   struct ng_error *err)
{
	size_t n = ng_indexes_count(view->indexes);
	bool is_changed[NG_NODE_INDEX_LIMIT];
	int n_changed = 0;
	int r = ng_indexes_reopen(view->indexes, is_changed, err);

	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (!is_changed[i])
			continue;
		n_changed++;
		if (n > 1)
			changed(userdata, NG_NODE_ROOT, ng_indexes_name(view->indexes, i));
		for (size_t k = 0; n == 1 && ng_room_top_name(k); k++)
			changed(userdata, NG_NODE_ROOT, ng_room_top_name(k));
	}
	return n_changed;
}

struct ng_nodes *ng_view_nodes(struct ng_view *view)
{
	return view->nodes;
}

const char *ng_view_path(const struct ng_view *view, ng_node_id id)
{
	unsigned index_no = ng_node_index(id);

	return ng_indexes_path(view->indexes,
			       index_no < ng_indexes_count(view->indexes) ? index_no : 0);
}

void ng_view_totals(struct ng_view *view, uint64_t *ret_docs, uint64_t *ret_bytes)
{
	*ret_docs = 0;
	*ret_bytes = 0;
	for (size_t i = 0; i < ng_indexes_count(view->indexes); i++) {
		const struct ng_view_index *index = ng_indexes_get(view->indexes, i);

		*ret_docs += index->docs;
		*ret_bytes += index->text_bytes;
		ng_indexes_put(view->indexes, index);
	}
}
