/* SPDX-License-Identifier: Apache-2.0 */
#include "build/join.h"

#include <libgen.h>

#include "build/join_shards.h"
#include "build/workdir.h"
#include "format/shardpath.h"
#include "merge/journal.h"

/* What a directory of a join's own says in its journal. */
#define JOURNAL_OPTIONS "join"

struct join {
	const struct ng_join_options *options;
	char *home;                   /* output's path when it is there: absolute, without links */
	struct ng_manifest *parts;    /* [n_parts] */
	struct ng_join_shard *shards; /* of all parts */
	size_t n_shards;
	struct ng_manifest manifest; /* to be made */
	uint64_t docs, text_bytes;   /* with what was removed */
};

static void join_clear(struct join *join)
{
	for (size_t i = 0; join->parts && i < join->options->n_parts; i++)
		ng_manifest_clear(&join->parts[i]);
	for (size_t i = 0; i < join->n_shards; i++) {
		free(join->shards[i].path);
		free(join->shards[i].removed);
	}
	free(join->parts);
	free(join->shards);
	free(join->home);
	ng_manifest_clear(&join->manifest);
}

/* ---- paths ---- */

static int home_find(struct join *join, struct ng_error *err)
{
	const char *output = join->options->output;
	ng_cleanup(ng_freep) char *dir_copy = strdup(output), *base_copy = strdup(output);
	ng_cleanup(ng_freep) char *parent = NULL;
	const char *base;

	if (!dir_copy || !base_copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	parent = realpath(dirname(dir_copy), NULL);
	if (!parent)
		return ng_fail(err, -errno, "%s: cannot be made: %s: %s", output, dir_copy,
			       strerror(errno));
	base = basename(base_copy);
	if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0 || strcmp(base, "/") == 0)
		return ng_fail(err, -EINVAL, "%s: name the index to make by its name", output);
	if (asprintf(&join->home, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, base) < 0) {
		join->home = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* The path from a directory to a file that isn't in it; both are absolute, without links. */
static char *relative_path(const char *from, const char *to)
{
	size_t common = 0;
	char *path, *at;
	size_t up = 1;

	/* Up to the '/' behind the last component that both have, of from as a directory. */
	for (size_t i = 0; from[i] == to[i] && from[i]; i++)
		if (from[i] == '/')
			common = i + 1;
	for (const char *p = from + common; *p; p++)
		up += *p == '/';
	path = at = malloc(up * strlen("../") + strlen(to + common) + 1);
	if (!path)
		return NULL;
	while (up--)
		at = stpcpy(at, "../");
	strcpy(at, to + common);
	return path;
}

/* ---- the parts ---- */

static int part_compare(const struct join *join, size_t i, struct ng_error *err)
{
	const struct ng_manifest *first = &join->parts[0], *part = &join->parts[i];
	const char *const *paths = join->options->parts;

	if (part->sa_sampling != first->sa_sampling)
		return ng_fail(err, -EINVAL,
			       "%s: was made with --sa-sampling=%u, and %s with %u; such indexes "
			       "cannot be joined",
			       paths[i], part->sa_sampling, paths[0], first->sa_sampling);
	if (part->text_store != first->text_store)
		return ng_fail(err, -EINVAL,
			       "%s: was made %s --text-store, and %s %s; such indexes cannot be "
			       "joined",
			       paths[i], part->text_store ? "with" : "without", paths[0],
			       first->text_store ? "with" : "without");
	return 0;
}

static int parts_read(struct join *join, struct ng_error *err)
{
	const struct ng_join_options *options = join->options;
	size_t n = 0;
	int r = 0;

	join->parts = calloc(options->n_parts + 1, sizeof(*join->parts));
	if (!join->parts)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < options->n_parts; i++) {
		if (ng_cancelled(options->cancel))
			return ng_fail(err, -EINTR, "interrupted");
		r = ng_manifest_read(options->parts[i], &join->parts[i], err);
		if (r == 0)
			r = part_compare(join, i, err);
		n += join->parts[i].n_shards;
	}
	if (r < 0)
		return r;
	join->shards = calloc(n + 1, sizeof(*join->shards));
	return join->shards ? 0 : ng_fail(err, -ENOMEM, "out of memory");
}

/* What lies in the index that is made anew goes with the old one. */
static int check_outside(const struct join *join, const char *named, const char *path,
			 struct ng_error *err)
{
	size_t len = strlen(join->home);

	if (strncmp(path, join->home, len) == 0 && path[len] == '/')
		return ng_fail(err, -EINVAL,
			       "%s: has shards in %s, which cannot be joined into "
			       "itself",
			       named, join->home);
	return 0;
}

static int part_shards(struct join *join, size_t i, struct ng_error *err)
{
	const struct ng_manifest *part = &join->parts[i];
	const char *named = join->options->parts[i];
	ng_cleanup(ng_shard_paths_freep) struct ng_shard_paths *paths = NULL;
	ng_cleanup(ng_freep) char *dir = realpath(named, NULL);
	int r = dir ? 0 : ng_fail(err, -errno, "%s: %s", named, strerror(errno));

	if (r == 0 && strcmp(dir, join->home) == 0)
		r = ng_fail(err, -EINVAL, "%s: cannot be joined into itself", named);
	if (r == 0)
		r = ng_shard_paths_new(dir, join->options->outside, &paths, err);
	for (size_t k = 0; r == 0 && k < part->n_shards; k++) {
		struct ng_join_shard *shard = &join->shards[join->n_shards];

		r = ng_shard_paths_get(paths, part->shards[k].file, &shard->path, err);
		if (r < 0)
			break;
		join->n_shards++;
		shard->part = named;
		shard->entry = part->shards[k];
		shard->absolute = *part->shards[k].file == '/';
		r = check_outside(join, named, shard->path, err);
		if (r < 0 || !part->shards[k].removed.file)
			continue;
		r = ng_shard_paths_get(paths, part->shards[k].removed.file, &shard->removed, err);
		shard->removed_absolute = *part->shards[k].removed.file == '/';
		if (r == 0)
			r = check_outside(join, named, shard->removed, err);
	}
	return r;
}

/* ---- the manifest ---- */

/* Whether all parts have this option. */
static bool all_have(const struct join *join, const char *option)
{
	for (size_t i = 0; i < join->options->n_parts; i++) {
		const struct ng_manifest *part = &join->parts[i];
		bool has = false;

		for (size_t k = 0; k < part->n_options; k++)
			has |= strcmp(part->options[k], option) == 0;
		if (!has)
			return false;
	}
	return true;
}

static void note_options(const struct join *join, const char *left_out)
{
	ng_cleanup(ng_freep) char *text = NULL;

	if (!join->options->note)
		return;
	if (asprintf(&text,
		     "the parts were not all made with %s; to append to the joined index, say how "
		     "documents are to be read",
		     left_out) < 0) {
		text = NULL;
		return;
	}
	join->options->note(join->options->userdata, text);
}

/* Shards may be of any size, so that how large they were made is nothing to tell about. */
static bool is_about_documents(const char *option)
{
	static const char shard_size[] = "--shard-size=";

	return strncmp(option, shard_size, strlen(shard_size)) != 0;
}

static int options_join(struct join *join, struct ng_error *err)
{
	const struct ng_manifest *first = &join->parts[0];
	ng_cleanup(ng_freep) const char **options = calloc(first->n_options + 1, sizeof(*options));
	const char *left_out = NULL;
	size_t n = 0;

	if (!options)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < first->n_options; i++) {
		if (all_have(join, first->options[i]))
			options[n++] = first->options[i];
		else if (!left_out && is_about_documents(first->options[i]))
			left_out = first->options[i];
	}
	if (left_out)
		note_options(join, left_out);
	return ng_manifest_set_options(&join->manifest, options, n) < 0
		       ? ng_fail(err, -ENOMEM, "out of memory")
		       : 0;
}

