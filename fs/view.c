#include <assert.h>

#include "index/manifest.h"
#include "room.h"

/* Listings of the most recent queries are kept within these bounds; see listing.h. */
#define LISTINGS_MAX       16u
#define LISTINGS_MAX_BYTES (4u << 20)

/* What ".." shows as d_ino: the kernel knows the parent, the tree doesn't need to. */
#define INO_UNKNOWN UINT64_C(0xffffffff)

static const struct ng_room *const rooms[NG_KINDS] = {
	[NG_KIND_ROOT] = &ng_room_root,
	[NG_KIND_INDEX] = &ng_room_index,
	[NG_KIND_README] = &ng_room_readme,
	[NG_KIND_STATS] = &ng_room_stats,
	[NG_KIND_COUNT_DIR] = &ng_room_count_dir,
	[NG_KIND_FIND_DIR] = &ng_room_find_dir,
	[NG_KIND_DOCS_DIR] = &ng_room_docs_dir,
	[NG_KIND_META_DIR] = &ng_room_meta_dir,
	[NG_KIND_MATCH_DIR] = &ng_room_match_dir,
	[NG_KIND_DOC_DIR] = &ng_room_doc_dir,
	[NG_KIND_COUNT] = &ng_room_count,
	[NG_KIND_TEXT] = &ng_room_text,
	[NG_KIND_META] = &ng_room_meta,
	[NG_KIND_FIND] = &ng_room_find,
	[NG_KIND_DOCS_PAGE] = &ng_room_docs_page,
	[NG_KIND_META_PAGE] = &ng_room_docs_page,
	[NG_KIND_MATCH_PAGE] = &ng_room_match_page,
	[NG_KIND_MATCH] = &ng_room_match,
};

/* The name that a path's last component gives, or NULL without memory. A path that ends in "." or
 * ".." is resolved first. */
static char *index_name(const char *path)
{
	ng_cleanup(ng_freep) char *copy = strdup(path), *real = NULL;
	const char *base;
	size_t len;

	for (int resolved = 0;; resolved = 1) {
		if (!copy)
			return NULL;
		for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
			copy[len - 1] = '\0';
		base = strrchr(copy, '/');
		base = base ? base + 1 : copy;
		if (resolved || (strcmp(base, ".") != 0 && strcmp(base, "..") != 0))
			break;
		real = realpath(path, NULL);
		free(copy);
		copy = real ? strdup(real) : NULL;
	}
	len = strlen(base);
	if (len > 6 && strcmp(base + len - 6, ".ngram") == 0)
		len -= 6;
	return strndup(base, len);
}

