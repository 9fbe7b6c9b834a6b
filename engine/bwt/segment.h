/* SPDX-License-Identifier: Apache-2.0 */
/* The sections that every file of sorted documents has: a shard, and a segment that shards are
 * merged from, which has nothing else. */
#pragma once

#include "bwt/bwt.h"
#include "format/ef.h"
#include "format/frames.h"
#include "format/packed.h"
#include "format/params.h"
#include "format/shardfile.h"

struct ng_segment {
	struct ng_shard_params params;
	struct ng_bwt *bwt;
	struct ng_packed samples; /* of the suffix array: a number for each marked row */
	struct ng_ef
		sample_starts;   /* docs + 1 values: the number of each document's first sample */
	struct ng_ef doc_starts; /* docs + 1 values: where each document begins in the text */
};

/* Open the sections of a file, which must stay open as long; path is for messages. Every length
 * that later reads rely on is checked. O(1) in the file's size. -EUCLEAN, -ENOMEM, with err set. */
int ng_segment_open(const struct ng_shard_file *file, const char *path,
		    struct ng_segment *ret_segment, struct ng_error *err);
void ng_segment_close(struct ng_segment *segment);

/* A section that must be there, and one of `docs` + 1 ascending numbers up to `last`. -EUCLEAN. */
int ng_segment_section(const struct ng_shard_file *file, const char *path, uint32_t type,
		       const uint8_t **ret_data, size_t *ret_bytes, struct ng_error *err);
int ng_segment_starts(const struct ng_shard_file *file, const char *path, uint32_t type,
		      uint64_t docs, uint64_t last, struct ng_ef *ret_starts, struct ng_error *err);

/* Frames, of which both sections must be there. -EUCLEAN, -ENOMEM. */
int ng_segment_frames(const struct ng_shard_file *file, const char *path, uint32_t data_type,
		      uint32_t directory_type, struct ng_frames **ret_frames, struct ng_error *err);

/* -EUCLEAN, with err saying what is damaged and what to do. */
int ng_segment_damaged(const char *path, const char *what, struct ng_error *err);