/* How the manifest will name a file, which is the caller's. */
static int file_name(const struct join *join, const char *part, const char *path, bool absolute,
		     char **ret_file, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *file = absolute || join->options->absolute
						  ? strdup(path)
						  : relative_path(join->home, path);

	if (!file)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!ng_shard_path_ok(file))
		return ng_fail(err, -EINVAL,
			       "%s: a manifest cannot hold the path of its shards: too long, not "
			       "UTF-8, or with control characters; rename the directory",
			       part);
	*ret_file = ng_steal_ptr(&file);
	return 0;
}

static int shard_add(struct join *join, const struct ng_join_shard *shard,
		     struct ng_build_summary *sums, struct ng_error *err)
{
	struct ng_manifest_shard entry = shard->entry;
	ng_cleanup(ng_freep) char *file = NULL, *removed = NULL;
	int r = file_name(join, shard->part, shard->path, shard->absolute, &file, err);

	if (r == 0 && shard->removed)
		r = file_name(join, shard->part, shard->removed, shard->removed_absolute, &removed,
			      err);
	if (r < 0)
		return r;
	entry.file = file;
	entry.removed.file = removed;
	/* Each is below 2^63, and so was the sum before. */
	join->docs += entry.docs;
	join->text_bytes += entry.text_bytes;
	sums->docs += ng_manifest_left_docs(&entry);
	sums->text_bytes += ng_manifest_left_bytes(&entry);
	sums->index_bytes += entry.file_bytes;
	if (sums->index_bytes <= INT64_MAX)
		sums->index_bytes += entry.removed.file_bytes;
	if (join->docs > INT64_MAX || join->text_bytes > INT64_MAX || sums->index_bytes > INT64_MAX)
		return ng_fail(err, -EOVERFLOW,
			       "%s: with it there would be more documents or bytes than an index "
			       "can have",
			       shard->part);
	return ng_manifest_add(&join->manifest, &entry) < 0 ? ng_fail(err, -ENOMEM, "out of memory")
							    : 0;
}

