/* SPDX-License-Identifier: Apache-2.0 */
/* The segments that a shard is put together from, when it has more text than is sorted at once. */
#pragma once

#include "merge/journal.h"
#include "merge/segment_merge.h"

struct ng_merge_plan;

/* Begin the plan of shard number `shard` in a directory, which dir_fd has opened, and keeps open,
 * or which is found by its path (AT_FDCWD). resumes: its files may be there, of a run that was
 * killed: the one for the text is opened as it is, and others are replaced. Otherwise one that is
 * there is another one's: -EEXIST. -ENOMEM, and the file's errors, with err set. */
int ng_merge_plan_new(int dir_fd, const char *dir, size_t shard, bool resumes,
		      struct ng_merge_plan **ret_plan, struct ng_error *err);

/* Free; the files stay. */
struct ng_merge_plan *ng_merge_plan_free(struct ng_merge_plan *plan);

static inline void ng_merge_plan_freep(struct ng_merge_plan **plan)
{
	ng_merge_plan_free(*plan);
}

/* One more segment, of so many rows, behind those that are there: its file's path, which is the
 * plan's own, and where its text goes. -ENOMEM. */
int ng_merge_plan_add(struct ng_merge_plan *plan, uint64_t rows, const char **ret_path,
		      int *ret_text_fd, uint64_t *ret_text_at);

/* A shard that is there, as one more segment: its file stays, and its text is read from it if it is
 * needed. Its path is copied. -ENOMEM. */
int ng_merge_plan_add_shard(struct ng_merge_plan *plan, uint64_t rows, struct ng_file_at shard);

/* Number of segments. */
size_t ng_merge_plan_segments(const struct ng_merge_plan *plan);

/* Rows of segment i. */
uint64_t ng_merge_plan_rows(const struct ng_merge_plan *plan, size_t i);

/* Merge all segments, which are on disk, two neighbours at a time, in the order that costs least;
 * what was merged is removed. Steps that the journal (NULL: none) has are not made again.
 * *ret_file: the one segment; its path is the plan's. Errors as of ng_segment_merge. */
int ng_merge_plan_run(struct ng_merge_plan *plan, struct ng_journal *journal,
		      const struct ng_segment_merge_options *options, struct ng_file_at *ret_file,
		      struct ng_error *err);

/* Remove the files. */
void ng_merge_plan_remove(struct ng_merge_plan *plan);
