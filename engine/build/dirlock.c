/* SPDX-License-Identifier: Apache-2.0 */
#include "build/dirlock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"

/* How often the holder before may remove the file between our opening and our locking it. */
#define TRIES 16u

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool ng_dirlock_is_at(int dir_fd, int at_fd, const char *name, bool follow)
{
	struct stat opened, there;

	return fstat(dir_fd, &opened) == 0 &&
	       fstatat(at_fd, name, &there, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 &&
	       same(&opened, &there);
}

/* Opened anew: a network filesystem asks its server then, and may not where it is only asked for
 * the attributes. */
bool ng_dirlock_holds(const struct ng_dirlock *lock)
{
	ng_cleanup(ng_closep) int fd = -1;
	struct stat opened, there;

	if (lock->fd < 0)
		return true;
	fd = openat(lock->dir_fd, NG_DIRLOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &there) == 0 && fstat(lock->fd, &opened) == 0 &&
	       same(&opened, &there);
}

/* Open the file, or make it. */
static int file_open(int dir_fd, int *ret_fd, bool *ret_made)
{
	int r = ng_file_make(dir_fd, NG_DIRLOCK_NAME, O_RDWR | O_EXCL, ret_fd);

	*ret_made = r == 0;
	return r == -EEXIST ? ng_file_make(dir_fd, NG_DIRLOCK_NAME, O_RDWR, ret_fd) : r;
}

static int file_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int r;

	do
		r = fcntl(fd, F_OFD_SETLK, &whole);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static int fail(int code, const char *path, struct ng_error *err)
{
	const char *name = NG_DIRLOCK_NAME;

	switch (code) {
	case -EBUSY:
		return ng_fail(err, code,
			       "%s: another mkngramfs is at work on it; try again when it has "
			       "ended",
			       path);
	case -EEXIST:
	case -ELOOP:
	case -EISDIR:
		return ng_fail(err, -EEXIST,
			       "%s/%s: is in the way of the lock, and no build has made it; not "
			       "touching it, move it elsewhere",
			       path, name);
	default:
		return ng_fail(err, code, "%s/%s: cannot be made: %s%s", path, name,
			       strerror(-code), ng_file_advice(code));
	}
}

int ng_dirlock_take(struct ng_dirlock *lock, const char *path, struct ng_error *err)
{
	int r = -EEXIST;

	/* The holder before removes the file, perhaps in this moment; what is in its way stays. */
	for (unsigned i = 0; i < TRIES; i++) {
		struct ng_dirlock tried = {.dir_fd = lock->dir_fd, .fd = -1};
		bool made;

		r = file_open(lock->dir_fd, &tried.fd, &made);
		if (r == -EEXIST || r == -ENOENT)
			continue;
		if (r < 0)
			return fail(r, path, err);
		r = file_lock(tried.fd);
		if (r == 0 && ng_dirlock_holds(&tried)) {
			lock->fd = tried.fd;
			return 0;
		}
		close(tried.fd);
		if (r == -EBUSY)
			return fail(r, path, err);
		if (r < 0) {
			if (made)
				unlinkat(lock->dir_fd, NG_DIRLOCK_NAME, 0);
			return ng_fail(err, -EOPNOTSUPP,
				       "%s/" NG_DIRLOCK_NAME
				       ": cannot be locked: %s; without locks another mkngramfs "
				       "could not be told from this one: see LOCKS in "
				       "mkngramfs(1)",
				       path, strerror(-r));
		}
		r = -EEXIST;
	}
	return fail(r, path, err);
}

void ng_dirlock_release(struct ng_dirlock *lock)
{
	struct stat st;

	/* Ours is empty. Who has opened it already sees that it is gone when he has locked it. */
	if (lock->fd >= 0 && ng_dirlock_holds(lock) && fstat(lock->fd, &st) == 0 && st.st_size == 0)
		unlinkat(lock->dir_fd, NG_DIRLOCK_NAME, 0);
	ng_closep(&lock->fd);
	ng_closep(&lock->dir_fd);
	*lock = NG_DIRLOCK_NONE;
}
