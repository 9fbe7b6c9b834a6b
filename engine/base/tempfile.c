/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tempfile.h"

#include <sys/random.h>

#define TRIES 100u

/* One that nobody else has made. */
static int named_open(int dir_fd)
{
	for (unsigned i = 0; i < TRIES; i++) {
		char name[32];
		uint64_t number;
		int fd;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		snprintf(name, sizeof(name), "ngramfs-%016llx", (unsigned long long)number);
		fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		unlinkat(dir_fd, name, 0);
		return fd;
	}
	return -EEXIST;
}

int ng_tempfile_open(struct ng_tempdir dir)
{
	ng_cleanup(ng_closep) int opened = -1;
	int dir_fd = dir.fd, fd;

	if (dir_fd == AT_FDCWD)
		dir_fd = opened = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -errno;
	return named_open(dir_fd);
}
