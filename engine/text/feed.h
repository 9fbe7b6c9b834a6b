/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that come in pieces, to be looked at before they are taken: headers and magic numbers may
 * lie across the end of a piece. Not thread-safe. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

/* The next piece, at least one byte, good until the next call: 1, 0 at the end, or a negative errno
 * with err set. */
typedef int (*ng_feed_next)(void *userdata, const uint8_t **ret_data, size_t *ret_len,
			    struct ng_error *err);

struct ng_feed {
	ng_feed_next next;
	void *userdata;
	const uint8_t *data; /* not taken yet */
	size_t len;
	struct ng_buf joined; /* holds data where it lay in several pieces: */
	bool is_joined;
	uint64_t at; /* bytes taken */
	bool ended;
};

/* See at least want bytes in one piece, fewer only where the end comes first; they stay. Returns 0,
 * -ENOMEM, or what next returned. Cost: bytes of several pieces are copied. */
int ng_feed_look(struct ng_feed *feed, size_t want, struct ng_error *err);

/* Take n of the bytes that are seen. */
void ng_feed_take(struct ng_feed *feed, size_t n);

void ng_feed_free(struct ng_feed *feed);
