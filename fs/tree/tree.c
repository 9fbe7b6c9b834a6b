/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/kinds.h"
#include "tree/node_ops.h"

/* What ".." shows as d_ino: the kernel knows the parent, the tree doesn't need to. */
#define INO_UNKNOWN UINT64_C(0xffffffff)

static void end(const struct ng_request *request)
{
	if (request->node)
		ng_nodes_put(request->tree->nodes, request->node);
	ng_indexes_put(request->tree->indexes, request->index);
}

/* Fill in what the number says, in the index as it is now. */
static int decode(struct ng_request *request)
{
	request->settings = &request->tree->settings;
	if (ng_node_is_dynamic(request->id)) {
		request->node = ng_nodes_get(request->tree->nodes, request->id);
		if (!request->node)
			return -ESTALE;
		request->uncacheable = request->node->epoch != request->index->epoch;
		if (request->node->settings)
			request->settings = request->node->settings;
		return 0;
	}
	switch (ng_node_kind(request->id)) {
	case NG_KIND_ROOT:
	case NG_KIND_COUNT:
		return 0;
	case NG_KIND_TEXT:
	case NG_KIND_META:
		request->value &= (UINT64_C(1) << ng_node_doc_bits(request->index_no)) - 1;
		return ng_node_value(request->id) >> ng_node_doc_bits(request->index_no) ==
				       request->index->incarnation
			       ? 0
			       : -ESTALE;
	default:
		request->uncacheable = request->value != request->index->epoch;
		return 0;
	}
}

/* Begin to ask a node. Returns its operations, or NULL for an unknown number. */
static const struct ng_node_ops *begin(struct ng_tree *tree, ng_node_id id, const ng_cancel *cancel,
				       struct ng_request *ret_request)
{
	unsigned kind = ng_node_kind(id), index_no = ng_node_index(id);
	size_t n = ng_indexes_count(tree->indexes);

	if (kind >= NG_KINDS || index_no >= n)
		return NULL;
	*ret_request = (struct ng_request){
		.tree = tree,
		.id = id,
		.index = ng_indexes_get(tree->indexes, index_no),
		.index_no = index_no,
		.value = ng_node_value(id),
		.cancel = cancel,
	};
	if (decode(ret_request) < 0) {
		end(ret_request);
		return NULL;
	}
	/* A single index is shown at the root itself. */
	if (kind == NG_KIND_ROOT && n == 1)
		kind = NG_KIND_INDEX;
	return ng_kind_ops(kind);
}

/* What comes of a request in the end. An answer, or that there is none, was taken from files that
 * may have been written to meanwhile, or before; not one that was made when its name was looked
 * up. */
static int outcome(const struct ng_request *request, int r)
{
	const struct ng_mounted_index *index = request->index;
	enum ng_kind kind = ng_node_kind(request->id);
	bool changed;

	if (ng_kind_needs_no_shard(kind) || (request->node && request->node->content))
		return r;
	if (r != 0 && r != -ENOENT && r != -EUCLEAN)
		return r;
	if (request->node && request->node->stream)
		index = request->node->stream->index;
	/* A document is in one shard, of however many. */
	changed = kind == NG_KIND_TEXT || kind == NG_KIND_META
			  ? ng_index_doc_changed(index->index, request->value)
			  : ng_index_changed(index->index);
	return changed ? -EIO : r;
}

/* Whether what a page lists has other numbers now. (Directories that have no query list no
 * numbers.) */
static bool is_stale(const struct ng_request *request)
{
	return request->node && request->node->query_bytes > 0 &&
	       request->node->epoch < request->index->since;
}

void ng_tree_opened(struct ng_tree *tree, ng_node_id id)
{
	if (ng_tree_is_stream(id))
		ng_nodes_opened(tree->nodes, id);
}

void ng_tree_released(struct ng_tree *tree, ng_node_id id)
{
	if (ng_tree_is_stream(id))
		ng_nodes_released(tree->nodes, id);
}

/* Whether its settings, or those above it, make questions cost much more. */
static bool is_costly(struct ng_tree *tree, ng_node_id dir)
{
	const struct ng_node *node;
	bool costly;

	if (!ng_node_is_dynamic(dir))
		return false;
	node = ng_nodes_get(tree->nodes, dir);
	if (!node)
		return false;
	costly = node->settings && (node->settings->fold || node->settings->scope);
	ng_nodes_put(tree->nodes, node);
	return costly;
}

bool ng_tree_lookup_is_long(struct ng_tree *tree, ng_node_id dir)
{
	return ng_kind_lookup_is_long(ng_node_kind(dir)) || is_costly(tree, dir);
}

int ng_tree_lookup(struct ng_tree *tree, ng_node_id dir, const char *name, const ng_cancel *cancel,
		   struct ng_entry *ret_entry)
{
	struct ng_entry entry = {0};
	const struct ng_node_ops *ops;
	struct ng_request request;
	int r, looked = -ENOENT;

