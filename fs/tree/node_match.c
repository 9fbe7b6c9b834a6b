/* SPDX-License-Identifier: Apache-2.0 */
/* /match/QUERY/N.json: one occurrence a file, numbered from 0 in the index's order, or a random
 * one. */
#include "files/answer.h"
#include "tree/node_ops.h"
#include "query/shuffle.h"

#define SUFFIX ".json"

static int match_dir_lookup(const struct ng_request *request, const char *name,
			    struct ng_entry *ret_entry)
{
	return ng_request_first_page(request, NG_KIND_MATCH_PAGE, name, ret_entry);
}

/* The occurrences [lo, hi) that a page lists. */
static void page_range(const struct ng_request *request, uint64_t *ret_lo, uint64_t *ret_hi)
{
	uint64_t page = request->settings->page_docs, lo;

	if (__builtin_mul_overflow(request->node->number, page, &lo))
		lo = request->node->count;
	*ret_lo = ng_min(lo, request->node->count);
	*ret_hi = *ret_lo + ng_min(page, request->node->count - *ret_lo);
}

/* The occurrence in index order that goes by a number. */
static uint64_t occurrence(const struct ng_request *request, uint64_t number)
{
	struct ng_shuffle shuffle;

	if (!request->settings->random)
		return number;
	shuffle = ng_shuffle_make(request->node->count, request->settings->seed);
	return ng_shuffle_at(&shuffle, number);
}

static int make_match(const struct ng_request *request, const char *name, uint64_t number,
		      struct ng_entry *ret_entry)
{
	const struct ng_query query = ng_request_query(request);
	ng_cleanup(ng_found_clear) struct ng_found found = {.count = 0};
	struct ng_buf answer = NG_BUF_INIT;
	struct ng_node_init init = ng_request_node_init(request, NG_KIND_MATCH, name);
	int r = ng_found_make(request->index->index, &query, request->cancel, &found);

	if (r == 0)
		r = ng_answer_match(request->index->index, &found, occurrence(request, number),
				    request->settings->match_bytes, request->cancel, &answer);
	if (r) {
		ng_buf_free(&answer);
		return r;
	}
	init.query = request->node->query;
	init.query_bytes = request->node->query_bytes;
	init.number = number;
	init.count = request->node->count;
	init.content = answer.data;
	init.content_bytes = answer.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

/* As with documents, any occurrence can be opened in any of the query's pages. */
static int page_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	uint64_t lo, hi, number;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, request->index->epoch, name,
			    ret_entry))
		return 0;
	if (strcmp(name, NG_NAME_MORE) == 0) {
		page_range(request, &lo, &hi);
		return hi < request->node->count ? ng_request_next_page(request, ret_entry)
						 : -ENOENT;
	}
	r = ng_path_number(name, ng_path_width(request->node->count), SUFFIX, &number);
	if (r)
		return r;
	if (number >= request->node->count)
		return -ENOENT;
	return make_match(request, name, number, ret_entry);
}

/* Names only: making a thousand answers is left to whoever reads them. */
static int page_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		     void *userdata)
{
	const struct ng_node *node = request->node;
	int width = (int)ng_path_width(node->count);
	uint64_t lo, hi;

	page_range(request, &lo, &hi);
	for (uint64_t i = offset; i < hi - lo; i++) {
		uint64_t ino = ng_request_ino(request, NG_KIND_MATCH, lo + i, node->query,
					      node->query_bytes);
		char text[40];
		struct ng_name name = {text, ino, false, NULL, i + 1};

		snprintf(text, sizeof(text), "%0*llu" SUFFIX, width, (unsigned long long)(lo + i));
		if (!emit(userdata, &name))
			return 0;
	}
	if (hi < node->count && offset <= hi - lo) {
		struct ng_name more = {NG_NAME_MORE, ng_request_more_ino(request), true, NULL,
				       hi - lo + 1};

		emit(userdata, &more);
	}
	return 0;
}

const struct ng_node_ops ng_node_ops_match_dir = {.lookup = match_dir_lookup};
const struct ng_node_ops ng_node_ops_match_page = {.lookup = page_lookup, .list = page_list};
const struct ng_node_ops ng_node_ops_match = {.bytes = ng_request_dynamic_bytes,
					      .read = ng_request_dynamic_read};
