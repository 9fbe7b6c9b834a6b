/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that a regular expression matches, found through the index: one of the strings that every
 * match must hold (required.h) is located, and only the lines around it are read and matched. */
#pragma once

#include "query/places.h"

/* The longest line that is matched: on either side of a string that was located. */
#define NG_GREP_LINE_BYTES (1u << 20)

struct ng_grep;

/* Compile a regular expression, of PCRE2, on UTF-8; text that isn't valid matches no character.
 * fold: upper and lower case are the same. -EINVAL with err set: it isn't one; -ENOMEM. */
int ng_grep_new(const uint8_t *pattern, size_t len, bool fold, struct ng_grep **ret_grep,
		struct ng_error *err);
struct ng_grep *ng_grep_free(struct ng_grep *grep);

/* Where lines may match: the places of the set of strings, of those that must be there, that occurs
 * least often. -EOVERFLOW with err set, which may be NULL: there is no such set, or there are more
 * places than `most`. Cost: a count of each string, and of ng_places_find. Errors as in query.h.
 * Thread-safe. */
int ng_grep_places(const struct ng_grep *grep, const struct ng_index *index, uint64_t most,
		   const ng_cancel *cancel, struct ng_places *ret_places, struct ng_error *err);

/* Whether it matches somewhere in a line: 1, with the first match's bytes [*ret_from, *ret_to), or
 * 0. -EOVERFLOW: it takes too many steps to find out; -ENOMEM. Thread-safe. */
int ng_grep_line(const struct ng_grep *grep, const uint8_t *line, size_t len, size_t *ret_from,
		 size_t *ret_to);
