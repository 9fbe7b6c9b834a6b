/* SPDX-License-Identifier: Apache-2.0 */
#include "query/chars.h"

#include "base/utf8.h"

#define SLOT_BITS 11u

/* In a slot: a character, and whether it is there; 0: nothing. */
#define KNOWN (UINT32_C(1) << 31)
#define THERE (UINT32_C(1) << 30)

struct ng_chars {
	uint32_t slots[1u << SLOT_BITS];
};

struct ng_chars *ng_chars_new(void)
{
	return calloc(1, sizeof(struct ng_chars));
}

struct ng_chars *ng_chars_free(struct ng_chars *chars)
{
	free(chars);
	return NULL;
}

/* Fibonacci hashing: characters that follow each other are spread. */
static uint32_t *slot_of(struct ng_chars *chars, uint32_t c)
{
	return &chars->slots[c * UINT32_C(0x9e3779b1) >> (32 - SLOT_BITS)];
}

static bool bytes_there(const struct ng_shard *shard, const struct ng_variant *variant)
{
	for (unsigned i = 0; i < variant->len; i++) {
		uint64_t lo, hi;

		ng_bwt_symbol_rows(shard->bwt, variant->bytes[i], &lo, &hi);
		if (lo >= hi)
			return false;
	}
	return true;
}

/* Keep those that may be there; ret_unknown[0..*ret_n-1] says which of those left to look for. */
static unsigned known_keep(const struct ng_shard *shard, bool exact, struct ng_variant *variants,
			   unsigned n, unsigned ret_unknown[static NG_VARIANTS_MAX],
			   unsigned *ret_n)
{
	unsigned kept = 0;

	*ret_n = 0;
	for (unsigned k = 0; k < n; k++) {
		uint32_t c, known;

		variants[kept] = variants[k];
		if (!exact || variants[k].len == 1) {
			kept += bytes_there(shard, &variants[k]);
			continue;
		}
		c = ng_utf8_get(variants[k].bytes, variants[k].len);
		known = __atomic_load_n(slot_of(shard->chars, c), __ATOMIC_RELAXED);
		if ((known & ~THERE) != (c | KNOWN))
			ret_unknown[(*ret_n)++] = kept++;
		else if (known & THERE)
			kept++;
	}
	return kept;
}

int ng_chars_keep(const struct ng_shard *shard, bool exact, struct ng_variant *variants,
		  unsigned *n)
{
	struct ng_bwt_search searches[NG_VARIANTS_MAX];
	unsigned unknown[NG_VARIANTS_MAX], n_unknown, kept = 0;
	bool bad = false;

	*n = known_keep(shard, exact, variants, *n, unknown, &n_unknown);
	if (n_unknown == 0)
		return 0;
	for (unsigned i = 0; i < n_unknown; i++) {
		const struct ng_variant *variant = &variants[unknown[i]];
		unsigned left = variant->len - 1u;
		struct ng_bwt_search *search = &searches[i];

		*search = (struct ng_bwt_search){.at = variant->bytes + left, .left = left};
		ng_bwt_symbol_rows(shard->bwt, variant->bytes[left], &search->lo, &search->hi);
	}
	ng_bwt_walk_searches(shard->bwt, n_unknown, searches, &bad);
	if (bad)
		return -EUCLEAN;
	for (unsigned k = 0, i = 0; k < *n; k++) {
		bool there = true;

		if (i < n_unknown && unknown[i] == k) {
			uint32_t c = ng_utf8_get(variants[k].bytes, variants[k].len);

			there = searches[i].lo < searches[i].hi;
			__atomic_store_n(slot_of(shard->chars, c), c | KNOWN | (there ? THERE : 0),
					 __ATOMIC_RELAXED);
			i++;
		}
		if (there)
			variants[kept++] = variants[k];
	}
	*n = kept;
	return 0;
}
