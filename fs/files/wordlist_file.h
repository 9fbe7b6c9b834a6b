/* SPDX-License-Identifier: Apache-2.0 */
/* All words of an index with their counts, as a stream. */
#pragma once

#include "files/stream.h"

/* A line for each word that occurs at least min_count >= 1 times, in the order of bytes: its count,
 * a tab and the word. indexes and index are as ng_stream_init takes them, and index not NULL. Holds
 * the last two pieces, of a MiB or so; what came before can't be read again. See query/wordlist.h.
 * -ENOMEM. */
int ng_wordlist_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
			 uint64_t min_count, struct ng_stream **ret_stream);
