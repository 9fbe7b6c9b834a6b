/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Add what a call moved to *done: 1 to go on, 0 at the end, or what it failed with. Requires that
 * errno is the call's. */
static int moved(ssize_t n, size_t *done)
{
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	*done += (size_t)n;
	return n > 0;
}

/* What a function returns whose last call said r. */
static int finish(int r, size_t done, size_t len, bool short_ok, size_t *ret_len)
{
	if (ret_len)
		*ret_len = done;
	if (r < 0)
		return r;
	return done < len && !short_ok ? -EIO : 0;
}

int ng_file_read_at(int fd, void *buf, size_t len, uint64_t offset, size_t *ret_len)
{
	size_t done = 0;
	int r = 1;

	while (r > 0 && done < len)
		r = moved(pread(fd, (uint8_t *)buf + done, len - done, (off_t)(offset + done)),
			  &done);
	return finish(r, done, len, ret_len, ret_len);
}

int ng_file_write_at(int fd, const void *data, size_t len, uint64_t offset, size_t *ret_len)
{
	size_t done = 0;
	int r = 1;

	while (r > 0 && done < len)
		r = moved(pwrite(fd, (const uint8_t *)data + done, len - done,
				 (off_t)(offset + done)),
			  &done);
	return finish(r, done, len, false, ret_len);
}

int ng_file_read(int fd, void *buf, size_t len, size_t *ret_len)
{
	size_t done = 0;
	int r = 1;

	while (r > 0 && done < len)
		r = moved(read(fd, (uint8_t *)buf + done, len - done), &done);
	return finish(r, done, len, ret_len, ret_len);
}

int ng_file_write(int fd, const void *data, size_t len, size_t *ret_len)
{
	size_t done = 0;
	int r = 1;

	while (r > 0 && done < len)
		r = moved(write(fd, (const uint8_t *)data + done, len - done), &done);
	return finish(r, done, len, false, ret_len);
}

int ng_file_make(int dir_fd, const char *path, int flags, int *ret_fd)
{
	ng_cleanup(ng_closep) int fd =
		openat(dir_fd, path, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return -EEXIST;
	*ret_fd = ng_steal_fd(&fd);
	return 0;
}

const char *ng_file_name(const struct ng_file_at *file)
{
	const char *slash = file->dir_fd == AT_FDCWD ? NULL : strrchr(file->path, '/');

	return slash ? slash + 1 : file->path;
}

const char *ng_file_advice(int code)
{
	return code == -ENOSPC || code == -EDQUOT ? "; make room there or choose another place"
						  : "";
}
