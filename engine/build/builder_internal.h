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

/* What is known of the work; see builder_work.c. */
struct ng_builder_work {
	uint64_t rows_read;               /* of all documents so far */
	uint64_t input_read, input_total; /* 0: unknown */
	uint64_t begun;                   /* work that has been begun, until it is finished */
	bool input_ended;
	bool shard_open; /* the last shard's own work, or its merge, is not begun yet */
	bool has_nul;    /* some document has one */
};

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
	struct ng_builder_work work;
};

/* A job is done: options.finished of its jobs. */
int ng_builder_job_finished(void *userdata, const struct ng_shard_job *job, uint64_t file_bytes,
			    uint64_t checksum, struct ng_error *err);

/* Tell options.progress; the work is filled in. */
void ng_builder_report(void *userdata, const struct ng_build_progress *progress);

/* The batch, as it is, becomes a segment or a shard: that is begun work. */
void ng_builder_work_job(struct ng_builder *builder, enum ng_step_kind kind);

/* And so is all that is left to do of the shard, whose segments are made. -ENOMEM. */
int ng_builder_work_merge(struct ng_builder *builder);

/* A new shard, which the manifest has from now on. */
int ng_builder_shard_begin(struct ng_builder *builder, struct ng_error *err);

/* The batch is full, the shard is not: it becomes a segment. */
int ng_builder_segment_start(struct ng_builder *builder, struct ng_error *err);

/* The shard has all its documents. */
int ng_builder_shard_finish(struct ng_builder *builder, struct ng_error *err);
