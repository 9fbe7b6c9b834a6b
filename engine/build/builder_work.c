/* SPDX-License-Identifier: Apache-2.0 */
/* How far a build is as a whole. Its work is that of reading, that which has been begun (batches
 * that became jobs, and shards that are being merged), and that which is left of the shard whose
 * documents are coming in and of shards after it, as many as the input still to be read will
 * give. */
#include "build/builder_internal.h"

#include "build/work.h"
#include "merge/cost.h"

static struct ng_work_model model(const struct ng_builder *builder)
{
	return (struct ng_work_model){.batch_bytes = builder->plan.batch_bytes,
				      .shard_bytes = builder->plan.shard_bytes,
				      .has_nul = builder->work.has_nul,
				      .job_threads = builder->shard_options.threads,
				      .threads = builder->options.threads,
				      .journal = builder->journal};
}

void ng_builder_work_job(struct ng_builder *builder, enum ng_step_kind kind)
{
	const struct ng_batch *batch = &builder->batch;
	unsigned threads = builder->shard_options.threads;

	if (kind == NG_STEP_SHARD)
		builder->work.shard_open = false;
	builder->work.begun += kind == NG_STEP_SHARD
				       ? ng_work_shard(batch->n, batch->has_nul, threads)
				       : ng_work_segment(batch->n, batch->has_nul, threads);
}

/* The segments that the shard has, all of which are made or being made; room for one more piece. */
static struct ng_work_piece *pieces_new(const struct ng_builder *builder, size_t *ret_n)
{
	size_t n = builder->merge_plan ? ng_merge_plan_segments(builder->merge_plan) : 0;
	struct ng_work_piece *pieces = calloc(n + 1, sizeof(*pieces));

	if (!pieces)
		return NULL;
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct ng_work_piece){
			.rows = ng_merge_plan_rows(builder->merge_plan, i), .made = true};
	*ret_n = n;
	return pieces;
}

/* What isn't begun of the shard, to which so many rows are still to come. -ENOMEM. */
static int shard_left(const struct ng_builder *builder, uint64_t rows, uint64_t *ret_work)
{
	ng_cleanup(ng_freep) struct ng_work_piece *pieces = NULL;
	struct ng_work_model m = model(builder);
	size_t n;

	*ret_work = 0;
	if (!builder->work.shard_open)
		return 0;
	pieces = pieces_new(builder, &n);
	return pieces ? ng_work_of_shard(&m, builder->manifest.n_shards - 1, pieces, n,
					 builder->batch.n + rows, ret_work)
		      : -ENOMEM;
}

int ng_builder_work_merge(struct ng_builder *builder)
{
	uint64_t work;
	int r = shard_left(builder, 0, &work);

	if (r < 0)
		return r;
	builder->work.begun += work;
	builder->work.shard_open = false;
	return 0;
}

/* Rows of the whole input; 0: unknown. */
static uint64_t rows_expected(const struct ng_builder_work *work)
{
	uint64_t read = ng_min(work->input_read, work->input_total);

	if (work->input_ended || (read && read == work->input_total))
		return work->rows_read;
	if (!read)
		return 0;
	return (uint64_t)((double)work->rows_read * (double)work->input_total / (double)read);
}

/* One thread reads, while the others sort or wait. */
static uint64_t reading(const struct ng_builder *builder, uint64_t rows)
{
	unsigned threads = builder->options.threads;
	uint64_t work = ng_cost(NG_COST_READ, rows, builder->plan.side_by_side > 1 ? 1 : threads);

	return builder->options.text_store ? work + ng_cost(NG_COST_COMPRESS, rows, threads) : work;
}

/* 0: unknown. */
static uint64_t work_left(const struct ng_builder *builder)
{
	uint64_t expected = rows_expected(&builder->work), here = 0, shard, others;
	uint64_t rows = expected - ng_min(expected, builder->work.rows_read);
	struct ng_work_model m = model(builder);

	if (!expected)
		return 0;
	if (builder->work.shard_open)
		here = ng_min(rows, builder->plan.shard_bytes -
					    ng_min(builder->plan.shard_bytes, builder->shard_rows));
	if (shard_left(builder, here, &shard) < 0 ||
	    ng_work_of_shards(&m, builder->manifest.n_shards, rows - here, &others) < 0)
		return 0;
	return reading(builder, rows) + shard + others;
}

static void work_fill(const struct ng_builder *builder, struct ng_build_progress *progress)
{
	uint64_t read = reading(builder, builder->work.rows_read), left = work_left(builder);
	bool known = builder->work.input_ended || left;

	progress->work_done = (read + ng_shard_jobs_work(builder->jobs) +
			       ng_shard_progress_work(&builder->merging)) /
			      builder->options.threads;
	progress->work_total =
		known ? (read + builder->work.begun + left) / builder->options.threads : 0;
}

void ng_builder_input(struct ng_builder *builder, uint64_t read_bytes, uint64_t total_bytes)
{
	builder->work.input_read = read_bytes;
	builder->work.input_total = total_bytes;
}

void ng_builder_progress(const struct ng_builder *builder, struct ng_build_progress *ret_progress)
{
	struct ng_build_progress progress = {.phase = NG_PHASE_READ,
					     .shard = (uint32_t)builder->manifest.n_shards,
					     .done_bytes = builder->work.input_read,
					     .total_bytes = builder->work.input_total};

	work_fill(builder, &progress);
	*ret_progress = progress;
}

void ng_builder_report(void *userdata, const struct ng_build_progress *progress)
{
	const struct ng_builder *builder = userdata;
	struct ng_build_progress whole = *progress;

	if (!builder->options.progress)
		return;
	work_fill(builder, &whole);
	builder->options.progress(builder->options.userdata, &whole);
}
