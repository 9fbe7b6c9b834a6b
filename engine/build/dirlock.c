#include "build/dirlock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

bool ng_dirlock_is_at(int fd, const char *path)
{
	struct stat locked, there;

	return fstat(fd, &locked) == 0 && stat(path, &there) == 0 &&
	       locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
}

int ng_dirlock_take(const char *path, int *ret_fd, struct ng_error *err)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return ng_fail(err, -EBUSY,
				       "%s: another mkngramfs is at work on it; try again when it "
				       "has ended",
				       path);
		return ng_fail(err, -EOPNOTSUPP, "%s: cannot lock: %s", path, strerror(errno));
	}
	/* The holder before may have put another index into its place. */
	if (!ng_dirlock_is_at(fd, path))
		return ng_fail(err, -ESTALE, "%s: was replaced just now; try again", path);
	*ret_fd = ng_steal_fd(&fd);
	return 0;
}
