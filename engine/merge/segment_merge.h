/* SPDX-License-Identifier: Apache-2.0 */
/* Two segments become one: the same as if all their documents had been sorted at once, whatever
 * they repeat. See insertions.h and interleave.h. */
#pragma once

#include "base/file.h"
#include "base/tempfile.h"
#include "merge/phase.h"

/* Where the text of the segments can be read, separators included. */
struct ng_segment_merge_text {
	int fd;
	uint64_t left_at, right_at; /* offsets of their first bytes */
};

struct ng_segment_merge_options {
	uint32_t sa_rate;
	unsigned threads;
	uint64_t memory_bytes; /* for what is counted and kept */
	/* Of the whole process: beyond it, pages of files that are mapped are given back. */
	uint64_t resident_bytes;
	struct ng_tempdir tmp;
	uint64_t part_rows; /* as struct ng_interleave_options has it: 0 but in tests */
	const ng_cancel *cancel;
	struct ng_shard_progress *progress;
	void (*report)(void *userdata); /* called several times a second; may be NULL */
	void *userdata;
};

/* Whether it is the text of the left segment that merging reads: of the smaller one. */
static inline bool ng_segment_merge_reads_left(uint64_t left_rows, uint64_t right_rows)
{
	return left_rows < right_rows;
}

/* Merge the segments (or shards) in two files, the documents of the left one before those of the
 * right one, into the segment `file`. A backward step for each byte of the smaller one, and both
 * are written anew. Temporary: 1.3 bytes for each of the rows, 4 for each of the smaller side's.
 * -EUCLEAN, -EINTR, -ENOMEM, -ENOSPC and others, with err set. */
int ng_segment_merge(struct ng_file_at left, struct ng_file_at right,
		     const struct ng_segment_merge_text *text,
		     const struct ng_segment_merge_options *options, struct ng_file_at file,
		     uint64_t *ret_bytes, uint64_t *ret_checksum, struct ng_error *err);
