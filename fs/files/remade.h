/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of a stream that can be made again: a few are in memory, and of all of them it is known
 * where they begin, in the stream and for who makes them. With the stream's lock held. */
#pragma once

#include "files/stream.h"

/* Pieces in memory: the last two, since a page may belong to both, and one made again. */
#define NG_REMADE_KEPT 3u

struct ng_remade {
	size_t cursor_bytes; /* of what is needed to make a piece; to be set, the rest is zero */
	uint64_t *offsets;   /* [n + 1]: the last is that of what comes next; so with cursors */
	void *cursors;
	size_t n, cap;
	struct {
		size_t piece;
		struct ng_buf text; /* empty: none */
	} kept[NG_REMADE_KEPT];
};

/* Where the next piece begins into *cursor, which is where the first one does before the first
 * call. -ENOMEM. */
int ng_remade_next(struct ng_remade *remade, void *cursor);

/* After that, an empty buffer for it, which is remade's. */
struct ng_buf *ng_remade_begin(struct ng_remade *remade);

/* It is made, as far as its buffer says, and what comes next begins at *cursor. Whether there is
 * anything of it; if not, it is still to come, from there on. */
bool ng_remade_add(struct ng_remade *remade, struct ng_stream *stream, const void *cursor);

/* Append what goes from one cursor up to another. */
typedef int (*ng_remade_make)(struct ng_stream *stream, const void *from, const void *to,
			      const ng_cancel *cancel, struct ng_buf *buf);

/* As ng_stream_ops has it, with pieces made again if need be. -EUCLEAN: one isn't as long as it
 * was; errors of make. */
int ng_remade_read(struct ng_remade *remade, struct ng_stream *stream, ng_remade_make make,
		   uint64_t offset, size_t len, const ng_cancel *cancel, uint8_t *buf,
		   size_t *ret_len);

size_t ng_remade_held(const struct ng_remade *remade); /* what is in memory of pieces */
void ng_remade_shed(struct ng_remade *remade);         /* and giving it back */
void ng_remade_clear(struct ng_remade *remade);
