/* SPDX-License-Identifier: Apache-2.0 */
/* The maximal stretches of a text that occur in an index, byte for byte and at least once. */
#pragma once

#include "query/index_internal.h"
#include "query/whole.h"

struct ng_trace_exact;

/* As ng_trace_new and its like. */
int ng_trace_exact_new(const struct ng_index *index, const uint8_t *text, size_t len,
		       size_t min_bytes, struct ng_trace_exact **ret_trace);
struct ng_trace_exact *ng_trace_exact_free(struct ng_trace_exact *trace);
void ng_trace_exact_set_text(struct ng_trace_exact *trace, const uint8_t *text);

/* The next one, an ng_whole_raw of a trace. Shards are traced side by side, some stretches ahead.
 *
 * Cost, in steps, for a shard: where no stretch of min_bytes occurs, fewer than the text has bytes;
 * otherwise some two for each byte of each stretch that is found, and O(log(rows)) locates for
 * each, rows being those of its first min_bytes. Stretches that overlap are paid for each, as they
 * are when they are printed. */
int ng_trace_exact_next(void *userdata, const ng_cancel *cancel, struct ng_span *ret_span);
