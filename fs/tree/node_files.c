/* SPDX-License-Identifier: Apache-2.0 */
/* /files: documents by the paths of their sources. A directory below it keeps its key, see
 * files/file_key.h; a file is the document. */
#include "files/file_tree.h"
#include "tree/node_ops.h"

/* The key of the directory that is asked: that of /files has no bytes. */
static const uint8_t *dir_key(const struct ng_request *request, size_t *ret_bytes)
{
	*ret_bytes = request->node ? request->node->query_bytes : 0;
	return request->node ? request->node->query : NULL;
}

/* What is needed to ask: the tree, and which documents count. */
static int begin(const struct ng_request *request, struct ng_filter *filter)
{
	int r = ng_file_tree_make(request->index->files, ng_streams_disk(request->tree->streams),
				  request->cancel);

	return r ? r
		 : ng_filter_get(request->index->index, request->settings->scope, NULL,
				 request->cancel, filter);
}

static int files_lookup(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry)
{
	struct ng_node_init init = ng_request_node_init(request, NG_KIND_FILES_SUB, name);
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	ng_cleanup(ng_buf_free) struct ng_buf key = NG_BUF_INIT;
	size_t dir_bytes;
	const uint8_t *dir = dir_key(request, &dir_bytes);
	uint64_t doc = 0;
	bool is_dir;
	int r;

	if (ng_request_known(request, name, ret_entry))
		return 0;
	r = begin(request, &filter);
	if (r == 0)
		r = ng_file_tree_find(request->index->files, dir, dir_bytes, name, &filter,
				      request->cancel, &key, &is_dir, &doc);
	if (r)
		return r;
	if (!is_dir)
		return ng_request_entry(request, NG_KIND_TEXT, doc, ret_entry);
	init.query = key.data;
	init.query_bytes = key.len;
	return ng_nodes_add(request->tree->nodes, &init, ret_entry);
}

struct emission {
	const struct ng_request *request;
	ng_tree_emit emit;
	void *userdata;
	int r;
};

static bool emit_file(void *userdata, const struct ng_file *file)
{
	struct emission *e = userdata;
	struct ng_name name = {.name = file->name, .is_dir = file->is_dir, .next = file->next};
	struct ng_entry entry;

	if (file->is_dir) {
		name.ino = ng_request_ino(e->request, NG_KIND_FILES_SUB, 0, file->key,
					  file->key_bytes);
	} else {
		e->r = ng_request_entry(e->request, NG_KIND_TEXT, file->doc, &entry);
		if (e->r)
			return false;
		name.ino = entry.ino;
		name.entry = &entry;
	}
	return e->emit(e->userdata, &name);
}

static int files_list(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		      void *userdata)
{
	struct emission emission = {request, emit, userdata, 0};
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	size_t dir_bytes;
	const uint8_t *dir = dir_key(request, &dir_bytes);
	int r = begin(request, &filter);

	if (r == 0)
		r = ng_file_tree_list(request->index->files, dir, dir_bytes, offset, &filter,
				      request->cancel, emit_file, &emission);
	return r ? r : emission.r;
}

const struct ng_node_ops ng_node_ops_files_dir = {.lookup = files_lookup, .list = files_list};
