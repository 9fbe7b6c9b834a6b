/* SPDX-License-Identifier: Apache-2.0 */
/* Where the shards of an index are. Most lie in its own directory; those of an index that was
 * joined from others stay where they were, and the manifest names them by a path. A manifest may
 * come from a stranger: of what such a path leads to, only that is opened which lies below the
 * directory that the index itself lies in, or below one that whoever opens it has named. */
#pragma once

#include "base/base.h"

/* Whether a manifest may hold it: the name of a file in the index directory, of letters, digits,
 * '.', '_' and '-', without a leading dot; or a path to such a file, from the index directory or,
 * with a '/' before it, from the root. A path is UTF-8 without control characters, has no empty
 * component and none that is "."; ".." only at its beginning, and not behind a '/'; and
 * NG_SHARD_PATH_MAX bytes at most. So no path can be written in two ways but by links. */
bool ng_shard_path_ok(const char *file);

#define NG_SHARD_PATH_MAX 4095u

/* Whether that is a path, and not the name of a file in the index directory. */
static inline bool ng_shard_path_outside(const char *file)
{
	return strchr(file, '/') != NULL;
}

/* 0 where a list of directories is one: absolute paths with ':' between; NULL and "" are those of
 * none. -EINVAL with err. */
int ng_shard_roots_check(const char *list, struct ng_error *err);

/* The environment variable with such a list for where none is given on a command line. */
#define NG_OUTSIDE_VARIABLE "NGRAMFS_OUTSIDE"

struct ng_shard_paths;

/* The paths of an index's shards. dir: the index; outside: directories below which shards may lie,
 * as ng_shard_roots_check has them. One that doesn't exist has nothing below it. -EINVAL, -ENOMEM,
 * with err. */
int ng_shard_paths_new(const char *dir, const char *outside, struct ng_shard_paths **ret_paths,
		       struct ng_error *err);
struct ng_shard_paths *ng_shard_paths_free(struct ng_shard_paths *paths);

static inline void ng_shard_paths_freep(struct ng_shard_paths **paths)
{
	ng_shard_paths_free(*paths);
}

/* The path to open for a file that the manifest names, which the caller frees. Of one in the index
 * directory nothing is looked at. Otherwise the directory that it lies in is what counts, links in
 * its path followed. Not thread-safe: a directory that was looked at last isn't looked at again.
 * -EUCLEAN: that directory is gone. -EPERM: it is neither below the directory that the index lies
 * in nor below another that was named. -ENOMEM, -EACCES and what else the filesystem says. All with
 * err naming the path. */
int ng_shard_paths_get(struct ng_shard_paths *paths, const char *file, char **ret_path,
		       struct ng_error *err);
