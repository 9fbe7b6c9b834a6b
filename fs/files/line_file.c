/* SPDX-License-Identifier: Apache-2.0 */
#include "files/line_file.h"

#include "base/utf8.h"
#include "names/escape.h"
#include "format/meta_fields.h"
#include "names/path.h"
#include "query/line_scan.h"

/* Sizes of pieces: small at first, so that `head` has its lines at once. */
#define PIECE_BYTES_FIRST (16u << 10)
#define PIECE_BYTES_MAX   (128u << 10)

/* Occurrences whose lines are read together: few at first, then twice as many each time. */
#define CHUNK_FIRST 32u
#define CHUNK_MAX   1024u

/* Occurrences whose lines are made at once when nothing but their size is asked for. */
#define SHORT_PLACES 512u

/* A longer path isn't shown, but the document's name in the mount. */
#define PATH_BYTES 512u

/* Of what matches in a line, shown at most. */
#define MATCH_BYTES 1024u

/* Pieces in memory: the last two, since a page may belong to both, and one made again. */
#define KEPT 3u

/* Where a piece begins. */
struct cursor {
	uint64_t offset; /* in the file */
	size_t place;    /* the next one */
	struct ng_hits_last last;
	struct ng_line_scan_at scan;
	bool ended;
};

struct kept {
	size_t piece;
	struct ng_buf text; /* empty: none */
};

struct line_file {
	struct ng_stream stream;
	struct ng_line_file_how how;
	struct ng_grep *grep;    /* NULL: the query is no regular expression */
	bool scans;              /* all of the text */
	struct ng_filter filter; /* of documents that count, unless places are of a query */
	bool has_places;         /* unless it scans; found when they are needed, after shedding */
	struct ng_places places;
	size_t n_places;
	struct cursor *pieces; /* [n_pieces + 1]: the last one is what comes next */
	size_t n_pieces, cap;
	struct kept kept[KEPT];
	size_t chunk;
	/* The document whose path was asked for last. */
	bool path_is;
	uint64_t path_doc;
	struct ng_buf path;
	struct ng_meta_fields fields;
	struct ng_query query;
	uint8_t query_bytes[];
};

int ng_line_file_line(struct ng_buf *buf, const uint8_t *path, size_t path_len,
		      const struct ng_hit *hit, uint32_t context_bytes)
{
	const struct ng_line *line = &hit->line;
	size_t begin = hit->from - ng_min(hit->from, (size_t)context_bytes);
	size_t to = ng_min(hit->to, hit->from + MATCH_BYTES);
	size_t end = to + ng_min(line->bytes - to, (size_t)context_bytes);
	bool before = begin > 0 || line->cut_before, after = end < line->bytes || line->cut_after;
	int r;

	if (before)
		begin += ng_utf8_tail_bytes(line->text + begin, hit->from - begin);
	if (after)
		end -= ng_utf8_head_bytes(line->text + hit->from, end - hit->from);
	r = ng_escape_append(buf, path, path_len);
	if (r == 0)
		r = ng_buf_printf(buf, ":%llu:%s", (unsigned long long)(line->begin + begin),
				  before ? NG_LINE_CUT : "");
	if (r == 0)
		r = ng_buf_append(buf, line->text + begin, end - begin);
	return r ? r : ng_buf_printf(buf, "%s\n", after ? NG_LINE_CUT : "");
}

/* The path that a document's metadata names, or its name in the mount where it is one record of a
 * file of many: the offset says nothing of where in that it is. */
static int path_find(struct line_file *file, uint64_t doc)
{
	ng_cleanup(ng_freep) char *meta = NULL;
	const struct ng_meta_field *path;
	size_t bytes;
	int r;

	if (file->path_is && file->path_doc == doc)
		return 0;
	r = ng_doc_meta(file->stream.index->index, doc, &meta, &bytes);
	if (r)
		return r;
	file->path.len = 0;
	file->path_is = false;
	r = ng_meta_fields_read(&file->fields, (const uint8_t *)meta, bytes);
	if (r)
		return r;
	path = ng_meta_fields_find(&file->fields, "path", 4);
	if (path && path->value_bytes <= PATH_BYTES &&
	    !ng_meta_fields_find(&file->fields, "line", 4))
		r = ng_buf_append(&file->path, ng_meta_value(&file->fields, path),
				  path->value_bytes);
	else
		r = ng_buf_printf(&file->path, "doc/%0*llu.txt", (int)file->stream.index->doc_width,
				  (unsigned long long)doc);
	file->path_is = r == 0;
	file->path_doc = doc;
	return r;
}

static int append_hits(struct line_file *file, const struct ng_hit *hits, size_t n,
		       struct ng_buf *buf)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = path_find(file, hits[i].doc);
		if (r == 0)
			r = ng_line_file_line(buf, file->path.data, file->path.len, &hits[i],
					      file->how.context_bytes);
	}
	return r;
}

