/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dictionary.h"

#include <xxhash.h>

#define CAP_FIRST 8u
#define CAP_MAX   (1u << 30)

/* Where a string is, or would be; half of the slots are empty at least. */
static uint32_t *slot_of(const struct ng_dictionary *d, const uint8_t *bytes, size_t len)
{
	size_t mask = 2 * (size_t)d->cap - 1, slot = XXH3_64bits(bytes, len) & mask;

	for (; d->slots[slot]; slot = (slot + 1) & mask) {
		size_t there_len;
		const uint8_t *there = ng_dictionary_get(d, d->slots[slot] - 1, &there_len);

		if (there_len == len && (len == 0 || memcmp(there, bytes, len) == 0))
			break;
	}
	return &d->slots[slot];
}

uint32_t ng_dictionary_find(const struct ng_dictionary *d, const uint8_t *bytes, size_t len)
{
	uint32_t number = d->cap ? *slot_of(d, bytes, len) : 0;

	return number ? number - 1 : d->n;
}

static int grow(struct ng_dictionary *d)
{
	uint32_t cap = d->cap ? 2 * d->cap : CAP_FIRST;
	size_t *ends;
	uint32_t *slots;

	if (d->cap == CAP_MAX)
		return -ENOMEM;
	ends = reallocarray(d->ends, cap, sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	d->ends = ends;
	slots = calloc(2 * (size_t)cap, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(d->slots);
	d->slots = slots;
	d->cap = cap;
	for (uint32_t i = 0; i < d->n; i++) {
		size_t len;
		const uint8_t *bytes = ng_dictionary_get(d, i, &len);

		*slot_of(d, bytes, len) = i + 1;
	}
	return 0;
}

int ng_dictionary_add(struct ng_dictionary *d, const uint8_t *bytes, size_t len)
{
	int r = d->n == d->cap ? grow(d) : 0;

	/* Somewhere, also where all of them so far are empty. */
	if (r == 0)
		r = ng_buf_reserve(&d->text, len + 1);
	if (r == 0)
		r = ng_buf_append(&d->text, bytes, len);
	if (r < 0)
		return r;
	d->ends[d->n] = d->text.len;
	*slot_of(d, bytes, len) = ++d->n;
	return 0;
}

void ng_dictionary_clear(struct ng_dictionary *d)
{
	ng_buf_free(&d->text);
	free(d->ends);
	free(d->slots);
	*d = NG_DICTIONARY_INIT;
}
