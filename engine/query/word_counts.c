/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_counts.h"

void ng_word_counts_clear(struct ng_word_counts *counts)
{
	free(counts->list);
	ng_dictionary_clear(&counts->words);
	*counts = NG_WORD_COUNTS_INIT;
}

/* A new word, which has no count yet. */
static int add_new(struct ng_word_counts *counts, const uint8_t *word, size_t len)
{
	size_t at = counts->words.text.len;
	int r;

	if (counts->n == counts->cap) {
		size_t cap = ng_max(2 * counts->cap, (size_t)64);
		struct ng_word_count *list = reallocarray(counts->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		counts->list = list;
		counts->cap = cap;
	}
	r = ng_dictionary_add(&counts->words, word, len);
	if (r == 0)
		counts->list[counts->n++] = (struct ng_word_count){0, at, len};
	return r;
}

int ng_word_counts_add(struct ng_word_counts *counts, const uint8_t *word, size_t len,
		       uint64_t count)
{
	uint32_t number = ng_dictionary_find(&counts->words, word, len);
	int r = number == counts->n ? add_new(counts, word, len) : 0;

	if (r == 0)
		counts->list[number].count += count;
	return r;
}

int ng_word_counts_join(struct ng_word_counts *counts, const struct ng_word_counts *more)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < more->n; i++)
		r = ng_word_counts_add(counts, more->words.text.data + more->list[i].at,
				       more->list[i].len, more->list[i].count);
	return r;
}

static int by_bytes(const void *pa, const void *pb, void *text)
{
	const struct ng_word_count *a = pa, *b = pb;
	size_t len = ng_min(a->len, b->len);
	int order =
		len ? memcmp((const uint8_t *)text + a->at, (const uint8_t *)text + b->at, len) : 0;

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int by_count(const void *pa, const void *pb, void *text)
{
	const struct ng_word_count *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return by_bytes(pa, pb, text);
}

void ng_word_counts_sort(struct ng_word_counts *counts, bool falling)
{
	if (counts->n)
		qsort_r(counts->list, counts->n, sizeof(*counts->list),
			falling ? by_count : by_bytes, counts->words.text.data);
}
