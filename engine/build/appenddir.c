/* SPDX-License-Identifier: Apache-2.0 */
#include "build/appenddir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "build/dirlock.h"
#include "build/ours.h"
#include "format/shardpath.h"
#include "merge/journal.h"

struct ng_appenddir {
	char *path;
	struct ng_dirlock lock;
	struct ng_manifest was; /* when the lock was taken */
	bool ready;             /* was has been read, */
	bool published;         /* and another one written, or tried to */
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
	return ng_ours_remove(dir->lock.dir_fd, stays, manifest);
}

/* Open the index, and lock it. */
static int index_lock(const char *index, struct ng_dirlock *lock, struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	int r;

	lock->dir_fd = open(index, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock->dir_fd < 0 && errno == ENOENT)
		return ng_fail(err, -ENOENT, "%s: there is no such index", index);
	if (lock->dir_fd < 0 && errno == ENOTDIR)
		return ng_fail(err, -ENOTDIR, "%s: not an index, which is a directory", index);
	if (lock->dir_fd < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", index, strerror(errno));
	/* Nothing is written into what is no index. */
	r = ng_manifest_read_at(lock->dir_fd, index, &manifest, err);
	if (r == 0)
		r = ng_dirlock_take(lock, index, err);
	/* The holder before may have put another index into its place. */
	if (r == 0 && !ng_dirlock_is_at(lock->dir_fd, AT_FDCWD, index, true))
		r = ng_fail(err, -ESTALE, "%s: was replaced just now; try again", index);
	return r;
}

int ng_appenddir_new(const char *index, struct ng_manifest *ret_manifest,
		     struct ng_appenddir **ret_dir, struct ng_error *err)
{
	ng_cleanup(ng_appenddir_freep) struct ng_appenddir *dir = NULL;
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(ng_dirlock_release) struct ng_dirlock lock = NG_DIRLOCK_NONE;
	int r = index_lock(index, &lock, err);

	/* What was read before the lock was taken may have changed. */
	if (r == 0)
		r = ng_manifest_read_at(lock.dir_fd, index, &manifest, err);
	if (r < 0)
		return r;
	dir = calloc(1, sizeof(*dir));
	if (!dir)
		return ng_fail(err, -ENOMEM, "out of memory");
	dir->lock = lock;
	lock = NG_DIRLOCK_NONE;
	dir->path = strdup(index);
	if (!dir->path)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_manifest_read_at(dir->lock.dir_fd, index, &dir->was, err);
	if (r < 0)
		return r;
	dir->ready = true;
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

int ng_appenddir_fd(const struct ng_appenddir *dir)
{
	return dir->lock.dir_fd;
}

struct ng_file_at ng_appenddir_file(const struct ng_appenddir *dir, const char *file,
				    const char *path)
{
	struct stat st;
	bool elsewhere = ng_shard_path_outside(file) ||
			 (fstatat(dir->lock.dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			  S_ISLNK(st.st_mode));

	return (struct ng_file_at){elsewhere ? AT_FDCWD : dir->lock.dir_fd, path};
}

/* Whether nobody else has been at work. */
static int undisturbed(const struct ng_appenddir *dir, struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest is = {0};
	bool same = false;
	int r;

	if (!ng_dirlock_is_at(dir->lock.dir_fd, AT_FDCWD, dir->path, true))
		return ng_fail(err, -ESTALE,
			       "%s: was moved while it was appended to; nothing was appended",
			       dir->path);
	r = ng_manifest_read_at(dir->lock.dir_fd, dir->path, &is, err);
	if (r < 0)
		return r;
	r = ng_manifest_compare(&is, &dir->was, &same);
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	/* The lock is one that others don't see, or somebody has removed it. */
	if (!same || !ng_dirlock_holds(&dir->lock))
		return ng_fail(err, -ESTALE,
			       "%s: another one has changed it, or removed its lock, meanwhile; "
			       "nothing was appended. See LOCKS in mkngramfs(1)",
			       dir->path);
	return 0;
}

int ng_appenddir_publish(struct ng_appenddir *dir, const struct ng_manifest *manifest,
			 struct ng_error *err)
{
	int r = undisturbed(dir, err);

	if (r < 0)
		return r;
	/* The names of the shards, before a manifest that counts on them. */
	if (fsync(dir->lock.dir_fd) < 0)
		return ng_fail(err, -errno, "%s: cannot sync to disk: %s", dir->path,
			       strerror(errno));
	dir->published = true;
	r = ng_manifest_write_at(dir->lock.dir_fd, dir->path, manifest, err);
	/* While the one on disk is known: later there may be no memory to read it. */
	if (r == 0 && ng_dirlock_holds(&dir->lock))
		remove_unnamed(dir, manifest);
	return r;
}

struct ng_appenddir *ng_appenddir_free(struct ng_appenddir *dir)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	int r;

	if (!dir)
		return NULL;
	/* Without the lock the files may be another one's. The manifest on disk decides: publishing
	 * may have failed before it came there or after. Only where there is no memory to read it,
	 * and nobody has written another one, it is the one that was. */
	if (dir->ready && ng_dirlock_holds(&dir->lock)) {
		r = ng_manifest_read_at(dir->lock.dir_fd, dir->path, &manifest, NULL);
		if (r == 0)
			remove_unnamed(dir, &manifest);
		else if (r == -ENOMEM && !dir->published)
			remove_unnamed(dir, &dir->was);
	}
	ng_dirlock_release(&dir->lock);
	ng_manifest_clear(&dir->was);
	free(dir->path);
	free(dir);
	return NULL;
}
