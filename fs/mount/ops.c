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
#include <time.h>

#include "mount/ops.h"
#include "names/path.h"
#include "mount/refuse.h"

/* For ever, as far as the kernel's clock goes. */
#define TIMEOUT_SECONDS 1e9

/* Where no session comes to. */
#define FAR_OFFSET ((off_t)1 << 50)

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

/* Where an index is damaged is said once a shard, that a request failed in one line a second at
 * most, so that a damaged index doesn't fill the disk with its log. */
static void log_damage(struct ng_mount *mount, ng_node_id id, int r)
{
	long long now = time(NULL), before = atomic_load(&mount->logged_at);
	unsigned long unlogged;
	struct ng_error where;

	while (r == -EUCLEAN && ng_tree_take_damage(mount->tree, id, &where))
		fuse_log(FUSE_LOG_ERR, "ngramfs: %s: error: %s\n", ng_tree_path(mount->tree, id),
			 where.text);
	if (now == before || !atomic_compare_exchange_strong(&mount->logged_at, &before, now)) {
		atomic_fetch_add(&mount->unlogged, 1);
		return;
	}
	unlogged = atomic_exchange(&mount->unlogged, 0);
	fuse_log(FUSE_LOG_ERR,
		 "ngramfs: %s: error: %s; a request failed, and %lu before it since the last line; "
		 "%s\n",
		 ng_tree_path(mount->tree, id),
		 r == -EUCLEAN ? "the index is damaged" : "a part of it cannot be read", unlogged,
		 r == -EUCLEAN ? "check the index with ngramfsck" : "the next one tries again");
}

/* In one line a second at most, too; what is passed over was refused for its own reason. */
static void log_refusal(struct ng_mount *mount, ng_node_id id)
{
	long long now = time(NULL), before = atomic_load(&mount->refused_at);
	struct ng_error why;

	if (ng_tree_take_refusal(mount->tree, &why) && now != before &&
	    atomic_compare_exchange_strong(&mount->refused_at, &before, now))
		fuse_log(FUSE_LOG_WARNING, "ngramfs: %s: %s\n", ng_tree_path(mount->tree, id),
			 why.text);
}

/* The errno to reply with. */
static int reply_errno(struct ng_mount *mount, ng_node_id id, int r)
{
	if (r == -EOVERFLOW || r == -EINVAL)
		log_refusal(mount, id);
	if (r != -EUCLEAN && r != -EIO)
		return -r;
	if (r == -EIO)
		ng_tree_suspect(mount->tree, id);
	log_damage(mount, id, r);
	return EIO;
}

static void fill_stat(const struct ng_mount *mount, const struct ng_entry *entry,
		      struct stat *ret_stat)
{
	ng_tree_stat(entry, ret_stat);
	ret_stat->st_uid = mount->uid;
	ret_stat->st_gid = mount->gid;
}

static void fill_entry(const struct ng_mount *mount, const struct ng_entry *entry,
		       struct fuse_entry_param *ret_param)
{
	*ret_param = (struct fuse_entry_param){
		.ino = entry->id,
		.attr_timeout = entry->stream ? 0 : TIMEOUT_SECONDS,
		.entry_timeout = entry->uncacheable || entry->stream ? 0 : TIMEOUT_SECONDS,
	};
	fill_stat(mount, entry, &ret_param->attr);
}

