#include "room.h"

/* What ".." shows as d_ino: the kernel knows the parent, the tree doesn't need to. */
#define INO_UNKNOWN UINT64_C(0xffffffff)

static const struct ng_room *const rooms[NG_KINDS] = {
	[NG_KIND_ROOT] = &ng_room_root,           [NG_KIND_INDEX] = &ng_room_index,
	[NG_KIND_README] = &ng_room_readme,       [NG_KIND_STATS] = &ng_room_stats,
	[NG_KIND_COUNT_DIR] = &ng_room_count_dir, [NG_KIND_FIND_DIR] = &ng_room_find_dir,
	[NG_KIND_DOCS_DIR] = &ng_room_docs_dir,   [NG_KIND_META_DIR] = &ng_room_meta_dir,
	[NG_KIND_MATCH_DIR] = &ng_room_match_dir, [NG_KIND_DOC_DIR] = &ng_room_doc_dir,
	[NG_KIND_KWIC_DIR] = &ng_room_kwic_dir,   [NG_KIND_BATCH_DIR] = &ng_room_batch_dir,
	[NG_KIND_DF_DIR] = &ng_room_df_dir,       [NG_KIND_NEXT_DIR] = &ng_room_next_dir,
	[NG_KIND_PREV_DIR] = &ng_room_prev_dir,   [NG_KIND_WITH_DIR] = &ng_room_with_dir,
	[NG_KIND_SETTINGS] = &ng_room_index,      [NG_KIND_COUNT] = &ng_room_count,
	[NG_KIND_TEXT] = &ng_room_text,           [NG_KIND_META] = &ng_room_meta,
	[NG_KIND_FIND] = &ng_room_find,           [NG_KIND_DOCS_PAGE] = &ng_room_docs_page,
	[NG_KIND_META_PAGE] = &ng_room_docs_page, [NG_KIND_MATCH_PAGE] = &ng_room_match_page,
	[NG_KIND_MATCH] = &ng_room_match,         [NG_KIND_KWIC] = &ng_room_stream_file,
	[NG_KIND_BATCH] = &ng_room_stream_file,   [NG_KIND_DF] = &ng_room_stream_file,
	[NG_KIND_NEXT] = &ng_room_stream_file,    [NG_KIND_PREV] = &ng_room_stream_file,
	[NG_KIND_TRACE] = &ng_room_stream_file,
};

static void leave(const struct ng_at *at)
{
	if (at->node)
		ng_nodes_put(at->view->nodes, at->node);
	ng_indexes_put(at->view->indexes, at->index);
}

/* Fill in what the number says, in the index as it is now. */
static int decode(struct ng_at *at)
{
	at->settings = &at->view->settings;
	if (ng_node_is_kept(at->id)) {
		at->node = ng_nodes_get(at->view->nodes, at->id);
		if (!at->node)
			return -ESTALE;
		at->passing = at->node->epoch != at->index->epoch;
		if (at->node->settings)
			at->settings = at->node->settings;
		return 0;
	}
	switch (ng_node_kind(at->id)) {
	case NG_KIND_ROOT:
	case NG_KIND_COUNT:
		return 0;
	case NG_KIND_TEXT:
	case NG_KIND_META:
		at->value &= NG_NODE_DOC_LIMIT - 1;
		return ng_node_value(at->id) >> NG_NODE_DOC_BITS == at->index->incarnation
			       ? 0
			       : -ESTALE;
	default:
		at->passing = at->value != at->index->epoch;
		return 0;
	}
}

/* Begin to ask a node. Returns its room, or NULL for an unknown number. */
static const struct ng_room *enter(struct ng_view *view, ng_node_id id, const ng_cancel *cancel,
				   struct ng_at *ret_at)
{
	unsigned kind = ng_node_kind(id), index_no = ng_node_index(id);
	size_t n = ng_indexes_count(view->indexes);

	if (kind >= NG_KINDS || index_no >= n)
		return NULL;
	*ret_at = (struct ng_at){
		.view = view,
		.id = id,
		.index = ng_indexes_get(view->indexes, index_no),
		.index_no = index_no,
		.value = ng_node_value(id),
		.cancel = cancel,
	};
	if (decode(ret_at) < 0) {
		leave(ret_at);
		return NULL;
	}
	/* A single index is shown at the root itself. */
	if (kind == NG_KIND_ROOT && n == 1)
		kind = NG_KIND_INDEX;
	return rooms[kind];
}

/* Whether what a page lists has other numbers now. (Directories that have no query list no
 * numbers.) */
static bool is_stale(const struct ng_at *at)
{
	return at->node && at->node->query_bytes > 0 && at->node->epoch < at->index->since;
}

bool ng_view_is_writable(ng_node_id id)
{
	return ng_node_kind(id) == NG_KIND_BATCH || ng_node_kind(id) == NG_KIND_TRACE;
}

bool ng_view_is_dir(ng_node_id id)
{
	unsigned kind = ng_node_kind(id);

	return kind < NG_KINDS && rooms[kind]->lookup;
}

int ng_view_lookup(struct ng_view *view, ng_node_id dir, const char *name, const ng_cancel *cancel,
		   struct ng_entry *ret_entry)
{
	struct ng_entry entry = {0};
	const struct ng_room *room;
	struct ng_at at;
	int r;

