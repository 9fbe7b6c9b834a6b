/* SPDX-License-Identifier: Apache-2.0 */
/* The last two pieces of a stream that is read from its beginning to its end, and can't be made
 * again: what is read a second time is in them, or refused. One thread at a time. */
#pragma once

#include "files/stream.h"

struct ng_piece {
	uint64_t offset; /* in the stream */
	struct ng_buf text;
};

/* Zero it. */
struct ng_pieces {
	struct ng_piece before, now;
	struct ng_parked parked; /* both of them, after ng_pieces_shed */
};

/* An empty buffer for the next piece, with the memory of the one before the last. */
struct ng_buf ng_pieces_begin(struct ng_pieces *pieces);

/* That is the next piece, which is taken over: it comes behind all that the stream has. */
void ng_pieces_add(struct ng_pieces *pieces, struct ng_stream *stream, struct ng_buf text);

/* As ng_stream_ops has them. */
int ng_pieces_read(const struct ng_pieces *pieces, uint64_t offset, size_t len, uint8_t *buf,
		   size_t *ret_len);
size_t ng_pieces_held(const struct ng_pieces *pieces);
void ng_pieces_shed(struct ng_pieces *pieces, struct ng_stream *stream);
int ng_pieces_wake(struct ng_pieces *pieces, struct ng_stream *stream);
void ng_pieces_free(struct ng_pieces *pieces, struct ng_stream *stream);
