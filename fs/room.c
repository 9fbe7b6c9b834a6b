#include "room.h"

uint64_t ng_room_epoch_below(const struct ng_at *at)
{
	if (ng_node_kind(at->id) == NG_KIND_ROOT)
		return at->index->epoch;
	return at->node ? at->node->epoch : at->value;
}

struct ng_node_init ng_room_init(const struct ng_at *at, enum ng_kind kind, const char *name)
{
	return (struct ng_node_init){
		.kind = kind,
		.index = at->index_no,
		.parent = at->id,
		.epoch = at->index->epoch,
		.name = name,
		.query = (const uint8_t *)"",
		.settings = at->node ? at->node->settings : NULL,
	};
}

int ng_room_kept_dir(const struct ng_at *at, enum ng_kind kind, const char *name,
		     const struct ng_settings *settings, struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_room_init(at, kind, name);

	init.epoch = ng_room_epoch_below(at);
	init.settings = settings;
	if (ng_nodes_lookup(at->view->nodes, at->id, init.epoch, name, ret_entry))
		return 0;
	return ng_nodes_add(at->view->nodes, &init, ret_entry);
}

uint64_t ng_room_ino(const struct ng_at *at, enum ng_kind kind, uint64_t number,
		     const uint8_t *query, size_t query_bytes)
{
	return ng_nodes_ino(kind, at->index_no, number ^ at->settings->hash, query, query_bytes);
}

void ng_room_copy(const void *content, size_t content_bytes, uint64_t offset, size_t len,
		  uint8_t *buf, size_t *ret_len)
{
	size_t n = 0;

	if (offset < content_bytes) {
		n = ng_min(len, content_bytes - (size_t)offset);
		memcpy(buf, (const uint8_t *)content + offset, n);
	}
	*ret_len = n;
}

int ng_room_query(const struct ng_at *at, const char *name, uint8_t *buf,
		  struct ng_asked *ret_asked)
{
	size_t len;
	int r = ng_path_decode(name, strlen(name), buf, &len);

	if (r == 0)
		*ret_asked = (struct ng_asked){buf, len, at->settings->fold};
	return r;
}

struct ng_asked ng_room_asked(const struct ng_at *at)
{
	return (struct ng_asked){at->node->query, at->node->query_bytes, at->settings->fold};
}

int ng_room_kept_bytes(const struct ng_at *at, uint64_t *ret_bytes)
{
	*ret_bytes = at->node->content_bytes;
	return 0;
}

int ng_room_kept_read(const struct ng_at *at, uint64_t offset, size_t len, uint8_t *buf,
		      size_t *ret_len)
{
	ng_room_copy(at->node->content, at->node->content_bytes, offset, len, buf, ret_len);
	return 0;
}

int ng_room_first_page(const struct ng_at *at, enum ng_kind kind, const char *name,
		       struct ng_entry *ret_entry)
{
	uint8_t query[NG_PATH_NAME_MAX];
	struct ng_node_init init = ng_room_init(at, kind, name);
	struct ng_asked asked;
	int r;

	if (ng_nodes_lookup(at->view->nodes, at->id, init.epoch, name, ret_entry))
		return 0;
	r = ng_room_query(at, name, query, &asked);
	if (r == 0)
		r = ng_asked_count(at->index->index, &asked, at->cancel, &init.count);
	if (r)
		return r;
	if (init.count == 0)
		return -ENOENT;
	init.query = query;
	init.query_bytes = asked.len;
	return ng_nodes_add(at->view->nodes, &init, ret_entry);
}

int ng_room_next_page(const struct ng_at *at, struct ng_entry *ret_entry)
{
	const struct ng_node *node = at->node;
	struct ng_node_init init = ng_room_init(at, ng_node_kind(at->id), NG_ROOM_MORE);

	/* Not a page of what has come since: it goes by the same count. */
	init.epoch = node->epoch;
	init.query = node->query;
	init.query_bytes = node->query_bytes;
	init.number = node->number + 1;
	init.count = node->count;
	if (ng_nodes_lookup(at->view->nodes, at->id, init.epoch, NG_ROOM_MORE, ret_entry))
		return 0;
	return ng_nodes_add(at->view->nodes, &init, ret_entry);
}

uint64_t ng_room_more_ino(const struct ng_at *at)
{
	return ng_room_ino(at, ng_node_kind(at->id), at->node->number + 1, at->node->query,
			   at->node->query_bytes);
}
