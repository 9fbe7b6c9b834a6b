/* SPDX-License-Identifier: Apache-2.0 */
#include "names/escape.h"
#include "base/utf8.h"
#include "files/kwic.h"
#include "files/kwic_size.h"
#include "files/remade.h"

/* Sizes of pieces: small at first, so that `head` has its lines at once, then twice as large each
 * time. */
#define PIECE_BYTES_FIRST (64u << 10)
#define PIECE_BYTES_MAX   (1u << 20)

/* Occurrences that are looked up together at first, or after an interrupt; then twice as many each
 * time. */
#define CHUNK_FIRST 256u

/* Lines that are made at once when nothing but their number is asked for, and their bytes, about.
 */
#define SHORT_LINES 4096u
#define SHORT_BYTES (1u << 20)

/* Of a line besides its context, about. */
#define LINE_BYTES 48u

struct kwic {
	struct ng_stream stream;
	struct ng_occurrences_how how;
	struct ng_occurrences found;
	struct ng_remade pieces; /* a cursor is a line's number */
	size_t chunk;
	unsigned grown; /* pieces made since it has shed */
	struct ng_query query;
	uint8_t query_bytes[];
};

int ng_kwic_line(struct ng_buf *buf, const struct ng_occurrence *occurrence)
{
	const struct ng_context *context = occurrence->context;
	const struct ng_match *match = &context->match;
	const uint8_t *middle = occurrence->middle;
	size_t before = context->before, after = context->after;
	int r;

	if (match->offset > before)
		before -= ng_utf8_tail_bytes(middle - before, before);
	if (context->doc_bytes - match->offset - context->bytes > after)
		after -= ng_utf8_head_bytes(middle, after);
	r = ng_buf_printf(buf, "%llu\t%llu\t", (unsigned long long)match->doc,
			  (unsigned long long)match->offset);
	if (r == 0)
		r = ng_escape_append(buf, middle - before, before);
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_escape_append(buf, occurrence->string, context->bytes);
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_escape_append(buf, middle, after);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

/* Append the lines [at, at + n). */
static int append_lines(struct kwic *kwic, uint64_t at, size_t n, const ng_cancel *cancel,
			struct ng_buf *buf)
{
	int r = ng_occurrences_look_up(&kwic->found, at, n, cancel);

	for (size_t i = 0; r == 0 && i < kwic->found.found; i++) {
		struct ng_occurrence occurrence = ng_occurrences_get(&kwic->found, i);

		r = ng_kwic_line(buf, &occurrence);
	}
	return r;
}

static size_t ordinary_line_bytes(const struct kwic *kwic)
{
	return LINE_BYTES + 2 * (size_t)kwic->how.context_bytes;
}

/* Lines from number *at on, until there are want bytes, or up to line end. *at moves on; on failure
 * the lines before it are good. */
static int make_lines(struct kwic *kwic, uint64_t *at, uint64_t end, size_t want,
		      const ng_cancel *cancel, struct ng_buf *buf)
{
	size_t line_bytes = ordinary_line_bytes(kwic);
	size_t most = kwic->found.at_once;
	int r = 0;

	while (r == 0 && *at < end && buf->len < want) {
		size_t good = buf->len;
		size_t n = ng_max((want - good) / line_bytes, (size_t)CHUNK_FIRST);

		/* Nobody knows how many of them count. */
		if (ng_scope_limits(kwic->query.scope))
			n = kwic->chunk;
		n = (size_t)ng_min((uint64_t)ng_min(n, kwic->chunk), end - *at);
		r = append_lines(kwic, *at, n, cancel, buf);
		if (r == 0) {
			*at += n;
			kwic->chunk = ng_min(kwic->chunk * 2, most);
		} else {
			buf->len = good;
			kwic->chunk = ng_min(most, (size_t)CHUNK_FIRST);
		}
	}
	return r;
}

static int kwic_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct kwic *kwic = (struct kwic *)stream;
	uint64_t line = 0;
	size_t want;
	bool made;
	int r = ng_remade_next(&kwic->pieces, &line);

	if (r || line == kwic->found.count)
		return r;
	/* Where few documents count, lines are given as they are found. */
	want = ng_scope_limits(kwic->query.scope) ? 1
	       : kwic->grown < 4                  ? PIECE_BYTES_FIRST << kwic->grown
						  : PIECE_BYTES_MAX;
	r = make_lines(kwic, &line, kwic->found.count, want, cancel,
		       ng_remade_begin(&kwic->pieces));
	made = ng_remade_add(&kwic->pieces, stream, &line);
	kwic->grown += made;
	if (line == kwic->found.count)
		atomic_store(&stream->bytes_most, 0);
	return made ? 0 : r;
}

