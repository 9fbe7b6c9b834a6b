#include "build/shard_build.h"

#include <sys/mman.h>

#include "build/bwt_write.h"
#include "build/suffix_sort.h"
#include "index/kmers.h"
#include "index/packed.h"
#include "index/params.h"
#include "index/permutation.h"
#include "index/shardfile.h"

/* Of the shortcuts for inverting the suffix array samples: an inverse takes some 2 * SPACING steps,
 * and the shortcuts 1 / SPACING of the samples' room. */
#define SPACING 8u

static void text_release(struct ng_shard_text *text)
{
	if (text->bytes)
		munmap(text->bytes, text->cap);
	text->bytes = NULL;
}

void ng_shard_text_clear(struct ng_shard_text *text)
{
	text_release(text);
	free(text->doc_ends);
	free(text->meta_ends);
	ng_frames_writer_free(text->meta);
	ng_frames_writer_free(text->store);
	*text = (struct ng_shard_text){0};
}

static int section_write(struct ng_shard_writer *shard, uint32_t type, const void *data, size_t len,
			 struct ng_error *err)
{
	int r = ng_shard_writer_section(shard, type, err);

	return r < 0 ? r : ng_shard_writer_write(shard, data, len, err);
}

static int numbers_write(struct ng_shard_writer *shard, uint32_t type, const uint32_t *numbers,
			 uint64_t n, uint64_t largest, struct ng_error *err)
{
	struct ng_packed_writer writer;
	int r = ng_shard_writer_section(shard, type, err);

	if (r == 0)
		r = ng_packed_writer_begin(&writer, shard, n, largest, err);
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = ng_packed_writer_put(&writer, numbers[i], err);
	return r < 0 ? r : ng_packed_writer_end(&writer, err);
}

static int starts_write(struct ng_shard_writer *shard, uint32_t type, const uint64_t *starts,
			uint64_t docs, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_ef_encode(starts, docs + 1, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the starts of %ju documents",
			       (uintmax_t)docs);
	return section_write(shard, type, buf.data, buf.len, err);
}

/* Where documents, their samples and their metadata begin. */
static int all_starts_write(struct ng_shard_writer *shard, const struct ng_shard_text *text,
			    uint32_t sa_rate, struct ng_error *err)
{
	ng_cleanup(ng_freep) uint64_t *starts = malloc((text->docs + 1) * sizeof(*starts));
	int r;

	if (!starts)
		return ng_fail(err, -ENOMEM, "out of memory for the starts of %ju documents",
			       (uintmax_t)text->docs);
	starts[0] = 0;
	for (uint64_t d = 0; d < text->docs; d++)
		starts[d + 1] = text->doc_ends[d] + 1;
	r = starts_write(shard, NG_SECTION_DOC_STARTS, starts, text->docs, err);
	for (uint64_t d = 0, begin = 0; d < text->docs; d++) {
		starts[d + 1] = starts[d] + ng_doc_samples(text->doc_ends[d] - begin, sa_rate);
		begin = text->doc_ends[d] + 1;
	}
	if (r == 0)
		r = starts_write(shard, NG_SECTION_SAMPLE_STARTS, starts, text->docs, err);
	for (uint64_t d = 0; d < text->docs; d++)
		starts[d + 1] = text->meta_ends[d];
	return r < 0 ? r : starts_write(shard, NG_SECTION_META_STARTS, starts, text->docs, err);
}

static int kmers_write(struct ng_shard_writer *shard, const struct ng_sorted *sorted,
		       struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_kmers_write(sorted->kmers, sorted->n_kmers, sorted->rows, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for the table of frequent patterns");
	return section_write(shard, NG_SECTION_KMERS, buf.data, buf.len, err);
}

static void phase_set(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total)
{
	atomic_store(&progress->done_bytes, 0);
	atomic_store(&progress->total_bytes, total);
	atomic_store(&progress->phase, phase);
}

static void encode_progress(void *userdata, uint64_t done, uint64_t total)
{
	struct ng_shard_progress *progress = userdata;

	atomic_store(&progress->done_bytes, done);
}

static int documents_write(struct ng_shard_writer *shard, struct ng_shard_text *text,
			   uint32_t sa_rate, struct ng_error *err)
{
	int r = all_starts_write(shard, text, sa_rate, err);

	if (r == 0)
		r = ng_frames_writer_finish(text->meta, shard, NG_SECTION_META_FRAMES,
					    NG_SECTION_META_DIRECTORY, err);
	if (r == 0 && text->store)
		r = ng_frames_writer_finish(text->store, shard, NG_SECTION_TEXT_FRAMES,
					    NG_SECTION_TEXT_DIRECTORY, err);
	return r;
}

static int sorted_write(struct ng_shard_writer *shard, const struct ng_sorted *sorted,
			const struct ng_shard_options *options, struct ng_shard_progress *progress,
			struct ng_error *err)
{
	struct ng_bwt_text bwt = {sorted->bwt, sorted->separators, sorted->marks, sorted->rows};
	int r = ng_bwt_write(&bwt, ng_mark_shift(options->sa_rate), options->threads, shard,
			     options->cancel, encode_progress, progress, err);

	if (r == 0)
		r = numbers_write(shard, NG_SECTION_SA_SAMPLES, sorted->sa_samples,
				  sorted->n_sa_samples, sorted->n_sa_samples - 1, err);
	if (r == 0)
		r = ng_shard_writer_section(shard, NG_SECTION_SHORTCUTS, err);
	if (r == 0)
		r = ng_permutation_write(sorted->sa_samples, sorted->n_sa_samples, SPACING, shard,
					 err);
	return r;
}

int ng_shard_build(struct ng_shard_text *text, const struct ng_shard_options *options,
		   const char *path, struct ng_shard_progress *progress, uint64_t *ret_bytes,
		   uint64_t *ret_checksum, struct ng_error *err)
{
	struct ng_sort_text sort = {text->bytes, text->n, text->doc_ends, text->docs,
				    text->has_nul};
	struct ng_shard_params params = {.docs = text->docs,
					 .text_bytes = text->n - text->docs,
					 .sa_rate = options->sa_rate};
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {0};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	int r;

	phase_set(progress, NG_PHASE_SORT, text->n);
	r = ng_suffix_sort(&sort, options->sa_rate, &sorted);
	if (r == -EFBIG)
		return ng_fail(err, r,
			       "a shard of %zu bytes with NUL bytes in it is too large to sort; "
			       "use a smaller --shard-size",
			       text->n);
	if (r < 0)
		return ng_fail(err, r,
			       "out of memory for sorting %zu bytes; use a smaller --shard-size",
			       text->n);
	/* In this order: whoever cancels and then sees that it sorts may count on nothing being
	 * written. */
	phase_set(progress, NG_PHASE_ENCODE, text->n);
	if (ng_cancelled(options->cancel))
		return -EINTR;
	params.rows = sorted.rows;
	r = ng_shard_writer_new(path, &shard, err);
	if (r == 0)
		r = section_write(shard, NG_SECTION_PARAMS, &params, sizeof(params), err);
	if (r == 0 && sorted.n_kmers)
		r = kmers_write(shard, &sorted, err);
	text_release(text);
	if (r == 0)
		r = sorted_write(shard, &sorted, options, progress, err);
	if (r < 0)
		return r;
	phase_set(progress, NG_PHASE_STORE, text->n);
	r = documents_write(shard, text, options->sa_rate, err);
	if (r < 0)
		return r;
	phase_set(progress, NG_PHASE_SYNC, text->n);
	return ng_shard_writer_finish(shard, ret_bytes, ret_checksum, err);
}
