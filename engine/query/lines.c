/* SPDX-License-Identifier: Apache-2.0 */
#include "query/lines.h"

#include "query/index_internal.h"

/* Lines that a thread reads at a time, at most: from a text store so many, since neighbours are in
 * one frame, and from a BWT half as many. With two stretches each their chains overlap well enough,
 * and threads end together. */
#define SLICE 32u

/* Bytes that are read at first on either side of an occurrence, until the line's ends are there;
 * then as many as there are, and from a BWT in memory, of which each byte costs a step, a GROWTHth
 * of them. */
#define FIRST_BYTES       1u
#define FIRST_WAIT_BYTES  128u
#define FIRST_STORE_BYTES 512u
#define GROWTH            4u

/* From a BWT in memory, what stands before an occurrence is walked byte by byte from the row that
 * what comes after it has led to, and no further than to the newline: up to so many bytes; what is
 * longer has several chains, from sample to sample, side by side. */
#define BACK_BYTES 512u

/* An occurrence so near to what has been read of a line before it waits for that line's end: most
 * often it is in it. */
#define NEAR_BYTES 512u

struct reading {
	const struct ng_index *index;
	const struct ng_place *places;
	size_t n, slice, most_bytes;
	bool waits; /* for the storage: fewer turns are better than fewer bytes */
	const ng_cancel *cancel;
	struct ng_line *lines;
};

/* A line while it is read: what is there of its document, [lo, hi). */
struct window {
	const struct ng_shard *shard;
	uint64_t local, doc_bytes;
	uint64_t lo, hi;
	uint64_t next_lo, next_hi; /* what will be; the same: there is enough */
	bool back;                 /* next_lo is reached from the row, or a newline before it */
	bool has_row;
	uint64_t row;  /* the BWT's, of lo */
	uint8_t *text; /* of [lo, hi) */
	enum {
		WINDOW_NEW,    /* it may be in the line of a place before */
		WINDOW_SHARED, /* it is */
		WINDOW_OWN,
	} state;
};

static const uint8_t *last_newline(const uint8_t *text, size_t len)
{
	return len ? memrchr(text, '\n', len) : NULL;
}

static const uint8_t *first_newline(const uint8_t *text, size_t len)
{
	return len ? memchr(text, '\n', len) : NULL;
}

static int window_open(const struct reading *g, const struct ng_place *place, struct window *w)
{
	uint64_t begin;
	int r = ng_index_shard_of(g->index, place->doc, &w->shard, &w->local);

	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	r = ng_shard_doc_extent(w->shard, w->local, &begin, &w->doc_bytes);
	if (r < 0)
		return r;
	/* Places come from the index itself, whose samples may lie. */
	if (place->offset > w->doc_bytes || place->bytes > w->doc_bytes - place->offset)
		return ng_shard_result(w->shard, -EUCLEAN);
	w->lo = w->hi = w->next_lo = w->next_hi = place->offset;
	return 0;
}

/* Bytes to read next on either side. */
static uint64_t window_step(const struct reading *g, const struct window *w)
{
	uint64_t there = w->hi - w->lo;

	if (w->shard->text)
		return ng_max(there, (uint64_t)FIRST_STORE_BYTES);
	if (g->waits)
		return ng_max(there, (uint64_t)FIRST_WAIT_BYTES);
	return ng_max(there / GROWTH, (uint64_t)FIRST_BYTES);
}

/* How far to read next, so that no chain between two samples is walked twice. */
static void window_want(const struct reading *g, const struct ng_place *place, struct window *w)
{
	uint64_t rate = w->shard->params.sa_rate, offset = place->offset;
	uint64_t step = window_step(g, w);
	/* One byte more than is given says whether the line goes on. */
	uint64_t low = offset - ng_min(offset, (uint64_t)g->most_bytes + 1);
	uint64_t high = ng_min(w->doc_bytes, offset + place->bytes + g->most_bytes + 1);
	const uint8_t *here = w->text ? w->text + (offset - w->lo) : NULL;

	w->next_lo = w->lo;
	w->next_hi = w->hi;
	w->back = false;
	if (!first_newline(here, (size_t)(w->hi - offset)) && w->hi < high) {
		w->next_hi = ng_max(w->hi, offset + place->bytes) + step;
		w->next_hi = ng_min(ng_align_up(w->next_hi, rate), high);
	}
	if (last_newline(w->text, (size_t)(offset - w->lo)) || w->lo <= low)
		return;
	if (!w->shard->text && !g->waits && offset - w->lo < BACK_BYTES) {
		w->back = w->has_row;
		/* What comes after it leads to its row first. */
		if (!w->back && w->lo == w->hi && w->next_hi > w->hi)
			return;
	}
	if (w->back) {
		w->next_lo = w->lo - ng_min(w->lo - low, rate);
	} else {
		w->next_lo = w->lo - ng_min(w->lo, step);
		w->next_lo = ng_max(w->next_lo - w->next_lo % rate, low);
	}
}

