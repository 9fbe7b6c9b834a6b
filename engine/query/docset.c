/* SPDX-License-Identifier: Apache-2.0 */
#include "query/docset.h"

#define EMPTY     UINT64_MAX
#define CAP_FIRST ((size_t)256)

struct ng_docset ng_docset_make(uint64_t docs)
{
	return (struct ng_docset){.docs = docs};
}

void ng_docset_clear(struct ng_docset *set)
{
	free(set->slots);
	free(set->bits);
	*set = ng_docset_make(set->docs);
}

static size_t slot_of(const uint64_t *slots, size_t cap, uint64_t doc)
{
	size_t slot = (size_t)(doc * 0x9e3779b97f4a7c15ull >> 20) & (cap - 1);

	while (slots[slot] != EMPTY && slots[slot] != doc)
		slot = (slot + 1) & (cap - 1);
	return slot;
}

static bool bit_get(const uint64_t *bits, uint64_t doc)
{
	return bits[doc >> 6] >> (doc & 63) & 1;
}

static void bit_set(uint64_t *bits, uint64_t doc)
{
	bits[doc >> 6] |= 1ull << (doc & 63);
}

bool ng_docset_has(const struct ng_docset *set, uint64_t doc)
{
	if (set->bits)
		return bit_get(set->bits, doc);
	return set->slots && set->slots[slot_of(set->slots, set->cap, doc)] == doc;
}

static int to_bits(struct ng_docset *set)
{
	uint64_t *bits = calloc(set->docs / 64 + 1, sizeof(*bits));

	if (!bits)
		return -ENOMEM;
	for (size_t i = 0; i < set->cap; i++)
		if (set->slots[i] != EMPTY)
			bit_set(bits, set->slots[i]);
	free(set->slots);
	set->slots = NULL;
	set->cap = 0;
	set->bits = bits;
	return 0;
}

/* Room for one more, half of the slots staying empty. */
static int make_room(struct ng_docset *set)
{
	size_t cap = ng_max(2 * set->cap, CAP_FIRST);
	uint64_t *grown;

	if (set->bits || 2 * set->n < set->cap)
		return 0;
	if (cap > CAP_FIRST && cap >= set->docs / 64)
		return to_bits(set);
	grown = malloc(cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown, 0xff, cap * sizeof(*grown));
	for (size_t i = 0; i < set->cap; i++)
		if (set->slots[i] != EMPTY)
			grown[slot_of(grown, cap, set->slots[i])] = set->slots[i];
	free(set->slots);
	set->slots = grown;
	set->cap = cap;
	return 0;
}

int ng_docset_add(struct ng_docset *set, uint64_t doc)
{
	int r = make_room(set);
	size_t slot;

	if (r < 0)
		return r;
	if (set->bits) {
		set->n += !bit_get(set->bits, doc);
		bit_set(set->bits, doc);
		return 0;
	}
	slot = slot_of(set->slots, set->cap, doc);
	set->n += set->slots[slot] == EMPTY;
	set->slots[slot] = doc;
	return 0;
}
