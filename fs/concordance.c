#include "concordance.h"
#include "escape.h"
#include "json.h"
#include "query/shuffle.h"

/* Sizes of pieces: small at first, so that `head` has its lines at once, then twice as large each
 * time. */
#define PIECE_BYTES_FIRST (64u << 10)
#define PIECE_BYTES_MAX   (1u << 20)

/* Occurrences that are looked up together: few at first, or after an interrupt, then twice as many
 * each time; and the room that their text may take. */
#define CHUNK       8192u
#define CHUNK_MIN   64u
#define CHUNK_FIRST 256u
#define CHUNK_BYTES (1u << 20)

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

/* A line of a chunk, and which occurrence it is of. */
struct place {
	uint64_t number;
	size_t line;
};

struct concordance {
	struct ng_stream stream;
	struct ng_concordance_how how;
	struct ng_interval *by_shard; /* NULL: not yet searched */
	uint64_t count;
	struct ng_shuffle shuffle; /* once searched, of a random order */
	struct piece *pieces;      /* [n_pieces + 1]: the last one is what comes next */
	size_t n_pieces, cap;
	struct kept kept[KEPT];
	uint64_t read_end;           /* of what the kernel has read */
	struct ng_context *contexts; /* [chunk_max] */
	uint8_t *text;
	struct place *places; /* [chunk_max], as the next, of a random order */
	uint64_t *numbers;
	size_t chunk;
	size_t query_bytes;
	uint8_t query[];
};

int ng_concordance_line(struct ng_buf *buf, const struct ng_context *context, const uint8_t *middle,
			const uint8_t *query, size_t query_bytes)
{
	const struct ng_match *match = &context->match;
	size_t before = context->before, after = context->after;
	int r;

	if (match->offset > before)
		before -= ng_utf8_tail_bytes(middle - before, before);
	if (context->doc_bytes - match->offset - query_bytes > after)
		after -= ng_utf8_head_bytes(middle, after);
	r = ng_buf_printf(buf, "%llu\t%llu\t", (unsigned long long)match->doc,
			  (unsigned long long)match->offset);
	if (r == 0)
		r = ng_escape_append(buf, middle - before, before);
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_escape_append(buf, query, query_bytes);
	if (r == 0)
		r = ng_buf_append(buf, "\t", 1);
	if (r == 0)
		r = ng_escape_append(buf, middle, after);
	return r ? r : ng_buf_append(buf, "\n", 1);
}

/* How many occurrences are looked up at once. */
static size_t chunk_max(const struct concordance *c)
{
	size_t fit = CHUNK_BYTES / (2 * (size_t)ng_max(c->how.context_bytes, 1u));

	return ng_max(ng_min(fit, (size_t)CHUNK), (size_t)CHUNK_MIN);
}

static int compare_numbers(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;

	return a->number < b->number ? -1 : a->number > b->number;
}

/* The lines [at, at + n) of a random order: where each one's occurrence stands in the index, looked
 * up in that order. */
static int look_up_shuffled(struct concordance *c, uint64_t at, size_t n, const ng_cancel *cancel)
{
	for (size_t i = 0; i < n; i++)
		c->places[i] = (struct place){ng_shuffle_at(&c->shuffle, at + i), i};
	qsort(c->places, n, sizeof(*c->places), compare_numbers);
	for (size_t i = 0; i < n; i++)
		c->numbers[i] = c->places[i].number;
	return ng_contexts_at(c->stream.index->index, c->by_shard, n, c->numbers, c->query_bytes,
			      c->how.context_bytes, cancel, c->contexts, c->text);
}

/* Append the lines [at, at + n). */
static int append_lines(struct concordance *c, uint64_t at, size_t n, const ng_cancel *cancel,
			struct ng_buf *buf)
{
	size_t got = n;
	int r;

	if (c->how.random) {
		r = look_up_shuffled(c, at, n, cancel);
		/* From here on numbers[line] is where that line's occurrence was put. */
		for (size_t i = 0; i < n; i++)
			c->numbers[c->places[i].line] = i;
	} else {
		r = ng_contexts(c->stream.index->index, c->by_shard, at, n, c->query_bytes,
				c->how.context_bytes, cancel, c->contexts, c->text, &got);
	}
	if (r == 0 && got != n)
		r = -EUCLEAN;
	for (size_t line = 0; r == 0 && line < n; line++) {
		size_t i = c->how.random ? c->numbers[line] : line;

		r = ng_concordance_line(buf, &c->contexts[i],
					c->text + (2 * i + 1) * c->how.context_bytes, c->query,
					c->query_bytes);
	}
	return r;
}

/* Lines from number *at on, until there are want bytes, or up to line end. *at moves on; on failure
 * the lines before it are good. */
static int make_lines(struct concordance *c, uint64_t *at, uint64_t end, size_t want,
		      const ng_cancel *cancel, struct ng_buf *buf)
{
	size_t line_bytes = LINE_BYTES + 2 * (size_t)c->how.context_bytes;
	int r = 0;

	while (r == 0 && *at < end && buf->len < want) {
		size_t good = buf->len;
		size_t n = ng_max((want - good) / line_bytes, (size_t)CHUNK_FIRST);

		n = (size_t)ng_min((uint64_t)ng_min(n, c->chunk), end - *at);
		r = append_lines(c, *at, n, cancel, buf);
		if (r == 0) {
			*at += n;
			c->chunk = ng_min(c->chunk * 2, chunk_max(c));
		} else {
			buf->len = good;
			c->chunk = ng_min(chunk_max(c), (size_t)CHUNK_FIRST);
		}
	}
	return r;
}

