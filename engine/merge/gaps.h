/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows of a second BWT go in front of each row of a first one, when the two are merged: a
 * count of ranks. Ranks come in any order from many threads; the counts are given in the order of
 * rows, a bucket of 2^k rows at a time, so that memory is bounded whatever the number of rows.
 * Where there is more than one bucket, ranks are kept by bucket in an unlinked file until all are
 * there: 4 bytes each. */
#pragma once

#include "base/tempfile.h"

struct ng_gaps;

/* For ranks in [0, rows], rows < 2^40. At any time the counts of one bucket, or the threads'
 * buffers while ranks are put, take up to memory_bytes. The file is made in tmp, when it is
 * needed, as soon as the first buffer is full. threads >= 1: how many put ranks at once. -ENOMEM,
 * also where memory_bytes doesn't do for a buffer of NG_GAPS_BUFFER_MIN bytes for each bucket and
 * thread, with err set. */
int ng_gaps_new(uint64_t rows, uint64_t memory_bytes, struct ng_tempdir tmp, unsigned threads,
		struct ng_gaps **ret_gaps, struct ng_error *err);
struct ng_gaps *ng_gaps_free(struct ng_gaps *gaps); /* NULL is fine */

#define NG_GAPS_BUFFER_MIN 512u

static inline void ng_gaps_freep(struct ng_gaps **gaps)
{
	ng_gaps_free(*gaps);
}

/* Count n ranks, each in [0, rows]. Several threads may do so at once, with numbers in [0, threads)
 * of their own. -ENOSPC and other errors of writing, -EOVERFLOW (2^32 times one rank), with err
 * set, which names the directory. */
int ng_gaps_put(struct ng_gaps *gaps, unsigned thread, const uint64_t *ranks, size_t n,
		struct ng_error *err);

/* All ranks are put: write out what the threads' buffers hold, and make room for a bucket's counts.
 * Once, when no thread puts any more. Errors as of ng_gaps_put, and -ENOMEM. */
int ng_gaps_flush(struct ng_gaps *gaps, struct ng_error *err);

/* Number of buckets, at least 1. */
uint64_t ng_gaps_buckets(const struct ng_gaps *gaps);

/* After ng_gaps_flush: the counts of bucket i < ng_gaps_buckets(), which are those of the ranks
 * [*ret_first, *ret_first + *ret_n). (*ret_counts)[j] is how often rank *ret_first + j was put; it
 * stays the gaps' own, and is valid until the next call. The last bucket ends with rank `rows`. Not
 * thread-safe. O(bucket + ranks in it). Errors of reading, -EOVERFLOW, with err set. */
int ng_gaps_bucket(struct ng_gaps *gaps, uint64_t i, uint64_t *ret_first, uint64_t *ret_n,
		   const uint32_t **ret_counts, struct ng_error *err);
