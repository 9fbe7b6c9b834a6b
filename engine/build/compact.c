#include "build/compact.h"

#include "base/machine.h"
#include "base/parallel.h"
#include "build/appenddir.h"
#include "build/facet_options.h"
#include "build/memory.h"
#include "build/shard_build.h"
#include "bwt/segment.h"
#include "format/ef.h"
#include "format/manifest.h"
#include "merge/merge_plan.h"

#define DOCS_A_CHECK 64u /* documents from check to check of how much memory is in use */

struct compaction {
	struct ng_build_options options;
	struct ng_memory_plan plan;
	struct ng_appenddir *dir;
	struct ng_manifest old, all, fresh; /* all: both, for names that nobody has */
	struct ng_facet_options facets;     /* of the index */
	struct ng_shard_progress progress;
	size_t shard; /* number of the one that is being made */
	uint32_t sa_rate;
};

static void compaction_clear(struct compaction *m)
{
	ng_manifest_clear(&m->old);
	ng_manifest_clear(&m->all);
	ng_manifest_clear(&m->fresh);
	ng_facet_options_clear(&m->facets);
	ng_appenddir_free(m->dir);
}

static void report(void *userdata)
{
	const struct compaction *m = userdata;
	struct ng_build_progress progress = {
		.phase = (enum ng_build_phase)atomic_load(&m->progress.phase),
		.shard = (uint32_t)m->shard,
		.done_bytes = atomic_load(&m->progress.done_bytes),
		.total_bytes = atomic_load(&m->progress.total_bytes),
	};

	if (m->options.progress)
		m->options.progress(m->options.userdata, &progress);
}

/* The rest is for what isn't in files, and for the pages between two checks. */
static uint64_t resident_bytes(const struct compaction *m)
{
	return m->options.memory_bytes / 4 * 3;
}

static uint64_t rows_of(const struct ng_manifest_shard *shard)
{
	return shard->text_bytes + shard->docs;
}

/* ---- documents of shards that are there ---- */

/* A shard's metadata, and its text where that is stored. */
struct contents {
	struct ng_shard_file *file;
	struct ng_frames *meta, *text; /* text: NULL: none */
	struct ng_ef meta_starts, doc_starts;
	uint64_t resident_bytes; /* beyond this, pages of the file are given back */
};

static void contents_close(struct contents *c)
{
	ng_frames_free(c->meta);
	ng_frames_free(c->text);
	ng_shard_file_close(c->file);
}

static void pages_limit(const struct contents *c)
{
	if (ng_machine_resident() > c->resident_bytes)
		ng_shard_file_release(c->file);
}

static void verify_progress(void *userdata, uint64_t done, uint64_t total)
{
	(void)done;
	(void)total;
	pages_limit(userdata);
}

