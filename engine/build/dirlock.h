/* SPDX-License-Identifier: Apache-2.0 */
/* One writer at a time: a lock on a file in a directory that is worked in. A lock on the directory
 * itself would not do: NFS and Gluster keep those to the machine that takes them. An open file
 * description lock (fcntl(2), F_OFD_SETLK) on a regular file is one that network filesystems share,
 * unlike flock(2), which Gluster keeps to the machine as well; and nothing else that the process
 * does with the file gives it up. */
#pragma once

#include "base/base.h"

/* The file is there, empty, while the lock is held; and after the death of the process that held
 * it, until somebody else has held it. */
#define NG_DIRLOCK_NAME "mkngramfs.lock"

/* A directory that was opened once, and the lock of who works in it. */
struct ng_dirlock {
	int dir_fd; /* -1: none; also where it is not locked */
	int fd;     /* of the file; -1: not locked */
};

#define NG_DIRLOCK_NONE ((struct ng_dirlock){-1, -1})

/* Lock the directory that lock->dir_fd has opened until ng_dirlock_release, or the death of the
 * process. path: its name in messages. Readers don't look at the lock. Returns without waiting:
 *   -EBUSY       another process holds it, of this machine or another one
 *   -EOPNOTSUPP  the filesystem has no such locks; nothing is left behind
 *   -EEXIST      what has the file's name is something else
 *   -EACCES, -EROFS, -ENOSPC and others: the file cannot be made
 * with err set. */
int ng_dirlock_take(struct ng_dirlock *lock, const char *path, struct ng_error *err);

/* Unlock, and close the directory. The file goes first. Fine with NG_DIRLOCK_NONE. */
void ng_dirlock_release(struct ng_dirlock *lock);

/* Whether the file of the lock is still the one in the directory: who may write there would
 * have to remove it. Fine where it isn't locked. */
bool ng_dirlock_holds(const struct ng_dirlock *lock);

/* Whether name, in the directory at_fd (or AT_FDCWD), still is the directory that dir_fd has
 * opened: it may have been moved, and another may be in its place. A link to it counts with follow
 * only. */
bool ng_dirlock_is_at(int dir_fd, int at_fd, const char *name, bool follow);
