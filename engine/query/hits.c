/* SPDX-License-Identifier: Apache-2.0 */
#include "query/hits.h"

/* Places whose lines are read together: few at first, then more, or fewer where lines are long. */
#define BATCH_FIRST 16u
#define BATCH_MAX   256u
#define BATCH_BYTES (4u << 20)

/* Of hits that one call gives, about. */
#define FOUND_BYTES (4u << 20)

/* Whether a place is in what was shown last. */
static bool is_shown(const struct ng_hits_last *last, const struct ng_place *place)
{
	return last->is && place->doc == last->doc && place->offset >= last->begin &&
	       place->offset < last->end &&
	       (!last->cut || place->offset + place->bytes <= last->end);
}

/* What a line shows, with the newline that ends it. */
static struct ng_hits_last shown(const struct ng_place *place, const struct ng_line *line)
{
	return (struct ng_hits_last){.is = true,
				     .doc = place->doc,
				     .begin = line->begin,
				     .end = line->begin + line->bytes + !line->cut_after,
				     .cut = line->cut_after};
}

/* 1: the line of a place is a hit; 0: it isn't. */
static int line_judge(const struct ng_hits *hits, const struct ng_place *place,
		      const struct ng_line *line, struct ng_hit *hit)
{
	hit->doc = place->doc;
	hit->from = line->at;
	hit->to = ng_min(line->at + place->bytes, line->bytes);
	if (!hits->grep)
		return 1;
	if (line->cut_before || line->cut_after)
		return -EOVERFLOW;
	return ng_grep_line(hits->grep, line->text, line->bytes, &hit->from, &hit->to);
}

/* A call of ng_hits_read. */
struct taking {
	const struct ng_hits *hits;
	const ng_cancel *cancel;
	struct ng_hits_last last;
	struct ng_hit *found;
	size_t n;
	size_t bytes; /* of the lines that were read last */
	size_t bytes_found;
};

/* The hits of n places, whose lines are read together. */
static int batch_take(struct taking *t, const struct ng_place *places, size_t n)
{
	struct ng_line lines[BATCH_MAX];
	int r = ng_lines_read(t->hits->index, places, n, t->hits->most_bytes, t->cancel, lines);

	if (r < 0)
		return r;
	t->bytes = 0;
	for (size_t i = 0; i < n; i++) {
		struct ng_hit *hit = &t->found[t->n];

		t->bytes += lines[i].bytes;
		r = 0;
		if (is_shown(&t->last, &places[i]))
			continue;
		/* In the line of one that was shown before it was read, but not in what was shown.
		 */
		if (!lines[i].text)
			r = ng_lines_read(t->hits->index, &places[i], 1, t->hits->most_bytes,
					  t->cancel, &lines[i]);
		if (r == 0)
			r = ng_cancelled(t->cancel)
				    ? -EINTR
				    : line_judge(t->hits, &places[i], &lines[i], hit);
		if (r < 0)
			break;
		t->last = shown(&places[i], &lines[i]);
		if (r == 1) {
			hit->line = lines[i];
			t->bytes_found += lines[i].bytes;
			lines[i] = (struct ng_line){0};
			t->n++;
		}
	}
	ng_lines_clear(lines, n);
	return ng_min(r, 0);
}

int ng_hits_read(const struct ng_hits *hits, size_t *at, size_t n, struct ng_hits_last *last,
		 const ng_cancel *cancel, struct ng_hit *ret_hits, size_t *ret_n)
{
	struct taking t = {.hits = hits, .cancel = cancel, .last = *last, .found = ret_hits};
	const struct ng_place *places = hits->places->list;
	size_t next = *at, end = *at + ng_min(n, hits->places->n - *at);
	size_t batch = ng_max(last->batch, (size_t)BATCH_FIRST);

	while (next < end && t.bytes_found < FOUND_BYTES) {
		size_t some;
		int r;

		/* A line with many places is read for the first of them alone. */
		if (is_shown(&t.last, &places[next])) {
			next++;
			continue;
		}
		some = ng_min(batch, end - next);
		r = batch_take(&t, places + next, some);
		if (r < 0) {
			ng_hits_clear(t.found, t.n);
			return r;
		}
		next += some;
		batch = t.bytes > BATCH_BYTES ? ng_max(batch / 8, (size_t)1)
					      : ng_min(2 * batch, (size_t)BATCH_MAX);
	}
	*at = next;
	*last = t.last;
	last->batch = batch;
	*ret_n = t.n;
	return 0;
}

void ng_hits_clear(struct ng_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ng_lines_clear(&hits[i].line, 1);
}
