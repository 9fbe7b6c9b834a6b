/* SPDX-License-Identifier: Apache-2.0 */
/* The maximal stretches of a text that occur so many times in an index, in all its shards together:
 * of a document of the index itself, say, those that occur elsewhere, too. */
#pragma once

#include "query/index_internal.h"
#include "query/whole.h"

struct ng_often_options {
	uint64_t min_bytes; /* of a stretch, >= 1 */
	uint64_t at_least;  /* so many occurrences, >= 1 */
	uint64_t at_most;   /* those that have more are left out; >= at_least */
	bool word;          /* ends cut no word either, see word.h */
};

/* [begin, end) of the text. No end cuts a character, and of the stretches for which that and the
 * options (but at_most) hold it lies in no other. */
struct ng_often_stretch {
	uint64_t begin, end;
	uint64_t count;
	const struct ng_interval
		*by_shard; /* its rows, as ng_find gives them; until the next call */
};

struct ng_often;

/* -EINVAL (options), -ENOMEM. Not thread-safe. */
int ng_often_new(const struct ng_index *index, const struct ng_often_options *options,
		 struct ng_often **ret_often);
struct ng_often *ng_often_free(struct ng_often *often);

/* Begin with this text, which is the caller's and is read by the calls that follow. */
void ng_often_begin(struct ng_often *often, struct ng_text_blocks *text);

/* The next stretch, by rising begin, and by rising end: 1, or 0 when there are no more. A call that
 * failed may be made again and goes on where it was.
 *
 * Cost, in steps, times the shards that have rows: where nothing of min_bytes occurs often enough,
 * some thirty (until what is read backwards is too rare) for every min_bytes less these; where
 * something does, O(log(bytes)) a byte of each stretch. Memory: three intervals a shard. The errors
 * of query.h and of what reads the text. */
int ng_often_next(struct ng_often *often, const ng_cancel *cancel,
		  struct ng_often_stretch *ret_stretch);