/* Damage mustn't get new checksums. */
static int shard_verify(struct contents *c, const char *path, const struct ng_manifest_shard *shard,
			const ng_cancel *cancel, struct ng_error *err)
{
	int r = -EUCLEAN;

	if (ng_shard_file_checksum(c->file) == shard->checksum)
		r = ng_shard_file_verify(c->file, cancel, NULL, verify_progress, c);
	if (r == -EUCLEAN)
		return ng_fail(err, r, "%s: is damaged, and is not merged; see ngramfsck(1)", path);
	return r < 0 ? ng_fail(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static int contents_open(struct contents *c, const char *path,
			 const struct ng_manifest_shard *shard, bool text_store,
			 const ng_cancel *cancel, struct ng_error *err)
{
	int r = ng_shard_file_open(path, &c->file, err);

	if (r == 0)
		r = shard_verify(c, path, shard, cancel, err);
	if (r == 0)
		r = ng_segment_frames(c->file, path, NG_SECTION_META_FRAMES,
				      NG_SECTION_META_DIRECTORY, &c->meta, err);
	if (r == 0)
		r = ng_segment_starts(c->file, path, NG_SECTION_META_STARTS, shard->docs,
				      ng_frames_raw_bytes(c->meta), &c->meta_starts, err);
	if (r == 0)
		r = ng_segment_starts(c->file, path, NG_SECTION_DOC_STARTS, shard->docs,
				      rows_of(shard), &c->doc_starts, err);
	if (r == 0 && text_store)
		r = ng_segment_frames(c->file, path, NG_SECTION_TEXT_FRAMES,
				      NG_SECTION_TEXT_DIRECTORY, &c->text, err);
	return r;
}

/* Bytes [begin, end) of a stream into buf. */
static int bytes_fetch(const struct ng_frames *frames, uint64_t begin, uint64_t end,
		       struct ng_buf *buf)
{
	int r = begin <= end ? 0 : -EUCLEAN;

	buf->len = 0;
	if (r == 0)
		r = ng_buf_reserve(buf, end - begin + 1);
	if (r == 0 && begin < end)
		r = ng_frames_read(frames, begin, end - begin, buf->data);
	return r == -EINVAL ? -EUCLEAN : r;
}

static int docs_add(struct compaction *m, const char *path, const struct ng_manifest_shard *shard,
		    struct ng_shard_docs *docs, struct ng_error *err)
{
	ng_cleanup(contents_close) struct contents c = {.resident_bytes = resident_bytes(m)};
	ng_cleanup(ng_buf_free) struct ng_buf meta = NG_BUF_INIT, text = NG_BUF_INIT;
	int r = contents_open(&c, path, shard, m->old.text_store, m->options.cancel, err);

	for (uint64_t d = 0; r == 0 && d < shard->docs; d++) {
		bool bad = false;
		uint64_t begin = ng_ef_get(&c.doc_starts, d, &bad);
		uint64_t end = ng_ef_get(&c.doc_starts, d + 1, &bad);
		uint64_t from = ng_ef_get(&c.meta_starts, d, &bad);
		uint64_t to = ng_ef_get(&c.meta_starts, d + 1, &bad);

		if (ng_cancelled(m->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (d % DOCS_A_CHECK == 0)
			pages_limit(&c);
		if (bad || end <= begin)
			return ng_segment_damaged(path, "document starts don't fit", err);
		r = bytes_fetch(c.meta, from, to, &meta);
		/* The store has no separators. */
		if (r == 0 && c.text)
			r = bytes_fetch(c.text, begin - d, end - d - 1, &text);
		if (r == -EUCLEAN)
			return ng_segment_damaged(path, "compressed frames don't fit", err);
		if (r == 0)
			r = ng_shard_docs_add(docs, text.data, end - begin - 1,
					      (const char *)meta.data, to - from, err);
	}
	if (r == 0 && ng_shard_file_faulted(c.file))
		r = ng_fail(err, -EIO, "%s: cannot be read", path);
	return r;
}

/* ---- a shard from several ---- */

static char *path_of(const struct compaction *m, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", ng_appenddir_path(m->dir), file) < 0 ? NULL : path;
}

static int shards_collect(struct compaction *m, size_t first, size_t end,
			  struct ng_merge_plan *plan, struct ng_shard_docs *docs,
			  struct ng_error *err)
{
	ng_shard_phase(&m->progress, NG_PHASE_READ, end - first);
	for (size_t i = first; i < end; i++) {
		const struct ng_manifest_shard *shard = &m->old.shards[i];
		ng_cleanup(ng_freep) char *path = path_of(m, shard->file);
		int r;

		if (!path || ng_merge_plan_add_shard(plan, rows_of(shard), path) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
		r = docs_add(m, path, shard, docs, err);
		if (r < 0)
			return r;
		atomic_store(&m->progress.done_bytes, i - first + 1);
		report(m);
	}
	return 0;
}

static int group_write(struct compaction *m, struct ng_merge_plan *plan, struct ng_shard_docs *docs,
		       struct ng_manifest_shard *entry, struct ng_error *err)
{
	const char *tmp = m->options.tmp_dir ? m->options.tmp_dir : ng_appenddir_path(m->dir);
	struct ng_segment_merge_options merge = {.sa_rate = m->sa_rate,
						 .threads = m->options.threads,
						 .resident_bytes = resident_bytes(m),
						 .memory_bytes = m->plan.jobs_bytes,
						 .tmp_dir = tmp,
						 .cancel = m->options.cancel,
						 .progress = &m->progress,
						 .report = report,
						 .userdata = m};
	struct ng_shard_options options = {.sa_rate = m->sa_rate,
					   .threads = m->options.threads,
					   .resident_bytes = merge.resident_bytes,
					   .cancel = m->options.cancel};
	ng_cleanup(ng_freep) char *path = path_of(m, entry->file);
	const char *segment;
	int r;

	if (!path)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_merge_plan_run(plan, NULL, &merge, &segment, err);
	return r < 0 ? r
		     : ng_shard_complete(segment, docs, &options, path, &m->progress,
					 &entry->file_bytes, &entry->checksum, err);
}

/* Shards [first, end) become one. */
static int group_merge(struct compaction *m, size_t first, size_t end, struct ng_error *err)
{
	ng_cleanup(ng_merge_plan_freep) struct ng_merge_plan *plan = NULL;
	ng_cleanup(ng_shard_docs_clear) struct ng_shard_docs docs = {0};
	struct ng_shard_docs_options docs_options = {
		.text_store = m->old.text_store,
		.threads = m->options.threads,
		.tmp_dir = m->options.tmp_dir ? m->options.tmp_dir : ng_appenddir_path(m->dir),
		.facets = m->facets};
	char file[NG_MANIFEST_FILE_MAX];
	struct ng_manifest_shard entry = {.file = file};
	int r;

	ng_manifest_free_name(&m->all, file);
	for (size_t i = first; i < end; i++) {
		entry.docs += m->old.shards[i].docs;
		entry.text_bytes += m->old.shards[i].text_bytes;
	}
	r = ng_merge_plan_new(ng_appenddir_path(m->dir), m->all.n_shards, &plan, err);
	if (r == 0)
		r = ng_shard_docs_begin(&docs, &docs_options, err);
	if (r == 0)
		r = shards_collect(m, first, end, plan, &docs, err);
	if (r == 0)
		r = group_write(m, plan, &docs, &entry, err);
	if (plan)
		ng_merge_plan_remove(plan);
	if (r < 0)
		return r;
	if (ng_manifest_add(&m->all, &entry) < 0 || ng_manifest_add(&m->fresh, &entry) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	return 0;
}

/* ---- all of them ---- */

static int merge_begin(struct compaction *m, struct ng_error *err)
{
	struct ng_build_options *options = &m->options;
	int r = ng_appenddir_new(options->output, &m->old, &m->dir, err);

	if (r == 0)
		r = ng_facet_options_read(&m->old, &m->facets, err);
	if (r < 0)
		return r;
	m->sa_rate = m->old.sa_sampling;
	m->fresh.format_version = m->old.format_version;
	m->fresh.sa_sampling = m->old.sa_sampling;
	m->fresh.text_store = m->old.text_store;
	for (size_t i = 0; i < m->old.n_shards; i++)
		if (ng_manifest_add(&m->all, &m->old.shards[i]) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
	if (!options->memory_bytes)
		options->memory_bytes = ng_memory_default();
	if (!options->threads)
		options->threads = ng_processors();
	return ng_memory_divide(options->memory_bytes, 0, options->shard_bytes, 0, options->threads,
				&m->plan, err);
}

/* The end of the shards that become one with shard `first`. */
static size_t group_end(const struct compaction *m, size_t first)
{
	uint64_t rows = 0;
	size_t end = first;

	while (end < m->old.n_shards &&
	       (end == first || rows + rows_of(&m->old.shards[end]) <= m->plan.shard_bytes))
		rows += rows_of(&m->old.shards[end++]);
	return end;
}

static void summarize(const struct compaction *m, struct ng_build_summary *ret_summary)
{
	struct ng_build_summary s = {.shards = (uint32_t)m->fresh.n_shards};

	for (size_t i = 0; i < m->fresh.n_shards; i++) {
		s.docs += m->fresh.shards[i].docs;
		s.text_bytes += m->fresh.shards[i].text_bytes;
		s.index_bytes += m->fresh.shards[i].file_bytes;
	}
	*ret_summary = s;
}

int ng_compact(const struct ng_build_options *options, struct ng_build_summary *ret_summary,
	       struct ng_error *err)
{
	ng_cleanup(compaction_clear) struct compaction m = {.options = *options};
	int r = merge_begin(&m, err);

	for (size_t first = 0, end; r == 0 && first < m.old.n_shards; first = end) {
		end = group_end(&m, first);
		m.shard = m.fresh.n_shards;
		if (end - first > 1)
			r = group_merge(&m, first, end, err);
		else if (ng_manifest_add(&m.fresh, &m.old.shards[first]) < 0)
			r = ng_fail(err, -ENOMEM, "out of memory");
	}
	if (r == 0 && ng_manifest_set_options(&m.fresh, (const char *const *)m.old.options,
					      m.old.n_options) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && ng_cancelled(m.options.cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	/* Nothing to merge: the index stays as it is. */
	if (r == 0 && m.fresh.n_shards < m.old.n_shards)
		r = ng_appenddir_publish(m.dir, &m.fresh, err);
	if (r == 0)
		summarize(&m, ret_summary);
	return r;
}