static int search(struct concordance *c, const ng_cancel *cancel)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	const struct ng_index *index = c->stream.index->index;
	struct ng_index_stats stats;
	int r;

	ng_index_stats(index, &stats);
	by_shard = calloc(ng_max(stats.shards, 1u), sizeof(*by_shard));
	if (!by_shard)
		return -ENOMEM;
	r = ng_find(index, c->query, c->query_bytes, cancel, by_shard);
	if (r)
		return r;
	for (uint32_t s = 0; s < stats.shards; s++)
		c->count += by_shard[s].hi - by_shard[s].lo;
	if (c->how.random && c->count)
		c->shuffle = ng_shuffle_make(c->count, c->how.seed);
	c->by_shard = ng_steal_ptr(&by_shard);
	return 0;
}

/* Room for one more piece, and for a chunk's text. */
static int reserve(struct concordance *c)
{
	size_t cap = c->cap ? c->cap * 2 : 4;

	if (!c->contexts)
		c->contexts = calloc(chunk_max(c), sizeof(*c->contexts));
	if (!c->text)
		c->text = malloc(chunk_max(c) * 2 * ng_max(c->how.context_bytes, 1u));
	if (c->how.random && !c->places)
		c->places = calloc(chunk_max(c), sizeof(*c->places));
	if (c->how.random && !c->numbers)
		c->numbers = calloc(chunk_max(c), sizeof(*c->numbers));
	if (!c->contexts || !c->text || (c->how.random && (!c->places || !c->numbers)))
		return -ENOMEM;
	if (c->n_pieces + 1 >= c->cap) {
		struct piece *pieces = realloc(c->pieces, cap * sizeof(*pieces));

		if (!pieces)
			return -ENOMEM;
		if (!c->pieces)
			pieces[0] = (struct piece){0};
		c->pieces = pieces;
		c->cap = cap;
	}
	return 0;
}

static int concordance_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct concordance *c = (struct concordance *)stream;
	struct kept *kept = &c->kept[c->n_pieces % 2];
	struct piece next;
	size_t want;
	int r = 0;

	if (c->read_end < atomic_load(&stream->bytes))
		return 0;
	if (!c->by_shard)
		r = search(c, cancel);
	if (r == 0)
		r = reserve(c);
	if (r || c->pieces[c->n_pieces].line == c->count)
		return r;
	next = c->pieces[c->n_pieces];
	want = c->n_pieces < 4 ? PIECE_BYTES_FIRST << c->n_pieces : PIECE_BYTES_MAX;
	kept->text.len = 0;
	kept->piece = c->n_pieces;
	r = make_lines(c, &next.line, c->count, want, cancel, &kept->text);
	if (kept->text.len == 0)
		return r;
	next.offset += kept->text.len;
	c->pieces[++c->n_pieces] = next;
	atomic_store(&stream->bytes, next.offset);
	return 0;
}

/* The text of a piece, made again if need be. */
static int piece_text(struct concordance *c, size_t piece, const ng_cancel *cancel,
		      const struct ng_buf **ret_text)
{
	struct kept *again = &c->kept[KEPT - 1];
	uint64_t at = c->pieces[piece].line;
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		if (c->kept[i].text.len && c->kept[i].piece == piece) {
			*ret_text = &c->kept[i].text;
			return 0;
		}
	}
	again->text.len = 0;
	r = make_lines(c, &at, c->pieces[piece + 1].line, SIZE_MAX, cancel, &again->text);
	if (r == 0 && again->text.len != c->pieces[piece + 1].offset - c->pieces[piece].offset)
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
static size_t piece_at(const struct concordance *c, uint64_t offset)
{
	size_t lo = 0, hi = c->n_pieces;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (c->pieces[middle].offset <= offset)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

static int concordance_read(struct ng_stream *stream, uint64_t offset, size_t len,
			    const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	struct concordance *c = (struct concordance *)stream;
	uint64_t end = atomic_load(&stream->bytes);
	size_t done = 0;

	/* A program that has gone to the end, as it takes it, to look for the last lines there. If
	 * it is the kernel reading ahead, out of order, it will ask again. */
	if (offset > c->read_end && (!c->pieces || c->pieces[c->n_pieces].line < c->count))
		return -ESPIPE;
	while (done < len && offset + done < end) {
		uint64_t at = offset + done;
		size_t piece = piece_at(c, at), skip = at - c->pieces[piece].offset, n;
		const struct ng_buf *text;
		int r = piece_text(c, piece, cancel, &text);

		if (r)
			return r;
		n = ng_min(len - done, text->len - skip);
		memcpy(buf + done, text->data + skip, n);
		done += n;
	}
	c->read_end = ng_max(c->read_end, offset + done);
	*ret_len = done;
	return 0;
}

static void concordance_free(struct ng_stream *stream)
{
	struct concordance *c = (struct concordance *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&c->kept[i].text);
	free(c->by_shard);
	free(c->pieces);
	free(c->contexts);
	free(c->text);
	free(c->places);
	free(c->numbers);
	free(c);
}

int ng_concordance_new(struct ng_indexes *indexes, const struct ng_view_index *index,
		       const uint8_t *query, size_t query_bytes,
		       const struct ng_concordance_how *how, struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = concordance_grow,
		.read = concordance_read,
		.free = concordance_free,
	};
	struct concordance *c = calloc(1, sizeof(*c) + query_bytes);

	if (!c) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&c->stream, &ops, indexes, index);
	c->how = *how;
	c->query_bytes = query_bytes;
	c->chunk = ng_min(chunk_max(c), (size_t)CHUNK_FIRST);
	memcpy(c->query, query, query_bytes);
	*ret_stream = &c->stream;
	return 0;
}