	if (strlen(name) > NG_PATH_NAME_MAX)
		return -ENAMETOOLONG;
	ops = begin(tree, dir, cancel, &request);
	if (!ops)
		return -ESTALE;
	if (!ops->lookup)
		r = -ENOTDIR;
	else if (is_stale(&request))
		r = -ESTALE;
	else
		r = outcome(&request, looked = ops->lookup(&request, name, &entry));
	if (looked == 0 && r < 0)
		ng_nodes_forget(tree->nodes, entry.id, 1);
	entry.mtime = request.index->mtime;
	entry.uncacheable = request.uncacheable;
	end(&request);
	if (r == -ENOENT)
		entry.id = 0;
	if (r == 0 || r == -ENOENT)
		*ret_entry = entry;
	return r;
}

void ng_tree_forget(struct ng_tree *tree, ng_node_id id, uint64_t n)
{
	ng_nodes_forget(tree->nodes, id, n);
}

/* Directories keep their st_ino whatever the epoch. */
static uint64_t ino_of(const struct ng_request *request)
{
	unsigned kind = ng_node_kind(request->id);

	if (request->node)
		return request->node->ino;
	if (kind == NG_KIND_ROOT || !ng_kind_ops(kind)->lookup)
		return request->id;
	return ng_node_id_make(kind, request->index_no, 0);
}

static int entry_of(const struct ng_request *request, const struct ng_node_ops *ops,
		    struct ng_entry *ret_entry)
{
	struct ng_entry entry = {
		.id = request->id,
		.ino = ino_of(request),
		.mtime = request->index->mtime,
		.uncacheable = request->uncacheable,
	};
	int r = ops->bytes ? ops->bytes(request, &entry.bytes) : 0;

	if (request->node && request->node->stream) {
		entry.stream = true;
		entry.bytes = ng_stream_bytes(request->node->stream);
	}
	if (r == 0)
		*ret_entry = entry;
	return r;
}

int ng_request_entry(const struct ng_request *request, enum ng_kind kind, uint64_t value,
		     struct ng_entry *ret_entry)
{
	struct ng_request in = *request;

	in.id = ng_node_id_make(kind, request->index_no, value);
	in.value = value;
	in.node = NULL;
	if (kind == NG_KIND_TEXT || kind == NG_KIND_META)
		in.id |= (uint64_t)request->index->incarnation
			 << ng_node_doc_bits(request->index_no);
	return entry_of(&in, ng_kind_ops(kind), ret_entry);
}

int ng_tree_entry(struct ng_tree *tree, ng_node_id id, struct ng_entry *ret_entry)
{
	const struct ng_node_ops *ops;
	struct ng_request request;
	int r;

	ops = begin(tree, id, NULL, &request);
	if (!ops)
		return -ESTALE;
	r = entry_of(&request, ops, ret_entry);
	end(&request);
	return r;
}

int ng_tree_write(struct ng_tree *tree, ng_node_id id, uint64_t offset, const uint8_t *data,
		  size_t len)
{
	struct ng_request request;
	int r = -EROFS;

	if (!begin(tree, id, NULL, &request))
		return -ESTALE;
	if (request.node && request.node->stream)
		r = ng_stream_write(request.node->stream, offset, data, len);
	end(&request);
	return r;
}

void ng_tree_stat(const struct ng_entry *entry, struct stat *ret_stat)
{
	*ret_stat = (struct stat){
		.st_ino = entry->ino,
		.st_mode = ng_tree_is_dir(entry->id)        ? S_IFDIR | 0555
			   : ng_tree_is_writable(entry->id) ? S_IFREG | 0666
							    : S_IFREG | 0444,
		.st_nlink = 1, /* of directories too: "not counted", so that find looks inside */
		.st_size = (off_t)entry->bytes,
		.st_blocks = (blkcnt_t)ng_div_up(entry->bytes, 512),
		.st_atim = entry->mtime,
		.st_mtim = entry->mtime,
		.st_ctim = entry->mtime,
	};
}

int ng_tree_read(struct ng_tree *tree, ng_node_id id, uint64_t offset, size_t len,
		 const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct ng_node_ops *ops;
	struct ng_request request;
	int r;

	ops = begin(tree, id, cancel, &request);
	if (!ops)
		return -ESTALE;
	r = ops->read ? outcome(&request, ops->read(&request, offset, len, buf, ret_len)) : -EISDIR;
	end(&request);
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

/* They count their names from 0; "." and ".." come before. */
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
	const struct ng_node_ops *ops;
	struct ng_request request;
	int r = 0;

	ops = begin(tree, dir, cancel, &request);
	if (!ops)
		return -ESTALE;
	if (!ops->lookup)
		r = -ENOTDIR;
	else if (is_stale(&request))
		r = -ESTALE;
	else if (emit_dots(dir, ino_of(&request), offset, emit, userdata) && ops->list)
		r = outcome(&request, ops->list(&request, offset < 2 ? 0 : offset - 2, emit_shifted,
						&shifted));
	end(&request);
	return r;
}
