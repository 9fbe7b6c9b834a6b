/* SPDX-License-Identifier: Apache-2.0 */
#include "files/pieces.h"

struct ng_buf ng_pieces_begin(struct ng_pieces *pieces)
{
	struct ng_buf text = pieces->before.text;

	pieces->before.text = NG_BUF_INIT;
	text.len = 0;
	return text;
}

void ng_pieces_add(struct ng_pieces *pieces, struct ng_stream *stream, struct ng_buf text)
{
	uint64_t offset = atomic_load(&stream->bytes);

	ng_buf_free(&pieces->before.text);
	pieces->before = pieces->now;
	pieces->now = (struct ng_piece){offset, text};
	atomic_store(&stream->bytes, offset + text.len);
}

int ng_pieces_read(const struct ng_pieces *pieces, uint64_t offset, size_t len, uint8_t *buf,
		   size_t *ret_len)
{
	const struct ng_piece *piece = offset < pieces->now.offset ? &pieces->before : &pieces->now;
	size_t n = 0, skip;

	if (offset < piece->offset || (piece == &pieces->before && !piece->text.len))
		return -ESPIPE;
	skip = (size_t)(offset - piece->offset);
	if (skip < piece->text.len) {
		n = ng_min(len, piece->text.len - skip);
		memcpy(buf, piece->text.data + skip, n);
	}
	*ret_len = n;
	return 0;
}

size_t ng_pieces_held(const struct ng_pieces *pieces)
{
	return pieces->before.text.cap + pieces->now.text.cap;
}

void ng_pieces_shed(struct ng_pieces *pieces, struct ng_stream *stream)
{
	struct ng_buf *const bufs[] = {&pieces->before.text, &pieces->now.text};

	/* Where there is no room on disk they stay. */
	if (ng_pieces_held(pieces))
		ng_disk_park(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs,
			     &pieces->parked);
}

int ng_pieces_wake(struct ng_pieces *pieces, struct ng_stream *stream)
{
	struct ng_buf *const bufs[] = {&pieces->before.text, &pieces->now.text};

	if (!pieces->parked.bytes)
		return 0;
	return ng_disk_unpark(ng_streams_disk(stream->streams), ng_array_size(bufs), bufs,
			      &pieces->parked);
}

void ng_pieces_free(struct ng_pieces *pieces, struct ng_stream *stream)
{
	if (stream->streams)
		ng_disk_drop(ng_streams_disk(stream->streams), &pieces->parked);
	ng_buf_free(&pieces->before.text);
	ng_buf_free(&pieces->now.text);
}
