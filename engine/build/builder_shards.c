/* SPDX-License-Identifier: Apache-2.0 */
/* What a builder has collected becomes segments and shards. */
#include "build/builder_internal.h"

#include "base/file.h"

/* The directory that the files of the build are written into. */
static const char *directory(const struct ng_builder *builder)
{
	return builder->append ? ng_appenddir_path(builder->append)
			       : ng_workdir_path(builder->workdir);
}

static int directory_fd(const struct ng_builder *builder)
{
	return builder->append ? ng_appenddir_fd(builder->append) : ng_workdir_fd(builder->workdir);
}

static struct ng_tempdir tmp_directory(const struct ng_builder *builder)
{
	return builder->tmp_fd >= 0
		       ? (struct ng_tempdir){builder->options.tmp_dir, builder->tmp_fd}
		       : (struct ng_tempdir){directory(builder), directory_fd(builder)};
}

/* What a killed run left of a file. In an index that is added to that is gone already: what is
 * there is of somebody else who should not be. */
static int left_remove(const struct ng_builder *builder, const struct ng_file_at *file,
		       struct ng_error *err)
{
	if (!builder->journal || unlinkat(file->dir_fd, ng_file_name(file), 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return ng_fail(err, -errno, "%s: cannot be removed: %s", file->path, strerror(errno));
}

/* ---- steps that are finished, and those that were before ---- */

static void input_sum(const struct ng_builder *builder, char ret[33])
{
	XXH128_hash_t sum = XXH3_128bits_digest(builder->input);

	snprintf(ret, 33, "%016llx%016llx", (unsigned long long)sum.high64,
		 (unsigned long long)sum.low64);
}

/* The step, if an interrupted build has finished it, of the same input. */
static int step_find(const struct ng_builder *builder, enum ng_step_kind kind, uint64_t first,
		     uint64_t end, const struct ng_step **ret_step, struct ng_error *err)
{
	char input[33];

	*ret_step = NULL;
	if (!builder->journal)
		return 0;
	*ret_step =
		ng_journal_find(builder->journal, kind, builder->manifest.n_shards - 1, first, end);
	if (!*ret_step)
		return 0;
	input_sum(builder, input);
	if (strcmp(input, (*ret_step)->input) != 0)
		return ng_fail(err, -ESTALE,
			       "the input is not what it was when the build was interrupted; "
			       "--force begins anew");
	return 0;
}

static int step_done(struct ng_builder *builder, const struct ng_step *step, struct ng_error *err)
{
	return builder->journal ? ng_journal_add(builder->journal, step, err) : 0;
}

/* ---- batches and shards ---- */

/* A batch is on disk. */
int ng_builder_job_finished(void *userdata, const struct ng_shard_job *job, uint64_t file_bytes,
			    uint64_t checksum, struct ng_error *err)
{
	struct ng_builder *builder = userdata;
	struct ng_step step = job->step;
	struct ng_manifest_shard *entry = &builder->manifest.shards[step.shard];

	step.file_bytes = file_bytes;
	step.checksum = checksum;
	if (step.kind == NG_STEP_SHARD) {
		entry->file_bytes = file_bytes;
		entry->checksum = checksum;
	}
	return step_done(builder, &step, err);
}

/* The manifest has a shard from its first document on. */
int ng_builder_shard_begin(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_shard_docs_options options = {.text_store = builder->options.text_store,
						.threads = builder->options.threads,
						.tmp = tmp_directory(builder),
						.facets = builder->options.facets};
	char file[NG_MANIFEST_FILE_MAX];
	struct ng_manifest_shard entry = {.file = file};

	ng_manifest_free_name(&builder->manifest, file);
	if (ng_manifest_add(&builder->manifest, &entry) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	builder->shard_rows = 0;
	builder->work.shard_open = true;
	return ng_shard_docs_begin(&builder->docs, &options, err);
}

static struct ng_manifest_shard *current_shard(const struct ng_builder *builder)
{
	return &builder->manifest.shards[builder->manifest.n_shards - 1];
}

/* Hand the batch to a job, which makes a segment or a shard of it at path. */
static int job_start(struct ng_builder *builder, struct ng_shard_job *job, const char *path,
		     struct ng_error *err)
{
	int r;

	job->path = strdup(path);
	if (!job->path) {
		ng_shard_job_clear(job);
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	snprintf(job->step.file, sizeof(job->step.file), "%s", basename(path));
	job->step.shard = builder->manifest.n_shards - 1;
	job->step.rows = builder->batch.n;
	input_sum(builder, job->step.input);
	ng_builder_work_job(builder, job->step.kind);
	job->batch = builder->batch;
	builder->batch = (struct ng_batch){0};
	job->dir_fd = directory_fd(builder);
	r = left_remove(builder, &(struct ng_file_at){job->dir_fd, path}, err);
	if (r < 0) {
		ng_shard_job_clear(job);
		return r;
	}
	r = ng_shard_jobs_start(builder->jobs, job, &builder->shard_options, err);
	if (r == 0 && builder->plan.alone)
		r = ng_shard_jobs_wait(builder->jobs, UINT64_MAX, err);
	return r;
}

/* The batch becomes a segment of the shard. */
int ng_builder_segment_start(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_shard_job job = {.step.kind = NG_STEP_SEGMENT};
	const struct ng_step *done;
	const char *path;
	int r = 0;

	if (!builder->merge_plan)
		r = ng_merge_plan_new(directory_fd(builder), directory(builder),
				      builder->manifest.n_shards - 1, builder->journal != NULL,
				      &builder->merge_plan, err);
	if (r < 0)
		return r;
	job.step.first = ng_merge_plan_segments(builder->merge_plan);
	job.step.end = job.step.first + 1;
	if (ng_merge_plan_add(builder->merge_plan, builder->batch.n, &path, &job.text_fd,
			      &job.text_at) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = step_find(builder, job.step.kind, job.step.first, job.step.end, &done, err);
	if (r < 0)
		return r;
	if (done) {
		/* Nothing has a sum of the text that is there; it is at hand. */
		r = ng_file_write_at(job.text_fd, builder->batch.bytes, builder->batch.n,
				     job.text_at, NULL);
		ng_batch_clear(&builder->batch);
		return r < 0 ? ng_fail(err, r,
				       "%s: cannot write the text of a batch beside it: %s%s",
				       done->file, strerror(-r), ng_file_advice(r))
			     : 0;
	}
	return job_start(builder, &job, path, err);
}

static void merge_report(void *userdata)
{
	const struct ng_builder *builder = userdata;
	const struct ng_shard_progress *p = &builder->merging;
	struct ng_build_progress progress = {
		.phase = (enum ng_build_phase)atomic_load(&p->phase),
		.shard = (uint32_t)builder->manifest.n_shards - 1,
		.done_bytes = atomic_load(&p->done_bytes),
		.total_bytes = atomic_load(&p->total_bytes),
	};

	ng_builder_report(userdata, &progress);
}

/* The shard's segments become one, and that the shard. */
static int shard_merge(struct ng_builder *builder, const char *path, struct ng_error *err)
{
	struct ng_shard_options options = builder->shard_options;
	/* The rest is for what isn't in files, and for the pages between two checks. */
	uint64_t resident_bytes = builder->options.memory_bytes / 4 * 3;
	struct ng_segment_merge_options merge = {.sa_rate = options.sa_rate,
						 .threads = builder->options.threads,
						 .resident_bytes = resident_bytes,
						 .memory_bytes = builder->plan.jobs_bytes,
						 .tmp = tmp_directory(builder),
						 .cancel = builder->options.cancel,
						 .progress = &builder->merging,
						 .report = merge_report,
						 .userdata = builder};
	struct ng_manifest_shard *entry = current_shard(builder);
	struct ng_step step = {.kind = NG_STEP_SHARD,
			       .shard = builder->manifest.n_shards - 1,
			       .rows = builder->shard_rows};
	struct ng_file_at file = {directory_fd(builder), path}, segment;
	int r = ng_shard_jobs_wait(builder->jobs, UINT64_MAX, err);

	if (r == 0 && ng_builder_work_merge(builder) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = ng_merge_plan_run(builder->merge_plan, builder->journal, &merge, &segment, err);
	if (r < 0)
		return r;
	options.threads = builder->options.threads;
	options.resident_bytes = resident_bytes;
	options.cancel = builder->options.cancel;
	r = left_remove(builder, &file, err);
	if (r < 0)
		return r;
	r = ng_shard_complete(segment, &builder->docs, &options, file, &builder->merging,
			      &step.file_bytes, &step.checksum, err);
	if (r < 0)
		return r;
	ng_shard_phase_end(&builder->merging);
	entry->file_bytes = step.file_bytes;
	entry->checksum = step.checksum;
	snprintf(step.file, sizeof(step.file), "%s", entry->file);
	input_sum(builder, step.input);
	return step_done(builder, &step, err);
}

/* The shard has all its documents. */
int ng_builder_shard_finish(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_manifest_shard *entry = current_shard(builder);
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_shard_job job = {.step.kind = NG_STEP_SHARD};
	const struct ng_step *done;
	int r;

	entry->docs = builder->docs.n;
	entry->text_bytes = builder->shard_rows - builder->docs.n;
	if (asprintf(&path, "%s/%s", directory(builder), entry->file) < 0) {
		path = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	r = step_find(builder, NG_STEP_SHARD, 0, 0, &done, err);
	if (r == 0 && builder->merge_plan && !done) {
		r = builder->batch.docs ? ng_builder_segment_start(builder, err) : 0;
		if (r == 0)
			r = shard_merge(builder, path, err);
	} else if (r == 0 && !done) {
		job.docs = builder->docs;
		builder->docs = (struct ng_shard_docs){0};
		r = job_start(builder, &job, path, err);
	}
	if (r < 0)
		return r;
	if (done) {
		entry->file_bytes = done->file_bytes;
		entry->checksum = done->checksum;
	}
	builder->work.shard_open = false;
	if (builder->merge_plan)
		ng_merge_plan_remove(builder->merge_plan);
	builder->merge_plan = ng_merge_plan_free(builder->merge_plan);
	ng_batch_clear(&builder->batch);
	ng_shard_docs_clear(&builder->docs);
	return 0;
}