/* Room for what will be there; what is there is moved. */
static int window_grow(struct window *w)
{
	uint8_t *text = malloc((size_t)(w->next_hi - w->next_lo));

	if (!text)
		return -ENOMEM;
	if (w->text)
		memcpy(text + (w->lo - w->next_lo), w->text, (size_t)(w->hi - w->lo));
	free(w->text);
	w->text = text;
	return 0;
}

/* From a text store what is wanted. */
static int window_read(const struct reading *g, const struct ng_place *place, struct window *w)
{
	size_t before = (size_t)(w->lo - w->next_lo), got = 0;
	int r = window_grow(w);

	if (r == 0)
		r = ng_doc_read(g->index, place->doc, w->next_lo, before, g->cancel, w->text, &got);
	if (r == 0)
		r = ng_doc_read(g->index, place->doc, w->hi, (size_t)(w->next_hi - w->hi),
				g->cancel, w->text + (w->hi - w->next_lo), &got);
	if (r == 0) {
		w->lo = w->next_lo;
		w->hi = w->next_hi;
	}
	return r;
}

static bool window_wants(const struct window *w)
{
	return w->next_lo < w->lo || w->next_hi > w->hi;
}

/* All of a line from a text store, before the next line is looked at: that is mostly in the same
 * frame. */
static int window_read_line(const struct reading *g, const struct ng_place *place, struct window *w)
{
	int r = 0;

	while (r == 0 && window_wants(w)) {
		r = ng_cancelled(g->cancel) ? -EINTR : window_read(g, place, w);
		window_want(g, place, w);
	}
	return r;
}

/* What is read of windows of one shard in a turn. */
struct turn {
	struct ng_stretch stretches[2 * SLICE];
	struct ng_way_back ways[SLICE];
	size_t n_stretches, n_ways;
};

/* What is new in a window, from the BWT. */
static void turn_add(struct turn *turn, struct window *w)
{
	struct ng_stretch *stretch = &turn->stretches[turn->n_stretches];
	uint64_t lo = w->next_lo;

	if (w->back)
		turn->ways[turn->n_ways++] = (struct ng_way_back){
			.row = w->row, .most = (size_t)(w->lo - lo), .end = w->text + (w->lo - lo)};
	else if (lo < w->lo || w->lo == w->hi)
		*stretch++ = (struct ng_stretch){
			w->local, lo, (size_t)((w->lo < w->hi ? w->lo : w->next_hi) - lo), w->text,
			&w->row};
	if (w->lo < w->hi && w->next_hi > w->hi)
		*stretch++ = (struct ng_stretch){w->local, w->hi, (size_t)(w->next_hi - w->hi),
						 w->text + (w->hi - lo), NULL};
	turn->n_stretches = (size_t)(stretch - turn->stretches);
}

/* What is new is there; `way`: how it was reached, if it was from the row. */
static void window_take(struct window *w, const struct ng_way_back *way)
{
	uint64_t lo = w->next_lo;

	if (w->back) {
		lo = w->lo - way->got;
		w->row = way->row;
		memmove(w->text, w->text + (lo - w->next_lo), (size_t)(w->next_hi - lo));
	} else if (lo < w->lo || w->lo == w->hi) {
		w->has_row = true;
	}
	w->lo = lo;
	w->hi = w->next_hi;
}

/* One turn of n windows of one shard: read what is wanted from the BWT. */
static int turn_read(const struct reading *g, struct window *w, size_t n)
{
	const struct ng_shard *shard = w->shard;
	struct turn turn = {.n_stretches = 0};
	size_t way = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (!window_wants(&w[i]))
			continue;
		r = window_grow(&w[i]);
		if (r < 0)
			return r;
		turn_add(&turn, &w[i]);
	}
	r = ng_shard_extract_back(shard, turn.n_stretches, turn.stretches, turn.n_ways, turn.ways,
				  '\n', g->cancel);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!window_wants(&w[i]))
			continue;
		window_take(&w[i], &turn.ways[way]);
		way += w[i].back;
	}
	return r;
}

/* One turn of all windows [0, n). Their shards ascend. */
static int windows_read(const struct reading *g, struct window *w, size_t n)
{
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < n; i = end) {
		for (end = i + 1; end < n && w[end].shard == w[i].shard;)
			end++;
		r = turn_read(g, w + i, end - i);
	}
	return r;
}

