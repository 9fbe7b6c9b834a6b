/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that were taken out of a shard, in a file beside it, since a shard never changes. It is
 * a container as a shard is (shardfile.h), of sections of its own: which documents, and the rows of
 * all their suffixes. Without those rows the shard's rows are what the documents that are left
 * would have given by themselves, in the same order; so they are numbered anew, as live rows, and
 * whatever is counted or listed by them is as if the others had never been there.
 *
 * Thread-safe but for opening and closing. Where a page is damaged, or the numbers are none that
 * could be, *damaged is set, and the value is any in the range that is said. */
#pragma once

#include "format/ef.h"
#include "format/shardfile.h"

/* NG_SECTION_REMOVED. */
struct ng_removed_params {
	uint64_t shard_checksum; /* of the shard that they were taken out of */
	uint64_t shard_rows;
	uint64_t docs;       /* that were taken out; at least 1 */
	uint64_t text_bytes; /* of these, as far as the shard has them */
};

struct ng_removed {
	struct ng_shard_file *file;
	char *path;
	struct ng_removed_params params;
	struct ng_ef docs; /* numbers in the shard, ascending */
	struct ng_ef rows; /* ascending; params.text_bytes + params.docs of them */
};

/* Write a file, which must not exist; docs has params->docs numbers and rows as many as there must
 * be, ascending. *ret_bytes and *ret_checksum as ng_shard_writer_finish. -ENOMEM, or the writer's
 * error, with err set. */
int ng_removed_write(struct ng_file_at file, const struct ng_removed_params *params,
		     const uint64_t *docs, const uint64_t *rows, uint64_t *ret_bytes,
		     uint64_t *ret_checksum, struct ng_error *err);

/* Open. O(1) in its size. -EUCLEAN (damaged) and what ng_shard_file_open_at returns, with err
 * set. */
int ng_removed_open_at(struct ng_file_at file, struct ng_removed **ret_removed,
		       struct ng_error *err);

static inline int ng_removed_open(const char *path, struct ng_removed **ret_removed,
				  struct ng_error *err)
{
	return ng_removed_open_at((struct ng_file_at){AT_FDCWD, path}, ret_removed, err);
}

struct ng_removed *ng_removed_close(struct ng_removed *removed);

static inline void ng_removed_closep(struct ng_removed **removed)
{
	ng_removed_close(*removed);
}

/* Whether document `doc` of the shard was taken out. */
bool ng_removed_has(const struct ng_removed *removed, uint64_t doc, bool *damaged);

/* Rows of the shard that are left. */
static inline uint64_t ng_removed_live_rows(const struct ng_removed *removed)
{
	return removed->params.shard_rows - removed->rows.n;
}

/* Those of them before a row in [0, shard_rows]: that row's number among the live ones, if it is
 * one. In [0, live rows]. A rank in the Elias-Fano code. */
uint64_t ng_removed_live(const struct ng_removed *removed, uint64_t row, bool *damaged);

/* The inverse: the row that is live row number `live` < live rows. In [0, shard_rows). O(log) of
 * the removed rows. */
uint64_t ng_removed_row(const struct ng_removed *removed, uint64_t live, bool *damaged);