/* A regular expression's lines are read whole, so that what is shown is what matches. */
static size_t read_bytes(const struct line_file *file)
{
	return file->grep ? NG_GREP_LINE_BYTES : file->how.context_bytes;
}

static int judge_line(void *userdata, const uint8_t *line, size_t len, size_t *ret_from,
		      size_t *ret_to)
{
	const struct line_file *file = userdata;
	const uint8_t *found;

	if (file->grep)
		return ng_grep_line(file->grep, line, len, ret_from, ret_to);
	found = memmem(line, len, file->query.bytes, file->query.len);
	if (!found)
		return 0;
	*ret_from = (size_t)(found - line);
	*ret_to = *ret_from + file->query.len;
	return 1;
}

static int regex_places(struct line_file *file, const ng_cancel *cancel, struct ng_error *err)
{
	int r = 0;

	if (!file->grep)
		r = ng_grep_new(file->query.bytes, file->query.len, file->query.fold & NG_FOLD_CASE,
				&file->grep, err);
	return r ? r
		 : ng_grep_places(file->grep, file->stream.index->index, file->how.scan, cancel,
				  &file->places, err);
}

static int query_places(struct line_file *file, const ng_cancel *cancel, struct ng_error *err)
{
	const struct ng_index *index = file->stream.index->index;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t most = file->how.scan, count;
	int r = ng_query_find(index, &file->query, cancel, &ranges);

	if (r == 0)
		r = ng_filter_get(index, file->query.scope, &ranges, cancel, &filter);
	if (r)
		return r;
	count = ng_filter_most(&filter, &ranges);
	if (count > most)
		return ng_fail(err, -EOVERFLOW,
			       "%llu occurrences would have to be read, of at most %llu",
			       (unsigned long long)count, (unsigned long long)most);
	r = ng_filter_narrow(index, &ranges, file->query.scope, cancel, &filter);
	return r ? r : ng_places_find(index, &ranges, 1, most, &filter, cancel, &file->places);
}

/* Where to look, if that isn't there. */
static int places_find(struct line_file *file, const ng_cancel *cancel, struct ng_error *err)
{
	int r;

	if (file->has_places)
		return 0;
	r = file->how.regex ? regex_places(file, cancel, err) : query_places(file, cancel, err);
	if (r)
		return r;
	if (file->how.regex)
		ng_places_choose(&file->places, &file->filter);
	file->n_places = file->places.n;
	file->has_places = true;
	return 0;
}

/* Lines of the next few places, of the next window where all is scanned. The cursor moves on; on
 * failure neither it nor buf changes. */
static int append_some(struct line_file *file, size_t most_places, struct cursor *cursor,
		       const ng_cancel *cancel, struct ng_buf *buf)
{
	const struct ng_index *index = file->stream.index->index;
	ng_cleanup(ng_freep) struct ng_hit *hits = NULL;
	struct cursor next = *cursor;
	size_t n = 0, good = buf->len;
	bool more = false;
	int r;

	if (file->scans) {
		const struct ng_line_scan scan = {index,
						  judge_line,
						  file,
						  MATCH_BYTES + file->how.context_bytes,
						  NG_LINE_SCAN_WINDOW,
						  &file->filter};

		r = ng_line_scan_next(&scan, &next.scan, cancel, &hits, &n, &more);
	} else {
		const struct ng_hits from = {index, &file->places, file->grep, read_bytes(file)};

		r = places_find(file, cancel, NULL);
		if (r)
			return r;
		hits = calloc(most_places, sizeof(*hits));
		if (!hits)
			return -ENOMEM;
		r = ng_hits_read(&from, &next.place, most_places, &next.last, cancel, hits, &n);
		more = next.place < file->n_places;
	}
	if (r == 0)
		r = append_hits(file, hits, n, buf);
	ng_hits_clear(hits, n);
	if (r) {
		buf->len = good;
		return r;
	}
	next.ended = !more;
	*cursor = next;
	return 0;
}

/* Lines from the cursor on, until there are want bytes, or as far as `end`, if it isn't NULL. On
 * failure the lines before the cursor are good. */
