/* SPDX-License-Identifier: Apache-2.0 */
/* A query's occurrences with the text around them, a chunk of lines at a time, in the order of the
 * index or in a random one. One thread at a time. */
#pragma once

#include "base/buf.h"
#include "query/find.h"
#include "query/contexts.h"
#include "query/shuffle.h"

struct ng_occurrences_how {
	uint32_t context_bytes; /* of text on either side, at most */
	bool random; /* in the order that ng_shuffle_make makes of seed; false: in index order */
	uint64_t seed;
};

struct ng_occurrence {
	const struct ng_context *context;
	const uint8_t *middle; /* where text before it ends and after it begins, see ng_contexts */
	const uint8_t *string; /* the occurrence itself, context->bytes of them */
};

/* The first three and found are for all to read, after ng_occurrences_find; the rest is
 * occurrences.c's own. Count is of all occurrences that may count, see
 * ng_filter_most. */
struct ng_occurrences {
	uint64_t count;
	uint64_t longest; /* bytes that an occurrence has at most */
	size_t at_once;   /* lines that are looked up at once at most: they take some MiB */
	const struct ng_index *index;
	struct ng_query query;
	struct ng_occurrences_how how;
	struct ng_ranges ranges;
	struct ng_filter filter;   /* of documents that count */
	size_t found;              /* lines that were looked up last */
	struct ng_shuffle shuffle; /* of a random order */
	bool has_room;
	/* Room for a chunk, made when it is needed. */
	struct ng_context *contexts; /* [at_once], in index order, and as the next */
	uint8_t *text;
	size_t *places;    /* which of contexts is a line's, of a random order or under a filter */
	uint64_t *numbers; /* of contexts, likewise */
	/* Where anything is folded, the strings of contexts, those of one range once. */
	struct ng_buf strings;
	size_t *string_at;
};

/* Find them. query's bytes aren't copied. Cost and errors as
 * ng_query_find. On failure *ret isn't touched, otherwise the caller clears it. */
int ng_occurrences_find(const struct ng_index *index, const struct ng_query *query,
			const struct ng_occurrences_how *how, const ng_cancel *cancel,
			struct ng_occurrences *ret);
void ng_occurrences_clear(struct ng_occurrences *o);

/* Give back the room for a chunk, with the lines looked up last; and how many bytes that is. */
void ng_occurrences_shed(struct ng_occurrences *o);
size_t ng_occurrences_held(const struct ng_occurrences *o);

/* Look up the lines of occurrences [at, at + n), n <= at_once, at + n <= count. There are o->found
 * of them: fewer where some are in documents that don't count, which are located only. Cost of
 * ng_contexts; where anything is folded, of ng_range_text for each range that holds one of them. */
int ng_occurrences_look_up(struct ng_occurrences *o, uint64_t at, size_t n,
			   const ng_cancel *cancel);

/* Line i < found of those looked up last; good until the next are. */
struct ng_occurrence ng_occurrences_get(const struct ng_occurrences *o, size_t i);
