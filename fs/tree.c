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

static int open_index(struct ng_tree *tree, const char *path, struct ng_error *err)
{
	struct ng_tree_index *index = &tree->indexes[tree->n_indexes];
	ng_cleanup(ng_freep) char *manifest = NULL;
	struct ng_index_stats stats;
	struct stat st;
	int r;

	r = ng_index_open(path, tree->options.threads, &index->index, err);
	if (r)
		return r;
	tree->n_indexes++; /* from here on ng_tree_free closes it */
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
	for (struct ng_tree_index *other = tree->indexes; other < index; other++) {
		if (strcmp(other->name, index->name) == 0)
			return ng_fail(err, -EEXIST,
				       "%s and %s would both be shown as \"%s\"; "
				       "rename one of them, or mount it elsewhere",
				       other->path, index->path, index->name);
	}
	return 0;
}

int ng_tree_new(const char *const *paths, size_t n_paths, const struct ng_tree_options *options,
		struct ng_tree **ret_tree, struct ng_error *err)
{
	ng_cleanup(ng_tree_freep) struct ng_tree *tree = NULL;
	int r;

	assert(n_paths > 0);
	if (n_paths > NG_NODE_INDEX_LIMIT)
		return ng_fail(err, -E2BIG, "at most %u indexes fit into one mount",
			       NG_NODE_INDEX_LIMIT);
	tree = calloc(1, sizeof(*tree) + n_paths * sizeof(tree->indexes[0]));
	if (!tree)
		return ng_fail(err, -ENOMEM, "%s", strerror(ENOMEM));
	tree->options = *options;
	r = ng_nodes_new(options->node_limit_bytes, &tree->nodes);
	if (r == 0)
		r = ng_listings_new(options->page_docs, LISTINGS_MAX, LISTINGS_MAX_BYTES,
				    &tree->listings);
	if (r)
		return ng_fail(err, r, "%s", strerror(-r));
	for (size_t i = 0; i < n_paths; i++) {
		r = open_index(tree, paths[i], err);
		if (r)
			return r;
	}
	*ret_tree = ng_steal_ptr(&tree);
	return 0;
}

struct ng_tree *ng_tree_free(struct ng_tree *tree)
{
	if (!tree)
		return NULL;
	ng_listings_free(tree->listings);
	ng_nodes_free(tree->nodes);
	for (size_t i = 0; i < tree->n_indexes; i++) {
		ng_index_close(tree->indexes[i].index);
		free(tree->indexes[i].name);
		free(tree->indexes[i].path);
	}
	free(tree);
	return NULL;
}

/* Begin to ask a node. Returns its room, or NULL for an unknown number. */
static const struct ng_room *enter(struct ng_tree *tree, ng_node_id id, const ng_cancel *cancel,
				   struct ng_at *ret_at)
{
	unsigned kind = ng_node_kind(id), index_no = ng_node_index(id);

	if (kind >= NG_KINDS || index_no >= tree->n_indexes)
		return NULL;
	*ret_at = (struct ng_at){
		.tree = tree,
		.id = id,
		.index = &tree->indexes[index_no],
		.index_no = index_no,
		.value = ng_node_value(id),
		.cancel = cancel,
	};
	if (kind >= NG_KIND_FIRST_KEPT) {
		ret_at->node = ng_nodes_get(tree->nodes, id);
		if (!ret_at->node)
			return NULL;
	}
	/* A single index is shown at the root itself. */
	if (kind == NG_KIND_ROOT && tree->n_indexes == 1)
		kind = NG_KIND_INDEX;
	return rooms[kind];
}

static void leave(const struct ng_at *at)
{
	if (at->node)
		ng_nodes_put(at->tree->nodes, at->node);
}

bool ng_tree_is_dir(ng_node_id id)
{
	unsigned kind = ng_node_kind(id);

	return kind < NG_KINDS && rooms[kind]->lookup;
}

