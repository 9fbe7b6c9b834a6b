#include "build/workdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "build/dirlock.h"
#include "build/ours.h"
#include "format/manifest.h"
#include "merge/journal.h"

struct ng_workdir {
	char *output; /* without slashes at its end */
	char *parent;
	char *path;
	int lock_fd;  /* of what is to be replaced; -1: not locked */
	int work_fd;  /* of the directory itself */
	bool replace; /* something at output is to be replaced, */
	bool empty;   /* an empty directory */
	bool published, kept;
};

static char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static bool is_empty_dir(const char *path)
{
	DIR *dir = opendir(path);
	unsigned entries = 0;

	if (!dir)
		return false;
	while (entries <= 2 && readdir(dir))
		entries++;
	closedir(dir);
	return entries == 2;
}

static bool is_index(const char *path)
{
	ng_cleanup(ng_freep) char *manifest = join(path, NG_MANIFEST_NAME);

	return manifest && access(manifest, F_OK) == 0;
}

static int output_check(const char *output, bool force, bool *ret_replace, struct ng_error *err)
{
	ng_cleanup(ng_closep) int dir_fd = -1;
	struct stat st;
	int r;

	if (lstat(output, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return ng_fail(err, -errno, "%s: %s", output, strerror(errno));
	}
	if (S_ISDIR(st.st_mode) && is_empty_dir(output)) {
		*ret_replace = true;
		return 0;
	}
	if (!S_ISDIR(st.st_mode) || !is_index(output))
		return ng_fail(err, -EEXIST, "%s: exists and is not an index; not touching it",
			       output);
	if (!force)
		return ng_fail(err, -EEXIST, "%s: exists; use --force to replace it", output);
	dir_fd = open(output, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return ng_fail(err, -errno, "%s: %s", output, strerror(errno));
	r = ng_ours_check(dir_fd, output, err);
	*ret_replace = r == 0;
	return r;
}

/* What of it isn't ours stays, and the directory with it. */
static void remove_dir(const char *path)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	ng_ours_remove(fd, NULL, NULL);
	rmdir(path);
}

/* A directory that was there: is it one that a build of this user's has made? A build begins with a
 * journal. */
static int work_check(const struct ng_workdir *workdir, struct ng_error *err)
{
	const char *path = workdir->path;
	struct stat st;

	if (fstat(workdir->work_fd, &st) < 0)
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return ng_fail(err, -EPERM, "%s: belongs to somebody else; not working in it",
			       path);
	if (is_empty_dir(path))
		return 0;
	if (faccessat(workdir->work_fd, NG_JOURNAL_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return ng_fail(err, -EEXIST,
			       "%s: is in the way of the build, and no build has made it; not "
			       "touching it, move it elsewhere",
			       path);
	return ng_ours_check(workdir->work_fd, path, err);
}

/* The directory to work in, which may be there from a build that was interrupted. */
static int work_begin(struct ng_workdir *workdir, bool force, bool resume, struct ng_error *err)
{
	bool was_there = mkdir(workdir->path, 0777) < 0;
	struct stat st;
	int r;

	if (was_there && errno != EEXIST)
		return ng_fail(err, -errno, "%s: cannot make a directory here: %s", workdir->parent,
			       strerror(errno));
	if (lstat(workdir->path, &st) < 0 || !S_ISDIR(st.st_mode))
		return ng_fail(err, -EEXIST,
			       "%s: is in the way of the build, and no directory; not touching it, "
			       "move it elsewhere",
			       workdir->path);
	r = ng_dirlock_take(workdir->path, &workdir->work_fd, err);
	if (r == -EBUSY)
		return ng_fail(err, r, "%s: another build is at work there", workdir->path);
	/* Where there are no locks, nobody can be told from anybody. */
	if (r < 0 && (r != -EOPNOTSUPP || was_there))
		return r;
	if (!was_there)
		return 0;
	r = work_check(workdir, err);
	if (r < 0 || (resume && ng_journal_exists(workdir->path)))
		return r;
	if (!force && ng_journal_exists(workdir->path))
		return ng_fail(err, -EEXIST,
			       "%s: holds what an interrupted build has finished; --resume goes on "
			       "with it, --force begins anew",
			       workdir->path);
	r = ng_ours_remove(workdir->work_fd, NULL, NULL);
	return r < 0 ? ng_fail(err, r, "%s: cannot be emptied: %s", workdir->path, strerror(-r))
		     : 0;
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
	if (!workdir->parent || asprintf(&workdir->path, "%s.building", workdir->output) < 0) {
		workdir->path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

int ng_workdir_new(const char *output, bool force, bool resume, struct ng_workdir **ret_workdir,
		   struct ng_error *err)
{
	struct ng_workdir *workdir = calloc(1, sizeof(*workdir));
	int r;

	if (!workdir)
		return ng_fail(err, -ENOMEM, "out of memory");
	workdir->lock_fd = workdir->work_fd = -1;
	r = names_make(workdir, output, err);
	if (r == 0)
		r = output_check(workdir->output, force, &workdir->replace, err);
	workdir->empty = r == 0 && workdir->replace && is_empty_dir(workdir->output);
	/* Where there are no locks, replacing is still one step. */
	if (r == 0 && workdir->replace)
		r = ng_dirlock_take(workdir->output, &workdir->lock_fd, err);
	if (r == -EOPNOTSUPP)
		r = 0;
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
	workdir->kept = ng_journal_exists(workdir->path);
	return workdir->kept;
}

const char *ng_workdir_path(const struct ng_workdir *workdir)
{
	return workdir->path;
}

static void sync_dir(const char *path)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

int ng_workdir_publish(struct ng_workdir *workdir, struct ng_error *err)
{
	unsigned flag = workdir->replace ? RENAME_EXCHANGE : RENAME_NOREPLACE;

	/* What is exchanged is removed: only what was looked at when the build began, and only
	 * what an index consists of. */
	if (workdir->lock_fd >= 0 && !ng_dirlock_is_at(workdir->lock_fd, workdir->output))
		return ng_fail(err, -ESTALE, "%s: was moved while the index was built",
			       workdir->output);
	if (workdir->empty && !is_empty_dir(workdir->output))
		return ng_fail(err, -EEXIST, "%s: is not empty any more", workdir->output);
	if (renameat2(AT_FDCWD, workdir->path, AT_FDCWD, workdir->output, flag) < 0) {
		if (errno == EEXIST)
			return ng_fail(err, -EEXIST, "%s: appeared while the index was built",
				       workdir->output);
		if (errno != EINVAL)
			return ng_fail(err, -errno, "%s: cannot rename the index here: %s",
				       workdir->output, strerror(errno));
		/* A filesystem without these flags. */
		if (workdir->replace)
			remove_dir(workdir->output);
		if (rename(workdir->path, workdir->output) < 0)
			return ng_fail(err, -errno, "%s: cannot rename the index here: %s",
				       workdir->output, strerror(errno));
		workdir->replace = false;
	}
	workdir->published = true;
	if (workdir->replace)
		remove_dir(workdir->path); /* now what stood at output */
	sync_dir(workdir->parent);
	return 0;
}

struct ng_workdir *ng_workdir_free(struct ng_workdir *workdir)
{
	if (!workdir)
		return NULL;
	if (workdir->path && !workdir->published && !workdir->kept)
		remove_dir(workdir->path);
	ng_closep(&workdir->lock_fd);
	ng_closep(&workdir->work_fd);
	free(workdir->output);
	free(workdir->parent);
	free(workdir->path);
	free(workdir);
	return NULL;
}
