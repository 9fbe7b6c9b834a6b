/* SPDX-License-Identifier: Apache-2.0 */
#include "build/estimate.h"

#include <math.h>

#include "base/parallel.h"
#include "build/shard_jobs.h"
#include "build/work.h"
#include "merge/cost.h"

/* The smaller trial has so much of the sample. */
#define LESS 4u

/* Below so much text, two trials don't tell how the index grows. */
#define TRIAL_ROWS_MIN (256u << 10)

/* How sure things are: of what is in files that weren't read, at least, and where only the
 * beginnings of a few were; of the index and of memory, in any case. */
#define UNSURE_LEAST   0.02
#define UNSURE_FEW     0.2
#define GROUPS_FEW     8u
#define UNSURE_INDEX   0.03
#define UNSURE_MEMORY  0.15
#define UNSURE_SECONDS 0.2

/* How much of the fall between the trials goes on: of English, of C headers and of /usr/share 0.8.
 */
#define FALLS_LOW  1.3
#define FALLS      0.8
#define FALLS_HIGH 0.3

/* An index is never smaller than such a share of what the sample says. */
#define RATIO_LEAST 0.3

/* Sorting e times as much takes so much longer a byte: between 8 MB and 1 GB of English and of C,
 * from 171 to 277 ns. */
#define SORT_GROWS_LOW  0.06
#define SORT_GROWS      0.1
#define SORT_GROWS_HIGH 0.16

/* How much of the room that merging may take it does at its peak. */
#define ROOM_LOW    0.4
#define ROOM_LIKELY 0.9

/* Kept of each document until its shard is made, and the program itself. */
#define DOC_BYTES     32u
#define PROCESS_BYTES (12u << 20)

/* ---- text ---- */

/* Of what was read, text or documents. */
typedef double share_of(const struct ng_sample_read *read);

static double text_of(const struct ng_sample_read *read)
{
	return (double)read->text_bytes;
}

static double docs_of(const struct ng_sample_read *read)
{
	return (double)read->docs;
}

static double rate_of(const struct ng_sample_read *read, share_of *share)
{
	return read->input_bytes ? share(read) / (double)read->input_bytes : 0;
}

/* A sum that isn't known, and the square of how far it may be off. */
struct sum {
	double likely, off;
};

static void sum_add(struct sum *sum, double likely, double off)
{
	sum->likely += likely;
	sum->off += off * off;
}

/* Whether points lie in a file wherever they begin. */
static bool is_certain(const struct ng_sample *sample, const struct ng_sample_group *group)
{
	return group->file_bytes && group->file_bytes * NG_SAMPLE_POINTS >= sample->input_bytes;
}

/* Such files, each of which is known, or its beginning. Returns their bytes. */
static double certain_add(const struct ng_sample *sample, share_of *share, struct sum *sum)
{
	double bytes = 0;

	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++) {
		const struct ng_sample_group *group = &sample->groups[i];
		double all = (double)group->file_bytes, likely;

		if (!group->points || !is_certain(sample, group))
			continue;
		likely = all * rate_of(&group->read, share);
		sum_add(sum, likely,
			UNSURE_FEW * likely * (1 - (double)group->read.input_bytes / all));
		bytes += all;
	}
	return bytes;
}

/* So many bytes in all other files, of which chance has chosen some: every point counts the same,
 * however much was read for it, and how they differ tells how far that may be off. */
static void chosen_add(const struct ng_sample *sample, double bytes, share_of *share,
		       struct sum *sum)
{
	double rates = 0, squares = 0, unread, mean;
	unsigned n = 0;

	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++) {
		const struct ng_sample_group *group = &sample->groups[i];
		double rate = rate_of(&group->read, share);

		if (!group->read.input_bytes || is_certain(sample, group))
			continue;
		rates += rate;
		squares += rate * rate;
		n++;
	}
	if (n < GROUPS_FEW) {
		mean = rate_of(&sample->sum, share);
		sum_add(sum, bytes * mean, bytes * mean * UNSURE_FEW);
		return;
	}
	mean = rates / n;
	unread = ng_max(1 - (double)sample->sum.input_bytes / (double)sample->input_bytes, 0.);
	/* Twice the standard error. */
	sum_add(sum, bytes * mean,
		2 * bytes * sqrt(ng_max(squares / n - mean * mean, 0.) * unread / (n - 1)));
}

static struct ng_bounds reckon_sum(const struct ng_sample *sample, share_of *share)
{
	struct sum sum = {0};
	double certain = certain_add(sample, share, &sum), off;

	chosen_add(sample, ng_max((double)sample->input_bytes - certain, 0.), share, &sum);
	off = ng_max(sqrt(sum.off), UNSURE_LEAST * sum.likely);
	/* There is at least what was read. */
	return (struct ng_bounds){ng_max(sum.likely - off, share(&sample->sum)),
				  ng_max(sum.likely, share(&sample->sum)),
				  ng_max(sum.likely + off, share(&sample->sum))};
}

