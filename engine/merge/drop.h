/* SPDX-License-Identifier: Apache-2.0 */
/* A shard without the text of documents that were removed from it, as a segment to be merged or
 * completed. Each of them stays as a document of no bytes, so that the others keep their numbers.
 * The rows that are left are those of the shard, in their order: nothing is sorted. */
#pragma once

#include "base/tempfile.h"
#include "bwt/segment.h"
#include "format/removed.h"

struct ng_drop_options {
	uint64_t memory_bytes; /* what takes more is made in a file, */
	struct ng_tempdir tmp; /* which has its place there, without a name */
	unsigned threads;
	const ng_cancel *cancel;
};

/* Write the segment to a file, which must not exist. *ret_rows: its rows. O(rows). -EUCLEAN (shard
 * or removed are damaged, or aren't of each other), -ENOMEM, -EINTR, and a writer's errors, with
 * err set. shard_path is for messages. */
int ng_drop(const struct ng_segment *segment, const struct ng_removed *removed,
	    const char *shard_path, const struct ng_drop_options *options, struct ng_file_at file,
	    uint64_t *ret_rows, struct ng_error *err);
