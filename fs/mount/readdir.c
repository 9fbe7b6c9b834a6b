/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/readdir.h"

#include "mount/reply.h"
#include "mount/submit.h"

void ng_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct ng_mount *mount = fuse_req_userdata(req);

	if (mount->no_opendir) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fi->cache_readdir = 1;
	fuse_reply_open(req, fi);
}

/* libfuse doesn't look at the request, which may have been answered already. */
struct dir_buffer {
	const struct ng_mount *mount;
	char *data;
	size_t len, size;
};

static bool emit_plain(void *userdata, const struct ng_name *name)
{
	struct dir_buffer *out = userdata;
	struct stat st = {.st_ino = name->ino, .st_mode = name->is_dir ? S_IFDIR : S_IFREG};
	size_t room = out->size - out->len;
	size_t need = fuse_add_direntry(NULL, out->data + out->len, room, name->name, &st,
					(off_t)name->next);

	if (need > room)
		return false;
	out->len += need;
	return true;
}

static bool emit_plus(void *userdata, const struct ng_name *name)
{
	struct dir_buffer *out = userdata;
	struct fuse_entry_param param = {0};
	size_t room = out->size - out->len, need;

	/* Number 0: the kernel looks the name up when it needs more than its type. */
	if (name->entry)
		ng_reply_fill_entry(out->mount, name->entry, &param);
	param.attr.st_ino = name->ino;
	param.attr.st_mode |= name->is_dir ? S_IFDIR : S_IFREG;
	need = fuse_add_direntry_plus(NULL, out->data + out->len, room, name->name, &param,
				      (off_t)name->next);
	if (need > room)
		return false;
	out->len += need;
	return true;
}

static void list(struct ng_call *call, ng_tree_emit emit)
{
	struct ng_mount *mount = call->userdata;
	ng_cleanup(ng_freep) char *data = malloc(ng_max(call->size, (size_t)1));
	struct dir_buffer out = {mount, data, 0, call->size};
	int r = -ENOMEM;

	if (data)
		r = ng_tree_list(mount->tree, call->node, call->offset, &call->cancel, emit, &out);
	if (ng_reply_take(call, r))
		fuse_reply_buf(call->req, data, out.len);
}

static void answer_readdir(struct ng_call *call)
{
	list(call, emit_plain);
}

static void answer_readdirplus(struct ng_call *call)
{
	list(call, emit_plus);
}

static void submit_list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			void (*answer)(struct ng_call *call))
{
	bool is_long = ng_tree_list_is_long(ino);

	/* Whoever lists the same page waits for the first who does. */
	ng_submit(req, &(struct ng_submission){.answer = answer,
					       .node = ino,
					       .offset = (uint64_t)offset,
					       .size = size,
					       .lane = is_long ? NG_LANE_LONG : NG_LANE_SHORT,
					       .key = is_long ? ino : 0});
}

void ng_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	submit_list(req, ino, size, offset, answer_readdir);
}

void ng_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	submit_list(req, ino, size, offset, answer_readdirplus);
}
