/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts sorted by themselves become the one sorted whole, all in memory. */
#pragma once

#include "sort/suffix_sort.h"

/* Memory that it takes at its peak, for n rows of both, beside what it is given. */
uint64_t ng_memory_merge_bytes(uint64_t n);

/* Merge what left_text and right_text were sorted to, with the same sa_rate: *ret_sorted is what
 * their texts in a row would give, byte for byte. Without NUL bytes. left and right are cleared as
 * soon as they aren't needed, and in any case. The suffixes of the larger one are inserted into the
 * smaller one by backward steps over a table of ranks (merge/insertions.h, sort/occ.h), on
 * `threads` threads: on English some 40 ns each; so far goes progress (may be
 * NULL), which is called by this thread. -ENOMEM. */
int ng_memory_merge(const struct ng_sort_text *left_text, struct ng_sorted *left,
		    const struct ng_sort_text *right_text, struct ng_sorted *right,
		    unsigned threads,
		    void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		    struct ng_sorted *ret_sorted);
