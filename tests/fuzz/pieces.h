/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in memory, given out in pieces: what a reader makes of them must not depend on how long
 * those are. */
#pragma once

#include "text/feed.h"

struct pieces {
	const uint8_t *data;
	size_t size, at, step;
	uint8_t *piece; /* the last one, in memory of its own, so that sanitizers see its end */
};

/* An ng_feed_next. */
static inline int pieces_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
			      struct ng_error *err)
{
	struct pieces *p = userdata;
	size_t n = ng_min(p->step, p->size - p->at);

	free(p->piece);
	p->piece = malloc(n ? n : 1);
	if (!p->piece)
		abort();
	if (n)
		memcpy(p->piece, p->data + p->at, n);
	p->at += n;
	*ret_data = p->piece;
	*ret_len = n;
	return n > 0;
}
