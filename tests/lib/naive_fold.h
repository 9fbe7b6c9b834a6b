/* SPDX-License-Identifier: Apache-2.0 */
/* Search that ignores case, by looking at every byte. */
#pragma once

#include "base/utf8.h"
#include "naive.h"
#include "query/casefold.h"
#include "query/next.h"

#include <setjmp.h>
#include <cmocka.h>

/* An occurrence: the position in the corpus, and its bytes. */
struct naive_found {
	uint64_t at, bytes;
};

/* Bytes of the text at p that fold to what pat does; 0 where it doesn't begin so. */
uint64_t naive_fold_match(const uint8_t *p, const uint8_t *end, const uint8_t *pat, size_t len);

/* All occurrences, ascending; the caller frees them. */
struct naive_found *naive_fold(const struct naive *c, const uint8_t *pat, size_t len,
			       uint64_t *ret_n);

/* What stands right behind an occurrence, or right before it. */
struct ng_next naive_beside(const struct naive *c, const struct naive_found *found, bool behind);
