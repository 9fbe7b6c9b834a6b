/* SPDX-License-Identifier: Apache-2.0 */
/* The small sections of an index: what leads to what a question asks for, and is read by every one.
 * They take about a hundredth of the text, and a question that finds them in memory waits for
 * storage half as often. */
#pragma once

#include "query/query.h"

/* Of what an index has, and of what fits into so many bytes: first what counting needs, of all
 * shards, then what places and documents are found with, then what text and metadata are.
 * O(shards).
 */
uint64_t ng_preload_bytes(const struct ng_index *index);

/* What is asked for by default, at most: a share of this machine's memory. */
uint64_t ng_preload_most(void);

/* Whether a shard is on a filesystem whose data comes from elsewhere (base/filesystem.h). */
bool ng_preload_is_remote(const struct ng_index *index);

/* Have the system begin to read them, most_bytes at most, and don't wait. */
void ng_preload_ask(const struct ng_index *index, uint64_t most_bytes);

/* Read them, most_bytes at most, many pieces side by side. Calls progress(userdata, done, total)
 * after each, from several threads at once; it may be NULL. *ret_bytes: how many were read. -EIO: a
 * part could not be, and the index has to be opened again. */
int ng_preload_read(const struct ng_index *index, uint64_t most_bytes, const ng_cancel *cancel,
		    void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		    uint64_t *ret_bytes);
