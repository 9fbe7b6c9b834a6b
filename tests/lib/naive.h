/* SPDX-License-Identifier: Apache-2.0 */
/* Corpora on which such indexes have gone wrong, and what an index of them must answer, found by
 * looking at every byte. */
#pragma once

#include "scratch.h"
#include "sort/suffix_sort.h"

/* Documents in a row, as the builder lays them out. */
struct naive {
	const char *name;
	uint8_t *text;  /* each document, followed by a 0 */
	uint64_t n;     /* bytes of it */
	uint64_t *ends; /* positions of those zeroes */
	uint64_t docs;
	bool has_nul;
	size_t cap, docs_cap;
};

/* Corpora small enough to ask everything of them, others, and those of several megabytes, for what
 * depends on the size. */
enum naive_size { NAIVE_SMALL, NAIVE_LARGE, NAIVE_HUGE };

/* Number i of a size: false when there are no more. Free it with naive_clear. With NG_TEST_BRIEF in
 * the environment, for whom everything takes twenty times as long, there are no huge ones, and
 * every second of the large.
 */
bool naive_make(enum naive_size size, size_t i, struct naive *ret_corpus);
void naive_clear(struct naive *corpus);

/* Append a document; ends the program when memory runs out. */
void naive_add(struct naive *corpus, const void *text, size_t len);

/* Something like prose: len bytes of words, few of them frequent, in lines. */
void naive_words(uint64_t *rng, uint8_t *text, size_t len);

struct ng_sort_text naive_sort_text(const struct naive *corpus);

/* Where document doc begins, and its bytes. */
uint64_t naive_begin(const struct naive *corpus, uint64_t doc);
uint64_t naive_bytes(const struct naive *corpus, uint64_t doc);

/* The document of a position in the text. */
uint64_t naive_doc_of(const struct naive *corpus, uint64_t position);

/* Positions of all occurrences of pat within documents, ascending, in *ret_positions, which the
 * caller frees (NULL: only count). Returns their number. */
uint64_t naive_find(const struct naive *corpus, const uint8_t *pat, size_t len,
		    uint64_t **ret_positions);

/* The symbol at a position of the text: a byte, or NG_SEPARATOR. */
unsigned naive_symbol(const struct naive *corpus, uint64_t position);

/* A stretch of some document, of up to max_len bytes, at random; the corpus must have text. */
const uint8_t *naive_substring(const struct naive *corpus, uint64_t *rng, size_t max_len,
			       size_t *ret_len);

/* The program's seed: from the environment variable NG_TEST_SEED, or always the same. Printed. */
uint64_t naive_seed(void);
