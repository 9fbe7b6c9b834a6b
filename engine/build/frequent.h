/* The frequent patterns of a text, from its suffix array. */
#pragma once

#include "index/kmers.h"

/* How often a pattern occurs to be worth its ten bytes: on English, this makes some 15,000 patterns
 * of 100 MB, which spare a search its first three bytes on average. */
#define NG_FREQUENT_COUNT 4096u

/* All patterns of 1 to NG_KMER_MAX_BYTES bytes that occur at least min_count times, and all bytes
 * that occur. text holds separators as zeroes (in no pattern) and ends with one; sa is its suffix
 * array, entry i that of row i. *ret_kmers belongs to the caller. -ENOMEM. */
int ng_frequent_find(const uint8_t *text, const int32_t *sa, uint64_t n, uint64_t min_count,
		     struct ng_kmer **ret_kmers, size_t *ret_n);
