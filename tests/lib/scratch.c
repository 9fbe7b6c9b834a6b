/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

int scratch_make(char path[SCRATCH_DIR_MAX])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, SCRATCH_DIR_MAX, "%s/ngramfs-test-XXXXXX", base && *base ? base : "/tmp");
	return mkdtemp(path) ? 0 : -errno;
}

int scratch_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(path) < 0 ? -errno : 0;
}

int scratch_write(const char *path, const void *data, size_t len)
{
	ng_cleanup(ng_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return write(fd, data, len) == (ssize_t)len ? 0 : -EIO;
}

uint8_t *scratch_read(const char *path, size_t *ret_len)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t len = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint8_t *data = len < 0 ? NULL : malloc((size_t)len + 1);

	if (data && pread(fd, data, (size_t)len, 0) != (ssize_t)len) {
		free(data);
		data = NULL;
	}
	*ret_len = data ? (size_t)len : 0;
	return data;
}
