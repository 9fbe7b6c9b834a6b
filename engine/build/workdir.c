/* SPDX-License-Identifier: Apache-2.0 */
#include "build/workdir_internal.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "base/file.h"
#include "build/ours.h"
#include "format/manifest.h"
#include "merge/journal.h"

static int dir_open(int at_fd, const char *name)
{
	int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---- what is there already ---- */

/* An index, which is locked from here on. */
static int index_check(struct ng_workdir *workdir, bool force, struct ng_error *err)
{
	const char *output = workdir->output;
	int r;

	if (!ng_workdir_has_file(workdir->old.dir_fd, NG_MANIFEST_NAME))
		return ng_fail(
			err, -EEXIST,
			"%s: exists and is not an index; not touching it: name another place",
			output);
	if (!force)
		return ng_fail(err, -EEXIST, "%s: exists; use --force to replace it", output);
	r = ng_ours_check(workdir->old.dir_fd, output, err);
	if (r == 0)
		r = ng_dirlock_take(&workdir->old, output, err);
	/* The holder before may have put another index into its place. */
	if (r == 0 &&
	    !ng_dirlock_is_at(workdir->old.dir_fd, workdir->parent_fd, workdir->name, false))
		return ng_fail(err, -ESTALE, "%s: was replaced just now; try again", output);
	return r;
}

static int output_check(struct ng_workdir *workdir, bool force, struct ng_error *err)
{
	int fd = dir_open(workdir->parent_fd, workdir->name);

	if (fd == -ENOENT)
		return 0;
	if (fd == -ENOTDIR || fd == -ELOOP)
		return ng_fail(
			err, -EEXIST,
			"%s: exists and is not an index; not touching it: name another place",
			workdir->output);
	if (fd < 0)
		return ng_fail(err, fd, "%s: %s", workdir->output, strerror(-fd));
	workdir->old.dir_fd = fd;
	if (ng_ours_nothing(fd) && !ng_workdir_has_file(fd, NG_DIRLOCK_NAME))
		return 0;
	return index_check(workdir, force, err);
}

/* A directory that was there: is it one that a build of this user's has made? A build begins with a
 * lock and a journal. */
static int work_check(const struct ng_workdir *workdir, struct ng_error *err)
{
	int fd = workdir->work.dir_fd;
	const char *path = workdir->path;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return ng_fail(err, -EPERM, "%s: belongs to somebody else; not working in it",
			       path);
	if (ng_ours_nothing(fd))
		return 0;
	if (!ng_workdir_has_file(fd, NG_JOURNAL_NAME))
		return ng_fail(err, -EEXIST,
			       "%s: is in the way of the build, and no build has made it; not "
			       "touching it, move it elsewhere",
			       path);
	return ng_ours_check(fd, path, err);
}

/* One that was just made: is it, or has somebody put his own into its place? A server may call us
 * by another name, but then calls everything so that we make. */
static int made_check(const struct ng_workdir *workdir, struct ng_error *err)
{
	struct stat dir, file;

	if (fstat(workdir->work.dir_fd, &dir) < 0)
		return ng_fail(err, -errno, "%s: %s", workdir->path, strerror(errno));
	if (dir.st_uid == geteuid() ||
	    (workdir->work.fd >= 0 && fstat(workdir->work.fd, &file) == 0 &&
	     file.st_uid == dir.st_uid))
		return 0;
	return ng_fail(err, -EPERM, "%s: belongs to somebody else; not working in it",
		       workdir->path);
}

/* ---- the directory to work in ---- */

static int work_open(struct ng_workdir *workdir, struct ng_error *err)
{
	int fd = dir_open(workdir->parent_fd, workdir->work_name);

	if (fd == -ENOTDIR || fd == -ELOOP)
		return ng_fail(err, -EEXIST,
			       "%s: is in the way of the build, and no directory; not touching it, "
			       "move it elsewhere",
			       workdir->path);
	if (fd < 0)
		return ng_fail(err, fd, "%s: %s", workdir->path, strerror(-fd));
	workdir->work.dir_fd = fd;
	return 0;
}

static int work_make(struct ng_workdir *workdir, struct ng_error *err)
{
	int r = work_open(workdir, err);

	if (r == 0) {
		r = ng_dirlock_take(&workdir->work, workdir->path, err);
		/* Where there are no locks, nobody else works in what we have made. */
		if (r == 0 || r == -EOPNOTSUPP)
			r = made_check(workdir, err);
	}
	/* Nothing is lost with it, whosever it is: it goes only when it is empty. */
	if (r < 0) {
		ng_dirlock_release(&workdir->work);
		unlinkat(workdir->parent_fd, workdir->work_name, AT_REMOVEDIR);
	}
	return r;
}

/* One that is there from a build that was interrupted. */
static int work_take(struct ng_workdir *workdir, bool force, bool resume, struct ng_error *err)
{
	int r = work_open(workdir, err);

	if (r == 0)
		r = work_check(workdir, err);
	if (r == 0)
		r = ng_dirlock_take(&workdir->work, workdir->path, err);
	if (r == -EBUSY)
		return ng_fail(err, r, "%s: another build is at work there", workdir->path);
	if (r == 0)
		r = work_check(workdir, err);
	if (r < 0)
		return r;
	if (!ng_dirlock_is_at(workdir->work.dir_fd, workdir->parent_fd, workdir->work_name, false))
		return ng_fail(err, -ESTALE, "%s: another build has ended just now; try again",
			       workdir->path);
	if (ng_journal_exists(workdir->work.dir_fd)) {
		if (resume)
			return 0;
		if (!force)
			return ng_fail(err, -EEXIST,
				       "%s: holds what an interrupted build has finished; "
				       "--resume goes on with it, --force begins anew",
				       workdir->path);
	}
	r = ng_ours_remove(workdir->work.dir_fd, NULL, NULL);
	return r < 0 ? ng_fail(err, r, "%s: cannot be emptied: %s", workdir->path, strerror(-r))
		     : 0;
}

static int work_begin(struct ng_workdir *workdir, bool force, bool resume, struct ng_error *err)
{
	if (mkdirat(workdir->parent_fd, workdir->work_name, 0777) == 0)
		return work_make(workdir, err);
	if (errno != EEXIST)
		return ng_fail(err, -errno, "%s: cannot make a directory here: %s%s",
			       workdir->parent, strerror(errno), ng_file_advice(-errno));
	return work_take(workdir, force, resume, err);
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int names_make(struct ng_workdir *workdir, const char *output, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *scratch = NULL;
	size_t len;

	workdir->output = strdup(output);
	if (!workdir->output)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (len = strlen(output); len > 1 && workdir->output[len - 1] == '/'; len--)
		workdir->output[len - 1] = 0;
	if (!*workdir->output)
		return ng_fail(err, -EINVAL, "the index's name is empty");
	scratch = strdup(workdir->output);
	workdir->parent = scratch ? strdup(dirname(scratch)) : NULL;
	if (!workdir->parent || asprintf(&workdir->path, "%s" NG_BUILDING, workdir->output) < 0) {
		workdir->path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	workdir->name = last_component(workdir->output);
	workdir->work_name = last_component(workdir->path);
	return 0;
}

int ng_workdir_new(const char *output, bool force, bool resume, struct ng_workdir **ret_workdir,
		   struct ng_error *err)
{
	struct ng_workdir *workdir = calloc(1, sizeof(*workdir));
	int r;

	if (!workdir)
		return ng_fail(err, -ENOMEM, "out of memory");
	workdir->old = workdir->work = NG_DIRLOCK_NONE;
	workdir->parent_fd = -1;
	r = names_make(workdir, output, err);
	if (r == 0) {
		/* It need not be readable. */
		workdir->parent_fd = open(workdir->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (workdir->parent_fd < 0)
			r = ng_fail(err, -errno, "%s: cannot make a directory here: %s%s",
				    workdir->parent, strerror(errno), ng_file_advice(-errno));
	}
	if (r == 0)
		r = output_check(workdir, force, err);
	if (r == 0)
		r = work_begin(workdir, force, resume, err);
	if (r < 0) {
		/* It is nobody's, or another's. */
		workdir->kept = true;
		ng_workdir_free(workdir);
		return r;
	}
	*ret_workdir = workdir;
	return 0;
}

bool ng_workdir_keep(struct ng_workdir *workdir)
{
	workdir->kept = ng_journal_exists(workdir->work.dir_fd);
	return workdir->kept;
}

const char *ng_workdir_path(const struct ng_workdir *workdir)
{
	return workdir->path;
}

int ng_workdir_fd(const struct ng_workdir *workdir)
{
	return workdir->work.dir_fd;
}

struct ng_workdir *ng_workdir_free(struct ng_workdir *workdir)
{
	bool removes =
		workdir && workdir->work.dir_fd >= 0 && !workdir->published && !workdir->kept;

	if (!workdir)
		return NULL;
	if (removes)
		ng_ours_remove(workdir->work.dir_fd, NULL, NULL);
	ng_dirlock_release(&workdir->work);
	ng_dirlock_release(&workdir->old);
	if (removes)
		unlinkat(workdir->parent_fd, workdir->work_name, AT_REMOVEDIR);
	ng_closep(&workdir->parent_fd);
	free(workdir->output);
	free(workdir->parent);
	free(workdir->path);
	free(workdir);
	return NULL;
}
