/* SPDX-License-Identifier: Apache-2.0 */
/* Batches in the making, several side by side: each is sorted and packed on a thread of its own,
 * into a shard or a segment of one, as many at once as memory and processors allow. */
#pragma once

#include "build/builder.h"
#include "build/shard_build.h"
#include "merge/journal.h"

struct ng_shard_jobs;

/* What a batch becomes. */
struct ng_shard_job {
	struct ng_batch batch;
	struct ng_shard_docs docs; /* of a shard */
	int text_fd;               /* of a segment: where its text goes, */
	uint64_t text_at;          /* at this offset */
	int dir_fd;                /* as struct ng_file_at has it, */
	char *path;                /* of the shard or the segment */
	struct ng_step step;       /* its kind says which it is; the rest is the caller's */
};

struct ng_shard_jobs_options {
	unsigned threads;        /* processors to keep busy */
	uint64_t memory_bytes;   /* for the texts and their sorting */
	const ng_cancel *cancel; /* may be NULL */
	/* Called several times a second while one is waited for; may be NULL. */
	void (*progress)(void *userdata, const struct ng_build_progress *progress);
	/* A shard or segment is on disk: the file's size, and the checksum for the manifest. Called
	 * in the order of the starts. Its error ends the waiting. */
	int (*finished)(void *userdata, const struct ng_shard_job *job, uint64_t file_bytes,
			uint64_t checksum, struct ng_error *err);
	void *userdata;
};

/* Everything is borrowed until ng_shard_jobs_free. -ENOMEM. The functions below belong to one
 * thread, which is also where the callbacks are called. */
int ng_shard_jobs_new(const struct ng_shard_jobs_options *options, struct ng_shard_jobs **ret_jobs);

/* Memory that a text of n bytes takes until its shard is written, by a job of so many threads. */
uint64_t ng_shard_job_bytes(uint64_t n, bool has_nul, unsigned threads);

/* Begin a job, which is taken over, whatever comes. Waits first until there is a processor, and
 * memory beside those that are at work (one that is larger than all memory is made alone).
 * options->cancel is ignored. Returns what ng_shard_jobs_wait does, or -EAGAIN when there can be no
 * thread. */
int ng_shard_jobs_start(struct ng_shard_jobs *jobs, struct ng_shard_job *job,
			const struct ng_shard_options *options, struct ng_error *err);

/* Free what a job holds. */
void ng_shard_job_clear(struct ng_shard_job *job);

/* Wait until so much memory is left, or none is at work. UINT64_MAX waits for all. The first error
 * of a shard, with err set; -EINTR when cancelled. After an error there can only be freeing. */
int ng_shard_jobs_wait(struct ng_shard_jobs *jobs, uint64_t free_bytes, struct ng_error *err);

/* The work that all jobs have done so far, as merge/cost.h counts it. */
uint64_t ng_shard_jobs_work(const struct ng_shard_jobs *jobs);

/* Free. Those at work are cancelled: waited for, or, in a sort, which knows no cancelling, left to
 * themselves; they write nothing any more. */
struct ng_shard_jobs *ng_shard_jobs_free(struct ng_shard_jobs *jobs);