static void answer_lookup(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	struct fuse_entry_param param = {0};
	struct ng_entry entry;
	int r, err;

	r = ng_tree_lookup(mount->tree, call->node, call->data, &call->cancel, &entry);
	err = r ? reply_errno(mount, call->node, r) : 0;
	if (!ng_call_take(call)) {
		if (r == 0)
			ng_tree_forget(mount->tree, entry.id, 1);
	} else if (r == 0) {
		fill_entry(mount, &entry, &param);
		/* Interrupted, and the kernel has given up on the answer. */
		if (fuse_reply_entry(call->req, &param) == -ENOENT)
			ng_tree_forget(mount->tree, entry.id, 1);
	} else if (r == -ENOENT) {
		param.entry_timeout = entry.uncacheable ? 0 : TIMEOUT_SECONDS;
		fuse_reply_entry(call->req, &param); /* number 0: absent, for as long */
	} else {
		fuse_reply_err(call->req, err);
	}
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call = ng_call_new(mount->calls, req, mount, name, strlen(name));

	if (!call)
		return;
	call->answer = answer_lookup;
	call->node = parent;
	if (ng_tree_lookup_is_long(mount->tree, parent))
		call->job.lane = NG_LANE_MEDIUM;
	ng_call_submit(call);
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

static void reply_attr(struct ng_call *call, int r, const struct ng_entry *entry)
{
	struct ng_mount *mount = call->userdata;
	struct stat st;
	int err = r ? reply_errno(mount, call->node, r) : 0;

	if (!ng_call_take(call))
		return;
	if (err) {
		fuse_reply_err(call->req, err);
		return;
	}
	fill_stat(mount, entry, &st);
	fuse_reply_attr(call->req, &st, entry->stream ? 0 : TIMEOUT_SECONDS);
}

static void answer_getattr(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	struct ng_entry entry;
	int r = ng_tree_entry(mount->tree, call->node, &entry);

	reply_attr(call, r, &entry);
}

/* A request that comes with nothing but a node. */
static void submit_plain(fuse_req_t req, fuse_ino_t ino, void (*answer)(struct ng_call *call))
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call = ng_call_new(mount->calls, req, mount, NULL, 0);

	if (!call)
		return;
	call->answer = answer;
	call->node = ino;
	ng_call_submit(call);
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

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
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

static void answer_read(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	ng_cleanup(ng_freep) uint8_t *buf = malloc(ng_max(call->size, (size_t)1));
	size_t len = 0;
	int r = -ENOMEM, err;

	if (buf)
		r = ng_tree_read(mount->tree, call->node, call->offset, call->size, &call->cancel,
				 buf, &len);
	err = r ? reply_errno(mount, call->node, r) : 0;
	if (!ng_call_take(call))
		return;
	if (err)
		fuse_reply_err(call->req, err);
	else
		fuse_reply_buf(call->req, (const char *)buf, len);
}

/* What asks a stream is answered one after another, since each needs what the one before has made;
 * the others wait without a thread. */
static void ask_stream(struct ng_call *call)
{
	call->job.lane = NG_LANE_LONG;
	call->job.key = call->node;
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call;

	if (ng_tree_is_stream(ino) && !fi->lock_owner) {
		/* Through the page cache: direct reads have the owner of the file's table. */
		fuse_reply_err(req, EINVAL);
		return;
	}
	call = ng_call_new(mount->calls, req, mount, NULL, 0);
	if (!call)
		return;
	call->answer = answer_read;
	call->node = ino;
	call->offset = (uint64_t)offset;
	call->size = size;
	if (ng_tree_is_stream(ino))
		ask_stream(call);
	ng_call_submit(call);
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
		fill_entry(out->mount, name->entry, &param);
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
	int r = -ENOMEM, err;

	if (data)
		r = ng_tree_list(mount->tree, call->node, call->offset, &call->cancel, emit, &out);
	err = r ? reply_errno(mount, call->node, r) : 0;
	if (!ng_call_take(call))
		return;
	if (err)
		fuse_reply_err(call->req, err);
	else
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
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call = ng_call_new(mount->calls, req, mount, NULL, 0);

	if (!call)
		return;
	call->answer = answer;
	call->node = ino;
	call->offset = (uint64_t)offset;
	call->size = size;
	/* Whoever lists the same page waits for the first who does. */
	if (ng_tree_list_is_long(ino)) {
		call->job.lane = NG_LANE_LONG;
		call->job.key = ino;
	}
	ng_call_submit(call);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	submit_list(req, ino, size, offset, answer_readdir);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			   struct fuse_file_info *fi)
{
	submit_list(req, ino, size, offset, answer_readdirplus);
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

/* Let the kernel take a stream that is written for a very long file, by a byte far behind its end.
 * What asks through the page cache (stream.h) would otherwise take the end of what was just
 * written, where the answers begin, for that of the file, and read nothing. */
static int lengthen(struct ng_mount *mount, fuse_ino_t ino)
{
	struct fuse_bufvec byte = FUSE_BUFVEC_INIT(1);

	byte.buf[0].mem = (void *)"";
	return fuse_lowlevel_notify_store(mount->session, ino, FAR_OFFSET, &byte, 0);
}

static void answer_write(struct ng_call *call)
{
	struct ng_mount *mount = call->userdata;
	int r = lengthen(mount, call->node), err;

	if (r == 0)
		r = ng_tree_write(mount->tree, call->node, call->offset,
				  (const uint8_t *)call->data, call->size);
	err = r ? reply_errno(mount, call->node, r) : 0;
	if (!ng_call_take(call))
		return;
	if (err)
		fuse_reply_err(call->req, err);
	else
		fuse_reply_write(call->req, call->size);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call;

	if (!ng_tree_is_writable(ino)) {
		fuse_reply_err(req, EROFS);
		return;
	}
	call = ng_call_new(mount->calls, req, mount, buf, size);
	if (!call)
		return;
	call->answer = answer_write;
	call->node = ino;
	call->offset = (uint64_t)offset;
	call->has_effect = true;
	ask_stream(call);
	ng_call_submit(call);
}

const struct fuse_lowlevel_ops ng_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.open = op_open,
	.release = op_release,
	.opendir = op_opendir,
	.read = op_read,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
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

void ng_ops_evict(struct fuse_session *session, struct ng_mount *mount)
{
	char name[NG_PATH_NAME_MAX + 1];
	ng_node_id parent;
	size_t len;

	/* Whether the kernel knew the name, or had dropped it already, makes no difference. */
	while (ng_nodes_next_victim(ng_tree_nodes(mount->tree), &parent, name, &len))
		fuse_lowlevel_notify_inval_entry(session, parent, name, len);
}

static void drop_name(void *userdata, ng_node_id dir, const char *name)
{
	/* This waits for lookups in dir under way, whose answers may be old, and takes along all
	 * that is cached below the name. */
	fuse_lowlevel_notify_inval_entry(userdata, dir, name, strlen(name));
}

int ng_ops_reload(struct fuse_session *session, struct ng_mount *mount, struct ng_error *err)
{
	int r = ng_tree_reload(mount->tree, drop_name, session, err);

	/* The root's times; no pages. */
	if (r > 0)
		fuse_lowlevel_notify_inval_inode(session, NG_NODE_ROOT, -1, 0);
	return r;
}
