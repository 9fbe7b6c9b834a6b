/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says which documents are removed from a shard, made from the shard. */
#pragma once

#include "bwt/segment.h"
#include "format/manifest.h"
#include "format/removed.h"

struct ng_remove_rows_options {
	unsigned threads;
	uint64_t memory_bytes; /* bound on what it takes, some 16 bytes a byte of removed text */
	const ng_cancel *cancel;
};

/* Find the rows of documents docs[0..n-1] of a shard, n >= 1, ascending, and write them to out,
 * which must not exist. *ret_entry, but file and held, is what a manifest says of it. Two steps a
 * byte of their text. -ENOMEM, also where there are too many for memory_bytes; -EUCLEAN (damaged),
 * -EINTR, and the writer's errors, with err set. shard_path is for messages. */
int ng_remove_rows(const struct ng_shard_file *file, const struct ng_segment *segment,
		   const char *shard_path, const uint64_t *docs, uint64_t n,
		   const struct ng_remove_rows_options *options, struct ng_file_at out,
		   struct ng_manifest_removed *ret_entry, struct ng_error *err);
