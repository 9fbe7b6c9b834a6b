/* SPDX-License-Identifier: Apache-2.0 */
#include "query/line_scan.h"

#include "query/index_internal.h"

/* Documents that are read at a time. */
#define WINDOW_DOCS 4096u

/* No window is made smaller than that. */
#define WINDOW_BYTES_LEAST (64u << 10)

/* A piece of a document: up to its end, or as much as the window has room for. */
struct piece {
	uint64_t doc, offset;
	size_t bytes, at; /* in the window */
	bool last;        /* up to the document's end */
};

struct window {
	const struct ng_index *index;
	const struct ng_filter *filter;
	const ng_cancel *cancel;
	uint8_t *text;
	struct piece *pieces;
	size_t n, bytes;
};

struct found {
	struct ng_hit *hits;
	size_t n, cap, bytes;
};

static bool is_full(const struct found *found)
{
	return found->n >= NG_LINE_SCAN_FOUND || found->bytes >= NG_LINE_SCAN_FOUND_BYTES;
}

static int piece_read(void *userdata, uint64_t i)
{
	const struct window *w = userdata;
	const struct piece *p = &w->pieces[i];
	size_t got = 0;
	int r = ng_doc_read(w->index, p->doc, p->offset, p->bytes, w->cancel, w->text + p->at,
			    &got);

	return r == 0 && got != p->bytes ? -EUCLEAN : r;
}