static int manifest_make(struct join *join, struct ng_build_summary *ret_sums, struct ng_error *err)
{
	struct ng_build_summary sums = {0};
	int r = options_join(join, err);

	join->manifest.format_version = join->parts[0].format_version;
	join->manifest.sa_sampling = join->parts[0].sa_sampling;
	join->manifest.text_store = join->parts[0].text_store;
	for (size_t i = 0; r == 0 && i < join->n_shards; i++)
		r = shard_add(join, &join->shards[i], &sums, err);
	if (r < 0)
		return r;
	sums.shards = sums.added_shards = (uint32_t)join->n_shards;
	sums.added_docs = sums.docs;
	sums.added_text_bytes = sums.text_bytes;
	sums.added_index_bytes = sums.index_bytes;
	*ret_sums = sums;
	return 0;
}

/* ---- the index ---- */

/* Whether output is what would be made: 1 it is, 0 there is nothing. */
static int is_made(const struct join *join, struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest there = {0};
	bool same = false;
	int r = ng_manifest_read(join->options->output, &there, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = ng_manifest_compare(&there, &join->manifest, &same);
	if (r == -ENOMEM)
		return ng_fail(err, r, "out of memory");
	if (r < 0)
		return r;
	if (same)
		return 1;
	return ng_fail(err, -EEXIST,
		       "%s: is another index than these parts make; --force replaces it",
		       join->options->output);
}

static void workdir_freep(struct ng_workdir **workdir)
{
	ng_workdir_free(*workdir);
}

static int publish(const struct join *join, struct ng_error *err)
{
	ng_cleanup(workdir_freep) struct ng_workdir *workdir = NULL;
	ng_cleanup(ng_journal_closep) struct ng_journal *journal = NULL;
	bool found;
	int r = ng_workdir_new(join->options->output, join->options->force, false, &workdir, err);

	/* It says whose the directory is, when this is killed. */
	if (r == 0)
		r = ng_journal_open(ng_workdir_fd(workdir), ng_workdir_path(workdir),
				    JOURNAL_OPTIONS, &journal, &found, err);
	if (r == 0)
		r = ng_manifest_write_at(ng_workdir_fd(workdir), ng_workdir_path(workdir),
					 &join->manifest, err);
	if (r == 0 && ng_cancelled(join->options->cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	if (r == 0)
		r = ng_workdir_publish(workdir, err);
	if (r == 0)
		ng_journal_remove(ng_workdir_fd(workdir));
	return r;
}

/* Whoever opens the index will need to allow it. */
static void note_outside(const struct join *join)
{
	const struct ng_join_options *options = join->options;
	ng_cleanup(ng_shard_paths_freep) struct ng_shard_paths *paths = NULL;
	struct ng_error why;
	int r = options->note ? ng_shard_paths_new(options->output, options->outside, &paths, NULL)
			      : -EINVAL;

	for (size_t i = 0; r == 0 && i < join->manifest.n_shards; i++) {
		ng_cleanup(ng_freep) char *path = NULL;

		r = ng_shard_paths_get(paths, join->manifest.shards[i].file, &path, &why);
		if (r == -EPERM)
			options->note(options->userdata, why.text);
	}
}

int ng_join(const struct ng_join_options *options, struct ng_build_summary *ret_summary,
	    struct ng_error *err)
{
	ng_cleanup(join_clear) struct join join = {.options = options};
	struct ng_build_summary sums;
	int r = options->n_parts ? home_find(&join, err)
				 : ng_fail(err, -EINVAL, "there are no indexes to join");

	if (r == 0)
		r = parts_read(&join, err);
	for (size_t i = 0; r == 0 && i < options->n_parts; i++)
		r = part_shards(&join, i, err);
	if (r == 0)
		r = ng_join_shards_look(join.shards, join.n_shards, options->cancel, err);
	if (r == 0)
		r = ng_join_shards_once(join.shards, join.n_shards, err);
	if (r == 0)
		r = manifest_make(&join, &sums, err);
	if (r == 0 && options->resume)
		r = is_made(&join, err);
	if (r == 0)
		r = publish(&join, err);
	if (r < 0)
		return r;
	note_outside(&join);
	*ret_summary = sums;
	return 0;
}