static int make_lines(struct line_file *file, struct cursor *cursor, const struct cursor *end,
		      size_t want, const ng_cancel *cancel, struct ng_buf *buf)
{
	int r = 0;

	while (r == 0 && !cursor->ended && buf->len < want) {
		size_t n = file->chunk;

		if (end && (file->scans ? cursor->scan.doc == end->scan.doc &&
						  cursor->scan.offset == end->scan.offset
					: cursor->place == end->place))
			break;
		if (end && !file->scans)
			n = ng_min(n, end->place - cursor->place);
		r = append_some(file, n, cursor, cancel, buf);
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
		pieces[0] = (struct cursor){.ended = !file->scans && file->n_places == 0};
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
	r = make_lines(file, &next, NULL, want, cancel, &kept->text);
	next.offset += kept->text.len;
	/* Where nothing was found, that isn't looked for again. */
	if (kept->text.len)
		file->n_pieces++;
	file->pieces[file->n_pieces] = next;
	atomic_store(&stream->bytes, next.offset);
	if (next.ended)
		atomic_store(&stream->bytes_most, 0);
	return kept->text.len ? 0 : r;
}

/* The text of a piece, made again if need be. */
static int piece_text(struct line_file *file, size_t piece, const ng_cancel *cancel,
		      const struct ng_buf **ret_text)
{
	struct kept *again = &file->kept[KEPT - 1];
	struct cursor at = file->pieces[piece];
	const struct cursor *end = &file->pieces[piece + 1];
	int r;

	for (size_t i = 0; i < KEPT; i++) {
		if (file->kept[i].text.len && file->kept[i].piece == piece) {
			*ret_text = &file->kept[i].text;
			return 0;
		}
	}
	again->text.len = 0;
	r = make_lines(file, &at, end, SIZE_MAX, cancel, &again->text);
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
	size_t bytes = file->has_places ? file->n_places * sizeof(*file->places.list) : 0;

	for (size_t i = 0; i < KEPT; i++)
		bytes += file->kept[i].text.cap;
	return bytes;
}

static void line_file_shed(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&file->kept[i].text);
	ng_places_clear(&file->places);
	file->has_places = false;
}

static void line_file_free(struct ng_stream *stream)
{
	struct line_file *file = (struct line_file *)stream;

	for (size_t i = 0; i < KEPT; i++)
		ng_buf_free(&file->kept[i].text);
	ng_buf_free(&file->path);
	ng_meta_fields_clear(&file->fields);
	ng_places_clear(&file->places);
	ng_filter_clear(&file->filter);
	ng_grep_free(file->grep);
	free(file->pieces);
	free(file);
}

/* Whether a line says by itself whether it holds an occurrence that counts. */
static bool is_plain(const struct ng_query *query)
{
	return !query->fold && !ng_scope_is_near(query->scope) && !ng_scope_has_any(query->scope);
}

static int docs_find(struct line_file *file, const ng_cancel *cancel)
{
	return ng_filter_get(file->stream.index->index, file->query.scope, NULL, cancel,
			     &file->filter);
}

/* Where to look, or that everything has to be looked at. */
static int begin(struct line_file *file, const ng_cancel *cancel, struct ng_error *err)
{
	int r = file->how.regex ? docs_find(file, cancel) : 0;

	if (r)
		return r;
	r = places_find(file, cancel, err);
	file->scans = r == -EOVERFLOW && file->how.scan_all &&
		      (file->how.regex || is_plain(&file->query));
	if (!file->scans)
		return r;
	return file->how.regex ? 0 : docs_find(file, cancel);
}

/* A line shows so many bytes at most; and no two lines show the same text. */
static int bytes_most(const struct line_file *file, const ng_cancel *cancel, uint64_t *ret_bytes)
{
	const struct ng_mounted_index *index = file->stream.index;
	uint64_t frame = 4 * PATH_BYTES + 2 * sizeof(NG_LINE_CUT) + 24;
	uint64_t shown = 2 * (uint64_t)file->how.context_bytes +
			 ng_max((uint64_t)MATCH_BYTES, (uint64_t)file->query.len);
	uint64_t lines = file->n_places;
	int r = 0;

	if (file->scans) {
		r = ng_count(index->index, (const uint8_t *)"\n", 1, cancel, &lines);
		lines += index->docs;
	}
	if (r == 0)
		*ret_bytes = ng_min(lines * (frame + shown), lines * frame + index->text_bytes);
	return r;
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
	file->how = *how;
	file->query = *query;
	file->query.bytes = file->query_bytes;
	memcpy(file->query_bytes, query->bytes, query->len);
	file->chunk = CHUNK_FIRST;
	r = begin(file, cancel, err);
	if (r == 0)
		r = bytes_most(file, cancel, &most);
	if (r) {
		ng_stream_free(&file->stream);
		return r;
	}
	atomic_store(&file->stream.bytes_most, file->scans || file->n_places ? most : 0);
	*ret_stream = &file->stream;
	return 0;
}

bool ng_line_file_is_short(const struct ng_stream *stream)
{
	const struct line_file *file = (const struct line_file *)stream;

	return !file->scans && file->n_places <= SHORT_PLACES;
}

int ng_line_file_all(struct ng_stream *stream, const ng_cancel *cancel, struct ng_buf *buf)
{
	struct line_file *file = (struct line_file *)stream;
	struct cursor at = {.ended = file->n_places == 0};

	return make_lines(file, &at, NULL, SIZE_MAX, cancel, buf);
}

int ng_line_file_first(struct ng_stream *stream, size_t lines, const ng_cancel *cancel,
		       struct ng_buf *buf)
{
	struct line_file *file = (struct line_file *)stream;
	struct cursor at = {.ended = !file->scans && file->n_places == 0};
	size_t seen = buf->len, n = 0;
	int r = 0;

	while (r == 0 && n < lines && !at.ended) {
		r = append_some(file, ng_min(lines - n, (size_t)CHUNK_MAX), &at, cancel, buf);
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
