#include "build/appenddir.h"

#include "build/dirlock.h"
#include "build/ours.h"
#include "merge/journal.h"

struct ng_appenddir {
	char *path;
	int lock_fd;
};

/* Of what is ours, the manifest and what it names stays; and a journal, which is no part of this.
 */
static bool stays(const void *manifest, const char *name)
{
	return strcmp(name, NG_MANIFEST_NAME) == 0 || strcmp(name, NG_JOURNAL_NAME) == 0 ||
	       ng_manifest_names(manifest, name);
}

/* Remove what the manifest doesn't name. */
static int remove_unnamed(const struct ng_appenddir *dir, const struct ng_manifest *manifest)
{
	return ng_ours_remove(dir->lock_fd, stays, manifest);
}

int ng_appenddir_new(const char *index, struct ng_manifest *ret_manifest,
		     struct ng_appenddir **ret_dir, struct ng_error *err)
{
	ng_cleanup(ng_appenddir_freep) struct ng_appenddir *dir = NULL;
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(ng_closep) int lock_fd = -1;
	int r;

	if (access(index, F_OK) < 0 && errno == ENOENT)
		return ng_fail(err, -ENOENT,
			       "%s: there is no index to append to; without --append it is made",
			       index);
	r = ng_dirlock_take(index, &lock_fd, err);
	if (r == 0)
		r = ng_manifest_read(index, &manifest, err);
	if (r < 0)
		return r;
	/* From here on freeing it removes files, which is right only with the lock, and in an
	 * index. */
	dir = calloc(1, sizeof(*dir));
	if (!dir)
		return ng_fail(err, -ENOMEM, "out of memory");
	dir->lock_fd = ng_steal_fd(&lock_fd);
	dir->path = strdup(index);
	if (!dir->path)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = remove_unnamed(dir, &manifest);
	if (r < 0)
		return ng_fail(err, r, "%s: cannot remove what an earlier run left: %s", index,
			       strerror(-r));
	*ret_manifest = manifest;
	manifest = (struct ng_manifest){0};
	*ret_dir = ng_steal_ptr(&dir);
	return 0;
}

int ng_appenddir_options(const struct ng_manifest *manifest, struct ng_build_options *options,
			 struct ng_error *err)
{
	uint32_t sampling = manifest->sa_sampling;

	if (options->sa_sampling && options->sa_sampling != sampling)
		return ng_fail(err, -EINVAL,
			       "%s: was made with --sa-sampling=%u; shards with %u cannot be "
			       "appended",
			       options->output, sampling, options->sa_sampling);
	if (options->text_store && !manifest->text_store)
		return ng_fail(err, -EINVAL,
			       "%s: was made without --text-store; shards with it cannot be "
			       "appended",
			       options->output);
	options->sa_sampling = sampling;
	options->text_store = manifest->text_store;
	return 0;
}

const char *ng_appenddir_path(const struct ng_appenddir *dir)
{
	return dir->path;
}

int ng_appenddir_publish(struct ng_appenddir *dir, const struct ng_manifest *manifest,
			 struct ng_error *err)
{
	if (!ng_dirlock_is_at(dir->lock_fd, dir->path))
		return ng_fail(err, -ESTALE,
			       "%s: was moved while it was appended to; nothing was appended",
			       dir->path);
	/* The names of the shards, before a manifest that counts on them. */
	if (fsync(dir->lock_fd) < 0)
		return ng_fail(err, -errno, "%s: cannot sync to disk: %s", dir->path,
			       strerror(errno));
	return ng_manifest_write(dir->path, manifest, err);
}

struct ng_appenddir *ng_appenddir_free(struct ng_appenddir *dir)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};

	if (!dir)
		return NULL;
	/* The one on disk decides: publishing may have failed before it came there or after. Of
	 * another index that has come into its place nothing is removed. */
	if (dir->path && ng_dirlock_is_at(dir->lock_fd, dir->path) &&
	    ng_manifest_read(dir->path, &manifest, NULL) == 0)
		remove_unnamed(dir, &manifest);
	close(dir->lock_fd);
	free(dir->path);
	free(dir);
	return NULL;
}
