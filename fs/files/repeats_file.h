/* SPDX-License-Identifier: Apache-2.0 */
/* The repeats of an index as a stream of JSON lines. */
#pragma once

#include "files/stream.h"
#include "query/repeats.h"

/* Where min_bytes and at_least aren't given. */
#define NG_REPEATS_MIN_BYTES 100u
#define NG_REPEATS_AT_LEAST  2u

/* A line for each, as ng_repeats_next gives them:
 *     {"document":D,"begin":B,"end":E,"count":N,"first":{"document":F,"offset":O}}
 * indexes and index are as ng_stream_init takes them, and index not NULL. Holds the last two
 * pieces, of some hundred KiB; what came before can't be read again. The errors of ng_repeats_new.
 */
int ng_repeats_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			const struct ng_often_options *options, bool skip_first,
			struct ng_stream **ret_stream);
