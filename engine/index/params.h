/* NG_SECTION_PARAMS: the numbers that the other sections are read with. */
#pragma once

#include "base/base.h"

struct ng_shard_params {
	uint64_t rows;    /* of the BWT: text, separators, and the end of text */
	uint64_t primary; /* row of the whole text's suffix */
	uint64_t docs;
	uint64_t text_bytes; /* of the documents, without separators */
	uint32_t sa_rate;    /* the suffix array is sampled at every multiple of it */
	uint32_t reserved[5];
};

#define NG_SA_RATE_MIN 4u
#define NG_SA_RATE_MAX 1024u

/* Samples of the suffix array, of positions 0, sa_rate, ... <= rows - 1. */
static inline uint64_t ng_samples(uint64_t rows, uint32_t sa_rate)
{
	return (rows - 1) / sa_rate + 1;
}

/* Lower bits of a marked row's offset in its wide cell: as many as its neighbours' distance has,
 * save one (see ng_marks_bytes). */
static inline unsigned ng_mark_shift(uint32_t sa_rate)
{
	return ng_bits(sa_rate) - 1;
}

_Static_assert(sizeof(struct ng_shard_params) == 56, "as ngramfs-index(5) has it");
