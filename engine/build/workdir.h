/* The directory that an index grows in, beside its place, and the rename that puts it there. */
#pragma once

#include "base/base.h"

struct ng_workdir;

/* Check output (absent, or with force an index or an empty directory) and make a directory with a
 * name of its own beside it. An index that is to be replaced is locked (see dirlock.h) until
 * ng_workdir_free. -EEXIST, -EBUSY (locked), -ESTALE, -EACCES, -ENOENT (no parent), -ENOTDIR,
 * -ENOMEM, with err. */
int ng_workdir_new(const char *output, bool force, struct ng_workdir **ret_workdir,
		   struct ng_error *err);

/* Path of the directory. */
const char *ng_workdir_path(const struct ng_workdir *workdir);

/* Rename it to output and sync the parent. What stood there with force is exchanged for it in one
 * step, then removed. -EEXIST when something has come there meanwhile. */
int ng_workdir_publish(struct ng_workdir *workdir, struct ng_error *err);

/* Free; the directory is removed with its files unless it was published. */
struct ng_workdir *ng_workdir_free(struct ng_workdir *workdir);

static inline void ng_workdir_freep(struct ng_workdir **workdir)
{
	ng_workdir_free(*workdir);
}
