/* SPDX-License-Identifier: Apache-2.0 */
#include "format/removed.h"

static int numbers_write(struct ng_shard_writer *writer, uint32_t type, const uint64_t *numbers,
			 uint64_t n, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	int r = ng_ef_encode(numbers, n, &buf);

	if (r < 0)
		return ng_fail(err, r, "out of memory for %ju numbers", (uintmax_t)n);
	r = ng_shard_writer_section(writer, type, err);
	return r < 0 ? r : ng_shard_writer_write(writer, buf.data, buf.len, err);
}

int ng_removed_write(struct ng_file_at file, const struct ng_removed_params *params,
		     const uint64_t *docs, const uint64_t *rows, uint64_t *ret_bytes,
		     uint64_t *ret_checksum, struct ng_error *err)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *writer = NULL;
	int r = ng_shard_writer_new_at(file, &writer, err);

	if (r == 0)
		r = ng_shard_writer_section(writer, NG_SECTION_REMOVED, err);
	if (r == 0)
		r = ng_shard_writer_write(writer, params, sizeof(*params), err);
	if (r == 0)
		r = numbers_write(writer, NG_SECTION_REMOVED_DOCS, docs, params->docs, err);
	if (r == 0)
		r = numbers_write(writer, NG_SECTION_REMOVED_ROWS, rows,
				  params->text_bytes + params->docs, err);
	return r < 0 ? r : ng_shard_writer_finish(writer, ret_bytes, ret_checksum, err);
}

/* ---- reading ---- */

static int damaged_file(const char *path, const char *what, struct ng_error *err)
{
	return ng_fail(err, -EUCLEAN, "%s: damaged: %s", path, what);
}

static int params_read(struct ng_removed *removed, struct ng_error *err)
{
	struct ng_removed_params *params = &removed->params;
	const uint8_t *data;
	size_t bytes;

	if (!ng_shard_file_section(removed->file, NG_SECTION_REMOVED, &data, &bytes))
		return ng_fail(err, -EPROTO, "%s: doesn't say which documents were removed",
			       removed->path);
	if (bytes != sizeof(*params) ||
	    !ng_pages_ok(ng_shard_file_pages(removed->file), data, bytes))
		return damaged_file(removed->path, "parameters of a wrong size or checksum", err);
	memcpy(params, data, sizeof(*params));
	if (params->shard_rows >> 40 || params->docs == 0 || params->docs > params->shard_rows ||
	    params->text_bytes > params->shard_rows - params->docs)
		return damaged_file(removed->path, "parameters out of range", err);
	return 0;
}

static int numbers_open(const struct ng_removed *removed, uint32_t type, uint64_t n, uint64_t below,
			struct ng_ef *ret_numbers, struct ng_error *err)
{
	const uint8_t *data;
	size_t bytes;

	if (!ng_shard_file_section(removed->file, type, &data, &bytes) ||
	    ng_ef_open(ng_shard_file_pages(removed->file), data, bytes, ret_numbers) < 0 ||
	    ret_numbers->n != n || ret_numbers->last >= below)
		return ng_fail(err, -EUCLEAN, "%s: damaged: section \"%s\" doesn't fit",
			       removed->path, ng_section_name(type));
	return 0;
}

int ng_removed_open_at(struct ng_file_at file, struct ng_removed **ret_removed,
		       struct ng_error *err)
{
	ng_cleanup(ng_removed_closep) struct ng_removed *removed = calloc(1, sizeof(*removed));
	const struct ng_removed_params *params;
	const char *path = file.path;
	int r;

	if (!removed || !(removed->path = strdup(path)))
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	params = &removed->params;
	r = ng_shard_file_open_at(file, &removed->file, err);
	if (r == 0)
		r = params_read(removed, err);
	if (r == 0)
		r = numbers_open(removed, NG_SECTION_REMOVED_DOCS, params->docs, params->shard_rows,
				 &removed->docs, err);
	if (r == 0)
		r = numbers_open(removed, NG_SECTION_REMOVED_ROWS,
				 params->text_bytes + params->docs, params->shard_rows,
				 &removed->rows, err);
	if ((r == 0 || r == -EUCLEAN) && removed->file && ng_shard_file_faulted(removed->file))
		r = ng_fail(err, -EIO, "%s: a part of it cannot be read", path);
	if (r < 0)
		return r;
	*ret_removed = ng_steal_ptr(&removed);
	return 0;
}

struct ng_removed *ng_removed_close(struct ng_removed *removed)
{
	if (!removed)
		return NULL;
	ng_shard_file_close(removed->file);
	free(removed->path);
	free(removed);
	return NULL;
}

/* ---- asking ---- */

bool ng_removed_has(const struct ng_removed *removed, uint64_t doc, bool *damaged)
{
	uint64_t rank = ng_ef_rank(&removed->docs, doc, damaged);

	return rank && ng_ef_get(&removed->docs, rank - 1, damaged) == doc;
}

uint64_t ng_removed_live(const struct ng_removed *removed, uint64_t row, bool *damaged)
{
	uint64_t before = row ? ng_ef_rank(&removed->rows, row - 1, damaged) : 0;

	/* No two are equal, so that neither what is removed nor what is left can be more. */
	if (before > row || row - before > ng_removed_live_rows(removed)) {
		*damaged = true;
		return 0;
	}
	return row - before;
}

uint64_t ng_removed_row(const struct ng_removed *removed, uint64_t live, bool *damaged)
{
	uint64_t lo = 0, hi = removed->rows.n;

	/* Removed row number i has rows[i] - i live ones before it. Those before which there are at
	 * most `live` come before the row. */
	while (lo < hi && !*damaged) {
		uint64_t middle = lo + (hi - lo) / 2;
		uint64_t row = ng_ef_get(&removed->rows, middle, damaged);

		if (row < middle)
			*damaged = true;
		else if (row - middle <= live)
			lo = middle + 1;
		else
			hi = middle;
	}
	return *damaged ? 0 : live + lo;
}
