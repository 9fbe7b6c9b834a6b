/* SPDX-License-Identifier: Apache-2.0 */
/* How requests are saved. Save for streams, nothing changes under a mount without the kernel being
 * told, so names, attributes and pages are good for ever, and absent names are cached too. To
 * opendir the answer is ENOSYS, which tells the kernel not to send it, nor releasedir, again, and
 * to keep the caches.
 *
 * Files are opened, since only an answer to that can say that one is a stream (stream.h), and
 * ENOSYS to one would be for all of them. A path asked for the first time then costs a LOOKUP, an
 * OPEN, a READ unless the page is there, and a RELEASE that nobody waits for; asked again, OPEN and
 * RELEASE. Where there are no streams (-o nostreams), it is a LOOKUP and a READ, and then
 * nothing. */
#define FUSE_USE_VERSION 312

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/statvfs.h>

#include "mount/mount.h"
#include "mount/notify.h"
#include "mount/ops.h"
#include "mount/readdir.h"
#include "mount/refuse.h"
#include "mount/reply.h"
#include "mount/submit.h"

/* A read is no longer; more than two pages are needed for names beyond 1,023 bytes. */
#define MAX_READ_BYTES (128u << 10)

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct ng_mount *mount = userdata;

	conn->max_write = MAX_READ_BYTES;
	/* Without ATOMIC_O_TRUNC, which relies on open, a file is truncated by setattr. */
	conn->want &= ~(unsigned)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_READDIRPLUS_AUTO |
				  FUSE_CAP_AUTO_INVAL_DATA);
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_PARALLEL_DIROPS);
	atomic_store(&mount->starting, conn->capable & FUSE_CAP_PARALLEL_DIROPS);
	mount->no_open = mount->no_streams && conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	mount->no_opendir = conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
}

