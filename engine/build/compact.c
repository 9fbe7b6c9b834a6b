/* SPDX-License-Identifier: Apache-2.0 */
#include "build/compact.h"

#include <fcntl.h>

#include "base/machine.h"
#include "base/parallel.h"
#include "build/appenddir.h"
#include "build/compact_work.h"
#include "build/facet_options.h"
#include "build/memory.h"
#include "build/shard_build.h"
#include "build/shard_contents.h"
#include "bwt/segment.h"
#include "format/ef.h"
#include "format/manifest.h"
#include "format/shardpath.h"
#include "format/removed.h"
#include "merge/drop.h"
#include "merge/merge_plan.h"

#define DOCS_A_CHECK 64u /* documents from check to check of how much memory is in use */

struct compaction {
	struct ng_build_options options;
	struct ng_memory_plan plan;
	struct ng_appenddir *dir;
	struct ng_shard_paths *paths; /* of the old shards */
	struct ng_tempdir tmp;
	struct ng_manifest old, all, fresh; /* all: both, for names that nobody has */
	struct ng_facet_options facets;     /* of the index */
	struct ng_shard_progress progress;
	uint64_t work; /* of all that is merged */
	size_t shard;  /* number of the one that is being made */
	uint32_t sa_rate;
};

static void compaction_clear(struct compaction *m)
{
	ng_manifest_clear(&m->old);
	ng_manifest_clear(&m->all);
	ng_manifest_clear(&m->fresh);
	ng_shard_paths_free(m->paths);
	ng_facet_options_clear(&m->facets);
	ng_appenddir_free(m->dir);
	if (m->options.tmp_dir)
		ng_closep(&m->tmp.fd);
}

static void report(void *userdata)
{
	const struct compaction *m = userdata;
	struct ng_build_progress progress = {
		.phase = (enum ng_build_phase)atomic_load(&m->progress.phase),
		.shard = (uint32_t)m->shard,
		.done_bytes = atomic_load(&m->progress.done_bytes),
		.total_bytes = atomic_load(&m->progress.total_bytes),
		.work_done = ng_shard_progress_work(&m->progress) / m->options.threads,
		.work_total = m->work / m->options.threads,
	};

	if (m->options.progress)
		m->options.progress(m->options.userdata, &progress);
}

/* The rest is for what isn't in files, and for the pages between two checks. */
static uint64_t resident_bytes(const struct compaction *m)
{
	return m->options.memory_bytes / 4 * 3;
}

/* ---- documents of shards that are there ---- */

static int removed_open(struct compaction *m, const struct ng_manifest_shard *shard,
			struct ng_shard_contents *c, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *path = NULL;
	int r = ng_shard_paths_get(m->paths, shard->removed.file, &path, err);

	if (r < 0)
		return r;
	r = ng_removed_open_at(ng_appenddir_file(m->dir, shard->removed.file, path), &c->removed,
			       err);
	if (r == 0)
		r = ng_shard_file_verify(c->removed->file, m->options.cancel, NULL, NULL, NULL);
	if (r == 0 && (ng_shard_file_checksum(c->removed->file) != shard->removed.checksum ||
		       c->removed->params.shard_checksum != shard->checksum ||
		       c->removed->params.docs != shard->removed.docs ||
		       c->removed->params.text_bytes != shard->removed.text_bytes))
		r = -EUCLEAN;
	return r == -EUCLEAN ? ng_fail(err, r, "%s: is damaged, and nothing is merged", path) : r;
}

/* Documents of a group: those to be stored, and the numbers of those that were removed. */
struct group {
	struct ng_merge_plan *plan;
	struct ng_shard_docs docs;
	uint64_t *removed;
	size_t n_removed;
	int dir_fd;     /* of the index, borrowed */
	char **dropped; /* paths of segments that were made of shards for this */
	size_t n_dropped;
};

static void group_clear(struct group *group)
{
	if (group->plan)
		ng_merge_plan_remove(group->plan);
	ng_merge_plan_free(group->plan);
	ng_shard_docs_clear(&group->docs);
	for (size_t i = 0; i < group->n_dropped; i++) {
		struct ng_file_at file = {group->dir_fd, group->dropped[i]};

		unlinkat(file.dir_fd, ng_file_name(&file), 0);
		free(group->dropped[i]);
	}
	free(group->dropped);
	free(group->removed);
}

