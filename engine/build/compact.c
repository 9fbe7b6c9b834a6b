/* SPDX-License-Identifier: Apache-2.0 */
#include "build/compact.h"

#include <fcntl.h>

#include "base/parallel.h"
#include "build/compact_group.h"
#include "build/compact_work.h"

static void compaction_clear(struct ng_compaction *m)
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

static int tmp_open(struct ng_compaction *m, struct ng_error *err)
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

static int merge_begin(struct ng_compaction *m, struct ng_error *err)
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
static size_t group_end(const struct ng_compaction *m, size_t first)
{
	uint64_t rows = 0;
	size_t end = first;

	while (end < m->old.n_shards &&
	       (end == first ||
		rows + ng_compact_rows_left(&m->old.shards[end]) <= m->plan.shard_bytes))
		rows += ng_compact_rows_left(&m->old.shards[end++]);
	return end;
}

static bool group_merges(const struct ng_compaction *m, size_t first, size_t end)
{
	return end - first > 1 || m->old.shards[first].removed.held;
}

static int work_sum(struct ng_compaction *m, struct ng_error *err)
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

static void summarize(const struct ng_compaction *m, struct ng_build_summary *ret_summary)
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
	ng_cleanup(compaction_clear) struct ng_compaction m = {.options = *options, .tmp.fd = -1};
	int r = merge_begin(&m, err);
	bool changed = false;

	if (r == 0)
		r = work_sum(&m, err);

	for (size_t first = 0, end; r == 0 && first < m.old.n_shards; first = end) {
		end = group_end(&m, first);
		m.shard = m.fresh.n_shards;
		if (group_merges(&m, first, end)) {
			changed = true;
			r = ng_compact_group(&m, first, end, err);
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
