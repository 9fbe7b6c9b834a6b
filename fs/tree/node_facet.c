/* SPDX-License-Identifier: Apache-2.0 */
/* /facet, which lists the facets; /facet/FIELD, which lists the query that stands for all
 * documents; and /facet/FIELD/QUERY: a query's occurrences by the values of a field. */
#include "files/answer_facet.h"
#include "files/batch.h"
#include "files/lazy_file.h"
#include "tree/node_ops.h"

#include <linux/limits.h>

/* What stands for all documents: an escape without digits, and so no query. */
#define NAME_ALL "%"

/* Occurrences that are located, and documents that are looked at, before the size is told: some
 * hundredths of a second. */
#define MADE_COUNT 8192u
#define MADE_DOCS  65536u

/* Names of the facets of an index, as a directory has them. */
static int list_facets(const struct ng_request *request, enum ng_kind kind, uint64_t offset,
		       ng_tree_emit emit, void *userdata)
{
	ng_cleanup(ng_buf_free) struct ng_buf text = NG_BUF_INIT;
	const struct ng_facet *list;
	size_t n;
	int r = ng_index_facets(request->index->index, &list, &n);

	for (uint64_t i = offset; r == 0 && i < n; i++) {
		struct ng_name name = {.is_dir = kind == NG_KIND_FACET_FIELD, .next = i + 1};

		text.len = 0;
		r = ng_facet_name(&list[i], &text);
		if (r == 0)
			r = ng_buf_append(&text, "", 1);
		/* Nobody can look it up: no name has so many bytes, or none. */
		if (r || text.len > NAME_MAX + 1 || text.len == 1)
			continue;
		name.name = (const char *)text.data;
		name.ino = ng_request_ino(request, kind, 0, text.data, text.len - 1);
		if (!emit(userdata, &name))
			break;
	}
	return r;
}

static int facet_dir_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
			  void *userdata)
{
	return list_facets(request, NG_KIND_FACET_FIELD, offset, emit, userdata);
}

static int facet_dir_lookup(const struct ng_request *request, const char *name,
			    struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, NG_KIND_FACET_FIELD, name);
	ng_cleanup(ng_buf_free) struct ng_buf spelled = NG_BUF_INIT;
	const struct ng_facet *facet = NULL;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, name, ret_entry))
		return 0;
	r = ng_facet_named(request->index->index, name, &facet);
	if (r == 0)
		r = ng_facet_name(facet, &spelled);
	if (r)
		return r;
	init.query = spelled.data;
	init.query_bytes = spelled.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

static bool is_all(const struct ng_request *request, const char *name)
{
	return strcmp(name, NAME_ALL) == 0 && !request->settings->plain_names;
}

/* All documents have no occurrences that others could be near. */
static bool has_all(const struct ng_request *request)
{
	return is_all(request, NAME_ALL) && !ng_scope_is_near(request->settings->scope);
}

static int field_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	struct ng_name name = {.name = NAME_ALL, .next = 1};

	if (offset > 0 || !has_all(request))
		return 0;
	name.ino = ng_request_ino(request, NG_KIND_FACET, 0, request->node->query,
				  request->node->query_bytes);
	emit(userdata, &name);
	return 0;
}

/* How the field of request->node is called in the index as it is now. */
static int field_of(const struct ng_request *request, const struct ng_facet **ret_facet)
{
	char name[NG_PATH_NAME_MAX + 1];

	if (request->node->query_bytes > NG_PATH_NAME_MAX)
		return -ENOENT;
	memcpy(name, request->node->query, request->node->query_bytes);
	name[request->node->query_bytes] = 0;
	return ng_facet_named(request->index->index, name, ret_facet);
}

/* st_ino is that of the field and the query. */
static int spell(const struct ng_request *request, const struct ng_query *query, struct ng_buf *buf)
{
	int r = ng_buf_append(buf, request->node->query, request->node->query_bytes);

	if (r == 0 && query->len)
		r = ng_buf_append(buf, "", 1);
	return r == 0 ? ng_buf_append(buf, query->bytes, query->len) : r;
}

static int add_file(const struct ng_request *request, const char *name,
		    const struct ng_query *query, struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, NG_KIND_FACET, name);
	ng_cleanup(ng_buf_free) struct ng_buf spelled = NG_BUF_INIT;
	struct ng_buf text = NG_BUF_INIT;
	int r = spell(request, query, &spelled);

	if (r == 0)
		r = ng_answer_facet(request->index->index, query, request->cancel, &text);
	if (r) {
		ng_buf_free(&text);
		return r;
	}
	init.query = spelled.data;
	init.query_bytes = spelled.len;
	init.content = text.data;
	init.content_bytes = text.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

static int add_lazy_file(const struct ng_request *request, const char *name,
			 const struct ng_query *query, struct ng_entry *ret_entry)
{
	struct ng_indexes *indexes = request->tree->indexes;
	struct ng_stream *stream;
	uint64_t most;
	int r = ng_answer_facet_most(request->index->index, query->facet, &most);

	if (r)
		return r;
	/* The facet is of this index, not of one that has come since. */
	r = ng_lazy_file_new(indexes, ng_indexes_hold(indexes, request->index), ng_answer_facet,
			     query, most, &stream);
	if (r)
		return r;
	return ng_request_add_stream(request, NG_KIND_LONG_FACET, name, query, stream, ret_entry);
}

static int field_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_query query = {.bytes = bytes, .scope = request->settings->scope};
	uint64_t count = 0;
	bool is_short;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, request->index->epoch, name,
			    ret_entry))
		return 0;
	if (is_all(request, name) && !has_all(request))
		return -ENOENT;
	r = is_all(request, name) ? 0 : ng_request_decode(request, name, bytes, &query);
	if (r == 0 && query.len)
		r = ng_query_work(request->index->index, &query, request->cancel, &count);
	if (r == 0)
		r = field_of(request, &query.facet);
	if (r)
		return r;
	is_short = query.len ? count <= MADE_COUNT : request->index->docs <= MADE_DOCS;
	return (is_short ? add_file : add_lazy_file)(request, name, &query, ret_entry);
}

/* ---- /batch/facet ---- */

/* Answers may take long, each of them. */
#define LINES_TOGETHER 8u

static int batch_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	struct ng_settings settings = *request->settings;
	struct ng_indexes *indexes = request->tree->indexes;
	const struct ng_query query = {.bytes = (const uint8_t *)name, .len = strlen(name)};
	struct ng_stream *stream;
	int r = ng_facet_named(request->index->index, name, &settings.facet);

	if (r == 0)
		r = ng_batch_file_new(indexes, ng_indexes_hold(indexes, request->index),
				      ng_lines_facet, &settings, LINES_TOGETHER, &stream);
	if (r)
		return r;
	return ng_request_add_stream(request, NG_KIND_BATCH, name, &query, stream, ret_entry);
}

static int batch_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	return request->tree->no_streams
		       ? 0
		       : list_facets(request, NG_KIND_BATCH, offset, emit, userdata);
}

const struct ng_node_ops ng_node_ops_facet_dir = {.lookup = facet_dir_lookup,
						  .list = facet_dir_list};
const struct ng_node_ops ng_node_ops_facet_field = {.lookup = field_lookup, .list = field_list};
const struct ng_node_ops ng_node_ops_batch_facet_dir = {.lookup = batch_lookup, .list = batch_list};
