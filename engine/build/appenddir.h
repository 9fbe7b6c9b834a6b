/* SPDX-License-Identifier: Apache-2.0 */
/* An index that is added to: new shards are written beside the old ones, and belong to the index
 * once the manifest names them. Until then the index is what it was, whatever happens: nobody reads
 * a file that the manifest doesn't name, and the next one to add to the index removes it. */
#pragma once

#include "base/file.h"
#include "build/builder.h"
#include "format/manifest.h"

struct ng_appenddir;

/* Lock the index at `index` (see dirlock.h), read its manifest into *ret_manifest, which the caller
 * clears, and remove what a killed run has left. -ENOENT, -ENOTDIR, -EBUSY, -ESTALE, -EOPNOTSUPP,
 * -EPROTO (no index, or of another version), -EACCES, -ENOMEM, with err set. */
int ng_appenddir_new(const char *index, struct ng_manifest *ret_manifest,
		     struct ng_appenddir **ret_dir, struct ng_error *err);

/* Fill in what shapes an index (sampling, text store) as the manifest has it. -EINVAL, with err
 * set, where an option asks for something else. */
int ng_appenddir_options(const struct ng_manifest *manifest, struct ng_build_options *options,
			 struct ng_error *err);

/* The index directory: its path, and its descriptor; both are dir's own. */
const char *ng_appenddir_path(const struct ng_appenddir *dir);
int ng_appenddir_fd(const struct ng_appenddir *dir);

/* Where to open a file that the manifest names, whose path is given as ng_shard_paths_get has it:
 * in the directory, whatever has taken its path by now; or at that path, where it lies elsewhere,
 * or a link that somebody has put into the index leads there. */
struct ng_file_at ng_appenddir_file(const struct ng_appenddir *dir, const char *file,
				    const char *path);

/* Put manifest, which names old and new shards, into the place of the old one in one step, after
 * the shards are on disk. -ESTALE when the index was moved away meanwhile, or its manifest isn't
 * the one that was read any more, or its lock is gone; otherwise as writing a manifest. */
int ng_appenddir_publish(struct ng_appenddir *dir, const struct ng_manifest *manifest,
			 struct ng_error *err);

/* Unlock and free; files that the manifest on disk doesn't name are removed. */
struct ng_appenddir *ng_appenddir_free(struct ng_appenddir *dir);

static inline void ng_appenddir_freep(struct ng_appenddir **dir)
{
	ng_appenddir_free(*dir);
}