static int open_index(struct ng_view *view, const char *path, struct ng_error *err)
{
	struct ng_view_index *index = &view->indexes[view->n_indexes];
	ng_cleanup(ng_freep) char *manifest = NULL;
	struct ng_index_stats stats;
	struct stat st;
	int r;

	r = ng_index_open(path, view->options.threads, &index->index, err);
	if (r)
		return r;
	view->n_indexes++; /* from here on ng_view_free closes it */
	index->name = index_name(path);
	index->path = realpath(path, NULL);
	if (!index->name || !index->path ||
	    asprintf(&manifest, "%s/%s", path, NG_MANIFEST_NAME) < 0)
		return ng_fail(err, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	if (stat(manifest, &st) < 0)
		return ng_fail(err, -errno, "%s: %s", manifest, strerror(errno));
	index->mtime = st.st_mtim;
	ng_index_stats(index->index, &stats);
	if (stats.text_bytes >= NG_NODE_VALUE_LIMIT || stats.docs >= NG_NODE_VALUE_LIMIT)
		return ng_fail(err, -E2BIG, "%s: more than 2^%d bytes or documents in one index",
			       path, NG_NODE_VALUE_BITS);
	index->docs = stats.docs;
	index->text_bytes = stats.text_bytes;
	index->doc_width = ng_path_width(stats.docs);
	for (struct ng_view_index *other = view->indexes; other < index; other++) {
		if (strcmp(other->name, index->name) == 0)
			return ng_fail(err, -EEXIST,
				       "%s and %s would both be shown as \"%s\"; "
				       "rename one of them, or mount it elsewhere",
				       other->path, index->path, index->name);
	}
	return 0;
}

int ng_view_new(const char *const *paths, size_t n_paths, const struct ng_view_options *options,
		struct ng_view **ret_view, struct ng_error *err)
{
	ng_cleanup(ng_view_freep) struct ng_view *view = NULL;
	int r;

	assert(n_paths > 0);
	if (n_paths > NG_NODE_INDEX_LIMIT)
		return ng_fail(err, -E2BIG, "at most %u indexes fit into one mount",
			       NG_NODE_INDEX_LIMIT);
	view = calloc(1, sizeof(*view) + n_paths * sizeof(view->indexes[0]));
	if (!view)
		return ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	view->options = *options;
	r = ng_nodes_new(options->node_limit_bytes, &view->nodes);
	if (r == 0)
		r = ng_listings_new(options->page_docs, LISTINGS_MAX, LISTINGS_MAX_BYTES,
				    &view->listings);
	if (r)
		return ng_fail(err, r, "%s", strerror(-r));
	for (size_t i = 0; i < n_paths; i++) {
		r = open_index(view, paths[i], err);
		if (r)
			return r;
	}
	*ret_view = ng_steal_ptr(&view);
	return 0;
}

struct ng_view *ng_view_free(struct ng_view *view)
{
	if (!view)
		return NULL;
	ng_listings_free(view->listings);
	ng_nodes_free(view->nodes);
	for (size_t i = 0; i < view->n_indexes; i++) {
		ng_index_close(view->indexes[i].index);
		free(view->indexes[i].name);
		free(view->indexes[i].path);
	}
	free(view);
	return NULL;
}

/* Begin to ask a node. Returns its room, or NULL for an unknown number. */
static const struct ng_room *enter(struct ng_view *view, ng_node_id id, const ng_cancel *cancel,
				   struct ng_at *ret_at)
{
	unsigned kind = ng_node_kind(id), index_no = ng_node_index(id);

	if (kind >= NG_KINDS || index_no >= view->n_indexes)
		return NULL;
	*ret_at = (struct ng_at){
		.view = view,
		.id = id,
		.index = &view->indexes[index_no],
		.index_no = index_no,
		.value = ng_node_value(id),
		.cancel = cancel,
	};
	if (kind >= NG_KIND_FIRST_KEPT) {
		ret_at->node = ng_nodes_get(view->nodes, id);
		if (!ret_at->node)
			return NULL;
	}
	/* A single index is shown at the root itself. */
	if (kind == NG_KIND_ROOT && view->n_indexes == 1)
		kind = NG_KIND_INDEX;
	return rooms[kind];
}

static void leave(const struct ng_at *at)
{
	if (at->node)
		ng_nodes_put(at->view->nodes, at->node);
}

bool ng_view_is_dir(ng_node_id id)
{
	unsigned kind = ng_node_kind(id);

	return kind < NG_KINDS && rooms[kind]->lookup;
}

int ng_view_lookup(struct ng_view *view, ng_node_id dir, const char *name, const ng_cancel *cancel,
		   struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_at at;
	int r;

	if (strlen(name) > NG_PATH_NAME_MAX)
		return -ENAMETOOLONG;
	room = enter(view, dir, cancel, &at);
	if (!room)
		return -ESTALE;
	r = room->lookup ? room->lookup(&at, name, ret_entry) : -ENOTDIR;
	leave(&at);
	return r;
}

void ng_view_forget(struct ng_view *view, ng_node_id id, uint64_t n)
{
	ng_nodes_forget(view->nodes, id, n);
}

int ng_view_entry(struct ng_view *view, ng_node_id id, struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_entry entry = {.id = id, .ino = id};
	struct ng_at at;
	int r = 0;

	room = enter(view, id, NULL, &at);
	if (!room)
		return -ESTALE;
	if (at.node)
		entry.ino = at.node->ino;
	if (room->bytes)
		r = room->bytes(&at, &entry.bytes);
	if (r == 0)
		*ret_entry = entry;
	leave(&at);
	return r;
}

void ng_view_stat(const struct ng_view *view, const struct ng_entry *entry, struct stat *ret_stat)
{
	const struct ng_view_index *index = &view->indexes[ng_node_index(entry->id)];

	*ret_stat = (struct stat){
		.st_ino = entry->ino,
		.st_mode = ng_view_is_dir(entry->id) ? S_IFDIR | 0555 : S_IFREG | 0444,
		.st_nlink = 1, /* of directories too: "not counted", so that find looks inside */
		.st_size = (off_t)entry->bytes,
		.st_blocks = (blkcnt_t)ng_div_up(entry->bytes, 512),
		.st_atim = index->mtime,
		.st_mtim = index->mtime,
		.st_ctim = index->mtime,
	};
}

int ng_view_read(struct ng_view *view, ng_node_id id, uint64_t offset, size_t len,
		 const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct ng_room *room;
	struct ng_at at;
	int r;

	room = enter(view, id, cancel, &at);
	if (!room)
		return -ESTALE;
	r = room->read ? room->read(&at, offset, len, buf, ret_len) : -EISDIR;
	leave(&at);
	return r;
}

static bool emit_dots(ng_node_id dir, uint64_t ino, uint64_t offset, ng_view_emit emit,
		      void *userdata)
{
	struct ng_name dot = {.name = ".", .ino = ino, .is_dir = true, .next = 1};
	struct ng_name dots = {.name = "..", .ino = INO_UNKNOWN, .is_dir = true, .next = 2};

	if (dir == NG_NODE_ROOT)
		dots.ino = ino;
	return (offset > 0 || emit(userdata, &dot)) && (offset > 1 || emit(userdata, &dots));
}

/* Rooms count their names from 0; "." and ".." come before. */
struct shifted {
	ng_view_emit emit;
	void *userdata;
};

static bool emit_shifted(void *userdata, const struct ng_name *name)
{
	const struct shifted *shifted = userdata;
	struct ng_name moved = *name;

	moved.next += 2;
	return shifted->emit(shifted->userdata, &moved);
}

int ng_view_list(struct ng_view *view, ng_node_id dir, uint64_t offset, const ng_cancel *cancel,
		 ng_view_emit emit, void *userdata)
{
	struct shifted shifted = {emit, userdata};
	const struct ng_room *room;
	struct ng_at at;
	int r = 0;

	room = enter(view, dir, cancel, &at);
	if (!room)
		return -ESTALE;
	if (!room->lookup)
		r = -ENOTDIR;
	else if (emit_dots(dir, at.node ? at.node->ino : dir, offset, emit, userdata) && room->list)
		r = room->list(&at, offset < 2 ? 0 : offset - 2, emit_shifted, &shifted);
	leave(&at);
	return r;
}

struct ng_nodes *ng_view_nodes(struct ng_view *view)
{
	return view->nodes;
}

const char *ng_view_path(const struct ng_view *view, ng_node_id id)
{
	unsigned index_no = ng_node_index(id);

	return view->indexes[index_no < view->n_indexes ? index_no : 0].path;
}

void ng_view_totals(const struct ng_view *view, uint64_t *ret_docs, uint64_t *ret_bytes)
{
	*ret_docs = 0;
	*ret_bytes = 0;
	for (size_t i = 0; i < view->n_indexes; i++) {
		*ret_docs += view->indexes[i].docs;
		*ret_bytes += view->indexes[i].text_bytes;
	}
}
