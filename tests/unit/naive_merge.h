/* SPDX-License-Identifier: Apache-2.0 */
/* Two collections that are to be merged, and where the suffixes of the second go among those of the
 * first, found by sorting those of both: suffixes are compared up to their documents' ends, then by
 * document. */
#pragma once

#include "bwtmake.h"
#include "naive.h"

struct naive_merge {
	struct naive a, b; /* a has documents */
	struct made_bwt made;
	struct ng_bwt *bwt; /* of a; a document's first row has a separator */
	uint64_t *ranks;    /* of each position of b's text, separators included */
};

static inline uint32_t *naive_numbers(uint64_t n)
{
	uint32_t *numbers = calloc(n + 1, sizeof(*numbers));

	assert_non_null(numbers);
	return numbers;
}

/* Put from[0..n-1] into `to` by their keys < n_keys, equal ones in the order that they had. */
static inline void naive_sort_by(uint32_t n, const uint32_t *key, uint32_t n_keys,
				 const uint32_t *from, uint32_t *to)
{
	uint32_t *begin = naive_numbers((uint64_t)n_keys + 1);

	for (uint32_t i = 0; i < n; i++)
		begin[key[from[i]] + 1]++;
	for (uint32_t k = 0; k < n_keys; k++)
		begin[k + 1] += begin[k];
	for (uint32_t i = 0; i < n; i++)
		to[begin[key[from[i]]]++] = from[i];
	free(begin);
}

/* All suffixes in order, by position in the first text with the second behind it: names for their
 * first 1, 2, 4, ... symbols, equal for equal ones (Manber and Myers, SIAM J. Comput. 1993). Since
 * each separator has a name of its own, nothing behind it matters. The caller frees it. */
static inline uint32_t *naive_merge_order(const struct naive *a, const struct naive *b)
{
	uint32_t n = (uint32_t)(a->n + b->n), docs = (uint32_t)(a->docs + b->docs), doc = 0;
	uint32_t names = docs + 256, classes = 0;
	uint32_t *name = naive_numbers(n), *fresh = naive_numbers(n), *next = naive_numbers(n);
	uint32_t *all = naive_numbers(n), *half = naive_numbers(n), *order = naive_numbers(n);

	for (uint32_t i = 0; i < n; i++) {
		unsigned symbol = i < a->n ? naive_symbol(a, i) : naive_symbol(b, i - a->n);

		name[i] = symbol == NG_SEPARATOR ? doc++ : docs + symbol;
		all[i] = i;
	}
	for (uint32_t h = 0; classes < n; h = h ? 2 * h : 1) {
		for (uint32_t i = 0; i < n; i++)
			next[i] = h && h < n - i ? name[i + h] + 1 : 0;
		naive_sort_by(n, next, names + 1, all, half);
		naive_sort_by(n, name, names, half, order);
		classes = 1;
		fresh[order[0]] = 0;
		for (uint32_t k = 1; k < n; k++) {
			uint32_t i = order[k], before = order[k - 1];

			classes += name[i] != name[before] || next[i] != next[before];
			fresh[i] = classes - 1;
		}
		memcpy(name, fresh, n * sizeof(*name));
		names = classes;
	}
	free(name);
	free(fresh);
	free(next);
	free(all);
	free(half);
	return order;
}

/* From a and b, which stay the merge's. */
static inline void naive_merge_make(struct naive_merge *m)
{
	uint32_t *order = naive_merge_order(&m->a, &m->b);
	uint64_t rows = m->a.n, row = 0;
	uint8_t *symbols = calloc(rows, 1);
	uint64_t *separators = calloc(rows / 64 + 2, sizeof(*separators));
	uint64_t *marks = calloc(rows / 64 + 2, sizeof(*marks));
	struct ng_bwt_text text = {symbols, separators, marks, rows};

	m->ranks = calloc(m->b.n + 1, sizeof(*m->ranks));
	assert_true(symbols && separators && marks && m->ranks);
	for (uint64_t k = 0; k < m->a.n + m->b.n; k++) {
		uint64_t at = order[k];

		if (at >= m->a.n) {
			m->ranks[at - m->a.n] = row;
			continue;
		}
		if (at == 0 || naive_symbol(&m->a, at - 1) == NG_SEPARATOR)
			separators[row >> 6] |= 1ull << (row & 63);
		else
			symbols[row] = m->a.text[at - 1];
		row++;
	}
	assert_int_equal(row, rows);
	made_bwt_new(&text, 6, 1, &m->made);
	assert_int_equal(ng_bwt_open(&m->made.parts, &m->bwt), 0);
	free(order);
	free(symbols);
	free(separators);
	free(marks);
}

static inline void naive_merge_clear(struct naive_merge *m)
{
	m->bwt = ng_bwt_close(m->bwt);
	made_bwt_free(&m->made);
	free(m->ranks);
	naive_clear(&m->a);
	naive_clear(&m->b);
}
