/* SPDX-License-Identifier: Apache-2.0 */
#include "build/shard_build.h"

#include "base/machine.h"
#include "build/work.h"
#include "bwt/bwt_write.h"
#include "bwt/segment.h"
#include "format/frequent.h"
#include "format/packed.h"
#include "format/pages.h"
#include "format/permutation.h"
#include "format/segment_write.h"
#include "merge/cost.h"
#include "sort/frequent_search.h"
#include "sort/parallel_sort.h"

/* Of the shortcuts for inverting the suffix array samples: an inverse takes some 2 * SPACING steps,
 * and the shortcuts 1 / SPACING of the samples' room. */
#define SPACING 16u

/* What is read of a file from check to check of how much memory that takes. */
#define PIECE_BYTES   (4u << 20)
#define PIECE_SAMPLES (1u << 20)

static void encode_progress(void *userdata, uint64_t done, uint64_t total)
{
	struct ng_shard_progress *progress = userdata;

	atomic_store(&progress->done_bytes, done);
}

static int section_write(struct ng_shard_writer *shard, uint32_t type, const void *data, size_t len,
			 struct ng_error *err)
{
	int r = ng_shard_writer_section(shard, type, err);

	return r < 0 ? r : ng_shard_writer_write(shard, data, len, err);
}