static void reckon_text(const struct ng_sample *sample, struct ng_estimate *estimate)
{
	double text = text_of(&sample->sum), docs = docs_of(&sample->sum);

	estimate->whole = !sample->begun_files && sample->whole_files == sample->n_files;
	if (estimate->whole) {
		estimate->text_bytes = (struct ng_bounds){text, text, text};
		estimate->docs = (struct ng_bounds){docs, docs, docs};
		return;
	}
	estimate->text_bytes = reckon_sum(sample, text_of);
	estimate->docs = reckon_sum(sample, docs_of);
}

/* ---- the index ---- */

static double ratio_of(const struct ng_trial *trial)
{
	return (double)(trial->index_bytes - trial->fixed_bytes) / (double)trial->rows;
}

/* Bytes of index a row, in shards of so many rows. */
static struct ng_bounds ratio_at(const struct ng_estimate_from *from, double rows)
{
	const struct ng_trial *less = &from->less, *more = &from->more;
	double at = ratio_of(more), a_fold = 0, folds;
	struct ng_bounds range;

	if (less->rows >= TRIAL_ROWS_MIN && more->rows > less->rows)
		a_fold = (at - ratio_of(less)) / log((double)more->rows / (double)less->rows);
	/* Small ones tell too little to say that it grows. */
	a_fold = ng_min(a_fold, 0.);
	folds = ng_max(log(rows / (double)more->rows), 0.);
	range.low = ng_max(at + FALLS_LOW * a_fold * folds, at * RATIO_LEAST) * (1 - UNSURE_INDEX);
	range.likely = ng_max(at + FALLS * a_fold * folds, at * RATIO_LEAST);
	range.high =
		ng_max(at + FALLS_HIGH * a_fold * folds, at * RATIO_LEAST) * (1 + UNSURE_INDEX);
	return range;
}

static void reckon_index(const struct ng_estimate_from *from, struct ng_estimate *estimate)
{
	double docs = estimate->docs.likely, rows = estimate->text_bytes.likely + docs;
	double shard = ng_min(rows, (double)from->plan.shard_bytes);
	struct ng_bounds ratio = ratio_at(from, shard);
	double fixed = (double)from->more.fixed_bytes * (double)estimate->shards;

	/* Then it was made, as it will be. */
	if (estimate->whole && estimate->shards == 1 &&
	    from->more.rows == from->sample->sum.text_bytes + from->sample->sum.docs)
		ratio = (struct ng_bounds){ratio.likely, ratio.likely, ratio.likely};
	estimate->index_bytes = (struct ng_bounds){
		ratio.low * (estimate->text_bytes.low + estimate->docs.low) + fixed,
		ratio.likely * rows + fixed,
		ratio.high * (estimate->text_bytes.high + estimate->docs.high) + fixed};
}

/* ---- memory, room and time ---- */

static double batch_rows(const struct ng_estimate_from *from, double rows)
{
	double batch = (double)from->plan.batch_bytes / (from->sample->has_nul ? 2 : 1);

	return ng_min(ng_min(rows, (double)from->plan.shard_bytes), ng_max(batch, 1.));
}

static void reckon_memory(const struct ng_estimate_from *from, double rows, double docs,
			  struct ng_estimate *estimate)
{
	double batch = batch_rows(from, rows), most = (double)from->options->memory_bytes;
	unsigned threads = ng_max(from->options->threads / from->plan.side_by_side, 1u);
	double jobs = ng_min((double)from->plan.side_by_side, (double)estimate->batches);
	double shard = ng_min(rows, (double)from->plan.shard_bytes), likely;

	likely = PROCESS_BYTES + DOC_BYTES * docs * shard / ng_max(rows, 1.) +
		 jobs * (double)ng_shard_job_bytes((uint64_t)batch, from->sample->has_nul, threads);
	if ((double)estimate->batches > jobs && !from->plan.alone)
		likely += batch;
	likely = ng_min(likely, most);
	estimate->memory_bytes = (struct ng_bounds){likely * (1 - UNSURE_MEMORY), likely,
						    ng_min(likely * (1 + UNSURE_MEMORY), most)};
	/* Merging keeps in memory what it may. */
	if (estimate->batches > estimate->shards)
		estimate->memory_bytes.high = most;
}

static struct ng_work_model model_of(const struct ng_estimate_from *from)
{
	const struct ng_build_options *options = from->options;

	return (struct ng_work_model){
		.batch_bytes = from->plan.batch_bytes,
		.shard_bytes = from->plan.shard_bytes,
		.has_nul = from->sample->has_nul,
		.job_threads = ng_max(options->threads / from->plan.side_by_side, 1u),
		.threads = options->threads};
}

static struct ng_bounds range_plus(struct ng_bounds range, double low, double likely, double high)
{
	return (struct ng_bounds){range.low + low, range.likely + likely, range.high + high};
}

