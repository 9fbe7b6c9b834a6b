#include "build/workdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>

#include "build/dirlock.h"
#include "index/manifest.h"

struct ng_workdir {
	char *output; /* without slashes at its end */
	char *parent;
	char *path;
	int lock_fd;  /* of what is to be replaced; -1: not locked */
	bool replace; /* something at output is to be replaced */
	bool published;
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
	struct stat st;

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
	*ret_replace = true;
	return 0;
}

int ng_workdir_new(const char *output, bool force, struct ng_workdir **ret_workdir,
		   struct ng_error *err)
{
	ng_cleanup(ng_workdir_freep) struct ng_workdir *workdir = calloc(1, sizeof(*workdir));
	ng_cleanup(ng_freep) char *scratch = NULL, *path = NULL;
	mode_t mask;
	size_t len;
	int r;

	if (!workdir)
		return ng_fail(err, -ENOMEM, "out of memory");
	workdir->lock_fd = -1;
	workdir->output = strdup(output);
	if (!workdir->output)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (len = strlen(output); len > 1 && workdir->output[len - 1] == '/'; len--)
		workdir->output[len - 1] = 0;
	if (!*workdir->output)
		return ng_fail(err, -EINVAL, "the index's name is empty");
	r = output_check(workdir->output, force, &workdir->replace, err);
	/* Where there are no locks, replacing is still one step. */
	if (r == 0 && workdir->replace)
		r = ng_dirlock_take(workdir->output, &workdir->lock_fd, err);
	if (r == -EOPNOTSUPP)
		r = 0;
	if (r < 0)
		return r;
	scratch = strdup(workdir->output);
	workdir->parent = scratch ? strdup(dirname(scratch)) : NULL;
	if (!workdir->parent || asprintf(&path, "%s.building-XXXXXX", workdir->output) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!mkdtemp(path))
		return ng_fail(err, -errno, "%s: cannot make a directory here: %s", workdir->parent,
			       strerror(errno));
	workdir->path = ng_steal_ptr(&path);
	/* mkdtemp's 0700, opened to what the umask grants. */
	mask = umask(0);
	umask(mask);
	chmod(workdir->path, 0777 & ~mask);
	*ret_workdir = ng_steal_ptr(&workdir);
	return 0;
}

const char *ng_workdir_path(const struct ng_workdir *workdir)
{
	return workdir->path;
}

/* An index directory holds files only. */
static void remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir) {
		while ((entry = readdir(dir)))
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				unlinkat(dirfd(dir), entry->d_name, 0);
		closedir(dir);
	}
	rmdir(path);
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
	if (workdir->path && !workdir->published)
		remove_dir(workdir->path);
	ng_closep(&workdir->lock_fd);
	free(workdir->output);
	free(workdir->parent);
	free(workdir->path);
	free(workdir);
	return NULL;
}
