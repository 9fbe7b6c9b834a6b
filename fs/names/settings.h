/* SPDX-License-Identifier: Apache-2.0 */
/* The settings under which a tree is shown: the mount's own, and those of /with/SETTINGS. Pure;
 * thread-safe. */
#pragma once

#include "query/scope.h"

#define NG_SETTINGS_CONTEXT_MAX 4096u
#define NG_SETTINGS_PAGE_MAX    100000u
#define NG_SETTINGS_MIN_MAX     (1u << 20)
#define NG_SETTINGS_SCAN_MAX    100000000u

#define NG_SETTINGS_FIRST_MAX 1000u
#define NG_SETTINGS_DOCS_MAX  1000u

struct ng_facet;

struct ng_settings {
	uint64_t page_docs;     /* names that a directory lists before more/ */
	uint32_t kwic_bytes;    /* of text on each side of an occurrence in kwic, */
	uint32_t match_bytes;   /* and in match */
	uint32_t min_bytes;     /* of a stretch in trace, and times of a word in wordlist, at least;
				 * 0: as each has it */
	bool random;            /* order of occurrences in kwic and match; false: the index's */
	uint64_t seed;          /* of a random order, otherwise 0 */
	unsigned fold;          /* as that of a query, see scope.h */
	bool plain_names;       /* a name of a query has no escapes, nor can it have any */
	bool escaped_lines;     /* %XX in a line of batch is a byte */
	struct ng_scope *scope; /* what counts; NULL: everything */
	const struct ng_facet *facet; /* of a file in /batch/facet: which; otherwise NULL */
	uint32_t line_bytes; /* of a line on each side of what matches, in lines and grep */
	uint64_t scan;       /* occurrences that those two look at, at most */
	bool scan_all;       /* rather read all of the text than give up there */
	uint32_t first;      /* answers to a query in batch/kwic, match and lines */
	uint64_t at_least; /* times that a stretch of repeats and trace occurs; 0: as each has it */
	uint64_t at_most;  /* the same; 0: any */
	bool keep_first;   /* a stretch's first occurrence is no repeat */
	uint32_t docs;     /* that trace shows of a stretch, */
	bool contexts;     /* with as much text on each side as match has: context was given */
	/* For the numbers of inodes: the same for the same settings, 0 for the mount's own. */
	uint64_t hash;
};

/* The settings that a name such as "context=80,order=random" stands for: one or more of
 *     context=0..4096          kwic_bytes, match_bytes and line_bytes; contexts
 *     docs=0..1000             docs
 *     first=1..1000            first
 *     page=1..100000           page_docs
 *     min=1..1048576           min_bytes
 *     atleast=2..18446744073709551615    at_least
 *     max=1..18446744073709551615        at_most, and not less than atleast
 *     keep=all|first           keep_first
 *     order=index|random
 *     scan=1..100000000|all    scan; scan_all
 *     seed=0..18446744073709551615
 *     case=exact|fold
 *     form=exact|fold
 *     space=exact|fold
 *     word=no|yes
 *     escape=percent|none      escaped_lines; plain_names
 *     where=CONDITION          scope; see ng_where_add
 *     also=QUERY  not=QUERY  any=QUERY  near=0..1073741824
 *                              scope; with %XX for a byte, whatever escape says
 * each at most once, save where, also, not and any, in any order; what isn't named is as in
 * defaults. -ENOENT: any other name; -ENOMEM. The caller gives ret_settings->scope back
 * (ng_scope_unref). O(strlen(name)). */
int ng_settings_parse(const char *name, const struct ng_settings *defaults,
		      struct ng_settings *ret_settings);
