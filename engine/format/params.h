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

#define NG_SA_RATE_MIN 4u
#define NG_SA_RATE_MAX 1024u

/* What was measured, in bytes of the whole index; shortcuts (permutation.h) are of every 16th
 * sample, in the first row of every 8th. Version 3 of the format, which sampled every 52nd
 * position, took 36,934,112 of 100 MB of English, 7,119,328 of 18 MB of three languages, and
 * 39,432,672 of 161 MB of headers, Python and Perl, of which every 112th takes 36,573,664.
 *
 *   rate   steps to a place   English             languages
 *   128    64                 34,771,424  0.941
 *   128    64                 34,648,544  0.938   6,865,376  0.964
 *   112    56                 35,004,896  0.948   6,922,720  0.972   the default
 *    96    48                 35,672,544  0.966
 *    80    40                 36,442,592  0.987
 *
 * A sample of 100 MB takes some 31 bits: 20 for its number, 9 or 10 for its mark, and 1.3 for the
 * shortcut. */
#define NG_SA_RATE_DEFAULT 112u

/* Samples of a document: of the offsets 0, sa_rate, ... <= bytes, where its separator is. */
static inline uint64_t ng_doc_samples(uint64_t bytes, uint32_t sa_rate)
{
	return bytes / sa_rate + 1;
}

_Static_assert(sizeof(struct ng_shard_params) == 56, "as ngramfs-index(5) has it");
