/* SPDX-License-Identifier: Apache-2.0 */
/* What builder.c and builder_shards.c share: a build, and how what was collected becomes shards. */
#pragma once

#include <xxhash.h>

#include "build/appenddir.h"
#include "build/memory.h"
#include "build/shard_jobs.h"
#include "build/workdir.h"
#include "format/manifest.h"
#include "merge/merge_plan.h"

struct ng_builder {
	struct ng_build_options options;
	struct ng_memory_plan plan;
	struct ng_workdir *workdir;  /* of an index that is made */
	struct ng_appenddir *append; /* of one that is added to; one of them is NULL */
	struct ng_journal *journal;  /* of an index that is made */
	int tmp_fd;                  /* of options.tmp_dir; -1: there is none */
	XXH3_state_t *input;         /* the sum of all documents so far */
	struct ng_shard_options shard_options;
	struct ng_batch batch;            /* that is being collected, */
	struct ng_shard_docs docs;        /* and its shard's documents */
	struct ng_merge_plan *merge_plan; /* when the shard has more than one batch; or NULL */
	uint64_t shard_rows;              /* of the shard, the batch included */
	struct ng_shard_jobs *jobs;
	struct ng_manifest manifest;
	size_t first_shard; /* of those this build makes */
	struct ng_shard_progress merging;
};

/* A job is done: options.finished of its jobs. */
int ng_builder_job_finished(void *userdata, const struct ng_shard_job *job, uint64_t file_bytes,
			    uint64_t checksum, struct ng_error *err);

/* Tell options.progress. */
void ng_builder_report(void *userdata, const struct ng_build_progress *progress);

/* A new shard, which the manifest has from now on. */
int ng_builder_shard_begin(struct ng_builder *builder, struct ng_error *err);

/* The batch is full, the shard is not: it becomes a segment. */
int ng_builder_segment_start(struct ng_builder *builder, struct ng_error *err);

/* The shard has all its documents. */
int ng_builder_shard_finish(struct ng_builder *builder, struct ng_error *err);
