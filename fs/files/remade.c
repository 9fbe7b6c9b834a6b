/* SPDX-License-Identifier: Apache-2.0 */
#include "files/remade.h"

static void *cursor_at(const struct ng_remade *remade, size_t i)
{
	return (uint8_t *)remade->cursors + i * remade->cursor_bytes;
}

static int reserve(struct ng_remade *remade)
{
	size_t cap = remade->cap ? remade->cap * 2 : 4;
	uint64_t *offsets;
	void *cursors;

	if (remade->n + 1 < remade->cap)
		return 0;
	offsets = reallocarray(remade->offsets, cap, sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	remade->offsets = offsets;
	cursors = reallocarray(remade->cursors, cap, remade->cursor_bytes);
	if (!cursors)
		return -ENOMEM;
	remade->cursors = cursors;
	remade->cap = cap;
	return 0;
}

int ng_remade_next(struct ng_remade *remade, void *cursor)
{
	bool first = remade->cap == 0;
	int r = reserve(remade);

	if (r)
		return r;
	if (first) {
		remade->offsets[0] = 0;
		memcpy(cursor_at(remade, 0), cursor, remade->cursor_bytes);
	}
	memcpy(cursor, cursor_at(remade, remade->n), remade->cursor_bytes);
	return 0;
}

struct ng_buf *ng_remade_begin(struct ng_remade *remade)
{
	struct ng_buf *text = &remade->kept[remade->n % 2].text;

	remade->kept[remade->n % 2].piece = remade->n;
	text->len = 0;
	return text;
}

bool ng_remade_add(struct ng_remade *remade, struct ng_stream *stream, const void *cursor)
{
	size_t bytes = remade->kept[remade->n % 2].text.len;
	uint64_t end = remade->offsets[remade->n] + bytes;

	/* Where nothing was found, that isn't looked for again. */
	if (bytes)
		remade->n++;
	remade->offsets[remade->n] = end;
	memcpy(cursor_at(remade, remade->n), cursor, remade->cursor_bytes);
	atomic_store(&stream->bytes, end);
	return bytes;
}

/* The text of a piece, made again if need be. */
static int piece_text(struct ng_remade *remade, struct ng_stream *stream, ng_remade_make make,
		      size_t piece, const ng_cancel *cancel, const struct ng_buf **ret_text)
{
	struct ng_buf *again = &remade->kept[NG_REMADE_KEPT - 1].text;
	int r;

	for (size_t i = 0; i < NG_REMADE_KEPT; i++) {
		if (remade->kept[i].text.len && remade->kept[i].piece == piece) {
			*ret_text = &remade->kept[i].text;
			return 0;
		}
	}
	again->len = 0;
	r = make(stream, cursor_at(remade, piece), cursor_at(remade, piece + 1), cancel, again);
	if (r == 0 && again->len != remade->offsets[piece + 1] - remade->offsets[piece])
		r = -EUCLEAN;
	if (r) {
		again->len = 0;
		return r;
	}
	remade->kept[NG_REMADE_KEPT - 1].piece = piece;
	*ret_text = again;
	return 0;
}

/* The piece that holds an offset before the end of what was made. */
static size_t piece_at(const struct ng_remade *remade, uint64_t offset)
{
	size_t lo = 0, hi = remade->n;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (remade->offsets[middle] <= offset)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

int ng_remade_read(struct ng_remade *remade, struct ng_stream *stream, ng_remade_make make,
		   uint64_t offset, size_t len, const ng_cancel *cancel, uint8_t *buf,
		   size_t *ret_len)
{
	uint64_t end = atomic_load(&stream->bytes);
	size_t done = 0;

	while (done < len && offset + done < end) {
		uint64_t at = offset + done;
		size_t piece = piece_at(remade, at), skip = at - remade->offsets[piece], n;
		const struct ng_buf *text;
		int r = piece_text(remade, stream, make, piece, cancel, &text);

		if (r)
			return r;
		n = ng_min(len - done, text->len - skip);
		memcpy(buf + done, text->data + skip, n);
		done += n;
	}
	*ret_len = done;
	return 0;
}

size_t ng_remade_held(const struct ng_remade *remade)
{
	size_t bytes = 0;

	for (size_t i = 0; i < NG_REMADE_KEPT; i++)
		bytes += remade->kept[i].text.cap;
	return bytes;
}

void ng_remade_shed(struct ng_remade *remade)
{
	for (size_t i = 0; i < NG_REMADE_KEPT; i++)
		ng_buf_free(&remade->kept[i].text);
}

void ng_remade_clear(struct ng_remade *remade)
{
	ng_remade_shed(remade);
	free(remade->offsets);
	free(remade->cursors);
}
