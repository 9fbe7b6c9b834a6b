/* SPDX-License-Identifier: Apache-2.0 */
#include "files/line_source.h"

#include "base/utf8.h"
#include "names/escape.h"
#include "query/doc_source.h"

/* A longer path isn't shown, but the document's name in the mount. */
#define PATH_BYTES 512u

/* Of what matches in a line, shown at most. */
#define MATCH_BYTES 1024u

/* Whether a match cuts no characters at its ends. If it does, another one may end within one, and
 * counts as shown. */
static bool is_whole(const uint8_t *match, size_t len)
{
	return len == 0 || (!ng_utf8_continues(*match) && ng_utf8_head_bytes(match, len) == 0);
}

/* Append the line of a hit, of which context_bytes are shown on either side of what matches. Where
 * the line goes on there is NG_LINE_CUT, and it isn't cut within a UTF-8 character that the match
 * leaves whole; the offset is that of the first byte shown. The path has no colon of its own to
 * tell, as with grep; control characters in it are spelled as ng_escape_append does, those of the
 * line are as they are. */
static int append_line(struct ng_buf *buf, const uint8_t *path, size_t path_len,
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
	if (after && is_whole(line->text + hit->from, hit->to - hit->from))
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
static int path_find(struct ng_line_source *source, struct ng_doc_sources *sources, uint64_t doc)
{
	struct ng_doc_source of;
	int r;

	if (source->path_is && source->path_doc == doc)
		return 0;
	source->path.len = 0;
	source->path_is = false;
	r = ng_doc_source_read(sources, doc, &of);
	if (r)
		return r;
	if (of.path && of.path_bytes <= PATH_BYTES && !of.is_part)
		r = ng_buf_append(&source->path, of.path, of.path_bytes);
	else
		r = ng_buf_printf(&source->path, "doc/%0*llu.txt", (int)source->index->doc_width,
				  (unsigned long long)doc);
	source->path_is = r == 0;
	source->path_doc = doc;
	return r;
}

static int append_hits(struct ng_line_source *source, const struct ng_hit *hits, size_t n,
		       struct ng_buf *buf)
{
	ng_cleanup(ng_doc_sources_clear) struct ng_doc_sources sources = {
		.index = source->index->index};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = path_find(source, &sources, hits[i].doc);
		if (r == 0)
			r = append_line(buf, source->path.data, source->path.len, &hits[i],
					source->how.context_bytes);
	}
	return r;
}

/* A regular expression's lines are read whole, so that what is shown is what matches. */
static size_t read_bytes(const struct ng_line_source *source)
{
	return source->grep ? NG_GREP_LINE_BYTES : source->how.context_bytes;
}

static int judge_line(void *userdata, const uint8_t *line, size_t len, size_t *ret_from,
		      size_t *ret_to)
{
	const struct ng_line_source *source = userdata;
	const uint8_t *found;

	if (source->grep)
		return ng_grep_line(source->grep, line, len, ret_from, ret_to);
	found = memmem(line, len, source->query.bytes, source->query.len);
	if (!found)
		return 0;
	*ret_from = (size_t)(found - line);
	*ret_to = *ret_from + source->query.len;
	return 1;
}

static int regex_places(struct ng_line_source *source, const ng_cancel *cancel,
			struct ng_error *err)
{
	int r = 0;

	if (!source->grep)
		r = ng_grep_new(source->query.bytes, source->query.len,
				source->query.fold & NG_FOLD_CASE, &source->grep, err);
	return r ? r
		 : ng_grep_places(source->grep, source->index->index, source->how.scan, cancel,
				  &source->places, err);
}

static int query_places(struct ng_line_source *source, const ng_cancel *cancel,
			struct ng_error *err)
{
	const struct ng_index *index = source->index->index;
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	ng_cleanup(ng_filter_clear) struct ng_filter filter = {0};
	uint64_t most = source->how.scan, count;
	int r = ng_query_find(index, &source->query, cancel, &ranges);

	if (r == 0)
		r = ng_filter_get(index, source->query.scope, &ranges, cancel, &filter);
	if (r)
		return r;
	count = ng_filter_most(&filter, &ranges);
	if (count > most)
		return ng_fail(err, -EOVERFLOW,
			       "%llu occurrences would have to be read, of at most %llu",
			       (unsigned long long)count, (unsigned long long)most);
	r = ng_filter_narrow(index, &ranges, source->query.scope, cancel, &filter);
	return r ? r : ng_places_find(index, &ranges, 1, most, &filter, cancel, &source->places);
}

