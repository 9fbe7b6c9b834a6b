/* The root, the root of an index, and the files that stand in it. */
#include "answer.h"
#include "room.h"

static const struct {
	const char *name;
	enum ng_kind kind;
} names[] = {
	{"README", NG_KIND_README}, {"batch", NG_KIND_BATCH_DIR}, {"count", NG_KIND_COUNT_DIR},
	{"df", NG_KIND_DF_DIR},     {"doc", NG_KIND_DOC_DIR},     {"docs", NG_KIND_DOCS_DIR},
	{"find", NG_KIND_FIND_DIR}, {"kwic", NG_KIND_KWIC_DIR},   {"match", NG_KIND_MATCH_DIR},
	{"meta", NG_KIND_META_DIR}, {"next", NG_KIND_NEXT_DIR},   {"prev", NG_KIND_PREV_DIR},
	{"stats", NG_KIND_STATS},   {"trace", NG_KIND_TRACE},     {"with", NG_KIND_WITH_DIR},
};

const char *ng_room_top_name(size_t i)
{
	return i < ng_array_size(names) ? names[i].name : NULL;
}

/* README and stats are kept, so that whoever has opened one reads it to its end as it was. */
static int kept_lookup(const struct ng_at *at, enum ng_kind kind, const char *name,
		       struct ng_entry *ret_entry)
{
	struct ng_buf text = NG_BUF_INIT;
	struct ng_node_init init = ng_room_init(at, kind, name);
	int r;

	if (ng_nodes_lookup(at->view->nodes, at->id, init.epoch, name, ret_entry))
		return 0;
	if (kind == NG_KIND_README)
		r = ng_answer_readme(at->index->index, at->settings->page_docs, &text);
	else
		r = ng_answer_stats(at->index->index, &text);
	if (r) {
		ng_buf_free(&text);
		return r;
	}
	init.content = text.data;
	init.content_bytes = text.len;
	return ng_nodes_add(at->view->nodes, &init, ret_entry);
}

static bool is_kept(enum ng_kind kind)
{
	return kind >= NG_KIND_FIRST_KEPT;
}

/* /with isn't in itself. */
static bool is_shown(const struct ng_at *at, enum ng_kind kind)
{
	return kind != NG_KIND_WITH_DIR || !at->node;
}

static int index_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_array_size(names); i++) {
		enum ng_kind kind = names[i].kind;

		if (strcmp(names[i].name, name) != 0 || !is_shown(at, kind))
			continue;
		if (kind == NG_KIND_TRACE)
			return ng_room_trace(at, name, ret_entry);
		if (is_kept(kind))
			return kept_lookup(at, kind, name, ret_entry);
		if (at->node)
			return ng_room_kept_dir(at, kind, name, at->node->settings, ret_entry);
		return ng_room_entry(at, kind, ng_room_epoch_below(at), ret_entry);
	}
	return -ENOENT;
}

static int index_list(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata)
{
	for (uint64_t i = offset; i < ng_array_size(names); i++) {
		enum ng_kind kind = names[i].kind;
		struct ng_name name = {.name = names[i].name, .next = i + 1};
		struct ng_entry entry;

		if (!is_shown(at, kind))
			continue;
		name.is_dir = !is_kept(kind);
		if (is_kept(kind) || at->node) {
			name.ino = ng_room_ino(at, kind, 0, (const uint8_t *)"", 0);
		} else {
			int r = ng_room_entry(at, kind, ng_room_epoch_below(at), &entry);

			if (r)
				return r;
			name.ino = entry.ino;
			name.entry = &entry;
		}
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

/* The directory of one index of several. */
static int root_entry(const struct ng_at *at, size_t i, struct ng_entry *ret_entry)
{
	struct ng_at in = *at;
	int r;

	in.index = ng_indexes_get(at->view->indexes, i);
	in.index_no = (unsigned)i;
	r = ng_room_entry(&in, NG_KIND_INDEX, in.index->epoch, ret_entry);
	ng_indexes_put(at->view->indexes, in.index);
	return r;
}

static int root_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_indexes_count(at->view->indexes); i++) {
		if (strcmp(ng_indexes_name(at->view->indexes, i), name) == 0)
			return root_entry(at, i, ret_entry);
	}
	return -ENOENT;
}

static int root_list(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata)
{
	for (uint64_t i = offset; i < ng_indexes_count(at->view->indexes); i++) {
		struct ng_name name = {.name = ng_indexes_name(at->view->indexes, i),
				       .is_dir = true,
				       .next = i + 1};
		struct ng_entry entry;
		int r = root_entry(at, i, &entry);

		if (r)
			return r;
		name.ino = entry.ino;
		name.entry = &entry;
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

const struct ng_room ng_room_root = {.lookup = root_lookup, .list = root_list};
const struct ng_room ng_room_index = {.lookup = index_lookup, .list = index_list};
const struct ng_room ng_room_readme = {.bytes = ng_room_kept_bytes, .read = ng_room_kept_read};
const struct ng_room ng_room_stats = {.bytes = ng_room_kept_bytes, .read = ng_room_kept_read};
