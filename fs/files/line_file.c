/* SPDX-License-Identifier: Apache-2.0 */
#include "files/line_file.h"

#include "files/line_source.h"
#include "files/remade.h"

/* Sizes of pieces: small at first, so that `head` has its lines at once. */
#define PIECE_BYTES_FIRST (16u << 10)
#define PIECE_BYTES_MAX   (128u << 10)

/* Occurrences whose lines are read together: few at first, then twice as many each time. */
#define CHUNK_FIRST 32u
#define CHUNK_MAX   1024u

/* Occurrences whose lines are made at once when nothing but their size is asked for. */
#define SHORT_PLACES 512u

struct line_file {
	struct ng_stream stream;
	struct ng_line_source source;
	struct ng_remade pieces; /* a cursor is a struct ng_line_cursor */
	size_t chunk;
	uint8_t query_bytes[];
};

/* Lines from the cursor on, until there are want bytes, or as far as `end`, if it isn't NULL. On
 * failure the lines before the cursor are good. */
static int make_lines(struct line_file *file, struct ng_line_cursor *cursor,
		      const struct ng_line_cursor *end, size_t want, const ng_cancel *cancel,
		      struct ng_buf *buf)
{
	int r = 0;

	while (r == 0 && !cursor->ended && buf->len < want) {
		size_t n = file->chunk;

		if (end && (file->source.scans ? cursor->scan.doc == end->scan.doc &&
							 cursor->scan.offset == end->scan.offset
					       : cursor->place == end->place))
			break;
		if (end && !file->source.scans)
			n = ng_min(n, end->place - cursor->place);
		r = ng_line_source_more(&file->source, n, cursor, cancel, buf);
		file->chunk = r ? CHUNK_FIRST : ng_min(2 * file->chunk, (size_t)CHUNK_MAX);
	}
	return r;
}

static int line_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct line_file *file = (struct line_file *)stream;
	struct ng_line_cursor at = ng_line_source_first(&file->source);
	size_t want = file->pieces.n < 3 ? PIECE_BYTES_FIRST << file->pieces.n : PIECE_BYTES_MAX;
	int r = ng_remade_next(&file->pieces, &at);
	bool made;

	if (r)
		return r;
	r = make_lines(file, &at, NULL, want, cancel, ng_remade_begin(&file->pieces));
	made = ng_remade_add(&file->pieces, stream, &at);
	if (at.ended)
		atomic_store(&stream->bytes_most, 0);
	return made ? 0 : r;
}

static int make_again(struct ng_stream *stream, const void *from, const void *to,
		      const ng_cancel *cancel, struct ng_buf *buf)
{
	const struct ng_line_cursor *first = from;
	struct ng_line_cursor at = *first;

	return make_lines((struct line_file *)stream, &at, to, SIZE_MAX, cancel, buf);
}

static int line_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct line_file *file = (struct line_file *)stream;

	return ng_remade_read(&file->pieces, stream, make_again, offset, len, cancel, buf, ret_len);
}

static size_t line_file_held(const struct ng_stream *stream)
{
	const struct line_file *file = (const struct line_file *)stream;

	return ng_line_source_held(&file->source) + ng_remade_held(&file->pieces);
}

static void line_file_shed(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	ng_remade_shed(&file->pieces);
	ng_line_source_shed(&file->source);
}

static void line_file_free(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	ng_remade_clear(&file->pieces);
	ng_line_source_clear(&file->source);
	free(file);
}

int ng_line_file_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		     const struct ng_query *query, const struct ng_line_file_how *how,
		     const ng_cancel *cancel, struct ng_stream **ret_stream, struct ng_error *err)
{
	static const struct ng_stream_ops ops = {
		.grow = line_file_grow,
		.read = line_file_read,
		.held = line_file_held,
		.shed = line_file_shed,
		.free = line_file_free,
	};
	struct line_file *file = calloc(1, sizeof(*file) + query->len);
	uint64_t most = 0;
	int r;

	if (!file) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&file->stream, &ops, indexes, index);
	file->source = (struct ng_line_source){.index = index, .query = *query, .how = *how};
	file->source.query.bytes = file->query_bytes;
	memcpy(file->query_bytes, query->bytes, query->len);
	file->pieces.cursor_bytes = sizeof(struct ng_line_cursor);
	file->chunk = CHUNK_FIRST;
	r = ng_line_source_begin(&file->source, cancel, err);
	if (r == 0)
		r = ng_line_source_bytes_most(&file->source, cancel, &most);
	if (r) {
		ng_stream_free(&file->stream);
		return r;
	}
	atomic_store(&file->stream.bytes_most,
		     file->source.scans || file->source.n_places ? most : 0);
	*ret_stream = &file->stream;
	return 0;
}

bool ng_line_file_is_short(const struct ng_stream *stream)
{
	const struct line_file *file = (const struct line_file *)stream;

	return !file->source.scans && file->source.n_places <= SHORT_PLACES;
}

int ng_line_file_all(struct ng_stream *stream, const ng_cancel *cancel, struct ng_buf *buf)
{
	struct line_file *file = (struct line_file *)stream;
	struct ng_line_cursor at = ng_line_source_first(&file->source);

	return make_lines(file, &at, NULL, SIZE_MAX, cancel, buf);
}

int ng_line_file_first(struct ng_stream *stream, size_t lines, const ng_cancel *cancel,
		       struct ng_buf *buf)
{
	struct line_file *file = (struct line_file *)stream;
	struct ng_line_cursor at = ng_line_source_first(&file->source);
	size_t seen = buf->len, n = 0;
	int r = 0;

	while (r == 0 && n < lines && !at.ended) {
		r = ng_line_source_more(&file->source, ng_min(lines - n, (size_t)CHUNK_MAX), &at,
					cancel, buf);
		while (r == 0 && n < lines && seen < buf->len) {
			seen = (size_t)((uint8_t *)rawmemchr(buf->data + seen, '\n') - buf->data) +
			       1;
			n++;
		}
	}
	/* A window of text may have had more of them. */
	if (n == lines)
		buf->len = seen;
	return r;
}
