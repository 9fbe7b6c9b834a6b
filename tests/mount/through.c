/* SPDX-License-Identifier: Apache-2.0 */
/* through DIR MOUNTPOINT [libfuse's options]: shows a directory's files at another place, for
 * reading, as a server would: when it is stopped, whoever reads there waits. */
#define FUSE_USE_VERSION 31

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int top_fd;

static const char *below(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static int on_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	return fstatat(top_fd, below(path), st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int on_open(const char *path, struct fuse_file_info *fi)
{
	int fd = openat(top_fd, below(path), O_RDONLY);

	if (fd < 0)
		return -errno;
	fi->fh = (uint64_t)fd;
	return 0;
}

static int on_read(const char *path, char *buf, size_t len, off_t offset, struct fuse_file_info *fi)
{
	ssize_t n = pread((int)fi->fh, buf, len, offset);

	return n < 0 ? -errno : (int)n;
}

static int on_release(const char *path, struct fuse_file_info *fi)
{
	close((int)fi->fh);
	return 0;
}

static int on_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
		      struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	int fd = openat(top_fd, below(path), O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		fill(buf, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations operations = {
		.getattr = on_getattr,
		.open = on_open,
		.read = on_read,
		.release = on_release,
		.readdir = on_readdir,
	};

	if (argc < 3 || (top_fd = open(argv[1], O_RDONLY | O_DIRECTORY)) < 0) {
		fprintf(stderr, "usage: through DIR MOUNTPOINT [OPTION]...\n");
		return 2;
	}
	argv[1] = argv[0];
	return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
