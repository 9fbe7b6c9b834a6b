/* SPDX-License-Identifier: Apache-2.0 */
/* NG_SECTION_PARAMS: the numbers that the other sections are read with. */
#pragma once

#include "base/base.h"

struct ng_shard_params {
	uint64_t rows; /* of the BWT: text and separators */
	uint64_t docs;
	uint64_t text_bytes; /* of the documents, without separators */
	uint32_t sa_rate;    /* each document is sampled at the offsets that are multiples of it */
	uint32_t reserved[7];
};

#define NG_SA_RATE_MIN     4u
#define NG_SA_RATE_MAX     1024u
#define NG_SA_RATE_DEFAULT 112u

/* Samples of a document: of the offsets 0, sa_rate, ... <= bytes, where its separator is. */
static inline uint64_t ng_doc_samples(uint64_t bytes, uint32_t sa_rate)
{
	return bytes / sa_rate + 1;
}

_Static_assert(sizeof(struct ng_shard_params) == 56, "as ngramfs-index(5) has it");
