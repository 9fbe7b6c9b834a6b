/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that are in every match of a regular expression, read off its text, so that an index can
 * tell where to look for matches (R. Cox, Regular Expression Matching with a Trigram Index, 2012).
 *
 * What is understood of PCRE2's syntax: characters and their escapes, classes of few members,
 * groups, alternatives, quantifiers, (?i). Whatever else there is may stand for anything, and where
 * it changes how the rest is read (extended mode, verbs, conditions) nothing is said of the whole.
 * So what is said holds, but there may be more to say. */
#pragma once

#include "base/base.h"

/* Strings of a set, and their bytes, at most: what is larger is left out. */
#define NG_REQUIRED_STRINGS 64u
#define NG_REQUIRED_BYTES   255u

struct ng_required_string {
	uint8_t *bytes;
	size_t len;
};

/* One of them, none of which is empty, is in every match. */
struct ng_required_set {
	bool fold; /* in upper or lower case, see query/fold.h */
	size_t n;
	struct ng_required_string *strings;
};

struct ng_required {
	size_t n;
	struct ng_required_set *sets; /* all of them hold */
	void *memory;                 /* that all of this is in */
};

#define NG_REQUIRED_INIT ((struct ng_required){0})

/* Of pattern[0..len-1], which PCRE2 takes as UTF-8; fold: as if it began with (?i). There may be no
 * set at all. The caller clears it. -ENOMEM. O(len), times NG_REQUIRED_STRINGS. Thread-safe. */
int ng_required_find(const uint8_t *pattern, size_t len, bool fold,
		     struct ng_required *ret_required);
void ng_required_clear(struct ng_required *required); /* and back to NG_REQUIRED_INIT */
