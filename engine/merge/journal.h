/* SPDX-License-Identifier: Apache-2.0 */
/* What a build has finished, so that one that was killed can go on: a line a step, written when
 * what the step has made is on disk. */
#pragma once

#include "base/base.h"

struct ng_journal;

enum ng_step_kind {
	NG_STEP_SEGMENT, /* a batch is sorted; of segment [first, end) there is one */
	NG_STEP_MERGED,  /* segments [first, end) of a shard are one */
	NG_STEP_SHARD,   /* a shard is whole; first and end are 0 */
};

#define NG_STEP_FILE_MAX 64

struct ng_step {
	enum ng_step_kind kind;
	uint64_t shard, first, end;
	char file[NG_STEP_FILE_MAX]; /* in the journal's directory */
	uint64_t file_bytes, checksum;
	uint64_t rows; /* of the segment or shard */
	/* XXH3-128 of all documents from the build's first to this step's last (not of what is
	 * merged). */
	char input[33];
};

/* Begin a journal in a directory that dir_fd has opened (dir: its path, for messages), or open the
 * one that is there: *ret_found says which. A line that was not finished is cut off. options: what
 * must be the same for the build to go on; another one is -ESTALE. -EPROTO (no journal), -ENOMEM,
 * and a file's errors, with err set. */
int ng_journal_open(int dir_fd, const char *dir, const char *options,
		    struct ng_journal **ret_journal, bool *ret_found, struct ng_error *err);
struct ng_journal *ng_journal_close(struct ng_journal *journal);

static inline void ng_journal_closep(struct ng_journal **journal)
{
	ng_journal_close(*journal);
}

/* Whether a directory has a journal with a finished step in it, or one that cannot be read. */
bool ng_journal_exists(int dir_fd);

/* Append a step, synced. After an error, which leaves the journal as it was, nothing is appended
 * any more. -ENOSPC and others, with err set. */
int ng_journal_add(struct ng_journal *journal, const struct ng_step *step, struct ng_error *err);

/* The step, or NULL. */
const struct ng_step *ng_journal_find(const struct ng_journal *journal, enum ng_step_kind kind,
				      uint64_t shard, uint64_t first, uint64_t end);

/* All steps, in the order in which they were done; good until there are more or fewer. */
const struct ng_step *ng_journal_steps(const struct ng_journal *journal, size_t *ret_n);

/* Forget, here and not on disk, those of the steps that keep[i] is false for. */
void ng_journal_retain(struct ng_journal *journal, const bool *keep);

/* Remove the journal in a directory: the build is whole. */
void ng_journal_remove(int dir_fd);

#define NG_JOURNAL_NAME "journal"
