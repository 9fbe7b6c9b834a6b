/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's view of a directory that it shares with others, as a network filesystem gives it: two
 * mounts of the same directory are two machines. flock(2) locks are each machine's own, as they are
 * on NFS and Gluster; those of fcntl(2) on regular files are shared, or, with --no-locks, fail.
 * There is no exchange of two names. With --replaced every second index.json that is opened is
 * stale when it is read, as where another machine has just given its name to the next one.
 *
 * usage: hostfs [--no-locks|--replaced] DIR MOUNTPOINT: serves in the foreground */
#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int dir_fd;
static int no_locks, replaced;

/* Of descriptors: that what it is of is stale. */
static atomic_bool stale[1024];
static atomic_uint manifests; /* opened so far */

/* Relative to the directory. */
static const char *at(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static int result(long r)
{
	return r < 0 ? -errno : (int)r;
}

static void *on_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	(void)conn;
	/* The other machine changes things, too; a file that is open may lose its name. */
	config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
	config->use_ino = 1;
	config->hard_remove = 1;
	config->nullpath_ok = 1;
	return NULL;
}

static int on_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	/* What is open may have lost its name, to another one. */
	if (fi)
		return result(fstat((int)fi->fh, st));
	return result(fstatat(dir_fd, at(path), st, AT_SYMLINK_NOFOLLOW));
}

static int on_opendir(const char *path, struct fuse_file_info *fi)
{
	int fd = openat(dir_fd, at(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	fi->fh = (uintptr_t)dir;
	return dir ? 0 : -errno;
}

static int on_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	DIR *dir = (DIR *)(uintptr_t)fi->fh;
	struct dirent *entry;

	(void)path;
	(void)offset;
	(void)flags;
	rewinddir(dir);
	while ((entry = readdir(dir)))
		fill(buf, entry->d_name, NULL, 0, 0);
	return 0;
}

static int on_releasedir(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	return result(closedir((DIR *)(uintptr_t)fi->fh));
}

static int on_mkdir(const char *path, mode_t mode)
{
	return result(mkdirat(dir_fd, at(path), mode));
}

static int on_unlink(const char *path)
{
	return result(unlinkat(dir_fd, at(path), 0));
}

static int on_rmdir(const char *path)
{
	return result(unlinkat(dir_fd, at(path), AT_REMOVEDIR));
}

static int on_rename(const char *from, const char *to, unsigned flags)
{
	return flags ? -EINVAL : result(renameat(dir_fd, at(from), dir_fd, at(to)));
}

static int open_as(const char *path, int flags, mode_t mode, struct fuse_file_info *fi)
{
	int fd = openat(dir_fd, at(path), flags | O_NOFOLLOW | O_CLOEXEC, mode);

	fi->fh = (uint64_t)fd;
	/* The kernel knows files by their names here, and would mix the pages of one whose name
	 * another machine has given to another file. */
	fi->direct_io = strstr(path, ".json") != NULL;
	if (fd < 0)
		return -errno;
	if (replaced && (size_t)fd < sizeof(stale) / sizeof(*stale))
		stale[fd] = strstr(path, "/index.json") && atomic_fetch_add(&manifests, 1) % 2 == 0;
	return 0;
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return open_as(path, fi->flags | O_CREAT, mode, fi);
}

/* The kernel has done the appending. */
static int on_open(const char *path, struct fuse_file_info *fi)
{
	return open_as(path, fi->flags & ~O_APPEND, 0, fi);
}

static int on_read(const char *path, char *buf, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	(void)path;
	if (replaced && fi->fh < sizeof(stale) / sizeof(*stale) && stale[fi->fh])
		return -ESTALE;
	return result(pread((int)fi->fh, buf, size, offset));
}

static int on_write(const char *path, const char *buf, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	(void)path;
	return result(pwrite((int)fi->fh, buf, size, offset));
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	int fd, r;

	if (fi)
		return result(ftruncate((int)fi->fh, size));
	fd = openat(dir_fd, at(path), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = result(ftruncate(fd, size));
	close(fd);
	return r;
}

static int on_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	(void)path;
	return result(data_only ? fdatasync((int)fi->fh) : fsync((int)fi->fh));
}

static int on_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	return result(close((int)fi->fh));
}

static int on_statfs(const char *path, struct statvfs *st)
{
	(void)path;
	return result(fstatvfs(dir_fd, st));
}

/* Each open file is one here, too, whose locks exclude those of all others; asking is not needed.
 */
static int on_lock(const char *path, struct fuse_file_info *fi, int cmd, struct flock *lock)
{
	(void)path;
	lock->l_pid = 0;
	if (no_locks)
		return -ENOLCK;
	return cmd == F_SETLK ? result(fcntl((int)fi->fh, F_OFD_SETLK, lock)) : -EOPNOTSUPP;
}

static const struct fuse_operations operations = {
	.init = on_init,
	.getattr = on_getattr,
	.opendir = on_opendir,
	.readdir = on_readdir,
	.releasedir = on_releasedir,
	.mkdir = on_mkdir,
	.unlink = on_unlink,
	.rmdir = on_rmdir,
	.rename = on_rename,
	.create = on_create,
	.open = on_open,
	.read = on_read,
	.write = on_write,
	.truncate = on_truncate,
	.fsync = on_fsync,
	.release = on_release,
	.statfs = on_statfs,
	.lock = on_lock,
};

int main(int argc, char **argv)
{
	char *fuse_argv[] = {argv[0], "-f", argv[argc - 1], NULL};

	no_locks = argc == 4 && strcmp(argv[1], "--no-locks") == 0;
	replaced = argc == 4 && strcmp(argv[1], "--replaced") == 0;
	if (argc != 3 + no_locks + replaced) {
		fprintf(stderr, "usage: %s [--no-locks|--replaced] DIR MOUNTPOINT\n", argv[0]);
		return 2;
	}
	dir_fd = open(argv[argc - 2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0) {
		perror(argv[argc - 2]);
		return 1;
	}
	umask(0);
	return fuse_main(3, fuse_argv, &operations, NULL);
}
