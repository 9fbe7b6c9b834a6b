/* One writer at a time: a lock on an index directory itself, so that no lock file stays behind. */
#pragma once

#include "base/base.h"

/* Lock the directory at path until *ret_fd is closed, also by the death of the process. Readers
 * don't look at the lock. Returns without waiting:
 *   -EBUSY       another process holds it
 *   -ENOTDIR, -ENOENT, -EACCES
 *   -ESTALE      path became another directory meanwhile
 *   -EOPNOTSUPP  the filesystem has no such locks
 * with err set. */
int ng_dirlock_take(const char *path, int *ret_fd, struct ng_error *err);

/* Whether path still is the directory that fd has locked: it may have been moved, and another may
 * be in its place. */
bool ng_dirlock_is_at(int fd, const char *path);
