/* SPDX-License-Identifier: Apache-2.0 */
#include "naive.h"

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		abort();
	}
	return p;
}

void naive_add(struct naive *corpus, const void *text, size_t len)
{
	/* With room for the sorter, as the builder's has. */
	size_t room = NG_SORT_KEY_BYTES * (corpus->docs + 1);

	if (corpus->cap < corpus->n + len + 1 + room) {
		corpus->cap = 2 * (corpus->n + len + 1 + room);
		corpus->text = need(realloc(corpus->text, corpus->cap));
	}
	if (corpus->docs == corpus->docs_cap) {
		corpus->docs_cap = 2 * corpus->docs_cap + 16;
		corpus->ends =
			need(reallocarray(corpus->ends, corpus->docs_cap, sizeof(*corpus->ends)));
	}
	if (len) {
		memcpy(corpus->text + corpus->n, text, len);
		corpus->has_nul |= memchr(text, 0, len) != NULL;
	}
	corpus->n += len;
	corpus->ends[corpus->docs++] = corpus->n;
	corpus->text[corpus->n++] = 0;
}

void naive_clear(struct naive *corpus)
{
	free(corpus->text);
	free(corpus->ends);
	memset(corpus, 0, sizeof(*corpus));
}

struct ng_sort_text naive_sort_text(const struct naive *corpus)
{
	return (struct ng_sort_text){.bytes = corpus->text,
				     .n = corpus->n,
				     .doc_ends = corpus->ends,
				     .docs = corpus->docs,
				     .has_nul = corpus->has_nul};
}

uint64_t naive_begin(const struct naive *corpus, uint64_t doc)
{
	return doc ? corpus->ends[doc - 1] + 1 : 0;
}

uint64_t naive_bytes(const struct naive *corpus, uint64_t doc)
{
	return corpus->ends[doc] - naive_begin(corpus, doc);
}

uint64_t naive_doc_of(const struct naive *corpus, uint64_t position)
{
	uint64_t lo = 0, hi = corpus->docs;

	while (lo < hi) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (corpus->ends[middle] < position)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

unsigned naive_symbol(const struct naive *corpus, uint64_t position)
{
	if (corpus->text[position] == 0 && corpus->ends[naive_doc_of(corpus, position)] == position)
		return NG_SEPARATOR;
	return corpus->text[position];
}

/* border[i]: bytes of the longest string that pat[0..i-1] begins and ends with, itself left out
 * (Knuth, Morris, Pratt, SIAM J. Comput. 1977): a repetitive text is searched in linear time. */
static uint32_t *borders_new(const uint8_t *pat, size_t len)
{
	uint32_t *border = need(calloc(len + 1, sizeof(*border)));
	uint32_t k = 0;

	for (size_t i = 1; i < len; i++) {
		while (k && pat[i] != pat[k])
			k = border[k];
		k += pat[i] == pat[k];
		border[i + 1] = k;
	}
	return border;
}

struct positions {
	uint64_t *at;
	uint64_t n, cap;
	bool wanted;
};

static void positions_add(struct positions *positions, uint64_t at)
{
	if (positions->wanted && positions->n == positions->cap) {
		positions->cap = 2 * positions->cap + 16;
		positions->at =
			need(reallocarray(positions->at, positions->cap, sizeof(*positions->at)));
	}
	if (positions->wanted)
		positions->at[positions->n] = at;
	positions->n++;
}

/* Where a string may begin that is looked for at once: sanitizers look at all that memmem may read,
 * however soon it finds something. */
#define STRETCH ((size_t)1000)

uint64_t naive_find(const struct naive *corpus, const uint8_t *pat, size_t len,
		    uint64_t **ret_positions)
{
	struct positions positions = {.wanted = ret_positions != NULL};
	uint32_t *border = borders_new(pat, len);

	for (uint64_t doc = 0; doc < corpus->docs; doc++) {
		uint64_t at = naive_begin(corpus, doc), end = corpus->ends[doc], matched = 0;

		while (at < end) {
			const uint8_t *first = corpus->text + at;

			/* Nothing to carry on with: over to where the next one begins. */
			if (matched == 0) {
				if (end - at < len)
					break;
				first = memmem(first, ng_min(end - at, len + STRETCH), pat, len);
				if (!first) {
					at += ng_min(end - at - len, STRETCH) + 1;
					continue;
				}
				at = (uint64_t)(first - corpus->text) + len;
				matched = len;
			} else {
				while (matched && pat[matched] != corpus->text[at])
					matched = border[matched];
				matched += pat[matched] == corpus->text[at];
				at++;
			}
			if (matched == len) {
				positions_add(&positions, at - len);
				matched = border[len];
			}
		}
	}
	free(border);
	if (ret_positions)
		*ret_positions = positions.at;
	return positions.n;
}

const uint8_t *naive_substring(const struct naive *corpus, uint64_t *rng, size_t max_len,
			       size_t *ret_len)
{
	uint64_t at, doc, rest;

	do {
		at = scratch_random(rng) % corpus->n;
		doc = naive_doc_of(corpus, at);
		rest = corpus->ends[doc] - at;
	} while (rest == 0);
	*ret_len = scratch_random(rng) % ng_min(rest, max_len) + 1;
	return corpus->text + at;
}

uint64_t naive_seed(void)
{
	const char *given = getenv("NG_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : 20250714;

	printf("NG_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}