static void answer_lookup(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	struct fuse_entry_param param = {0};
	struct ng_entry entry;
	int r = ng_tree_lookup(mount->tree, call->node, call->data, &call->cancel, &entry);
	bool taken = ng_reply_take(call, r == -ENOENT ? 0 : r);

	if (taken && r == 0) {
		ng_reply_fill_entry(mount, &entry, &param);
		/* Interrupted, and the kernel has given up on the answer. */
		taken = fuse_reply_entry(call->req, &param) != -ENOENT;
	} else if (taken) {
		param.entry_timeout = entry.uncacheable ? 0 : NG_TIMEOUT_SECONDS;
		fuse_reply_entry(call->req, &param); /* number 0: absent, for as long */
	}
	if (!taken && r == 0)
		ng_tree_forget(mount->tree, entry.id, 1);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	bool is_long = ng_tree_lookup_is_long(mount->tree, parent);

	ng_submit(req, &(struct ng_submission){.answer = answer_lookup,
					       .node = parent,
					       .data = name,
					       .size = strlen(name),
					       .lane = is_long ? NG_LANE_MEDIUM : NG_LANE_SHORT});
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	struct ng_mount *mount = fuse_req_userdata(req);

	ng_tree_forget(mount->tree, ino, n);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct ng_mount *mount = fuse_req_userdata(req);

	for (size_t i = 0; i < count; i++)
		ng_tree_forget(mount->tree, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void answer_getattr(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	struct ng_entry entry;
	struct stat st;

	if (!ng_reply_take(call, ng_tree_entry(mount->tree, call->node, &entry)))
		return;
	ng_reply_fill_stat(mount, &entry, &st);
	fuse_reply_attr(call->req, &st, entry.stream ? 0 : NG_TIMEOUT_SECONDS);
}

/* A request that comes with nothing but a node. */
static void submit_plain(fuse_req_t req, fuse_ino_t ino, void (*answer)(struct ng_call *call))
{
	ng_submit(req, &(struct ng_submission){.answer = answer, .node = ino});
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	submit_plain(req, ino, answer_getattr);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct ng_mount *mount = fuse_req_userdata(req);

	if ((fi->flags & O_ACCMODE) != O_RDONLY && !ng_tree_is_writable(ino)) {
		fuse_reply_err(req, EROFS);
	} else if (mount->no_open) {
		fuse_reply_err(req, ENOSYS);
	} else {
		fi->direct_io = ng_tree_is_stream(ino);
		fi->nonseekable = fi->direct_io;
		fi->keep_cache = !fi->direct_io;
		fi->noflush = 1;
		ng_tree_opened(mount->tree, ino);
		/* Interrupted, and the kernel has given up on the answer. */
		if (fuse_reply_open(req, fi) == -ENOENT)
			ng_tree_released(mount->tree, ino);
	}
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct ng_mount *mount = fuse_req_userdata(req);

	ng_tree_released(mount->tree, ino);
	fuse_reply_err(req, 0);
}

static void answer_read(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(ng_max(call->size, (size_t)1));
	size_t len = 0;
	int r = -ENOMEM;

	if (buf)
		r = ng_tree_read(mount->tree, call->node, call->offset, call->size, &call->cancel,
				 buf, &len);
	if (ng_reply_take(call, r))
		fuse_reply_buf(call->req, (const char *)buf, len);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	bool stream = ng_tree_is_stream(ino);

	if (stream && !fi->lock_owner) {
		/* Through the page cache: direct reads have the owner of the file's table. */
		fuse_reply_err(req, EINVAL);
		return;
	}
	/* What asks a stream is answered one after another, since each needs what the one before
	 * has made; the others wait without a thread. */
	ng_submit(req, &(struct ng_submission){.answer = answer_read,
					       .node = ino,
					       .offset = (uint64_t)offset,
					       .size = size,
					       .lane = stream ? NG_LANE_LONG : NG_LANE_SHORT,
					       .key = stream ? ino : 0});
}

static void answer_statfs(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	uint64_t docs, bytes;
	struct statvfs st;

	ng_tree_totals(mount->tree, &docs, &bytes);
	st = (struct statvfs){
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_blocks = ng_div_up(bytes, 4096),
		.f_files = docs,
		.f_namemax = atomic_load(&mount->name_max),
	};
	if (ng_call_take(call))
		fuse_reply_statfs(call->req, &st);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	submit_plain(req, ino, answer_statfs);
}

/* A size may be set, since `>` does so, and means nothing: every open file is a new one. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	if (!ng_tree_is_writable(ino) || !(to_set & FUSE_SET_ATTR_SIZE))
		fuse_reply_err(req, EROFS);
	else
		submit_plain(req, ino, answer_getattr);
}

static void answer_write(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	int r = ng_notify_lengthen(mount, call->node);

	if (r == 0)
		r = ng_tree_write(mount->tree, call->node, call->offset,
				  (const uint8_t *)call->data, call->size);
	if (ng_reply_take(call, r))
		fuse_reply_write(call->req, call->size);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	if (!ng_tree_is_writable(ino)) {
		fuse_reply_err(req, EROFS);
		return;
	}
	/* In turn with what reads the stream. */
	ng_submit(req, &(struct ng_submission){.answer = answer_write,
					       .node = ino,
					       .offset = (uint64_t)offset,
					       .data = buf,
					       .size = size,
					       .lane = NG_LANE_LONG,
					       .key = ino,
					       .has_effect = true});
}

const struct fuse_lowlevel_ops ng_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.open = op_open,
	.release = op_release,
	.opendir = ng_opendir,
	.read = op_read,
	.readdir = ng_readdir,
	.readdirplus = ng_readdirplus,
	.statfs = op_statfs,
	.setattr = op_setattr,
	.mknod = ng_refuse_mknod,
	.mkdir = ng_refuse_mkdir,
	.unlink = ng_refuse_remove,
	.rmdir = ng_refuse_remove,
	.symlink = ng_refuse_symlink,
	.rename = ng_refuse_rename,
	.link = ng_refuse_link,
	.create = ng_refuse_create,
	.write = op_write,
};
