/* SPDX-License-Identifier: Apache-2.0 */
#include "build/builder.h"

#include <fcntl.h>

#include "base/parallel.h"
#include "build/builder_internal.h"
#include "format/shardfile.h"
#include "build/disk_space.h"
#include "build/facet_options.h"
#include "build/resume.h"
#include "format/params.h"
#include "sort/suffix_sort.h"

/* ---- beginning ---- */

static int options_check(struct ng_build_options *options, struct ng_error *err)
{
	if (!options->sa_sampling)
		options->sa_sampling = NG_SA_RATE_DEFAULT;
	if (!options->memory_bytes)
		options->memory_bytes = ng_memory_default();
	if (!options->threads)
		options->threads = ng_processors();
	if (options->sa_sampling < NG_SA_RATE_MIN || options->sa_sampling > NG_SA_RATE_MAX)
		return ng_fail(err, -EINVAL, "suffix array sampling %u is not from %u to %u",
			       options->sa_sampling, NG_SA_RATE_MIN, NG_SA_RATE_MAX);
	return 0;
}

/* What was chosen before there was a lock may be another one's work by now. */
static int known_check(const struct ng_builder *builder, struct ng_error *err)
{
	const struct ng_manifest *known = builder->options.known, *is = &builder->manifest;
	bool same = !known || known->n_options == is->n_options;

	for (size_t i = 0; known && same && i < is->n_options; i++)
		same = strcmp(known->options[i], is->options[i]) == 0;
	return same ? 0
		    : ng_fail(err, -ESTALE, "%s: was changed just now by another one; try again",
			      builder->options.output);
}

/* Open the index to append to. */
static int append_begin(struct ng_builder *builder, struct ng_error *err)
{
	int r;

	if (builder->options.force)
		return ng_fail(err, -EINVAL,
			       "an index is either appended to or replaced (--append, --force)");
	r = ng_appenddir_new(builder->options.output, &builder->manifest, &builder->append, err);
	if (r == -ENOENT && access(builder->options.output, F_OK) < 0)
		return ng_fail(err, r,
			       "%s: there is no index to append to; without --append it is made",
			       builder->options.output);
	if (r < 0)
		return r;
	builder->first_shard = builder->manifest.n_shards;
	r = known_check(builder, err);
	return r < 0 ? r : ng_appenddir_options(&builder->manifest, &builder->options, err);
}

/* What must be the same for a build to go on: it decides where batches and shards begin, and what
 * is in their files. */
static char *options_text(const struct ng_builder *builder)
{
	char *text;

	return asprintf(&text,
			"format=%u sa-sampling=%u text-store=%s facets=%016jx shard=%ju batch=%ju",
			NG_FORMAT_VERSION, builder->options.sa_sampling,
			builder->options.text_store ? "yes" : "no",
			(uintmax_t)ng_facet_options_sum(&builder->options.facets),
			(uintmax_t)builder->plan.shard_bytes,
			(uintmax_t)builder->plan.batch_bytes) < 0
		       ? NULL
		       : text;
}

static int workdir_begin(struct ng_builder *builder, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *text = options_text(builder);
	const struct ng_build_options *options = &builder->options;
	bool found;
	int fd, r;

	if (!text)
		return ng_fail(err, -ENOMEM, "out of memory");
	builder->manifest.format_version = NG_FORMAT_VERSION;
	builder->manifest.sa_sampling = options->sa_sampling;
	builder->manifest.text_store = options->text_store;
	r = ng_workdir_new(options->output, options->force, options->resume, &builder->workdir,
			   err);
	if (r < 0)
		return r;
	fd = ng_workdir_fd(builder->workdir);
	r = ng_journal_open(fd, ng_workdir_path(builder->workdir), text, &builder->journal, &found,
			    err);
	if (r == 0 && found)
		r = ng_resume_check(fd, ng_workdir_path(builder->workdir), builder->journal,
				    options->cancel, err);
	/* Whoever comes with the right options may go on with it. */
	if (r < 0)
		ng_workdir_keep(builder->workdir);
	return r;
}