	if (strlen(name) > NG_PATH_NAME_MAX)
		return -ENAMETOOLONG;
	room = enter(view, dir, cancel, &at);
	if (!room)
		return -ESTALE;
	if (!room->lookup)
		r = -ENOTDIR;
	else if (is_stale(&at))
		r = -ESTALE;
	else
		r = room->lookup(&at, name, &entry);
	entry.mtime = at.index->mtime;
	entry.passing = at.passing;
	leave(&at);
	if (r == -ENOENT)
		entry.id = 0;
	if (r == 0 || r == -ENOENT)
		*ret_entry = entry;
	return r;
}

void ng_view_forget(struct ng_view *view, ng_node_id id, uint64_t n)
{
	ng_nodes_forget(view->nodes, id, n);
}

/* Directories keep their st_ino whatever the epoch. */
static uint64_t ino_of(const struct ng_at *at)
{
	unsigned kind = ng_node_kind(at->id);

	if (at->node)
		return at->node->ino;
	if (kind == NG_KIND_ROOT || !rooms[kind]->lookup)
		return at->id;
	return ng_node_id_make(kind, at->index_no, 0);
}

/* What is known of a stream without asking it for more. */
static void fill_stream(const struct ng_stream *stream, struct ng_entry *entry)
{
	long long mtime = atomic_load(&stream->mtime);

	entry->growing = true;
	entry->bytes = atomic_load(&stream->bytes);
	if (mtime)
		entry->mtime = (struct timespec){mtime / 1000000000, mtime % 1000000000};
}

static int entry_of(const struct ng_at *at, const struct ng_room *room, struct ng_entry *ret_entry)
{
	struct ng_entry entry = {
		.id = at->id,
		.ino = ino_of(at),
		.mtime = at->index->mtime,
		.passing = at->passing,
	};
	int r = room->bytes ? room->bytes(at, &entry.bytes) : 0;

	if (at->node && at->node->stream)
		fill_stream(at->node->stream, &entry);
	if (r == 0)
		*ret_entry = entry;
	return r;
}

int ng_room_entry(const struct ng_at *at, enum ng_kind kind, uint64_t value,
		  struct ng_entry *ret_entry)
{
	struct ng_at in = *at;

	in.id = ng_node_id_make(kind, at->index_no, value);
	in.value = value;
	in.node = NULL;
	if (kind == NG_KIND_TEXT || kind == NG_KIND_META)
		in.id |= (uint64_t)at->index->incarnation << NG_NODE_DOC_BITS;
	return entry_of(&in, rooms[kind], ret_entry);
}

int ng_view_entry(struct ng_view *view, ng_node_id id, struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_at at;
	int r;

	room = enter(view, id, NULL, &at);
	if (!room)
		return -ESTALE;
	r = entry_of(&at, room, ret_entry);
	leave(&at);
	return r;
}

/* A stream is used by whoever has opened it, so its name isn't needed any more; if the kernel lets
 * go of that, the node goes with the last user. */
static void use_stream(const struct ng_at *at)
{
	if (!atomic_exchange(&at->node->stream->used, true))
		ng_nodes_let_go(at->view->nodes, at->node);
}

int ng_view_grow(struct ng_view *view, ng_node_id id, const ng_cancel *cancel,
		 struct ng_entry *ret_entry)
{
	const struct ng_room *room;
	struct ng_at at;
	int r = 0;

	room = enter(view, id, cancel, &at);
	if (!room)
		return -ESTALE;
	if (at.node && at.node->stream) {
		use_stream(&at);
		r = ng_stream_grow(at.node->stream, cancel);
	}
	if (r == 0)
		r = entry_of(&at, room, ret_entry);
	leave(&at);
	return r;
}

int ng_view_write(struct ng_view *view, ng_node_id id, uint64_t offset, const uint8_t *data,
		  size_t len)
{
	struct ng_at at;
	int r = -EROFS;

	if (!enter(view, id, NULL, &at))
		return -ESTALE;
	if (at.node && at.node->stream) {
		use_stream(&at);
		r = ng_stream_write(at.node->stream, offset, data, len);
	}
	leave(&at);
	return r;
}

void ng_view_stat(const struct ng_entry *entry, struct stat *ret_stat)
{
	*ret_stat = (struct stat){
		.st_ino = entry->ino,
		.st_mode = ng_view_is_dir(entry->id)        ? S_IFDIR | 0555
			   : ng_view_is_writable(entry->id) ? S_IFREG | 0666
							    : S_IFREG | 0444,
		.st_nlink = 1, /* of directories too: "not counted", so that find looks inside */
		.st_size = (off_t)entry->bytes,
		.st_blocks = (blkcnt_t)ng_div_up(entry->bytes, 512),
		.st_atim = entry->mtime,
		.st_mtim = entry->mtime,
		.st_ctim = entry->mtime,
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
	else if (is_stale(&at))
		r = -ESTALE;
	else if (emit_dots(dir, ino_of(&at), offset, emit, userdata) && room->list)
		r = room->list(&at, offset < 2 ? 0 : offset - 2, emit_shifted, &shifted);
	leave(&at);
	return r;
}