static int make_again(struct ng_stream *stream, const void *from, const void *to,
		      const ng_cancel *cancel, struct ng_buf *buf)
{
	const uint64_t *first = from, *end = to;
	uint64_t at = *first;

	return make_lines((struct kwic *)stream, &at, *end, SIZE_MAX, cancel, buf);
}

static int kwic_read(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		     uint8_t *buf, size_t *ret_len)
{
	struct kwic *kwic = (struct kwic *)stream;

	return ng_remade_read(&kwic->pieces, stream, make_again, offset, len, cancel, buf, ret_len);
}

static size_t kwic_held(const struct ng_stream *stream)
{
	const struct kwic *kwic = (const struct kwic *)stream;

	return ng_occurrences_held(&kwic->found) + ng_remade_held(&kwic->pieces);
}

/* Where memory is short, a piece is often made again to give the next page of it: they begin small
 * again. */
static void kwic_shed(struct ng_stream *stream)
{
	struct kwic *kwic = (struct kwic *)stream;

	ng_remade_shed(&kwic->pieces);
	ng_occurrences_shed(&kwic->found);
	kwic->grown = 0;
	kwic->chunk = ng_min(kwic->chunk, (size_t)CHUNK_FIRST);
}

static void kwic_free(struct ng_stream *stream)
{
	struct kwic *kwic = (struct kwic *)stream;

	ng_remade_clear(&kwic->pieces);
	ng_occurrences_clear(&kwic->found);
	free(kwic);
}

int ng_kwic_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		const struct ng_query *query, const struct ng_occurrences_how *how,
		const ng_cancel *cancel, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = kwic_grow,
		.read = kwic_read,
		.held = kwic_held,
		.shed = kwic_shed,
		.free = kwic_free,
	};
	struct kwic *kwic = calloc(1, sizeof(*kwic) + query->len);
	uint64_t bytes_most = 0;
	int r;

	if (!kwic) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&kwic->stream, &ops, indexes, index);
	kwic->pieces.cursor_bytes = sizeof(uint64_t);
	kwic->how = *how;
	kwic->query = *query;
	kwic->query.bytes = kwic->query_bytes;
	memcpy(kwic->query_bytes, query->bytes, query->len);
	r = ng_occurrences_find(index->index, &kwic->query, how, cancel, &kwic->found);
	if (r == 0 && !ng_kwic_is_short(&kwic->stream))
		r = ng_kwic_bytes_most(index, &kwic->found, how->context_bytes, cancel,
				       &bytes_most);
	if (r) {
		ng_stream_free(&kwic->stream);
		return r;
	}
	kwic->chunk = ng_min(kwic->found.at_once, (size_t)CHUNK_FIRST);
	atomic_store(&kwic->stream.bytes_most, bytes_most);
	*ret_stream = &kwic->stream;
	return 0;
}

bool ng_kwic_is_short(const struct ng_stream *stream)
{
	const struct kwic *kwic = (const struct kwic *)stream;
	size_t line_bytes = ordinary_line_bytes(kwic) + (size_t)kwic->found.longest;

	return kwic->found.count <= ng_min(SHORT_LINES, SHORT_BYTES / line_bytes);
}

int ng_kwic_all(struct ng_stream *stream, const ng_cancel *cancel, struct ng_buf *buf)
{
	struct kwic *kwic = (struct kwic *)stream;
	uint64_t at = 0;

	return make_lines(kwic, &at, kwic->found.count, SIZE_MAX, cancel, buf);
}