/* Shards side by side, when there is memory for several; each gets its share of the threads. */
static int jobs_begin(struct ng_builder *builder, struct ng_error *err)
{
	struct ng_shard_jobs_options options = {.threads = builder->options.threads,
						.memory_bytes = builder->plan.jobs_bytes,
						.cancel = builder->options.cancel,
						.progress = ng_builder_report,
						.finished = ng_builder_job_finished,
						.userdata = builder};

	builder->shard_options.sa_rate = builder->options.sa_sampling;
	builder->shard_options.threads =
		ng_max(builder->options.threads / builder->plan.side_by_side, 1u);
	if (ng_shard_jobs_new(&options, &builder->jobs) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	return 0;
}

static int tmp_open(struct ng_builder *builder, struct ng_error *err)
{
	const char *dir = builder->options.tmp_dir;

	builder->tmp_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return builder->tmp_fd < 0 ? ng_fail(err, -errno, "%s: cannot make temporary files: %s",
					     dir, strerror(errno))
				   : 0;
}

int ng_builder_new(const struct ng_build_options *options, struct ng_builder **ret_builder,
		   struct ng_error *err)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = calloc(1, sizeof(*builder));
	int r;

	if (!builder)
		return ng_fail(err, -ENOMEM, "out of memory");
	builder->options = *options;
	builder->tmp_fd = -1;
	builder->input = XXH3_createState();
	if (!builder->input)
		return ng_fail(err, -ENOMEM, "out of memory");
	XXH3_128bits_reset(builder->input);
	r = options->append ? append_begin(builder, err) : 0;
	if (r == 0 && ng_manifest_set_options(&builder->manifest, options->remembered,
					      options->n_remembered) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = options_check(&builder->options, err);
	if (r == 0)
		r = ng_memory_divide(builder->options.memory_bytes, options->input_memory_bytes,
				     options->shard_bytes, options->batch_bytes,
				     builder->options.threads, &builder->plan, err);
	/* What is there of an interrupted build is not needed again. */
	if (r == 0 && !options->resume)
		r = ng_disk_space_check(options->output, options->tmp_dir, options->input_bytes,
					&builder->plan, err);
	if (r == 0 && options->tmp_dir)
		r = tmp_open(builder, err);
	if (r == 0)
		r = jobs_begin(builder, err);
	if (r == 0 && !builder->append)
		r = workdir_begin(builder, err);
	if (r < 0)
		return r;
	*ret_builder = ng_steal_ptr(&builder);
	return 0;
}

/* ---- documents ---- */

static void input_add(struct ng_builder *builder, const uint8_t *text, size_t text_bytes,
		      const char *meta, size_t meta_bytes)
{
	uint64_t lengths[2] = {text_bytes, meta_bytes};

	XXH3_128bits_update(builder->input, lengths, sizeof(lengths));
	XXH3_128bits_update(builder->input, text, text_bytes);
	XXH3_128bits_update(builder->input, meta, meta_bytes);
}

/* What is kept of each document while its shard is made, and once more when it is merged and
 * written, takes the memory that sorting so many bytes of text does. */
#define DOC_TAKES_BYTES 7u

/* Memory that sorting takes, for a byte of text; see memory.h. */
#define SORT_TIMES 6u

static uint64_t docs_room(const struct ng_builder *builder)
{
	return builder->docs.n * DOC_TAKES_BYTES +
	       ng_shard_docs_facet_bytes(&builder->docs) / SORT_TIMES;
}

/* Documents of a few bytes each would take more memory than their text: a shard of too many ends
 * before it is full. */
static bool shard_has_room(const struct ng_builder *builder, size_t text_bytes)
{
	return builder->shard_rows + text_bytes + 1 <= builder->plan.shard_bytes &&
	       docs_room(builder) <= builder->plan.batch_room / 2;
}

/* A batch with NUL bytes takes up to twice the memory to sort. */
static bool batch_has_room(const struct ng_builder *builder, size_t text_bytes, bool has_nul)
{
	uint64_t room =
		builder->plan.batch_room - ng_min(docs_room(builder), builder->plan.batch_room);
	uint64_t limit = ng_min(builder->plan.batch_bytes, room), most = NG_SORT_MAX;
	uint64_t n = builder->batch.n + text_bytes + 1;

	if (has_nul || builder->batch.has_nul) {
		limit /= 2;
		most /= 2;
	}
	/* The sorter puts a key behind each document. */
	return n <= limit && n + (builder->batch.docs + 1) * NG_SORT_KEY_BYTES <= most;
}

/* One that is larger than a batch would take more memory than there is. -E2BIG, which nothing else
 * returns: nothing was done yet. */
static int document_check(const struct ng_builder *builder, size_t text_bytes, bool has_nul,
			  struct ng_error *err)
{
	uint64_t takes = ng_memory_document(text_bytes, has_nul);

	if (text_bytes >= NG_SORT_MAX)
		return ng_fail(err, -E2BIG, "a document of %zu bytes is too large; %ju is the most",
			       text_bytes, (uintmax_t)NG_SORT_MAX - 1);
	if (takes > builder->options.memory_bytes - builder->options.input_memory_bytes)
		return ng_fail(err, -E2BIG,
			       "a document of %zu bytes takes %ju MiB of memory to sort; see "
			       "--memory",
			       text_bytes, (uintmax_t)(takes >> 20) + 1);
	return 0;
}

int ng_builder_add(struct ng_builder *builder, const uint8_t *text, size_t text_bytes,
		   const char *meta, size_t meta_bytes, struct ng_error *err)
{
	bool has_nul = memchr(text, 0, text_bytes) != NULL;
	int r = document_check(builder, text_bytes, has_nul, err);

	if (r == 0 && builder->docs.n && !shard_has_room(builder, text_bytes))
		r = ng_builder_shard_finish(builder, err);
	else if (r == 0 && builder->batch.docs && !batch_has_room(builder, text_bytes, has_nul))
		r = ng_builder_segment_start(builder, err);
	if (r == 0 && !builder->docs.n)
		r = ng_builder_shard_begin(builder, err);
	if (r == 0 && !builder->batch.bytes) {
		/* Room for the next batch beside those at work. */
		r = ng_shard_jobs_wait(builder->jobs, 0, err);
		if (r == 0 && ng_batch_begin(&builder->batch) < 0)
			r = ng_fail(err, -ENOMEM, "out of memory for a batch of text");
	}
	if (r == 0)
		r = ng_shard_docs_add(&builder->docs, text, text_bytes, meta, meta_bytes, err);
	if (r < 0)
		return r;
	r = ng_batch_add(&builder->batch, text, text_bytes);
	if (r < 0)
		return ng_fail(err, r, "%s",
			       r == -EFBIG ? "a batch is too large" : "out of memory");
	input_add(builder, text, text_bytes, meta, meta_bytes);
	builder->shard_rows += text_bytes + 1;
	builder->work.rows_read += text_bytes + 1;
	builder->work.has_nul |= has_nul;
	return 0;
}

/* ---- the end ---- */

static void summarize(const struct ng_manifest *manifest, size_t first_shard,
		      struct ng_build_summary *ret_summary)
{
	struct ng_build_summary s = {0};

	s.shards = (uint32_t)manifest->n_shards;
	s.added_shards = (uint32_t)(manifest->n_shards - first_shard);
	for (size_t i = 0; i < manifest->n_shards; i++) {
		const struct ng_manifest_shard *shard = &manifest->shards[i];

		s.docs += ng_manifest_left_docs(shard);
		s.text_bytes += ng_manifest_left_bytes(shard);
		s.index_bytes += shard->file_bytes;
		s.added_docs += i < first_shard ? 0 : shard->docs;
		s.added_text_bytes += i < first_shard ? 0 : shard->text_bytes;
		s.added_index_bytes += i < first_shard ? 0 : shard->file_bytes;
	}
	*ret_summary = s;
}

int ng_builder_finish(struct ng_builder *builder, struct ng_build_summary *ret_summary,
		      struct ng_error *err)
{
	const struct ng_manifest *manifest = &builder->manifest;
	int r = 0;

	builder->work.input_ended = true;
	if (builder->docs.n)
		r = ng_builder_shard_finish(builder, err);
	if (r == 0)
		r = ng_shard_jobs_wait(builder->jobs, UINT64_MAX, err);
	if (r == 0 && builder->workdir)
		r = ng_manifest_write_at(ng_workdir_fd(builder->workdir),
					 ng_workdir_path(builder->workdir), manifest, err);
	if (r == 0 && ng_cancelled(builder->options.cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	if (r == 0 && builder->workdir)
		r = ng_workdir_publish(builder->workdir, err);
	if (r == 0 && builder->journal)
		ng_journal_remove(ng_workdir_fd(builder->workdir));
	/* Nothing to add: the index stays as it is, byte for byte. */
	if (r == 0 && builder->append && manifest->n_shards > builder->first_shard)
		r = ng_appenddir_publish(builder->append, manifest, err);
	if (r == 0)
		summarize(manifest, builder->first_shard, ret_summary);
	return r;
}

bool ng_builder_keep(struct ng_builder *builder)
{
	return builder->workdir && ng_workdir_keep(builder->workdir);
}

struct ng_builder *ng_builder_free(struct ng_builder *builder)
{
	if (!builder)
		return NULL;
	ng_shard_jobs_free(builder->jobs);
	ng_batch_clear(&builder->batch);
	ng_shard_docs_clear(&builder->docs);
	ng_merge_plan_free(builder->merge_plan);
	ng_journal_close(builder->journal);
	XXH3_freeState(builder->input);
	ng_manifest_clear(&builder->manifest);
	ng_workdir_free(builder->workdir);
	ng_appenddir_free(builder->append);
	ng_closep(&builder->tmp_fd);
	free(builder);
	return NULL;
}