/* The line in a window that has all of it that is wanted; the window's text becomes its. */
static void line_take(const struct ng_place *place, size_t most_bytes, struct window *w,
		      struct ng_line *line)
{
	size_t at = (size_t)(place->offset - w->lo), end = (size_t)(w->hi - w->lo), begin = 0;
	const uint8_t *newline = last_newline(w->text, at);

	if (newline)
		begin = (size_t)(newline - w->text) + 1;
	newline = first_newline(w->text + at, end - at);
	if (newline)
		end = (size_t)(newline - w->text);
	line->cut_before = at - begin > most_bytes;
	if (line->cut_before)
		begin = at - most_bytes;
	line->cut_after = end > at + place->bytes && end - at - place->bytes > most_bytes;
	if (line->cut_after)
		end = at + place->bytes + most_bytes;
	line->begin = w->lo + begin;
	line->bytes = end - begin;
	line->at = at - begin;
	line->text = ng_steal_ptr(&w->text);
	if (begin)
		memmove(line->text, line->text + begin, line->bytes);
}

/* Whether a place is in the line of one before it, of whose line all is there that is behind it. */
static bool is_in_line(const struct reading *g, const struct window *before,
		       const struct ng_place *first, const struct ng_place *place)
{
	uint64_t end = first->offset + first->bytes + g->most_bytes;
	const uint8_t *newline = first_newline(before->text + (first->offset - before->lo),
					       (size_t)(before->hi - first->offset));

	if (newline && before->lo + (uint64_t)(newline - before->text) <= end)
		return place->offset <= before->lo + (uint64_t)(newline - before->text);
	/* Cut, or the document's last. */
	return place->offset + place->bytes <= ng_min(end, before->doc_bytes);
}

/* What becomes of a new window. before: the last one before it that is read, or NULL; it is known
 * what comes next of it. */
static void window_judge(const struct reading *g, const struct window *before,
			 const struct ng_place *first, const struct ng_place *place,
			 struct window *w)
{
	if (!before || first->doc != place->doc)
		w->state = WINDOW_OWN;
	else if (before->next_hi == before->hi)
		w->state = is_in_line(g, before, first, place) ? WINDOW_SHARED : WINDOW_OWN;
	else if (place->offset > ng_max(before->hi, first->offset) + NEAR_BYTES)
		w->state = WINDOW_OWN;
}

/* What is read from the BWT in the next turn of all windows [0, n); lines in a text store are read
 * here. 1: there is something, or will be; 0. */
static int windows_want(const struct reading *g, const struct ng_place *places, struct window *w,
			size_t n)
{
	const struct window *before = NULL;
	const struct ng_place *first = NULL;
	bool more = false;

	for (size_t i = 0; i < n; i++) {
		if (w[i].state == WINDOW_NEW)
			window_judge(g, before, first, &places[i], &w[i]);
		more |= w[i].state == WINDOW_NEW;
		if (w[i].state != WINDOW_OWN)
			continue;
		window_want(g, &places[i], &w[i]);
		if (w[i].shard->text) {
			int r = window_read_line(g, &places[i], &w[i]);

			if (r < 0)
				return r;
		}
		more |= window_wants(&w[i]);
		before = &w[i];
		first = &places[i];
	}
	return more;
}

static int slice_read(void *userdata, uint64_t slice)
{
	const struct reading *g = userdata;
	size_t at = slice * g->slice, n = ng_min(g->n - at, g->slice);
	const struct ng_place *places = g->places + at;
	struct window windows[SLICE] = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = window_open(g, &places[i], &windows[i]);
	while (r == 0 && (r = windows_want(g, places, windows, n)) > 0) {
		r = windows_read(g, windows, n);
		if (r == 0 && ng_cancelled(g->cancel))
			r = -EINTR;
	}
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && windows[i].state == WINDOW_OWN)
			line_take(&places[i], g->most_bytes, &windows[i], &g->lines[at + i]);
		free(windows[i].text);
	}
	return r;
}

int ng_lines_read(const struct ng_index *index, const struct ng_place *places, size_t n,
		  size_t most_bytes, const ng_cancel *cancel, struct ng_line *ret_lines)
{
	struct reading g = {.index = index,
			    .places = places,
			    .n = n,
			    .slice = index->stats.text_store_bytes ? SLICE : SLICE / 2,
			    .most_bytes = most_bytes,
			    .waits = ng_index_waits(index),
			    .cancel = cancel,
			    .lines = ret_lines};
	int r;

	memset(ret_lines, 0, n * sizeof(*ret_lines));
	r = ng_index_run(index, ng_div_up(n, g.slice), slice_read, &g);
	if (r < 0)
		ng_lines_clear(ret_lines, n);
	return r;
}

void ng_lines_clear(struct ng_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(lines[i].text);
		lines[i] = (struct ng_line){0};
	}
}
