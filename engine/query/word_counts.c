/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_counts.h"

#include <xxhash.h>

void ng_word_counts_clear(struct ng_word_counts *counts)
{
	free(counts->list);
	ng_buf_free(&counts->text);
	*counts = NG_WORD_COUNTS_INIT;
}

/* Where a word is, or would be. cap is a power of two, and some are free. */
static struct ng_word_count *slot_of(struct ng_word_count *list, size_t cap, const uint8_t *text,
				     const uint8_t *word, size_t len)
{
	size_t i = XXH3_64bits(word, len) & (cap - 1);

	while (list[i].count &&
	       (list[i].len != len || (len && memcmp(text + list[i].at, word, len) != 0)))
		i = (i + 1) & (cap - 1);
	return &list[i];
}

static int grow(struct ng_word_counts *counts)
{
	size_t cap = ng_max(2 * counts->cap, (size_t)64);
	struct ng_word_count *list = calloc(cap, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < counts->cap; i++) {
		const struct ng_word_count *old = &counts->list[i];

		if (old->count)
			*slot_of(list, cap, counts->text.data, counts->text.data + old->at,
				 old->len) = *old;
	}
	free(counts->list);
	counts->list = list;
	counts->cap = cap;
	return 0;
}

int ng_word_counts_add(struct ng_word_counts *counts, const uint8_t *word, size_t len,
		       uint64_t count)
{
	struct ng_word_count *slot;
	int r = counts->n * 2 >= counts->cap ? grow(counts) : 0;

	if (r)
		return r;
	slot = slot_of(counts->list, counts->cap, counts->text.data, word, len);
	if (!slot->count) {
		size_t at = counts->text.len;

		r = ng_buf_append(&counts->text, word, len);
		if (r)
			return r;
		*slot = (struct ng_word_count){0, at, len};
		counts->n++;
	}
	slot->count += count;
	return 0;
}

int ng_word_counts_join(struct ng_word_counts *counts, const struct ng_word_counts *more)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < more->cap; i++)
		if (more->list[i].count)
			r = ng_word_counts_add(counts, more->text.data + more->list[i].at,
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
	size_t n = 0;

	for (size_t i = 0; i < counts->cap; i++)
		if (counts->list[i].count)
			counts->list[n++] = counts->list[i];
	if (n)
		qsort_r(counts->list, n, sizeof(*counts->list), falling ? by_count : by_bytes,
			counts->text.data);
}
