/* SPDX-License-Identifier: Apache-2.0 */
#include "files/line_file.h"

#include "files/line_source.h"

/* Sizes of pieces: small at first, so that `head` has its lines at once. */
#define PIECE_BYTES_FIRST (16u << 10)
#define PIECE_BYTES_MAX   (128u << 10)

/* Occurrences whose lines are read together: few at first, then twice as many each time. */
#define CHUNK_FIRST 32u
#define CHUNK_MAX   1024u

/* Occurrences whose lines are made at once when nothing but their size is asked for. */
#define SHORT_PLACES 512u

/* Pieces in memory: the last two, since a page may belong to both, and one made again. */
#define KEPT 3u

/* Where a piece begins. */
struct cursor {
	uint64_t offset; /* in the file */
	struct ng_line_cursor at;
};

struct kept {
	size_t piece;
	struct ng_buf text; /* empty: none */
};

struct line_file {
	struct ng_stream stream;
	struct ng_line_source source;
	struct cursor *pieces; /* [n_pieces + 1]: the last one is what comes next */
	size_t n_pieces, cap;
	struct kept kept[KEPT];
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

/* Room for one more piece. */
static int reserve(struct line_file *file)
{
	size_t cap = file->cap ? file->cap * 2 : 4;
	struct cursor *pieces;

	if (file->n_pieces + 1 < file->cap)
		return 0;
	pieces = realloc(file->pieces, cap * sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	if (!file->pieces)
		pieces[0] = (struct cursor){0, ng_line_source_first(&file->source)};
	file->pieces = pieces;
	file->cap = cap;
	return 0;
}

static int line_file_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct line_file *file = (struct line_file *)stream;
	struct kept *kept = &file->kept[file->n_pieces % 2];
	size_t want = file->n_pieces < 3 ? PIECE_BYTES_FIRST << file->n_pieces : PIECE_BYTES_MAX;
	struct cursor next;
	int r = reserve(file);

	if (r)
		return r;
	next = file->pieces[file->n_pieces];
	kept->text.len = 0;
	kept->piece = file->n_pieces;
	r = make_lines(file, &next.at, NULL, want, cancel, &kept->text);
	next.offset += kept->text.len;
	/* Where nothing was found, that isn't looked for again. */
	if (kept->text.len)
		file->n_pieces++;
	file->pieces[file->n_pieces] = next;
	atomic_store(&stream->bytes, next.offset);
	if (next.at.ended)
		atomic_store(&stream->bytes_most, 0);
	return kept->text.len ? 0 : r;
}

/* The text of a piece, made again if need be. */
static int piece_text(struct line_file *file, size_t piece, const ng_cancel *cancel,
		      const struct ng_buf **ret_text)
{
	struct kept *again = &file->kept[KEPT - 1];
	struct ng_line_cursor at = file->pieces[piece].at;
	const struct cursor *end = &file->pieces[piece + 1];
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		if (file->kept[i].text.len && file->kept[i].piece == piece) {
			*ret_text = &file->kept[i].text;
			return 0;
		}
	}
	again->text.len = 0;
	r = make_lines(file, &at, &end->at, SIZE_MAX, cancel, &again->text);
	if (r == 0 && again->text.len != end->offset - file->pieces[piece].offset)
		r = -EUCLEAN;
	if (r) {
		again->text.len = 0;
		return r;
	}
	again->piece = piece;
	*ret_text = &again->text;
	return 0;
}

/* The piece that holds an offset before the end of what was made. */
static size_t piece_at(const struct line_file *file, uint64_t offset)
{
	size_t lo = 0, hi = file->n_pieces;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (file->pieces[middle].offset <= offset)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

static int line_file_read(struct ng_stream *stream, uint64_t offset, size_t len,
			  const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct line_file *file = (struct line_file *)stream;
	uint64_t end = atomic_load(&stream->bytes);
	size_t done = 0;

	while (done < len && offset + done < end) {
		uint64_t at = offset + done;
		size_t piece = piece_at(file, at), skip = at - file->pieces[piece].offset, n;
		const struct ng_buf *text;
		int r = piece_text(file, piece, cancel, &text);

		if (r)
			return r;
		n = ng_min(len - done, text->len - skip);
		memcpy(buf + done, text->data + skip, n);
		done += n;
	}
	*ret_len = done;
	return 0;
}

static size_t line_file_held(const struct ng_stream *stream)
{
	const struct line_file *file = (const struct line_file *)stream;
	size_t bytes = ng_line_source_held(&file->source);

	for (size_t i = 0; i < KEPT; i++)
		bytes += file->kept[i].text.cap;
	return bytes;
}

static void line_file_shed(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&file->kept[i].text);
	ng_line_source_shed(&file->source);
}

static void line_file_free(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&file->kept[i].text);
	ng_line_source_clear(&file->source);
	free(file->pieces);
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
