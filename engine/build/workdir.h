/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that an index grows in, beside its place, and the rename that puts it there. */
#pragma once

#include "base/base.h"

struct ng_workdir;

/* Check output (absent, or with force an index, with nothing else in it, or an empty directory) and
 * make a directory beside it, OUTPUT.building. One that is there, of a build of this user's that
 * was interrupted, is taken up with resume, and emptied with force or when that build had finished
 * nothing (see journal.h); any other one is in the way: -EEXIST, -EPERM. Both, the
 * directory and an index that is to be replaced, are locked (see dirlock.h) until ng_workdir_free:
 * where there are no locks, only what nobody else can have opened is worked in. All of them, and
 * the directory that they are in, are opened once: whatever takes their paths later is left alone.
 * -EBUSY (locked), -EOPNOTSUPP (no locks), -ESTALE, -EACCES, -ENOENT (no parent), -ENOTDIR,
 * -ENOMEM, with err. */
int ng_workdir_new(const char *output, bool force, bool resume, struct ng_workdir **ret_workdir,
		   struct ng_error *err);

/* Whether anything in it is worth to go on with; then ng_workdir_free leaves it. */
bool ng_workdir_keep(struct ng_workdir *workdir);

/* Path of the directory, for messages, and its descriptor, for everything else; both are the
 * workdir's own. */
const char *ng_workdir_path(const struct ng_workdir *workdir);
int ng_workdir_fd(const struct ng_workdir *workdir);

/* Rename it to output and sync the parent. What stood there with force is exchanged for it in one
 * step, then removed; on a filesystem that cannot exchange, it is called OUTPUT.replaced for a
 * moment. -EEXIST when something has come there meanwhile, -ESTALE when something has taken the
 * place of what was opened, or of its lock; after an error what stood at output still does. */
int ng_workdir_publish(struct ng_workdir *workdir, struct ng_error *err);

/* Free; the directory is removed with its files unless it was published, or is kept. */
struct ng_workdir *ng_workdir_free(struct ng_workdir *workdir);
