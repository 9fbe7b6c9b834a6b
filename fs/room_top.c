/* The root, the root of an index, and the files that stand in it. */
#include "answer.h"
#include "room.h"

static const struct {
	const char *name;
	enum ng_kind kind;
} names[] = {
	{"README", NG_KIND_README}, {"count", NG_KIND_COUNT_DIR}, {"doc", NG_KIND_DOC_DIR},
	{"docs", NG_KIND_DOCS_DIR}, {"find", NG_KIND_FIND_DIR},   {"match", NG_KIND_MATCH_DIR},
	{"meta", NG_KIND_META_DIR}, {"stats", NG_KIND_STATS},
};

static int index_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < ng_array_size(names); i++) {
		if (strcmp(names[i].name, name) == 0)
			return ng_view_entry(at->view,
					     ng_node_id_make(names[i].kind, at->index_no, 0),
					     ret_entry);
	}
	return -ENOENT;
}

static int index_list(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata)
{
	for (uint64_t i = offset; i < ng_array_size(names); i++) {
		ng_node_id id = ng_node_id_make(names[i].kind, at->index_no, 0);
		struct ng_entry entry;
		struct ng_name name;
		int r = ng_view_entry(at->view, id, &entry);

		if (r)
			return r;
		name = (struct ng_name){names[i].name, id, ng_view_is_dir(id), &entry, i + 1};
		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

static int root_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	for (size_t i = 0; i < at->view->n_indexes; i++) {
		if (strcmp(at->view->indexes[i].name, name) == 0)
			return ng_view_entry(at->view,
					     ng_node_id_make(NG_KIND_INDEX, (unsigned)i, 0),
					     ret_entry);
	}
	return -ENOENT;
}

static int root_list(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata)
{
	for (uint64_t i = offset; i < at->view->n_indexes; i++) {
		ng_node_id id = ng_node_id_make(NG_KIND_INDEX, (unsigned)i, 0);
		struct ng_entry entry = {.id = id, .ino = id};
		struct ng_name name = {at->view->indexes[i].name, id, true, &entry, i + 1};

		if (!emit(userdata, &name))
			break;
	}
	return 0;
}

static int readme_text(const struct ng_at *at, struct ng_buf *buf)
{
	return ng_answer_readme(at->index->index, at->view->options.page_docs, buf);
}

static int stats_text(const struct ng_at *at, struct ng_buf *buf)
{
	return ng_answer_stats(at->index->index, buf);
}

/* Both files are short, and the kernel keeps them: they are made anew whenever asked for. */
static int text_bytes(const struct ng_at *at, int (*text)(const struct ng_at *, struct ng_buf *),
		      uint64_t *ret_bytes)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = text(at, &buf);

	if (r == 0)
		*ret_bytes = buf.len;
	return r;
}

static int text_read(const struct ng_at *at, int (*text)(const struct ng_at *, struct ng_buf *),
		     uint64_t offset, size_t len, uint8_t *out, size_t *ret_len)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = text(at, &buf);

	if (r == 0)
		ng_room_copy(buf.data, buf.len, offset, len, out, ret_len);
	return r;
}

static int readme_bytes(const struct ng_at *at, uint64_t *ret_bytes)
{
	return text_bytes(at, readme_text, ret_bytes);
}

static int readme_read(const struct ng_at *at, uint64_t offset, size_t len, uint8_t *buf,
		       size_t *ret_len)
{
	return text_read(at, readme_text, offset, len, buf, ret_len);
}

static int stats_bytes(const struct ng_at *at, uint64_t *ret_bytes)
{
	return text_bytes(at, stats_text, ret_bytes);
}

static int stats_read(const struct ng_at *at, uint64_t offset, size_t len, uint8_t *buf,
		      size_t *ret_len)
{
	return text_read(at, stats_text, offset, len, buf, ret_len);
}

const struct ng_room ng_room_root = {.lookup = root_lookup, .list = root_list};
const struct ng_room ng_room_index = {.lookup = index_lookup, .list = index_list};
const struct ng_room ng_room_readme = {.bytes = readme_bytes, .read = readme_read};
const struct ng_room ng_room_stats = {.bytes = stats_bytes, .read = stats_read};