/* A removed document keeps its number, and nothing else. */
static int doc_forget(struct group *group, struct ng_error *err)
{
	uint64_t *grown = reallocarray(group->removed, group->n_removed + 1, sizeof(*grown));

	if (!grown)
		return ng_fail(err, -ENOMEM, "out of memory");
	group->removed = grown;
	group->removed[group->n_removed++] = group->docs.n;
	return ng_shard_docs_add(&group->docs, (const uint8_t *)"", 0, "{}", 2, err);
}

static int docs_add(struct compaction *m, struct ng_shard_contents *c, const char *path,
		    const struct ng_manifest_shard *shard, struct group *group,
		    struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf meta = NG_BUF_INIT, text = NG_BUF_INIT;
	int r = 0;

	for (uint64_t d = 0; r == 0 && d < shard->docs; d++) {
		bool bad = false;
		bool removed = c->removed && ng_removed_has(c->removed, d, &bad);

		if (ng_cancelled(m->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (d % DOCS_A_CHECK == 0)
			ng_shard_contents_limit(c);
		if (bad)
			return ng_segment_damaged(path, "what was removed from it", err);
		r = removed ? doc_forget(group, err)
			    : ng_shard_contents_copy(c, d, path, &meta, &text, &group->docs, err);
	}
	return r;
}

/* The shard without what was removed, for the merge. *ret_file: its path is the group's. */
static int shard_drop(struct compaction *m, const struct ng_shard_contents *c, const char *path,
		      struct group *group, struct ng_file_at *ret_file, struct ng_error *err)
{
	struct ng_drop_options options = {.memory_bytes = m->plan.jobs_bytes / 4,
					  .tmp = m->tmp,
					  .threads = m->options.threads,
					  .cancel = m->options.cancel};
	char **grown = reallocarray(group->dropped, group->n_dropped + 1, sizeof(*grown));
	ng_cleanup(ng_segment_close) struct ng_segment segment = {0};
	ng_cleanup(ng_freep) char *dropped = NULL;
	struct ng_file_at file;
	uint64_t rows;
	int r;

	if (grown)
		group->dropped = grown;
	if (!grown || asprintf(&dropped, "%s/dropped-%05zu", ng_appenddir_path(m->dir),
			       group->n_dropped) < 0) {
		dropped = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	file = (struct ng_file_at){group->dir_fd, dropped};
	r = ng_segment_open(c->file, path, &segment, err);
	if (r == 0)
		r = ng_drop(&segment, c->removed, path, &options, file, &rows, err);
	if (r < 0)
		return r;
	group->dropped[group->n_dropped++] = ng_steal_ptr(&dropped);
	*ret_file = file;
	return 0;
}

/* ---- a shard from several ---- */

static char *path_of(const struct compaction *m, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", ng_appenddir_path(m->dir), file) < 0 ? NULL : path;
}

static int shard_collect(struct compaction *m, const struct ng_manifest_shard *shard,
			 struct group *group, struct ng_error *err)
{
	ng_cleanup(ng_shard_contents_close) struct ng_shard_contents c = {
		.resident_bytes = resident_bytes(m)};
	ng_cleanup(ng_freep) char *path = NULL;
	struct ng_file_at segment;
	int r = ng_shard_paths_get(m->paths, shard->file, &path, err);

	if (r < 0)
		return r;
	segment = ng_appenddir_file(m->dir, shard->file, path);
	r = ng_shard_contents_open(&c, segment, shard, m->old.text_store, m->options.cancel, err);
	if (r == 0 && shard->removed.file)
		r = removed_open(m, shard, &c, err);
	/* What was forgotten before is as it stays. */
	if (r == 0 && shard->removed.held)
		r = shard_drop(m, &c, path, group, &segment, err);
	if (r == 0 &&
	    ng_merge_plan_add_shard(group->plan, ng_compact_rows_left(shard), segment) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = docs_add(m, &c, path, shard, group, err);
	if (c.file && (r == 0 || r == -EUCLEAN) && ng_shard_file_faulted(c.file))
		r = ng_fail(err, -EIO, "%s: cannot be read", path);
	return r;
}

static int shards_collect(struct compaction *m, size_t first, size_t end, struct group *group,
			  struct ng_error *err)
{
	uint64_t rows = 0;

	for (size_t i = first; i < end; i++)
		rows += ng_compact_rows(&m->old.shards[i]);
	ng_shard_phase(&m->progress, NG_PHASE_READ, rows,
		       ng_compact_collect_work(&m->old, first, end, m->options.threads));
	for (size_t i = first; i < end; i++) {
		int r = shard_collect(m, &m->old.shards[i], group, err);

		if (r < 0)
			return r;
		atomic_fetch_add(&m->progress.done_bytes, ng_compact_rows(&m->old.shards[i]));
		report(m);
	}
	return 0;
}

/* That the numbers of removed documents are free. */
static int removed_write(struct compaction *m, const struct group *group,
			 struct ng_manifest_shard *entry, char file[NG_MANIFEST_FILE_MAX],
			 struct ng_error *err)
{
	struct ng_manifest_removed *removed = &entry->removed;
	struct ng_removed_params params = {.shard_checksum = entry->checksum,
					   .shard_rows = ng_compact_rows(entry),
					   .docs = group->n_removed};
	ng_cleanup(ng_freep) char *path = NULL;

	if (!group->n_removed)
		return 0;
	ng_manifest_free_removed_name(&m->all, m->all.n_shards, file);
	removed->file = file;
	removed->docs = group->n_removed;
	path = path_of(m, file);
	/* The row of a separator is the number of its document. */
	return path ? ng_removed_write((struct ng_file_at){group->dir_fd, path}, &params,
				       group->removed, group->removed, &removed->file_bytes,
				       &removed->checksum, err)
		    : ng_fail(err, -ENOMEM, "out of memory");
}

static int group_write(struct compaction *m, struct group *group, struct ng_manifest_shard *entry,
		       struct ng_error *err)
{
	struct ng_segment_merge_options merge = {.sa_rate = m->sa_rate,
						 .threads = m->options.threads,
						 .resident_bytes = resident_bytes(m),
						 .memory_bytes = m->plan.jobs_bytes,
						 .tmp = m->tmp,
						 .cancel = m->options.cancel,
						 .progress = &m->progress,
						 .report = report,
						 .userdata = m};
	struct ng_shard_options options = {.sa_rate = m->sa_rate,
					   .threads = m->options.threads,
					   .resident_bytes = merge.resident_bytes,
					   .cancel = m->options.cancel};
	ng_cleanup(ng_freep) char *path = path_of(m, entry->file);
	struct ng_file_at segment;
	int r;

	if (!path)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_merge_plan_run(group->plan, NULL, &merge, &segment, err);
	if (r == 0)
		r = ng_shard_complete(segment, &group->docs, &options,
				      (struct ng_file_at){ng_appenddir_fd(m->dir), path},
				      &m->progress, &entry->file_bytes, &entry->checksum, err);
	if (r == 0)
		ng_shard_phase_end(&m->progress);
	return r;
}

/* Shards [first, end) become one. */
static int group_merge(struct compaction *m, size_t first, size_t end, struct ng_error *err)
{
	ng_cleanup(group_clear) struct group group = {0};
	struct ng_shard_docs_options docs_options = {.text_store = m->old.text_store,
						     .threads = m->options.threads,
						     .tmp = m->tmp,
						     .facets = m->facets};
	char file[NG_MANIFEST_FILE_MAX], removed[NG_MANIFEST_FILE_MAX];
	struct ng_manifest_shard entry = {.file = file};
	int r;

	ng_manifest_free_name(&m->all, file);
	for (size_t i = first; i < end; i++) {
		entry.docs += m->old.shards[i].docs;
		entry.text_bytes += ng_manifest_left_bytes(&m->old.shards[i]);
	}
	group.dir_fd = ng_appenddir_fd(m->dir);
	r = ng_merge_plan_new(group.dir_fd, ng_appenddir_path(m->dir), m->all.n_shards, false,
			      &group.plan, err);
	if (r == 0)
		r = ng_shard_docs_begin(&group.docs, &docs_options, err);
	if (r == 0)
		r = shards_collect(m, first, end, &group, err);
	if (r == 0)
		r = group_write(m, &group, &entry, err);
	if (r == 0)
		r = removed_write(m, &group, &entry, removed, err);
	if (r < 0)
		return r;
	if (ng_manifest_add(&m->all, &entry) < 0 || ng_manifest_add(&m->fresh, &entry) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	return 0;
}

/* ---- all of them ---- */

static int tmp_open(struct compaction *m, struct ng_error *err)
{
	const char *path = m->options.tmp_dir;

	m->tmp = (struct ng_tempdir){ng_appenddir_path(m->dir), ng_appenddir_fd(m->dir)};
	if (!path)
		return 0;
	m->tmp = (struct ng_tempdir){path, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	return m->tmp.fd < 0 ? ng_fail(err, -errno, "%s: cannot make temporary files: %s", path,
				       strerror(errno))
			     : 0;
}

static int merge_begin(struct compaction *m, struct ng_error *err)
{
	struct ng_build_options *options = &m->options;
	int r = ng_appenddir_new(options->output, &m->old, &m->dir, err);

	if (r == 0)
		r = ng_facet_options_read(&m->old, &m->facets, err);
	if (r < 0)
		return r;
	r = ng_shard_paths_new(options->output, options->outside, &m->paths, err);
	if (r == 0)
		r = tmp_open(m, err);
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
	       (end == first ||
		rows + ng_compact_rows_left(&m->old.shards[end]) <= m->plan.shard_bytes))
		rows += ng_compact_rows_left(&m->old.shards[end++]);
	return end;
}

static bool group_merges(const struct compaction *m, size_t first, size_t end)
{
	return end - first > 1 || m->old.shards[first].removed.held;
}

static int work_sum(struct compaction *m, struct ng_error *err)
{
	for (size_t first = 0, end; first < m->old.n_shards; first = end) {
		uint64_t work = 0;

		end = group_end(m, first);
		if (group_merges(m, first, end) &&
		    ng_compact_work(&m->old, first, end, m->options.threads, &work) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
		m->work += work;
	}
	return 0;
}

static void summarize(const struct compaction *m, struct ng_build_summary *ret_summary)
{
	struct ng_build_summary s = {.shards = (uint32_t)m->fresh.n_shards};

	for (size_t i = 0; i < m->fresh.n_shards; i++) {
		s.docs += ng_manifest_left_docs(&m->fresh.shards[i]);
		s.text_bytes += ng_manifest_left_bytes(&m->fresh.shards[i]);
		s.index_bytes += m->fresh.shards[i].file_bytes;
	}
	*ret_summary = s;
}

int ng_compact(const struct ng_build_options *options, struct ng_build_summary *ret_summary,
	       struct ng_error *err)
{
	ng_cleanup(compaction_clear) struct compaction m = {.options = *options, .tmp.fd = -1};
	int r = merge_begin(&m, err);
	bool changed = false;

	if (r == 0)
		r = work_sum(&m, err);

	for (size_t first = 0, end; r == 0 && first < m.old.n_shards; first = end) {
		end = group_end(&m, first);
		m.shard = m.fresh.n_shards;
		if (group_merges(&m, first, end)) {
			changed = true;
			r = group_merge(&m, first, end, err);
		} else if (ng_manifest_add(&m.fresh, &m.old.shards[first]) < 0)
			r = ng_fail(err, -ENOMEM, "out of memory");
	}
	if (r == 0 && ng_manifest_set_options(&m.fresh, (const char *const *)m.old.options,
					      m.old.n_options) < 0)
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && ng_cancelled(m.options.cancel))
		r = ng_fail(err, -EINTR, "interrupted");
	/* Nothing to merge: the index stays as it is. */
	if (r == 0 && changed)
		r = ng_appenddir_publish(m.dir, &m.fresh, err);
	if (r == 0)
		summarize(&m, ret_summary);
	return r;
}
