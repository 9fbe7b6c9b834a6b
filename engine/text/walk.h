/* The regular files of a directory tree, in byte order of their paths. Symbolic links below the
 * root are not followed; FIFOs, sockets and devices are passed over. */
#pragma once

#include "base/base.h"

struct ng_walk;

/* root is copied; it is not opened before the first ng_walk_next. -ENOMEM. */
int ng_walk_new(const char *root, struct ng_walk **ret_walk);
struct ng_walk *ng_walk_free(struct ng_walk *walk);

/* The next file: *ret_path is the root, "/" and the path below it, good until the next call;
 * *ret_bytes is its size. Memory: the names of one directory a level. Returns 1, 0 at the end, or
 * a negative errno with err set when a directory cannot be read; the walk may go on without it. */
int ng_walk_next(struct ng_walk *walk, const char **ret_path, uint64_t *ret_bytes,
		 struct ng_error *err);

static inline void ng_walk_freep(struct ng_walk **walk)
{
	ng_walk_free(*walk);
}
