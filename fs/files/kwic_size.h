/* SPDX-License-Identifier: Apache-2.0 */
/* How long a concordance may become, which is told before it is made. */
#pragma once

#include "files/indexes.h"
#include "files/occurrences.h"

/* Bytes that ng_kwic_line makes of all `count` occurrences of a query, or more, but not many times
 * more: escapes are counted by how many there can be in the whole text, and not as if all of it
 * were control characters. Counts each of those once. Errors of ng_count. */
int ng_kwic_bytes_most(const struct ng_mounted_index *index, const struct ng_occurrences *found,
		       uint32_t context_bytes, const ng_cancel *cancel, uint64_t *ret_bytes);
