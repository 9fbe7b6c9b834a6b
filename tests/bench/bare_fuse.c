/* SPDX-License-Identifier: Apache-2.0 */
/* The bare cost of FUSE, to compare with: a filesystem where every name in the root is a file that
 * holds "42\n". It caches for ever, answers open with ENOSYS and runs libfuse's loop just as
 * ngramfs does, and does nothing else.
 *
 *   bare_fuse MOUNTPOINT [inodes]
 *
 * Stays in the foreground. All names are one file, as in ngramfs all queries with one answer are;
 * with "inodes" each lookup gives a file of its own, so that each is read from the daemon. */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_SECONDS 1e9
#define ANSWER          "42\n"
#define ANSWER_BYTES    (sizeof(ANSWER) - 1)
#define FIRST_FILE      2u
#define WORKERS_MAX     64u
#define WORKERS_IDLE    10u

struct bare {
	bool inodes, no_open;
	atomic_ulong next;
};

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct bare *bare = userdata;

	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS_AUTO);
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	bare->no_open = conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
}

static struct stat attributes(fuse_ino_t ino)
{
	return (struct stat){
		.st_ino = ino,
		.st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0555 : S_IFREG | 0444,
		.st_nlink = 1,
		.st_size = ino == FUSE_ROOT_ID ? 0 : ANSWER_BYTES,
	};
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct bare *bare = fuse_req_userdata(req);
	fuse_ino_t ino = bare->inodes ? atomic_fetch_add(&bare->next, 1) : FIRST_FILE;
	struct fuse_entry_param entry = {
		.ino = ino,
		.attr = attributes(ino),
		.attr_timeout = TIMEOUT_SECONDS,
		.entry_timeout = TIMEOUT_SECONDS,
	};

	fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st = attributes(ino);

	fuse_reply_attr(req, &st, TIMEOUT_SECONDS);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct bare *bare = fuse_req_userdata(req);

	if (bare->no_open) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	size_t begin = offset < (off_t)ANSWER_BYTES ? (size_t)offset : ANSWER_BYTES;
	size_t len = size < ANSWER_BYTES - begin ? size : ANSWER_BYTES - begin;

	fuse_reply_buf(req, &ANSWER[begin], len);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.open = op_open,
	.read = op_read,
};

static int serve(struct fuse_session *session, const char *mountpoint)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int r = -1;

	if (!config)
		return -1;
	fuse_loop_cfg_set_max_threads(config, WORKERS_MAX);
	fuse_loop_cfg_set_idle_threads(config, WORKERS_IDLE);
	if (fuse_set_signal_handlers(session) == 0) {
		if (fuse_session_mount(session, mountpoint) == 0) {
			r = fuse_session_loop_mt(session, config);
			fuse_session_unmount(session);
		}
		fuse_remove_signal_handlers(session);
	}
	fuse_loop_cfg_destroy(config);
	return r;
}

int main(int argc, char **argv)
{
	char *options[] = {argv[0], (char *)"-oro,fsname=bare,subtype=bare"};
	struct fuse_args args = FUSE_ARGS_INIT(2, options);
	struct bare bare = {.next = FIRST_FILE};
	struct fuse_session *session;
	int r;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "inodes") != 0)) {
		fprintf(stderr, "usage: bare_fuse MOUNTPOINT [inodes]\n");
		return 2;
	}
	bare.inodes = argc == 3;
	session = fuse_session_new(&args, &ops, sizeof(ops), &bare);
	fuse_opt_free_args(&args);
	if (!session)
		return 1;
	r = serve(session, argv[1]);
	fuse_session_destroy(session);
	return r < 0;
}
