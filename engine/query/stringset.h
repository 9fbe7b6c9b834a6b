/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of strings while a regular expression is read (required.h): what it, or a part of it, is
 * known to match. All of it lives in one arena; when memory runs out the arena says so, and what is
 * made then means nothing. */
#pragma once

#include "query/required.h"

struct ng_arena {
	struct ng_arena_block *blocks;
	bool failed;
};

/* Zeroed bytes, or NULL with failed set. */
void *ng_arena_get(struct ng_arena *arena, size_t bytes);
void ng_arena_clear(struct ng_arena *arena);

/* What is known of a part of the expression. */
struct ng_part {
	/* It begins with one of these, which may be empty strings; if exact, that is all of it. */
	struct ng_required_set begin;
	bool exact;
	/* And each of these sets is in what it matches. */
	size_t n;
	struct ng_required_set *sets;
};

/* What matches nothing but the empty string; what may match anything; what matches one of strings,
 * each of len bytes at most NG_REQUIRED_BYTES. */
struct ng_part ng_part_empty(struct ng_arena *arena);
struct ng_part ng_part_anything(struct ng_arena *arena);
struct ng_part ng_part_strings(struct ng_arena *arena, const struct ng_required_string *strings,
			       size_t n, bool fold);

/* One after the other; either of them; one repeated min to max times. */
struct ng_part ng_part_concatenate(struct ng_arena *arena, struct ng_part a, struct ng_part b);
struct ng_part ng_part_alternate(struct ng_arena *arena, struct ng_part a, struct ng_part b);
struct ng_part ng_part_repeat(struct ng_arena *arena, struct ng_part part, unsigned min,
			      unsigned max);

/* What its beginning says is one more of its sets. */
void ng_part_finish(struct ng_arena *arena, struct ng_part *part);
