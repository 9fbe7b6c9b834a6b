/* SPDX-License-Identifier: Apache-2.0 */
/* Occurrences that have others near them. */
#pragma once

#include "query/ranges.h"
#include "query/scope.h"
#include "query/survivors.h"

/* Set the bits, in a block of ng_survivors_new that has none set, of those occurrences of some
 * ranges that are in one of the documents that docs has (NULL: all) and have, for each string of
 * the scope's `also`, one of its occurrences near them: in the same document, with at most
 * scope->near bytes between the end of the one and the beginning of the other. An occurrence is
 * near itself.
 *
 * Exact. Of each string and the ranges, what occurs less often is located, and the rows of the text
 * around it are walked: those of the other are known by their numbers, and no text is read. Cost:
 * two bytes' steps for each byte of the distance, and some two hundred, an occurrence. Where both
 * are so frequent that this costs more, all of both are located instead: the more frequent once for
 * each million of the other. On all threads of the index; can be cancelled. Memory: a bit an
 * occurrence for each string, and 24 MiB. Errors as in find.h. Thread-safe. */
int ng_near_find(const struct ng_index *index, const struct ng_ranges *ranges,
		 const struct ng_scope *scope, const struct ng_cached *docs,
		 const ng_cancel *cancel, struct ng_cached *bits);
