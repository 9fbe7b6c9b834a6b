/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/node_ops.h"
#include "tree/probes.h"

uint64_t ng_request_epoch_below(const struct ng_request *request)
{
	if (ng_node_kind(request->id) == NG_KIND_ROOT)
		return request->index->epoch;
	return request->node ? request->node->epoch : request->value;
}

struct ng_node_init ng_request_node_init(const struct ng_request *request, enum ng_kind kind,
					 const char *name)
{
	return (struct ng_node_init){
		.kind = kind,
		.index = request->index_no,
		.parent = request->id,
		.epoch = request->index->epoch,
		.name = name,
		.query = (const uint8_t *)"",
		.settings = request->node ? request->node->settings : NULL,
	};
}

int ng_request_dynamic_dir(const struct ng_request *request, enum ng_kind kind, const char *name,
			   const struct ng_settings *settings, struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, kind, name);

	init.epoch = ng_request_epoch_below(request);
	init.settings = settings;
	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, name, ret_entry))
		return 0;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

uint64_t ng_request_ino(const struct ng_request *request, enum ng_kind kind, uint64_t number,
			const uint8_t *query, size_t query_bytes)
{
	return ng_nodes_ino(kind, request->index_no, number ^ request->settings->hash, query,
			    query_bytes);
}

void ng_node_copy(const void *content, size_t content_bytes, uint64_t offset, size_t len,
		  uint8_t *buf, size_t *ret_len)
{
	size_t n = 0;

	if (offset < content_bytes) {
		n = ng_min(len, content_bytes - (size_t)offset);
		memcpy(buf, (const uint8_t *)content + offset, n);
	}
	*ret_len = n;
}

int ng_request_decode(const struct ng_request *request, const char *name, uint8_t *buf,
		      struct ng_query *ret_query)
{
	size_t len = strlen(name);
	int r = 0;

	if (ng_probes_has(name))
		return -ENOENT;
	if (request->settings->plain_names)
		memcpy(buf, name, len);
	else
		r = ng_path_decode(name, len, buf, &len);
	if (r == 0)
		*ret_query = (struct ng_query){.bytes = buf,
					       .len = len,
					       .fold = request->settings->fold,
					       .scope = request->settings->scope};
	return r;
}

struct ng_query ng_request_query(const struct ng_request *request)
{
	return (struct ng_query){.bytes = request->node->query,
				 .len = request->node->query_bytes,
				 .fold = request->settings->fold,
				 .scope = request->settings->scope};
}

bool ng_request_known(const struct ng_request *request, const char *name,
		      struct ng_entry *ret_entry)
{
	return ng_nodes_lookup(request->tree->nodes, request->id, request->index->epoch, name,
			       ret_entry);
}

int ng_request_add_answer(const struct ng_request *request, enum ng_kind kind, const char *name,
			  const struct ng_query *query, struct ng_buf *answer,
			  struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, kind, name);

	init.query = query->bytes;
	init.query_bytes = query->len;
	init.content = answer->data;
	init.content_bytes = answer->len;
	*answer = NG_BUF_INIT;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

void ng_request_refuse(const struct ng_request *request, const char *dir, const char *name,
		       const struct ng_error *err)
{
	struct ng_refusal *refusal = &request->tree->refusal;

	if (!err->text[0])
		return;
	pthread_mutex_lock(&refusal->lock);
	ng_fail(&refusal->err, 0, "%s/%s: %s", dir, name, err->text);
	refusal->is = true;
	pthread_mutex_unlock(&refusal->lock);
}

int ng_request_dynamic_bytes(const struct ng_request *request, uint64_t *ret_bytes)
{
	*ret_bytes = request->node->content_bytes;
	return 0;
}

int ng_request_dynamic_read(const struct ng_request *request, uint64_t offset, size_t len,
			    uint8_t *buf, size_t *ret_len)
{
	ng_node_copy(request->node->content, request->node->content_bytes, offset, len, buf,
		     ret_len);
	return 0;
}

int ng_request_first_page(const struct ng_request *request, enum ng_kind kind, const char *name,
			  struct ng_entry *ret_entry)
{
	uint8_t bytes[NG_PATH_NAME_MAX];
	struct ng_node_init init = ng_request_node_init(request, kind, name);
	struct ng_query query;
	bool any = true;
	int r;

	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, name, ret_entry))
		return 0;
	r = ng_request_decode(request, name, bytes, &query);
	if (r == 0 && kind == NG_KIND_MATCH_PAGE)
		r = ng_query_count(request->index->index, &query, request->cancel, &init.count);
	else if (r == 0)
		r = ng_query_any(request->index->index, &query, request->cancel, &any, &init.count);
	if (r)
		return r;
	if (!any || init.count == 0)
		return -ENOENT;
	init.query = bytes;
	init.query_bytes = query.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

int ng_request_next_page(const struct ng_request *request, struct ng_entry *ret_entry)
{
	const struct ng_node *node = request->node;
	struct ng_node_init init =
		ng_request_node_init(request, ng_node_kind(request->id), NG_NAME_MORE);

	/* Not a page of what has come since: it goes by the same count. */
	init.epoch = node->epoch;
	init.query = node->query;
	init.query_bytes = node->query_bytes;
	init.number = node->number + 1;
	init.count = node->count;
	if (ng_nodes_lookup(request->tree->nodes, request->id, init.epoch, NG_NAME_MORE, ret_entry))
		return 0;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

uint64_t ng_request_more_ino(const struct ng_request *request)
{
	return ng_request_ino(request, ng_node_kind(request->id), request->node->number + 1,
			      request->node->query, request->node->query_bytes);
}
