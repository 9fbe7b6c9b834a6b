/* SPDX-License-Identifier: Apache-2.0 */
/* Which characters of several bytes a shard has. Text in one script has few of the many variants
 * that folding.h knows, and a search that branches at each of them is spared the others. */
#pragma once

#include "query/folding.h"
#include "query/shard.h"

/* What was found is kept, some thousand characters of it; so it is looked for once, mostly. */
struct ng_chars;

/* NULL: out of memory. */
struct ng_chars *ng_chars_new(void);
struct ng_chars *ng_chars_free(struct ng_chars *chars);

/* Of n <= NG_VARIANTS_MAX characters keep those that are in the shard, in their order: whether all
 * of their bytes are, or, if the effort is worth it, `exact`, they themselves. Removed documents
 * count. Thread-safe. Some steps for each that is new, all of these side by side. -EUCLEAN. */
int ng_chars_keep(const struct ng_shard *shard, bool exact, struct ng_variant *variants,
		  unsigned *n);