/* Whether a document is there and counts: 1, and its bytes, or 0. */
static int doc_choose(const struct window *w, uint64_t doc, uint64_t *ret_bytes)
{
	int r;

	if (w->filter && !ng_filter_has(w->filter, doc))
		return 0;
	r = ng_doc_bytes(w->index, doc, ret_bytes);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

/* The pieces from *at on, of max bytes at most. None: there is no more text. */
static int window_fill(struct window *w, const struct ng_line_scan_at *at, size_t max)
{
	uint64_t numbers = w->index->stats.numbers, offset = at->offset;
	int r = 0;

	w->n = w->bytes = 0;
	for (uint64_t doc = at->doc; doc < numbers && w->n < WINDOW_DOCS && w->bytes < max; doc++) {
		struct piece *p = &w->pieces[w->n];
		uint64_t bytes;

		if (ng_cancelled(w->cancel))
			return -EINTR;
		r = doc_choose(w, doc, &bytes);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (offset > bytes)
			return -EINVAL;
		p->doc = doc;
		p->offset = offset;
		p->bytes = (size_t)ng_min(bytes - offset, (uint64_t)(max - w->bytes));
		p->at = w->bytes;
		p->last = p->bytes == bytes - offset;
		w->bytes += p->bytes;
		w->n++;
		offset = 0;
	}
	w->text = malloc(ng_max(w->bytes, (size_t)1));
	if (!w->text)
		return -ENOMEM;
	return ng_index_run(w->index, w->n, piece_read, w);
}

/* One more hit: the line [begin, end) of a piece, cut around what matches in it, where it begins
 * and ends in the line. *ret_end: where, in the line, what is given of it ends. */
static int hit_add(const struct ng_line_scan *scan, const struct piece *piece, const uint8_t *text,
		   size_t begin, size_t end, size_t from, size_t to, struct found *found,
		   size_t *ret_end)
{
	size_t lead = ng_min(from, scan->most_bytes), tail = end - begin - to;
	struct ng_hit *hit;

	if (found->n == found->cap) {
		size_t cap = found->cap ? 2 * found->cap : 64;
		struct ng_hit *hits = realloc(found->hits, cap * sizeof(*hits));

		if (!hits)
			return -ENOMEM;
		found->hits = hits;
		found->cap = cap;
	}
	tail = ng_min(tail, scan->most_bytes);
	hit = &found->hits[found->n];
	*hit = (struct ng_hit){.doc = piece->doc, .from = lead, .to = lead + to - from};
	hit->line.begin = piece->offset + begin + from - lead;
	hit->line.bytes = lead + (to - from) + tail;
	hit->line.at = lead;
	hit->line.cut_before = lead < from;
	hit->line.cut_after = begin + to + tail < end;
	hit->line.text = malloc(ng_max(hit->line.bytes, (size_t)1));
	if (!hit->line.text)
		return -ENOMEM;
	memcpy(hit->line.text, text + begin + from - lead, hit->line.bytes);
	found->n++;
	found->bytes += hit->line.bytes;
	*ret_end = to + tail;
	return 0;
}

/* The hits in the line [begin, end) of a piece. */
static int line_judge(const struct ng_line_scan *scan, const struct window *w,
		      const struct piece *piece, size_t begin, size_t end, struct found *found)
{
	const uint8_t *line = w->text + piece->at + begin;
	size_t bytes = end - begin, at = 0, n = 0;

	for (;;) {
		size_t from = 0, to = 0, given = 0;
		int r = ng_cancelled(w->cancel)
				? -EINTR
				: scan->judge(scan->userdata, line + at, bytes - at, &from, &to);

		if (r <= 0)
			return r;
		from += at;
		to += at;
		if (n++ == NG_LINE_SCAN_HITS)
			return -EOVERFLOW;
		r = hit_add(scan, piece, w->text + piece->at, begin, end, from, to, found, &given);
		if (r < 0 || !scan->each || given == bytes)
			return r;
		/* The next that doesn't end in what is given. */
		at = given - (to - from) + 1;
	}
}

/* The lines of a piece that end in it, until there are hits enough. *ret_rest: where the one begins
 * that doesn't, or that comes next. */
static int piece_judge(const struct ng_line_scan *scan, const struct window *w,
		       const struct piece *piece, struct found *found, size_t *ret_rest)
{
	const uint8_t *text = w->text + piece->at;
	size_t begin = 0;

	while (begin < piece->bytes && !is_full(found)) {
		const uint8_t *newline = memchr(text + begin, '\n', piece->bytes - begin);
		size_t end = newline ? (size_t)(newline - text) : piece->bytes;
		int r;

		if (!newline && !piece->last)
			break;
		r = line_judge(scan, w, piece, begin, end, found);
		if (r < 0)
			return r;
		begin = end + 1;
	}
	*ret_rest = ng_min(begin, piece->bytes);
	return 0;
}

/* All of a window, until there are hits enough. *at moves behind the lines that were judged, if
 * there were any; *ret_judged: bytes of the window that they have. */
static int window_judge(const struct ng_line_scan *scan, const struct window *w,
			struct ng_line_scan_at *at, struct found *found, size_t *ret_judged)
{
	for (size_t i = 0; i < w->n && !is_full(found); i++) {
		const struct piece *piece = &w->pieces[i];
		size_t rest = 0;
		int r = piece_judge(scan, w, piece, found, &rest);

		if (r < 0)
			return r;
		at->doc = piece->doc;
		at->offset = piece->offset + rest;
		if (piece->last && rest == piece->bytes) {
			at->doc++;
			at->offset = 0;
		}
		*ret_judged = piece->at + rest;
	}
	return 0;
}

/* How much to read after a window of so many bytes: where it had more hits than one call gives,
 * what is likely to have as many again. */
static size_t window_next(const struct ng_line_scan *scan, const struct found *found, size_t bytes,
			  size_t judged)
{
	size_t next = 2 * (is_full(found) ? judged : bytes);

	return ng_min(ng_max(next, (size_t)WINDOW_BYTES_LEAST), scan->window_bytes);
}

int ng_line_scan_next(const struct ng_line_scan *scan, struct ng_line_scan_at *at,
		      const ng_cancel *cancel, struct ng_hit **ret_hits, size_t *ret_n,
		      bool *ret_more)
{
	ng_cleanup(ng_freep) struct piece *pieces = calloc(WINDOW_DOCS, sizeof(*pieces));
	struct ng_line_scan_at now = *at;
	struct found found = {0};
	size_t most = NG_LINE_SCAN_WINDOWS * scan->window_bytes;
	size_t first = at->window_bytes ? at->window_bytes : scan->window_bytes;
	int r = pieces ? 0 : -ENOMEM;

	/* Again with more room where not even one line has ended. */
	for (size_t max = first; r == 0; max = ng_min(2 * max, most)) {
		struct window w = {.index = scan->index,
				   .filter = scan->filter,
				   .cancel = cancel,
				   .pieces = pieces};
		size_t judged = 0;

		r = window_fill(&w, at, max);
		if (r == 0)
			r = window_judge(scan, &w, &now, &found, &judged);
		free(w.text);
		if (r == 0 && !w.n)
			now = (struct ng_line_scan_at){.doc = scan->index->stats.numbers};
		if (r == 0 && w.n && now.doc == at->doc && now.offset == at->offset) {
			if (max == most)
				r = -EOVERFLOW;
			continue;
		}
		now.window_bytes = window_next(scan, &found, first, judged);
		break;
	}
	if (r < 0) {
		ng_hits_clear(found.hits, found.n);
		free(found.hits);
		return r;
	}
	*at = now;
	*ret_hits = found.hits;
	*ret_n = found.n;
	*ret_more = now.doc < scan->index->stats.numbers;
	return 0;
}
