/* SPDX-License-Identifier: Apache-2.0 */
/* The files that builds make, told by their names. What has another name is somebody else's: it is
 * never removed, and no index is put into its place. */
#pragma once

#include "base/base.h"

/* Whether a directory, opened by dir_fd, holds nothing but such files. path is its name in the
 * message, which names the first of others: -EEXIST; or the errno of reading it. */
int ng_ours_check(int dir_fd, const char *path, struct ng_error *err);

/* Whether a directory holds nothing, or nothing but a lock's file (see dirlock.h). Where it cannot
 * be read: no. */
bool ng_ours_nothing(int dir_fd);

/* Remove them from a directory, but for a lock's file, which goes with the lock: those for which
 * `unless` (NULL: none) says so, and what has another name, left alone. Returns 0, or the errno of
 * the last one that could not be removed. */
int ng_ours_remove(int dir_fd, bool (*unless)(const void *userdata, const char *name),
		   const void *userdata);
