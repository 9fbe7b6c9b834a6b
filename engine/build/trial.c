/* SPDX-License-Identifier: Apache-2.0 */
#include "build/trial.h"

#include <fcntl.h>
#include <time.h>

#include "base/file.h"
#include "build/ours.h"
#include "build/work.h"
#include "format/manifest.h"
#include "format/shardlayout.h"
#include "merge/cost.h"

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int docs_add(struct ng_builder *builder, const struct ng_sample *sample, size_t step,
		    uint64_t *ret_rows, struct ng_error *err)
{
	const struct ng_sample_doc *docs = sample->docs;
	uint64_t rows = 0;

	for (size_t i = 0; i < sample->n_docs; i += step) {
		uint64_t text = i ? docs[i - 1].text_end : 0, meta = i ? docs[i - 1].meta_end : 0;
		int r = ng_builder_add(builder, sample->text.data + text, docs[i].text_end - text,
				       (const char *)sample->meta.data + meta,
				       docs[i].meta_end - meta, err);

		if (r < 0)
			return r;
		rows += docs[i].text_end - text + 1;
	}
	*ret_rows = rows;
	return 0;
}

static void sections_add(const struct ng_shard_file *file, uint64_t file_bytes,
			 struct ng_trial *trial)
{
	uint32_t n;
	const struct ng_shard_entry *entries = ng_shard_file_entries(file, &n);

	trial->fixed_bytes += file_bytes;
	for (uint32_t i = 0; i < n; i++) {
		trial->fixed_bytes -= entries[i].bytes;
		if (entries[i].type == NG_SECTION_META_FRAMES ||
		    entries[i].type == NG_SECTION_TEXT_FRAMES)
			trial->frame_bytes += entries[i].bytes;
	}
}

static int parts_add(const char *index, struct ng_trial *trial, struct ng_error *err)
{
	struct ng_manifest manifest = {0};
	int r = ng_manifest_read(index, &manifest, err);

	for (size_t i = 0; r == 0 && i < manifest.n_shards; i++) {
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		ng_cleanup(ng_freep) char *path = NULL;

		if (asprintf(&path, "%s/%s", index, manifest.shards[i].file) < 0) {
			path = NULL;
			r = ng_fail(err, -ENOMEM, "out of memory");
			break;
		}
		r = ng_shard_file_open(path, &file, err);
		if (r < 0)
			break;
		sections_add(file, manifest.shards[i].file_bytes, trial);
	}
	ng_manifest_clear(&manifest);
	return r;
}

static int work_of(const struct ng_build_options *options, const struct ng_sample *sample,
		   struct ng_trial *trial, struct ng_error *err)
{
	struct ng_work_model model = {.batch_bytes = UINT64_MAX,
				      .shard_bytes = UINT64_MAX,
				      .has_nul = sample->has_nul,
				      .job_threads = options->threads,
				      .threads = options->threads};
	uint64_t work, cpu_work;
	int r = ng_work_of_shard(&model, 0, NULL, 0, trial->rows, &work);

	model.job_threads = model.threads = 1;
	if (r == 0)
		r = ng_work_of_shard(&model, 0, NULL, 0, trial->rows, &cpu_work);
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	if (options->text_store) {
		work += ng_cost(NG_COST_COMPRESS, trial->rows, options->threads);
		cpu_work += ng_cost(NG_COST_COMPRESS, trial->rows, 1);
	}
	trial->work = work / options->threads;
	trial->cpu_work = cpu_work;
	return 0;
}

static int build(const struct ng_sample *sample, size_t step,
		 const struct ng_build_options *options, struct ng_trial *trial,
		 struct ng_error *err)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_summary summary;
	double begun = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	int r = ng_builder_new(options, &builder, err);

	if (r == 0)
		r = docs_add(builder, sample, step, &trial->rows, err);
	if (r == 0)
		r = ng_builder_finish(builder, &summary, err);
	if (r < 0)
		return r;
	trial->seconds = seconds_of(CLOCK_MONOTONIC) - begun;
	trial->cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	trial->index_bytes = summary.index_bytes;
	r = parts_add(options->output, trial, err);
	return r < 0 ? r : work_of(options, sample, trial, err);
}

/* All that a build can have left. */
static void index_remove(const char *index)
{
	int fd = open(index, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	ng_ours_remove(fd, NULL, NULL);
	close(fd);
	rmdir(index);
}

int ng_trial_run(const struct ng_sample *sample, size_t step,
		 const struct ng_build_options *options, const char *dir,
		 struct ng_trial *ret_trial, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *place = NULL, *index = NULL;
	struct ng_build_options small = *options;
	struct ng_trial trial = {0};
	int r;

	if (asprintf(&place, "%s/mkngramfs-estimate-XXXXXX", dir) < 0)
		place = NULL;
	if (!place)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!mkdtemp(place))
		return ng_fail(err, -errno,
			       "%s: cannot make a small index there to measure: %s; see --tmp", dir,
			       strerror(errno));
	if (asprintf(&index, "%s/index", place) < 0) {
		index = NULL;
		rmdir(place);
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	small.output = index;
	small.tmp_dir = place;
	small.input_bytes = 0;
	small.shard_bytes = small.batch_bytes = 0;
	small.force = small.append = small.resume = false;
	small.progress = NULL;
	r = build(sample, step, &small, &trial, err);
	index_remove(index);
	rmdir(place);
	if (r < 0)
		return r;
	*ret_trial = trial;
	return 0;
}
