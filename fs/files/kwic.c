/* SPDX-License-Identifier: Apache-2.0 */
#include "names/escape.h"
#include "base/utf8.h"
#include "files/kwic.h"
#include "files/kwic_size.h"

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

/* Pieces in memory: the last two, since a page may belong to both, and one made again. */
#define KEPT 3u

struct kept {
	size_t piece;
	struct ng_buf text; /* empty: none */
};

/* Where a piece begins. */
struct piece {
	uint64_t offset, line;
};

struct kwic {
	struct ng_stream stream;
	struct ng_occurrences_how how;
	struct ng_occurrences found;
	struct piece *pieces; /* [n_pieces + 1]: the last one is what comes next */
	size_t n_pieces, cap;
	struct kept kept[KEPT];
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

/* Room for one more piece. */
static int reserve(struct kwic *kwic)
{
	size_t cap = kwic->cap ? kwic->cap * 2 : 4;
	struct piece *pieces;

	if (kwic->n_pieces + 1 < kwic->cap)
		return 0;
	pieces = realloc(kwic->pieces, cap * sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	if (!kwic->pieces)
		pieces[0] = (struct piece){0};
	kwic->pieces = pieces;
	kwic->cap = cap;
	return 0;
}

static int kwic_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct kwic *kwic = (struct kwic *)stream;
	struct kept *kept = &kwic->kept[kwic->n_pieces % 2];
	struct piece next;
	size_t want;
	int r;

	r = reserve(kwic);
	if (r || kwic->pieces[kwic->n_pieces].line == kwic->found.count)
		return r;
	next = kwic->pieces[kwic->n_pieces];
	/* Where few documents count, lines are given as they are found. */
	want = ng_scope_limits(kwic->query.scope) ? 1
	       : kwic->grown < 4                  ? PIECE_BYTES_FIRST << kwic->grown
						  : PIECE_BYTES_MAX;
	kept->text.len = 0;
	kept->piece = kwic->n_pieces;
	r = make_lines(kwic, &next.line, kwic->found.count, want, cancel, &kept->text);
	if (kept->text.len == 0) {
		/* Nothing of what was looked at counts, and it need not be looked at again. */
		kwic->pieces[kwic->n_pieces].line = next.line;
		if (next.line == kwic->found.count)
			atomic_store(&stream->bytes_most, 0);
		return r;
	}
	next.offset += kept->text.len;
	kwic->grown++;
	kwic->pieces[++kwic->n_pieces] = next;
	atomic_store(&stream->bytes, next.offset);
	if (next.line == kwic->found.count)
		atomic_store(&stream->bytes_most, 0);
	return 0;
}

/* The text of a piece, made again if need be. */
static int piece_text(struct kwic *kwic, size_t piece, const ng_cancel *cancel,
		      const struct ng_buf **ret_text)
{
	struct kept *again = &kwic->kept[KEPT - 1];
	uint64_t at = kwic->pieces[piece].line;
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		if (kwic->kept[i].text.len && kwic->kept[i].piece == piece) {
			*ret_text = &kwic->kept[i].text;
			return 0;
		}
	}
	again->text.len = 0;
	r = make_lines(kwic, &at, kwic->pieces[piece + 1].line, SIZE_MAX, cancel, &again->text);
	if (r == 0 &&
	    again->text.len != kwic->pieces[piece + 1].offset - kwic->pieces[piece].offset)
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
static size_t piece_at(const struct kwic *kwic, uint64_t offset)
{
	size_t lo = 0, hi = kwic->n_pieces;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (kwic->pieces[middle].offset <= offset)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

static int kwic_read(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		     uint8_t *buf, size_t *ret_len)
{
	struct kwic *kwic = (struct kwic *)stream;
	uint64_t end = atomic_load(&stream->bytes);
	size_t done = 0;

	while (done < len && offset + done < end) {
		uint64_t at = offset + done;
		size_t piece = piece_at(kwic, at), skip = at - kwic->pieces[piece].offset, n;
		const struct ng_buf *text;
		int r = piece_text(kwic, piece, cancel, &text);

		if (r)
			return r;
		n = ng_min(len - done, text->len - skip);
		memcpy(buf + done, text->data + skip, n);
		done += n;
	}
	*ret_len = done;
	return 0;
}

static size_t kwic_held(const struct ng_stream *stream)
{
	const struct kwic *kwic = (const struct kwic *)stream;
	size_t bytes = ng_occurrences_held(&kwic->found);

	for (size_t i = 0; i < KEPT; i++)
		bytes += kwic->kept[i].text.cap;
	return bytes;
}

/* Where memory is short, a piece is often made again to give the next page of it: they begin small
 * again. */
static void kwic_shed(struct ng_stream *stream)
{
	struct kwic *kwic = (struct kwic *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&kwic->kept[i].text);
	ng_occurrences_shed(&kwic->found);
	kwic->grown = 0;
	kwic->chunk = ng_min(kwic->chunk, (size_t)CHUNK_FIRST);
}

static void kwic_free(struct ng_stream *stream)
{
	struct kwic *kwic = (struct kwic *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&kwic->kept[i].text);
	ng_occurrences_clear(&kwic->found);
	free(kwic->pieces);
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