/* The peak is that of the last shard: while its batches are merged, or while it is written. */
static int reckon_room(const struct ng_estimate_from *from, double rows,
		       struct ng_estimate *estimate)
{
	struct ng_work_model model = model_of(from);
	double shard = ng_min(rows, (double)from->plan.shard_bytes);
	double frames = (double)from->more.frame_bytes / (double)from->more.rows * shard;
	double batches = 0, index = estimate->index_bytes.likely / (double)estimate->shards, room;
	uint64_t merging;
	int r = ng_work_room(&model, (uint64_t)rows, &merging);

	if (r < 0)
		return r;
	room = (double)merging;
	/* The text of a shard that is merged, and its batches. */
	if (merging)
		batches = shard * (1 + ratio_at(from, shard).likely);
	estimate->output_bytes =
		range_plus(estimate->index_bytes, batches * ROOM_LOW, batches, batches);
	estimate->tmp_bytes = (struct ng_bounds){frames * 0.9 + room * ROOM_LOW,
						 frames + room * ROOM_LIKELY, frames * 1.1 + room};
	/* The shard itself is written when the last merge is over. */
	estimate->disk_bytes =
		range_plus(estimate->output_bytes, frames * 0.9,
			   frames + ng_max(0., room * ROOM_LIKELY - index), frames * 1.1 + room);
	return 0;
}

static int reckon_seconds(const struct ng_estimate_from *from, double rows,
			  struct ng_estimate *estimate)
{
	const struct ng_build_options *options = from->options;
	const struct ng_trial *trial = &from->more;
	struct ng_work_model model = model_of(from);
	double times = (double)from->sample->input_bytes /
		       (double)ng_max(from->sample->sum.input_bytes, (uint64_t)1);
	double reading = from->sample->cpu_seconds * times, here, idle, seconds;
	double folds = ng_max(log(batch_rows(from, rows) / (double)trial->rows), 0.);
	uint64_t work;
	int r = ng_work_of_shards(&model, 0, (uint64_t)rows, &work);

	if (r < 0)
		return r;
	if (options->text_store)
		work += ng_cost(NG_COST_COMPRESS, (uint64_t)rows, options->threads);
	seconds = (double)work / options->threads * 1e-9;
	/* As this machine was just now, and as it is when it has nothing else to do. */
	here = trial->seconds / ng_max((double)trial->work * 1e-9, 1e-9);
	idle = trial->cpu_seconds / ng_max((double)trial->cpu_work * 1e-9, 1e-9);
	estimate->seconds = (struct ng_bounds){
		(reading + seconds * ng_min(here, idle) * (1 + SORT_GROWS_LOW * folds)) *
			(1 - UNSURE_SECONDS),
		reading + seconds * (here + idle) / 2 * (1 + SORT_GROWS * folds),
		(reading + seconds * ng_max(here, idle) * (1 + SORT_GROWS_HIGH * folds)) *
			(1 + UNSURE_SECONDS)};
	return 0;
}

static uint64_t pieces(double rows, double most)
{
	return (uint64_t)ceil(rows / ng_max(most, 1.));
}

int ng_estimate_reckon(const struct ng_estimate_from *from, struct ng_estimate *ret_estimate)
{
	struct ng_estimate estimate = {0};
	double rows, docs, shard;
	int r;

	reckon_text(from->sample, &estimate);
	docs = estimate.docs.likely;
	rows = estimate.text_bytes.likely + docs;
	if (rows <= 0 || !from->more.rows) {
		*ret_estimate = estimate;
		return 0;
	}
	shard = ng_min(rows, (double)from->plan.shard_bytes);
	estimate.shards = pieces(rows, shard);
	estimate.batches = pieces(shard, batch_rows(from, rows)) * estimate.shards;
	reckon_index(from, &estimate);
	reckon_memory(from, rows, docs, &estimate);
	r = reckon_room(from, rows, &estimate);
	if (r == 0)
		r = reckon_seconds(from, rows, &estimate);
	if (r == 0)
		*ret_estimate = estimate;
	return r;
}

int ng_estimate(const struct ng_sample *sample, const struct ng_build_options *options,
		const char *dir, struct ng_estimate *ret_estimate, struct ng_error *err)
{
	struct ng_build_options known = *options;
	struct ng_estimate_from from = {.sample = sample, .options = &known};
	int r;

	if (!known.memory_bytes)
		known.memory_bytes = ng_memory_default();
	if (!known.threads)
		known.threads = ng_processors();
	r = ng_memory_divide(known.memory_bytes, known.input_memory_bytes, known.shard_bytes,
			     known.batch_bytes, known.threads, &from.plan, err);
	if (r == 0 && sample->n_docs)
		r = ng_trial_run(sample, 1, &known, dir, &from.more, err);
	if (r == 0 && from.more.rows >= LESS * (uint64_t)TRIAL_ROWS_MIN)
		r = ng_trial_run(sample, LESS, &known, dir, &from.less, err);
	if (r < 0)
		return r;
	r = ng_estimate_reckon(&from, ret_estimate);
	return r < 0 ? ng_fail(err, r, "out of memory") : 0;
}