int ng_tree_lookup(struct ng_tree *tree, ng_node_id dir, const char *name, const ng_cancel *cancel,
		   struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_at at;
	int r;

	if (strlen(name) > NG_PATH_NAME_MAX)
		return -ENAMETOOLONG;
	room = enter(tree, dir, cancel, &at);
	if (!room)
		return -ESTALE;
	r = room->lookup ? room->lookup(&at, name, ret_entry) : -ENOTDIR;
	leave(&at);
	return r;
}

void ng_tree_forget(struct ng_tree *tree, ng_node_id id, uint64_t n)
{
	ng_nodes_forget(tree->nodes, id, n);
}

int ng_tree_entry(struct ng_tree *tree, ng_node_id id, struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_entry entry = {.id = id, .ino = id};
	struct ng_at at;
	int r = 0;

	room = enter(tree, id, NULL, &at);
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

void ng_tree_stat(const struct ng_tree *tree, const struct ng_entry *entry, struct stat *ret_stat)
{
	const struct ng_tree_index *index = &tree->indexes[ng_node_index(entry->id)];

	*ret_stat = (struct stat){
		.st_ino = entry->ino,
		.st_mode = ng_tree_is_dir(entry->id) ? S_IFDIR | 0555 : S_IFREG | 0444,
		.st_nlink = 1, /* of directories too: "not counted", so that find looks inside */
		.st_size = (off_t)entry->bytes,
		.st_blocks = (blkcnt_t)ng_div_up(entry->bytes, 512),
		.st_atim = index->mtime,
		.st_mtim = index->mtime,
		.st_ctim = index->mtime,
	};
}

int ng_tree_read(struct ng_tree *tree, ng_node_id id, uint64_t offset, size_t len,
		 const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct ng_room *room;
	struct ng_at at;
	int r;

	room = enter(tree, id, cancel, &at);
	if (!room)
		return -ESTALE;
	r = room->read ? room->read(&at, offset, len, buf, ret_len) : -EISDIR;
	leave(&at);
	return r;
}

static bool emit_dots(ng_node_id dir, uint64_t ino, uint64_t offset, ng_tree_emit emit,
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
	ng_tree_emit emit;
	void *userdata;
};

static bool emit_shifted(void *userdata, const struct ng_name *name)
{
	const struct shifted *shifted = userdata;
	struct ng_name moved = *name;

	moved.next += 2;
	return shifted->emit(shifted->userdata, &moved);
}

int ng_tree_list(struct ng_tree *tree, ng_node_id dir, uint64_t offset, const ng_cancel *cancel,
		 ng_tree_emit emit, void *userdata)
{
	struct shifted shifted = {emit, userdata};
	const struct ng_room *room;
	struct ng_at at;
	int r = 0;

	room = enter(tree, dir, cancel, &at);
	if (!room)
		return -ESTALE;
	if (!room->lookup)
		r = -ENOTDIR;
	else if (emit_dots(dir, at.node ? at.node->ino : dir, offset, emit, userdata) && room->list)
		r = room->list(&at, offset < 2 ? 0 : offset - 2, emit_shifted, &shifted);
	leave(&at);
	return r;
}

struct ng_nodes *ng_tree_nodes(struct ng_tree *tree)
{
	return tree->nodes;
}

const char *ng_tree_path(const struct ng_tree *tree, ng_node_id id)
{
	unsigned index_no = ng_node_index(id);

	return tree->indexes[index_no < tree->n_indexes ? index_no : 0].path;
}

void ng_tree_totals(const struct ng_tree *tree, uint64_t *ret_docs, uint64_t *ret_bytes)
{
	*ret_docs = 0;
	*ret_bytes = 0;
	for (size_t i = 0; i < tree->n_indexes; i++) {
		*ret_docs += tree->indexes[i].docs;
		*ret_bytes += tree->indexes[i].text_bytes;
	}
}
