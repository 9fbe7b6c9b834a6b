/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <dirent.h>
#include <inttypes.h>

#include "check/files.h"
#include "check/full.h"
#include "check/removed.h"
#include "check/structure.h"
#include "format/shardpath.h"

#define SHARD_SUFFIX ".ngs"

/* An index that is being checked. */
struct index {
	const char *path;
	struct ng_checker checker;
	struct ng_manifest manifest;
	bool has_manifest;
	char *manifest_path;
	struct ng_shard_paths *paths;
	struct ng_check_summary summary;
};

static void index_clear(struct index *index)
{
	ng_checker_clear(&index->checker);
	ng_manifest_clear(&index->manifest);
	free(index->manifest_path);
	ng_shard_paths_free(index->paths);
}

static int fail_memory(struct ng_error *err, const char *path)
{
	return ng_fail(err, -ENOMEM, "%s: out of memory", path);
}

static int manifest_check(struct index *index, struct ng_error *err)
{
	struct ng_error why = {""};
	int r = ng_manifest_read(index->path, &index->manifest, &why);

	index->has_manifest = r == 0;
	if (r == -EPROTO || r == -EUCLEAN) {
		ng_checker_file(&index->checker, index->manifest_path);
		ng_checker_damage(&index->checker, NG_PART_FILE, NG_NO_OFFSET, "%s",
				  ng_checker_reason(why.text, index->manifest_path));
		ng_checker_file_end(&index->checker);
		return 0;
	}
	return r < 0 ? ng_fail(err, r, "%s", why.text) : 0;
}

/* The text against the index, of a shard in which nothing was found so far. */
static int full_check(struct index *index, const char *path, struct ng_error *err)
{
	struct ng_shard *shard = NULL;
	struct ng_error why = {""};
	int r;

	if (!ng_checker_file_sound(&index->checker)) {
		index->summary.shards_not_full++;
		return 0;
	}
	r = ng_shard_open(path, &shard, &why);
	if (r == -ENOMEM)
		return fail_memory(err, path);
	if (r < 0) {
		ng_checker_damage(&index->checker, NG_PART_FILE, NG_NO_OFFSET,
				  "cannot be opened: %s", ng_checker_reason(why.text, path));
		return 0;
	}
	r = ng_check_full(&index->checker, shard,
			  index->checker.options->seed + index->checker.shard,
			  &index->summary.substrings, err);
	if (r == -EIO && ng_shard_file_faulted(shard->file)) {
		ng_checker_damage(&index->checker, NG_PART_FILE, NG_NO_OFFSET,
				  "a part of the file could not be read");
		r = 0;
	} else if (r == 0)
		index->summary.rebuilt_bytes += shard->params.text_bytes;
	ng_shard_close(shard);
	return r;
}

/* What the container says of the shard, for the summary. */
static void summary_add(struct index *index, const struct ng_shard_file *file)
{
	struct ng_shard_params params;
	const uint8_t *data;
	size_t bytes;

	index->summary.shards++;
	index->summary.file_bytes += ng_shard_file_bytes(file);
	if (!ng_shard_file_section(file, NG_SECTION_PARAMS, &data, &bytes) ||
	    bytes != sizeof(params))
		return;
	memcpy(&params, data, sizeof(params));
	index->summary.docs += params.docs;
	index->summary.text_bytes += params.text_bytes;
}

/* What was removed from a shard. */
static int removed_check(struct index *index, const char *shard_path, bool shard_sound,
			 const struct ng_manifest_shard *entry, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_error why = {""};
	int r = ng_shard_paths_get(index->paths, entry->removed.file, &path, &why);

	index->summary.removed_docs += entry->removed.docs;
	index->summary.held_docs += entry->removed.held;
	index->summary.held_bytes += entry->removed.text_bytes;
	if (r == -EUCLEAN) {
		ng_checker_file(&index->checker, index->manifest_path);
		ng_checker_damage(&index->checker, NG_PART_FILE, NG_NO_OFFSET, "%s", why.text);
		ng_checker_file_end(&index->checker);
		return 0;
	}
	return r < 0 ? ng_fail(err, r, "%s", why.text)
		     : ng_check_removed(&index->checker, path, shard_path, shard_sound, entry);
}

