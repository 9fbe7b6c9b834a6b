/* SPDX-License-Identifier: Apache-2.0 */
/* Distinct byte strings, numbered from 0 on as they come. Not thread-safe. */
#pragma once

#include "base/buf.h"

struct ng_dictionary {
	struct ng_buf text; /* one after the other; not NULL once there is one */
	size_t *ends;       /* [n]: where string i ends in text, and the next one begins */
	uint32_t n, cap;
	uint32_t *slots; /* [2 * cap], a hash table: 1 + a number, or 0 */
};

#define NG_DICTIONARY_INIT ((struct ng_dictionary){.n = 0})

/* The number of a string; d->n where it isn't there. */
uint32_t ng_dictionary_find(const struct ng_dictionary *d, const uint8_t *bytes, size_t len);

/* Add one that isn't there: it gets the number d->n, up to 2^30. -ENOMEM, and nothing is
 * added. */
int ng_dictionary_add(struct ng_dictionary *d, const uint8_t *bytes, size_t len);

void ng_dictionary_clear(struct ng_dictionary *d); /* and back to NG_DICTIONARY_INIT */

/* String i < n, good until the next one is added. */
static inline const uint8_t *ng_dictionary_get(const struct ng_dictionary *d, uint32_t i,
					       size_t *ret_len)
{
	size_t begin = i ? d->ends[i - 1] : 0;

	*ret_len = d->ends[i] - begin;
	return d->text.data + begin;
}
