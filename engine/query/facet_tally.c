/* SPDX-License-Identifier: Apache-2.0 */
#include "query/facet_tally.h"

#include "format/meta_fields.h"

void ng_facet_tally_clear(struct ng_facet_tally *tally)
{
	ng_dictionary_clear(&tally->dictionary);
	free(tally->list);
}

/* A new value, which has nothing yet. */
static int value_new(struct ng_facet_tally *tally, const uint8_t *value, size_t bytes)
{
	size_t n = tally->dictionary.n;

	if (n == NG_FACET_COUNTS_MAX)
		return -EFBIG;
	if (n == tally->cap) {
		size_t cap = tally->cap ? 2 * tally->cap : 64;
		struct ng_facet_count *list = reallocarray(tally->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		tally->list = list;
		tally->cap = cap;
	}
	tally->list[n] = (struct ng_facet_count){0};
	return ng_dictionary_add(&tally->dictionary, value, bytes);
}

int ng_facet_tally_add(struct ng_facet_tally *tally, const uint8_t *value, size_t bytes,
		       uint64_t occurrences, uint64_t docs)
{
	struct ng_facet_count *count = &tally->none;
	int r = 0;

	if (value) {
		uint32_t number = ng_dictionary_find(&tally->dictionary, value, bytes);

		if (number == tally->dictionary.n)
			r = value_new(tally, value, bytes);
		if (r < 0)
			return r;
		count = &tally->list[number];
	}
	count->occurrences += occurrences;
	count->docs += docs;
	return 0;
}

static int by_count(const void *pa, const void *pb)
{
	const struct ng_facet_count *a = pa, *b = pb;

	if (a->occurrences != b->occurrences)
		return a->occurrences > b->occurrences ? -1 : 1;
	if (a->docs != b->docs)
		return a->docs > b->docs ? -1 : 1;
	if (a->none != b->none)
		return a->none ? 1 : -1;
	return ng_bytes_compare(a->value, a->bytes, b->value, b->bytes);
}

int ng_facet_tally_give(struct ng_facet_tally *tally, struct ng_facet_counts *ret_counts)
{
	uint32_t n = tally->dictionary.n;
	struct ng_facet_counts counts = {.list = calloc(n + 1ull, sizeof(*counts.list))};

	if (!counts.list)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct ng_facet_count *count = &counts.list[counts.n];

		if (!tally->list[i].docs)
			continue;
		*count = tally->list[i];
		count->value = ng_dictionary_get(&tally->dictionary, i, &count->bytes);
		counts.n++;
	}
	if (tally->none.docs) {
		counts.list[counts.n] = tally->none;
		counts.list[counts.n++].none = true;
	}
	qsort(counts.list, counts.n, sizeof(*counts.list), by_count);
	counts.text = tally->dictionary.text;
	tally->dictionary.text = NG_BUF_INIT;
	*ret_counts = counts;
	return 0;
}

void ng_facet_counts_clear(struct ng_facet_counts *counts)
{
	free(counts->list);
	ng_buf_free(&counts->text);
	*counts = (struct ng_facet_counts){0};
}