/* A shard's file by itself, and against what the manifest (NULL: there is none) says of it. */
static int shard_check(struct index *index, const char *name, const struct ng_manifest_shard *entry,
		       struct ng_error *err)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_checker *checker = &index->checker;
	struct ng_error why = {""};
	bool params_sound, sound;
	int r;

	r = ng_shard_paths_get(index->paths, name, &path, &why);
	if (r == -EUCLEAN) {
		ng_checker_file(checker, index->manifest_path);
		ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET, "%s", why.text);
		ng_checker_file_end(checker);
		checker->shard++;
		return 0;
	}
	if (r < 0)
		return ng_fail(err, r, "%s", why.text);
	ng_checker_file(checker, path);
	r = ng_check_container(checker, path, &file);
	if (r == 0 && file) {
		summary_add(index, file);
		r = ng_check_structure(checker, file);
		if (r == 0 && ng_shard_file_faulted(file))
			ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET,
					  "a part of the file could not be read");
	}
	if (r == 0 && checker->options->full)
		r = full_check(index, path, err);
	params_sound = ng_checker_part_sound(checker, NG_SECTION_PARAMS);
	sound = file && ng_checker_file_sound(checker);
	ng_checker_file_end(checker);
	if (r == 0 && file && entry) {
		ng_checker_file(checker, index->manifest_path);
		ng_check_manifest_shard(checker, &index->manifest, entry, file, params_sound);
		ng_checker_file_end(checker);
	}
	if (r == 0 && entry && entry->removed.file)
		r = removed_check(index, path, sound, entry, err);
	checker->shard++;
	if (r == -ENOMEM && !*err->text)
		return fail_memory(err, index->path);
	return r;
}

static bool is_shard_name(const char *name)
{
	size_t n = strlen(name), suffix = strlen(SHARD_SUFFIX);

	return n > suffix && strcmp(name + n - suffix, SHARD_SUFFIX) == 0;
}

/* What else is in the directory: no part of the index. Without a manifest, whatever is called like
 * a shard is checked as one. */
static int others_check(struct index *index, struct ng_error *err)
{
	struct dirent **names;
	int n = scandir(index->path, &names, NULL, alphasort), r = 0;

	if (n < 0)
		return ng_fail(err, -errno, "%s: cannot read the directory: %s", index->path,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		ng_cleanup(ng_freep) char *path = NULL;

		if (r < 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strcmp(name, NG_MANIFEST_NAME) == 0 ||
		    ng_manifest_names(&index->manifest, name))
			continue;
		if (!index->has_manifest && is_shard_name(name)) {
			r = shard_check(index, name, NULL, err);
			continue;
		}
		if (asprintf(&path, "%s/%s", index->path, name) < 0) {
			path = NULL;
			r = fail_memory(err, index->path);
			continue;
		}
		ng_checker_file(&index->checker, path);
		ng_checker_note(&index->checker, "is no part of the index");
		ng_checker_file_end(&index->checker);
	}
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return r;
}

/* What a mount would say. Nothing that the check found doesn't mean much if this fails. */
static int opens(struct index *index, struct ng_error *err)
{
	struct ng_index *opened = NULL;
	struct ng_error why = {""};
	struct ng_index_options options = {.threads = 1,
					   .outside = index->checker.options->outside};
	int r = ng_index_open_with(index->path, &options, &opened, &why);

	ng_index_close(opened);
	if (r == 0)
		return 0;
	if (r == -ENOMEM)
		return fail_memory(err, index->path);
	ng_checker_file(&index->checker, index->path);
	ng_checker_damage(&index->checker, NG_PART_FILE, NG_NO_OFFSET, "cannot be opened: %s",
			  why.text);
	ng_checker_file_end(&index->checker);
	return 0;
}

int ng_check_index(const char *path, const struct ng_check_options *options,
		   struct ng_check_summary *ret_summary, struct ng_error *err)
{
	ng_cleanup(index_clear) struct index index = {.path = path};
	struct ng_error why = {""};
	int r;

	ng_checker_init(&index.checker, options);
	if (asprintf(&index.manifest_path, "%s/" NG_MANIFEST_NAME, path) < 0) {
		index.manifest_path = NULL;
		return fail_memory(err, path);
	}
	r = ng_shard_paths_new(path, options->outside, &index.paths, err);
	if (r < 0)
		return r;
	r = ng_cancelled(options->cancel) ? -EINTR : manifest_check(&index, &why);
	for (size_t i = 0; r == 0 && i < index.manifest.n_shards; i++)
		r = shard_check(&index, index.manifest.shards[i].file, &index.manifest.shards[i],
				&why);
	if (r == 0)
		r = others_check(&index, &why);
	if (r == 0 && index.checker.damages == 0)
		r = opens(&index, &why);
	if (r < 0)
		return ng_fail(err, r, "%s", *why.text ? why.text : strerror(-r));
	index.summary.damages = index.checker.damages;
	*ret_summary = index.summary;
	return 0;
}
