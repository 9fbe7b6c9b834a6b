/* SPDX-License-Identifier: Apache-2.0 */
/* The maximal stretches of a text that occur in an index but for case, white space or typography.
 */
#pragma once

#include "query/index_internal.h"
#include "query/trace.h"
#include "query/whole.h"

struct ng_trace_fold;

/* As ng_trace_new and its like; options->folds isn't 0. -EINVAL: a text of 2^31 bytes or more. */
int ng_trace_fold_new(const struct ng_index *index, const uint8_t *text, size_t len,
		      const struct ng_trace_options *options, struct ng_trace_fold **ret_trace);
struct ng_trace_fold *ng_trace_fold_free(struct ng_trace_fold *trace);
void ng_trace_fold_set_text(struct ng_trace_fold *trace, const uint8_t *text);

/* The next one, by rising begin and rising end, none in another: 1, or 0 when there are no more. No
 * end cuts a character, nor a word if so asked. A call that failed may be made again.
 *
 * Cost: some two searches of fold.h a byte and shard where nothing of min_bytes occurs, each as
 * long as what occurs is, and O(log(bytes)) for each stretch. Memory: 8 bytes a character of the
 * text, and while a call is under way that of such a search. -E2BIG: one of fold.h's limits was
 * reached; and the errors of query.h. */
int ng_trace_fold_next(struct ng_trace_fold *trace, const ng_cancel *cancel,
		       struct ng_span *ret_span);

/* Between two calls: give back the memory, of which there is `held`. It is made again. */
size_t ng_trace_fold_held(const struct ng_trace_fold *trace);
void ng_trace_fold_shed(struct ng_trace_fold *trace);
