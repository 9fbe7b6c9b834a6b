/* SPDX-License-Identifier: Apache-2.0 */
/* What was built takes its place, and what stood there goes. */
#include "build/workdir_internal.h"

#include <fcntl.h>

#include "base/file.h"
#include "build/ours.h"
#include "merge/journal.h"

#define REPLACED ".replaced"

/* What is exchanged is removed: only what was looked at when the build began, and only what an
 * index consists of. */
static int places_check(const struct ng_workdir *workdir, struct ng_error *err)
{
	bool replaces = workdir->old.dir_fd >= 0;

	if (!ng_dirlock_is_at(workdir->work.dir_fd, workdir->parent_fd, workdir->work_name, false))
		return ng_fail(err, -ESTALE, "%s: was moved while the index was built",
			       workdir->path);
	if (replaces &&
	    !ng_dirlock_is_at(workdir->old.dir_fd, workdir->parent_fd, workdir->name, false))
		return ng_fail(err, -ESTALE, "%s: was moved while the index was built",
			       workdir->output);
	if (!ng_dirlock_holds(&workdir->work) || !ng_dirlock_holds(&workdir->old))
		return ng_fail(err, -ESTALE,
			       "%s: its lock was removed while the index was built; two builds "
			       "may be at work",
			       workdir->output);
	if (replaces && workdir->old.fd < 0 && !ng_ours_nothing(workdir->old.dir_fd))
		return ng_fail(err, -EEXIST, "%s: is not empty any more", workdir->output);
	return 0;
}

static int rename_fail(const struct ng_workdir *workdir, int code, struct ng_error *err)
{
	return code == -EEXIST ? ng_fail(err, code, "%s: appeared while the index was built",
					 workdir->output)
			       : ng_fail(err, code, "%s: cannot rename the index here: %s%s",
					 workdir->output, strerror(-code), ng_file_advice(code));
}

static int name_change(const struct ng_workdir *workdir, const char *from, const char *to,
		       unsigned flags)
{
	return renameat2(workdir->parent_fd, from, workdir->parent_fd, to, flags) < 0 ? -errno : 0;
}

/* On a filesystem without an exchange. *ret_aside: what the old one is called then; NULL: there was
 * none. */
static int plain_rename(struct ng_workdir *workdir, char **ret_aside, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *aside = NULL;
	int r;

	if (workdir->old.dir_fd < 0) {
		if (ng_workdir_has_file(workdir->parent_fd, workdir->name))
			return rename_fail(workdir, -EEXIST, err);
		r = name_change(workdir, workdir->work_name, workdir->name, 0);
		return r < 0 ? rename_fail(workdir, r, err) : 0;
	}
	if (asprintf(&aside, "%s" REPLACED, workdir->name) < 0) {
		aside = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	if (ng_workdir_has_file(workdir->parent_fd, aside))
		return ng_fail(err, -EEXIST,
			       "%s" REPLACED ": is in the way, perhaps of an earlier run that was "
			       "killed when it replaced the index; move it elsewhere",
			       workdir->output);
	r = name_change(workdir, workdir->name, aside, 0);
	if (r < 0)
		return rename_fail(workdir, r, err);
	r = name_change(workdir, workdir->work_name, workdir->name, 0);
	if (r < 0) {
		name_change(workdir, aside, workdir->name, 0);
		return rename_fail(workdir, r, err);
	}
	*ret_aside = ng_steal_ptr(&aside);
	return 0;
}

/* Take it back. */
static void rename_undo(const struct ng_workdir *workdir, const char *aside)
{
	bool exchanged = aside && strcmp(aside, workdir->work_name) == 0;

	name_change(workdir, workdir->name, workdir->work_name, exchanged ? RENAME_EXCHANGE : 0);
	if (aside && !exchanged)
		name_change(workdir, aside, workdir->name, 0);
}

static int parent_sync(const struct ng_workdir *workdir, struct ng_error *err)
{
	ng_cleanup(ng_closep) int fd =
		openat(workdir->parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) == 0)
		return 0;
	return ng_fail(err, -errno, "%s: cannot sync to disk: %s", workdir->parent,
		       strerror(errno));
}

/* What of it isn't ours stays, and the directory with it. */
static void old_remove(struct ng_workdir *workdir, const char *name)
{
	ng_ours_remove(workdir->old.dir_fd, NULL, NULL);
	ng_dirlock_release(&workdir->old);
	unlinkat(workdir->parent_fd, name, AT_REMOVEDIR);
}

/* What is exchanged for the new index is soon called as a directory that builds work in is. By its
 * journal it is known for one, should this be killed before it is removed. */
static int old_mark(const struct ng_workdir *workdir, struct ng_error *err)
{
	ng_cleanup(ng_closep) int fd = -1;
	int r = ng_file_make(workdir->old.dir_fd, NG_JOURNAL_NAME, O_RDWR, &fd);

	return r < 0 ? ng_fail(err, r, "%s: cannot be replaced: %s%s", workdir->output,
			       strerror(-r), ng_file_advice(r))
		     : 0;
}

static void old_unmark(const struct ng_workdir *workdir)
{
	if (workdir->old.dir_fd >= 0)
		unlinkat(workdir->old.dir_fd, NG_JOURNAL_NAME, 0);
}

int ng_workdir_publish(struct ng_workdir *workdir, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *aside = NULL;
	bool replaces = workdir->old.dir_fd >= 0;
	int r = places_check(workdir, err);

	if (r < 0)
		return r;
	if (replaces) {
		aside = strdup(workdir->work_name);
		if (!aside)
			return ng_fail(err, -ENOMEM, "out of memory");
		r = old_mark(workdir, err);
		if (r < 0)
			return r;
	}
	r = name_change(workdir, workdir->work_name, workdir->name,
			replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE);
	if (r == -EINVAL || r == -ENOSYS) {
		free(ng_steal_ptr(&aside));
		r = plain_rename(workdir, &aside, err);
	} else if (r < 0) {
		rename_fail(workdir, r, err);
	}
	if (r < 0) {
		old_unmark(workdir);
		return r;
	}
	r = ng_dirlock_is_at(workdir->work.dir_fd, workdir->parent_fd, workdir->name, false)
		    ? parent_sync(workdir, err)
		    : ng_fail(err, -ESTALE, "%s: was moved while the index was built",
			      workdir->path);
	if (r < 0) {
		rename_undo(workdir, aside);
		old_unmark(workdir);
		return r;
	}
	workdir->published = true;
	if (replaces)
		old_remove(workdir, aside);
	return 0;
}