/* Where to look, if that isn't there. */
static int places_find(struct ng_line_source *source, const ng_cancel *cancel, struct ng_error *err)
{
	int r;

	if (source->has_places)
		return 0;
	r = source->how.regex ? regex_places(source, cancel, err)
			      : query_places(source, cancel, err);
	if (r)
		return r;
	if (source->how.regex)
		ng_places_choose(&source->places, &source->filter);
	source->n_places = source->places.n;
	source->has_places = true;
	return 0;
}

int ng_line_source_more(struct ng_line_source *source, size_t most_places,
			struct ng_line_cursor *cursor, const ng_cancel *cancel, struct ng_buf *buf)
{
	const struct ng_index *index = source->index->index;
	ng_cleanup(ng_freep) struct ng_hit *hits = NULL;
	struct ng_line_cursor next = *cursor;
	size_t n = 0, good = buf->len;
	bool more = false;
	int r;

	if (source->scans) {
		const struct ng_line_scan scan = {.index = index,
						  .judge = judge_line,
						  .userdata = source,
						  .most_bytes = source->how.context_bytes,
						  .each = !source->grep,
						  .window_bytes = NG_LINE_SCAN_WINDOW,
						  .filter = &source->filter};

		r = ng_line_scan_next(&scan, &next.scan, cancel, &hits, &n, &more);
	} else {
		const struct ng_hits from = {index, &source->places, source->grep,
					     read_bytes(source)};

		r = places_find(source, cancel, NULL);
		if (r)
			return r;
		hits = calloc(most_places, sizeof(*hits));
		if (!hits)
			return -ENOMEM;
		r = ng_hits_read(&from, &next.place, most_places, &next.last, cancel, hits, &n);
		more = next.place < source->n_places;
	}
	if (r == 0)
		r = append_hits(source, hits, n, buf);
	ng_hits_clear(hits, n);
	if (r) {
		buf->len = good;
		return r;
	}
	next.ended = !more;
	*cursor = next;
	return 0;
}

/* Whether a line, without its newline, says by itself if it holds an occurrence that counts. */
static bool is_plain(const struct ng_query *query)
{
	return !query->fold && !ng_scope_is_near(query->scope) && !ng_scope_has_any(query->scope) &&
	       !memchr(query->bytes, '\n', query->len);
}

static int docs_find(struct ng_line_source *source, const ng_cancel *cancel)
{
	return ng_filter_get(source->index->index, source->query.scope, NULL, cancel,
			     &source->filter);
}

int ng_line_source_begin(struct ng_line_source *source, const ng_cancel *cancel,
			 struct ng_error *err)
{
	int r = source->how.regex ? docs_find(source, cancel) : 0;

	if (r)
		return r;
	r = places_find(source, cancel, err);
	source->scans = r == -EOVERFLOW && source->how.scan_all &&
			(source->how.regex || is_plain(&source->query));
	if (!source->scans)
		return r;
	return source->how.regex ? 0 : docs_find(source, cancel);
}

/* A line shows so many bytes at most. No two lines of a regular expression show the same text; of a
 * query no three do, unless it is longer than what is shown beside it. */
int ng_line_source_bytes_most(const struct ng_line_source *source, const ng_cancel *cancel,
			      uint64_t *ret_bytes)
{
	const struct ng_mounted_index *index = source->index;
	const struct ng_query *query = &source->query;
	uint64_t frame = 4 * PATH_BYTES + 2 * sizeof(NG_LINE_CUT) + 24;
	uint64_t shown = 2 * (uint64_t)source->how.context_bytes +
			 ng_max((uint64_t)MATCH_BYTES, (uint64_t)query->len);
	uint64_t lines = source->n_places, most;
	int r = 0;

	if (source->scans && source->how.regex) {
		r = ng_count(index->index, (const uint8_t *)"\n", 1, cancel, &lines);
		lines += index->docs;
	} else if (source->scans) {
		r = ng_count(index->index, query->bytes, query->len, cancel, &lines);
	}
	if (r < 0)
		return r;
	most = lines * (frame + shown);
	if (source->how.regex)
		most = ng_min(most, lines * frame + index->text_bytes);
	else if (query->len <= source->how.context_bytes)
		most = ng_min(most, lines * frame + 2 * index->text_bytes);
	*ret_bytes = most;
	return 0;
}

struct ng_line_cursor ng_line_source_first(const struct ng_line_source *source)
{
	return (struct ng_line_cursor){.ended = !source->scans && source->n_places == 0};
}

size_t ng_line_source_held(const struct ng_line_source *source)
{
	return source->has_places ? source->n_places * sizeof(*source->places.list) : 0;
}

void ng_line_source_shed(struct ng_line_source *source)
{
	ng_places_clear(&source->places);
	source->has_places = false;
}

void ng_line_source_clear(struct ng_line_source *source)
{
	ng_buf_free(&source->path);
	ng_places_clear(&source->places);
	ng_filter_clear(&source->filter);
	ng_grep_free(source->grep);
}