static int frequent_write(struct ng_shard_writer *shard, struct ng_frequent_pattern *patterns,
			  size_t n, uint64_t rows, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_frequent_write(patterns, n, rows, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the table of frequent patterns");
	return section_write(shard, NG_SECTION_FREQUENT, buf.data, buf.len, err);
}

static int sorted_patterns_write(const struct ng_sorted *sorted, unsigned threads,
				 struct ng_shard_writer *shard, struct ng_error *err)
{
	ng_cleanup(ng_freep) struct ng_frequent_pattern *patterns = NULL;
	size_t n = 0;
	int r = ng_sorted_patterns(sorted, threads, &patterns, &n);

	if (r < 0)
		return ng_fail(err, r, "finding frequent patterns: %s", strerror(-r));
	return n ? frequent_write(shard, patterns, n, sorted->rows, err) : 0;
}

static int shortcuts_write(struct ng_shard_writer *shard, const uint32_t *numbers, uint64_t n,
			   struct ng_error *err)
{
	int r = ng_shard_writer_section(shard, NG_SECTION_SHORTCUTS, err);

	return r < 0 ? r : ng_permutation_write(numbers, n, SPACING, shard, err);
}

/* A sort that tells how far it is. */
struct sorting {
	struct ng_shard_progress *progress;
	double bytes_a_work;
};

static void on_sorted(void *userdata, uint64_t more)
{
	const struct sorting *s = userdata;

	atomic_fetch_add(&s->progress->done_bytes, (uint64_t)((double)more * s->bytes_a_work));
}

/* Sort, with the progress and the errors of a build; encoding, which follows, is so much work. */
static int batch_sort(const struct ng_batch *batch, const struct ng_shard_options *options,
		      struct ng_shard_progress *progress, uint64_t encoding,
		      struct ng_sorted *sorted, struct ng_error *err)
{
	uint64_t work = ng_parallel_sort_work(batch->n, batch->has_nul, options->threads);
	struct sorting sorting = {progress, (double)batch->n / (double)ng_max(work, 1ull)};
	struct ng_sort_watch watch = {on_sorted, &sorting};
	struct ng_sort_text text = {.bytes = batch->bytes,
				    .n = batch->n,
				    .doc_ends = batch->doc_ends,
				    .docs = batch->docs,
				    .has_nul = batch->has_nul};
	int r;

	ng_shard_phase(progress, NG_PHASE_SORT, batch->n, work);
	ng_shard_phase_silent(
		progress, ng_parallel_sort_silent_work(batch->n, batch->has_nul, options->threads),
		options->threads,
		ng_parallel_sort_busy(batch->n, batch->has_nul, options->threads));
	r = ng_parallel_sort(&text, options->sa_rate, options->threads, &watch, sorted);
	if (r == -EFBIG)
		return ng_fail(err, r,
			       "%zu bytes with NUL bytes in them are too many to sort at once; "
			       "use a smaller --memory",
			       batch->n);
	if (r < 0)
		return ng_fail(err, r,
			       "out of memory for sorting %zu bytes; use a smaller --memory",
			       batch->n);
	/* In this order: whoever cancels and then sees that it sorts may count on nothing being
	 * written. */
	ng_shard_phase(progress, NG_PHASE_ENCODE, batch->n, encoding);
	return ng_cancelled(options->cancel) ? -EINTR : 0;
}

static int params_write(struct ng_shard_writer *shard, const struct ng_batch *batch,
			uint32_t sa_rate, struct ng_error *err)
{
	struct ng_shard_params params = {.rows = batch->n,
					 .docs = batch->docs,
					 .text_bytes = batch->n - batch->docs,
					 .sa_rate = sa_rate};

	return section_write(shard, NG_SECTION_PARAMS, &params, sizeof(params), err);
}

static int sorted_write(struct ng_shard_writer *shard, const struct ng_sorted *sorted,
			const struct ng_shard_options *options, struct ng_shard_progress *progress,
			struct ng_error *err)
{
	struct ng_bwt_text bwt = {sorted->bwt, sorted->separators, sorted->marks, sorted->rows};
	int r = ng_bwt_write(&bwt, ng_mark_shift(options->sa_rate), options->threads, shard,
			     options->cancel, encode_progress, progress, err);

	return r < 0 ? r
		     : ng_samples_write(shard, sorted->sa_samples, sorted->n_sa_samples, NULL, NULL,
					err);
}

int ng_shard_build(struct ng_batch *batch, struct ng_shard_docs *docs,
		   const struct ng_shard_options *options, struct ng_file_at file,
		   struct ng_shard_progress *progress, uint64_t *ret_bytes, uint64_t *ret_checksum,
		   struct ng_error *err)
{
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {0};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	uint64_t n = batch->n;
	uint64_t encoding = ng_cost(NG_COST_PATTERNS, n, options->threads) +
			    ng_cost(NG_COST_ENCODE, n, options->threads);
	bool has_nul;
	int r = batch_sort(batch, options, progress, encoding, &sorted, err);

	if (r == 0)
		r = ng_shard_writer_new_at(file, &shard, err);
	if (r == 0)
		r = params_write(shard, batch, options->sa_rate, err);
	/* A text with NUL bytes is sorted in a form in which a search wouldn't find them. */
	has_nul = batch->has_nul;
	ng_batch_clear(batch);
	if (r == 0 && !has_nul)
		r = sorted_patterns_write(&sorted, options->threads, shard, err);
	if (r == 0)
		r = sorted_write(shard, &sorted, options, progress, err);
	if (r == 0)
		r = shortcuts_write(shard, sorted.sa_samples, sorted.n_sa_samples, err);
	if (r < 0)
		return r;
	ng_shard_phase(progress, NG_PHASE_STORE, n, ng_cost(NG_COST_STORE, n, options->threads));
	r = ng_shard_docs_write(docs, options->sa_rate, shard, err);
	if (r < 0)
		return r;
	ng_shard_phase(progress, NG_PHASE_SYNC, n, 0);
	return ng_shard_writer_finish(shard, ret_bytes, ret_checksum, err);
}

int ng_segment_build(struct ng_batch *batch, const struct ng_shard_options *options,
		     struct ng_file_at file, struct ng_shard_progress *progress,
		     uint64_t *ret_bytes, uint64_t *ret_checksum, struct ng_error *err)
{
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {0};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	uint64_t encoding = ng_cost(NG_COST_ENCODE, batch->n, options->threads);
	int r = batch_sort(batch, options, progress, encoding, &sorted, err);

	if (r == 0)
		r = ng_shard_writer_new_at(file, &shard, err);
	if (r == 0)
		r = params_write(shard, batch, options->sa_rate, err);
	if (r == 0)
		r = ng_doc_starts_write(batch->doc_ends, batch->docs, options->sa_rate, shard, err);
	ng_batch_clear(batch);
	if (r == 0)
		r = sorted_write(shard, &sorted, options, progress, err);
	if (r == 0)
		r = ng_shard_writer_finish(shard, ret_bytes, ret_checksum, err);
	if (r == 0)
		ng_shard_phase_end(progress);
	return r;
}

/* ---- a shard from a segment ---- */

/* A segment that is read for a shard, and with how much memory. */
struct completion {
	const struct ng_shard_file *file;
	const struct ng_segment *segment;
	uint64_t resident_bytes;
	unsigned threads;
	const ng_cancel *cancel;
};

/* May be called by any thread, whatever the others read. */
static void pages_limit(void *userdata)
{
	const struct completion *c = userdata;

	if (ng_machine_resident() > c->resident_bytes)
		ng_shard_file_release(c->file);
}

static int section_copy(struct completion *c, uint32_t type, struct ng_shard_writer *shard,
			struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;
	int r;

	if (!ng_shard_file_section(c->file, type, &data, &bytes))
		return ng_fail(err, -EUCLEAN, "a segment has no section %s", ng_section_name(type));
	r = ng_shard_writer_section(shard, type, err);
	for (size_t done = 0; r == 0 && done < bytes; done += PIECE_BYTES) {
		size_t n = ng_min(bytes - done, (size_t)PIECE_BYTES);

		if (ng_cancelled(c->cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (!ng_pages_ok(ng_shard_file_pages(c->file), data + done, n))
			return ng_fail(err, -EUCLEAN, "section %s of a segment is damaged",
				       ng_section_name(type));
		r = ng_shard_writer_write(shard, data + done, n, err);
		pages_limit(c);
	}
	return r;
}

static int patterns_write(struct completion *c, struct ng_shard_writer *shard, struct ng_error *err)
{
	const struct ng_segment *segment = c->segment;
	struct ng_rank_source ranks = ng_bwt_rank_source(segment->bwt);
	ng_cleanup(ng_freep) struct ng_frequent_pattern *patterns = NULL;
	uint64_t lo, hi;
	size_t n;
	int r;

	/* A batch that has NUL bytes is sorted in another form, from which they aren't found. */
	ng_bwt_symbol_rows(segment->bwt, 0, &lo, &hi);
	if (lo < hi)
		return 0;
	r = ng_frequent_search(&ranks, NG_FREQUENT_COUNT, c->threads, pages_limit, c, &patterns,
			       &n);
	if (r < 0)
		return ng_fail(err, r, "finding frequent patterns: %s", strerror(-r));
	return n ? frequent_write(shard, patterns, n, segment->params.rows, err) : 0;
}

static int segment_shortcuts_write(struct completion *c, const char *path,
				   struct ng_shard_writer *shard, struct ng_error *err)
{
	const struct ng_segment *segment = c->segment;
	uint64_t n = segment->samples.n;
	ng_cleanup(ng_freep) uint32_t *numbers = calloc(n, sizeof(*numbers));
	bool bad = false;
	int r = numbers ? 0 : -ENOMEM;

	for (uint64_t i = 0; r == 0 && i < n; i++) {
		uint64_t number = ng_packed_get(&segment->samples, i, &bad);

		if (i % PIECE_SAMPLES == 0)
			pages_limit(c);
		bad |= number >= n;
		numbers[i] = (uint32_t)number;
	}
	/* The sums of a stranger's shard are right. */
	if (r == 0)
		r = bad ? -EUCLEAN : ng_permutation_check(numbers, n);
	if (r == -EUCLEAN)
		return ng_segment_damaged(path, "the samples don't fit", err);
	if (r < 0)
		return ng_fail(err, r, "out of memory for %ju samples", (uintmax_t)n);
	return shortcuts_write(shard, numbers, n, err);
}

int ng_shard_complete(struct ng_file_at segment_file, struct ng_shard_docs *docs,
		      const struct ng_shard_options *options, struct ng_file_at file,
		      struct ng_shard_progress *progress, uint64_t *ret_bytes,
		      uint64_t *ret_checksum, struct ng_error *err)
{
	static const uint32_t copied[] = {
		NG_SECTION_BWT_CELLS,  NG_SECTION_BWT_DIRECTORY, NG_SECTION_BWT_SUPERBLOCKS,
		NG_SECTION_MARK_HINTS, NG_SECTION_SA_SAMPLES,
	};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *opened = NULL;
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	struct completion c = {.segment = &segment,
			       .resident_bytes = options->resident_bytes,
			       .threads = options->threads,
			       .cancel = options->cancel};
	int r = ng_shard_file_open_at(segment_file, &opened, err);

	c.file = opened;
	if (r == 0)
		r = ng_segment_open(opened, segment_file.path, &segment, err);
	if (r == 0)
		r = ng_shard_writer_new_at(file, &shard, err);
	if (r < 0)
		return r;
	ng_shard_phase(progress, NG_PHASE_STORE, segment.params.rows,
		       ng_work_complete(segment.params.rows, options->threads));
	r = section_copy(&c, NG_SECTION_PARAMS, shard, err);
	if (r == 0)
		r = patterns_write(&c, shard, err);
	for (size_t i = 0; r == 0 && i < ng_array_size(copied); i++)
		r = section_copy(&c, copied[i], shard, err);
	if (r == 0)
		r = segment_shortcuts_write(&c, segment_file.path, shard, err);
	if (r == 0)
		r = ng_shard_docs_write(docs, options->sa_rate, shard, err);
	if (opened && (r == 0 || r == -EUCLEAN) && ng_shard_file_faulted(opened))
		r = ng_fail(err, -EIO, "%s: cannot be read", segment_file.path);
	if (r < 0)
		return r;
	ng_shard_phase(progress, NG_PHASE_SYNC, segment.params.rows, 0);
	return ng_shard_writer_finish(shard, ret_bytes, ret_checksum, err);
}
