/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of bytes that a thread of its own reads ahead of who uses them: decompression beside
 * parsing. */
#pragma once

#include "base/base.h"

struct ng_readahead;

/* The next block, as ng_input_read gives it: 1, 0 at the end, or a negative errno with err set. */
typedef int (*ng_readahead_source)(void *userdata, const uint8_t **ret_data, size_t *ret_len,
				   struct ng_error *err);

/* Start the thread, which calls source, and nobody else may use what it reads from, until it has
 * ended: at the end, at an error, or in ng_readahead_free. -ENOMEM, -EAGAIN (no thread can be
 * started). Memory: some blocks of up to NG_READAHEAD_BLOCK bytes. */
int ng_readahead_new(ng_readahead_source source, void *userdata, struct ng_readahead **ret_ahead);

#define NG_READAHEAD_BLOCK (256u << 10) /* larger ones are given in pieces */

/* The next bytes, at least one; good until the next call. Returns what the source did: 1, and once
 * all blocks were given, 0 or the error, again and again. For one thread. */
int ng_readahead_next(struct ng_readahead *ahead, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err);

/* Waits for the source's last call to return; NULL is fine. */
struct ng_readahead *ng_readahead_free(struct ng_readahead *ahead);
