/* Suffix sorting of one shard's text: the BWT and what is sampled from the suffix array. */
#pragma once

#include "build/streams.h"
#include "index/kmers.h"

/* Text for ng_suffix_sort: documents, each followed by a separator, which is written as a 0.
 * has_nul: some document holds a NUL byte, so that separators can only be told from doc_ends. */
struct ng_sort_text {
	const uint8_t *bytes;
	uint64_t n;               /* bytes, separators included; <= NG_SORT_MAX */
	const uint64_t *doc_ends; /* positions of the separators, ascending */
	uint64_t docs;
	bool has_nul;
};

/* divsufsort counts in 32 bits. A text with NUL bytes grows while it is sorted, by one byte for
 * each of the bytes 0 to 6, and mustn't pass this even then. */
#define NG_SORT_MAX ((1ull << 31) - 4096)

/* Memory that sorting n bytes takes at its peak, the text itself left out. */
uint64_t ng_suffix_sort_memory(uint64_t n, bool has_nul);

struct ng_sorted {
	uint8_t *bwt;         /* [rows] */
	uint64_t *separators; /* bits, or NULL: see struct ng_bwt_text */
	uint64_t *marks;      /* bits: rows of sampled suffixes */
	uint64_t rows;        /* n + 1 */
	uint64_t primary;
	uint32_t *sa_samples;  /* position / sa_rate of each marked row, in row order */
	uint64_t n_sa_samples; /* n / sa_rate + 1, for the samples are those of all positions */
	struct ng_kmer *kmers; /* frequent patterns; NULL where the text has NUL bytes */
	size_t n_kmers;
	size_t bwt_map_bytes; /* of the mapping that bwt stands in */
};

/* Sort, and sample the positions 0, sa_rate, 2 sa_rate, ... <= n; sa_rate is in [1, 2^31). One
 * thread. -ENOMEM, -EFBIG (more than NG_SORT_MAX bytes). Free with
 * ng_sorted_clear. */
int ng_suffix_sort(const struct ng_sort_text *text, uint32_t sa_rate, struct ng_sorted *ret_sorted);
void ng_sorted_clear(struct ng_sorted *sorted);
