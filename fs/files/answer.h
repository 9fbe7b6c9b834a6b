/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a mount hold, as text. Nothing here knows of names or nodes. All functions are
 * thread-safe; they append to buf, and leave it with a piece of text behind on failure. Errors of
 * the engine are handed on unchanged. */
#pragma once

#include "base/buf.h"
#include "query/find.h"

/* The longest count with its newline. */
#define NG_ANSWER_COUNT_MAX 21u

/* "N\n" into text; returns its length. No allocation. */
size_t ng_answer_count(uint64_t count, char text[static NG_ANSWER_COUNT_MAX + 1]);

/* {"documents":...} for /stats. */
int ng_answer_stats(const struct ng_index *index, struct ng_buf *buf);

/* {"cnt":N,"segment_by_shard":[[lo,hi],...]} for /find/QUERY; where anything is folded, or whole
 * words are asked for, a shard has a list of intervals, ascending, one for each spelling that
 * occurs in it, and for each character that stands before a word:
 * {"cnt":N,"segment_by_shard":[[[lo,hi],...],...]}. An interval [lo,hi,lead] is of suffixes that
 * begin so many bytes before the occurrence. Cost and errors of ng_query_find. */
int ng_answer_find(const struct ng_index *index, const struct ng_query *query,
		   const ng_cancel *cancel, struct ng_buf *buf);

/* The same of an exact query, where the intervals of all shards are known. */
int ng_answer_intervals(const struct ng_interval *by_shard, uint32_t shards, struct ng_buf *buf);

/* A query's occurrences that count, found once to be shown one by one. Zero it. */
struct ng_found {
	struct ng_ranges ranges;
	struct ng_survivors survivors; /* of those; has no bits where all count */
	uint64_t count;                /* of those that count */
};

/* Cost and errors of ng_query_find, and of ng_survivors_get where the scope asks more. The caller
 * clears it. */
int ng_found_make(const struct ng_index *index, const struct ng_query *query,
		  const ng_cancel *cancel, struct ng_found *ret_found);
void ng_found_clear(struct ng_found *found);

/* {"match":N,"document":ID,"doc_len":L,"offset":O,"before":...,"match_text":...,"after":...,
 * "metadata":{...}} for /match/QUERY/N.json: occurrence `match`, counted from 0 in index order
 * (of those that count), with up to context_bytes of text on either side. The context isn't cut
 * inside a character; text that isn't UTF-8 is shown with U+FFFD. match_text is the text as it
 * stands there. Cost: one locate, one short read, one metadata frame. -ENOENT where there is no
 * such occurrence. */
int ng_answer_match(const struct ng_index *index, const struct ng_found *found, uint64_t match,
		    uint32_t context_bytes, const ng_cancel *cancel, struct ng_buf *buf);

/* A document's metadata with a newline. ng_answer_meta_bytes: its size, without decompressing. */
int ng_answer_meta(const struct ng_index *index, uint64_t doc, struct ng_buf *buf);
int ng_answer_meta_bytes(const struct ng_index *index, uint64_t doc, uint64_t *ret_bytes);

/* /README: how to ask, with the sizes of this index and its page length. */
int ng_answer_readme(const struct ng_index *index, uint64_t page_docs, struct ng_buf *buf);
