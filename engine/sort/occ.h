/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks over a BWT that lies in memory as plain bytes: how often each byte that occurs in it occurs
 * before the middle of every block of 256 rows, in two levels (Occ of P. Ferragina and G. Manzini,
 * J. ACM 2005), and the rows from
 * there on counted, 32 at a time. Several times as fast as the index's structure, and some ten
 * times as large. */
#pragma once

#include "merge/rank_source.h"

struct ng_occ;

/* Memory for n rows at its most: when all bytes occur. */
uint64_t ng_occ_memory(uint64_t rows);

/* Of bwt[0..rows-1], rows < 2^32, which isn't needed afterwards; a 0 is a separator. On `threads`
 * threads. -ENOMEM. O(rows). */
int ng_occ_new(const uint8_t *bwt, uint64_t rows, unsigned threads, struct ng_occ **ret_occ);
struct ng_occ *ng_occ_free(struct ng_occ *occ); /* NULL is fine */

static inline void ng_occ_freep(struct ng_occ **occ)
{
	ng_occ_free(*occ);
}

/* The ranks of all bytes but 0, which would be the separator's. Thread-safe; never damaged. */
struct ng_rank_source ng_occ_rank_source(const struct ng_occ *occ);

/* Go on without the processor's vectors, as where there are none. For tests. */
void ng_occ_use_portable(struct ng_occ *occ);
