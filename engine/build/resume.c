/* SPDX-License-Identifier: Apache-2.0 */
#include "build/resume.h"

#include "build/facet_options.h"

#include "format/manifest.h"
#include "format/params.h"
#include "format/shardfile.h"

/* 1: as it was; 0: not, or not there. */
static int is_sound(int dir_fd, const char *dir, const struct ng_step *step,
		    const ng_cancel *cancel, struct ng_error *err)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_freep) char *path = NULL;
	int r;

	if (asprintf(&path, "%s/%s", dir, step->file) < 0) {
		path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	r = ng_shard_file_open_at((struct ng_file_at){dir_fd, path}, &file, NULL);
	if (r == 0 && (ng_shard_file_bytes(file) != step->file_bytes ||
		       ng_shard_file_checksum(file) != step->checksum))
		return 0;
	if (r == 0)
		r = ng_shard_file_verify(file, cancel, NULL, NULL, NULL);
	if (r == -ENOMEM || r == -EINTR)
		return ng_fail(err, r, "%s: %s", path, r == -EINTR ? "interrupted" : strerror(-r));
	return r == 0 && !ng_shard_file_faulted(file);
}

/* What a step has made is no longer needed where a larger one has taken it up. */
static bool takes_up(const struct ng_step *larger, const struct ng_step *step)
{
	if (larger->shard != step->shard)
		return false;
	if (larger->kind == NG_STEP_SHARD)
		return step->kind != NG_STEP_SHARD;
	return larger->kind == NG_STEP_MERGED && step->kind != NG_STEP_SHARD &&
	       larger->first <= step->first && step->end <= larger->end &&
	       larger->end - larger->first > step->end - step->first;
}

int ng_resume_check(int dir_fd, const char *dir, struct ng_journal *journal,
		    const ng_cancel *cancel, struct ng_error *err)
{
	size_t n;
	const struct ng_step *steps = ng_journal_steps(journal, &n);
	ng_cleanup(ng_freep) bool *sound = calloc(n + 1, sizeof(*sound));
	ng_cleanup(ng_freep) bool *keep = calloc(n + 1, sizeof(*keep));

	if (!sound || !keep)
		return ng_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		int r = is_sound(dir_fd, dir, &steps[i], cancel, err);

		if (r < 0)
			return r;
		sound[i] = keep[i] = r;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && !keep[i]; k++)
			keep[i] = sound[k] && takes_up(&steps[k], &steps[i]);
	ng_journal_retain(journal, keep);
	return 0;
}

/* An option as a command line has it that the index wasn't made with; NULL: there is none. */
static const char *made_otherwise(const struct ng_build_options *options,
				  const struct ng_manifest *manifest)
{
	ng_cleanup(ng_facet_options_clear) struct ng_facet_options facets = {0};
	uint32_t sampling = options->sa_sampling ? options->sa_sampling : NG_SA_RATE_DEFAULT;

	if (manifest->sa_sampling != sampling)
		return "--sa-sampling";
	if (manifest->text_store != options->text_store)
		return "--text-store";
	for (size_t i = 0; i < options->n_remembered; i++) {
		bool has = false;

		for (size_t k = 0; k < manifest->n_options; k++)
			has |= strcmp(manifest->options[k], options->remembered[i]) == 0;
		if (!has)
			return options->remembered[i];
	}
	if (ng_facet_options_read(manifest, &facets, NULL) < 0 ||
	    !ng_facet_options_same(&facets, &options->facets))
		return "--facet or --no-facets";
	return NULL;
}

int ng_resume_done(const struct ng_build_options *options, struct ng_build_summary *ret_summary,
		   struct ng_error *err)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	ng_cleanup(ng_freep) char *building = NULL;
	struct ng_build_summary s = {0};
	const char *other;
	int r;

	if (asprintf(&building, "%s.building", options->output) < 0) {
		building = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	if (access(building, F_OK) == 0)
		return 0;
	r = ng_manifest_read(options->output, &manifest, err);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	other = made_otherwise(options, &manifest);
	if (other)
		return ng_fail(err, -EEXIST,
			       "%s: is there, but was made with another %s; --force replaces it",
			       options->output, other);
	s.shards = (uint32_t)manifest.n_shards;
	for (size_t i = 0; i < manifest.n_shards; i++) {
		s.docs += ng_manifest_left_docs(&manifest.shards[i]);
		s.text_bytes += ng_manifest_left_bytes(&manifest.shards[i]);
		s.index_bytes += manifest.shards[i].file_bytes;
	}
	*ret_summary = s;
	return 1;
}
