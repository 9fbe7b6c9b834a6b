/* SPDX-License-Identifier: Apache-2.0 */
/* Suffix sorting of one shard's text: the BWT and what is sampled from the suffix array. */
#pragma once

#include "bwt/bwt_text.h"

/* Text for ng_suffix_sort: documents, each followed by a separator, which is written as a 0.
 * has_nul: some document holds a NUL byte, so that separators can only be told from doc_ends.
 * Where none does, the text is spread while it is sorted: bytes must have room for
 * NG_SORT_KEY_BYTES more a document, and is afterwards what it was. */
struct ng_sort_text {
	uint8_t *bytes;
	uint64_t n;               /* bytes, separators included; <= NG_SORT_MAX */
	const uint64_t *doc_ends; /* positions of the separators, ascending, plus base */
	uint64_t docs;
	uint64_t base;
	bool has_nul;
};

#define NG_SORT_KEY_BYTES 4u

/* divsufsort counts in 32 bits. A text grows while it is sorted, by up to NG_SORT_KEY_BYTES a
 * document, and one with NUL bytes by one for each of the bytes 0 to 6, and mustn't pass this even
 * then. */
#define NG_SORT_MAX ((1ull << 31) - 4096)

/* Memory that sorting n bytes takes at its peak, the text itself left out. */
uint64_t ng_suffix_sort_memory(uint64_t n, bool has_nul);

#define NG_SORTED_READABLE 64u

struct ng_sorted {
	uint8_t *bwt;         /* [rows], and NG_SORTED_READABLE bytes behind it that mean nothing */
	uint64_t *separators; /* bits, or NULL: see struct ng_bwt_text */
	uint64_t *marks;      /* bits: rows of sampled suffixes */
	uint64_t rows;        /* n */
	uint32_t *sa_samples; /* number in the text of each marked row's sample, in row order */
	uint64_t n_sa_samples;
	size_t bwt_map_bytes; /* of the mapping that bwt stands in */
};

/* Sort, and sample the offsets 0, sa_rate, 2 sa_rate, ... of each document up to its separator;
 * sa_rate >= 1. Suffixes are compared up to their separators, and then by their documents' numbers
 * (the order that makes documents independent of each other: M. J. Bauer, A. J. Cox and G. Rosone,
 * Lightweight algorithms for constructing and inverting the BWT of string collections, Theoretical
 * Computer Science 2013). One thread. -ENOMEM, -EFBIG (more than NG_SORT_MAX bytes). Free with
 * ng_sorted_clear. */
int ng_suffix_sort(const struct ng_sort_text *text, uint32_t sa_rate, struct ng_sorted *ret_sorted);
void ng_sorted_clear(struct ng_sorted *sorted);

/* Room in *sorted, which is zero, for a BWT of bwt_bytes bytes, marks of as many rows, all zero,
 * and samples; no rows yet. -ENOMEM, and then some of it may be there. */
int ng_sorted_new(uint64_t bwt_bytes, uint64_t rows, uint64_t samples, struct ng_sorted *sorted);
