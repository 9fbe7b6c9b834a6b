#include "query/hits.h"

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

int ng_hits_read(const struct ng_hits *hits, size_t *at, size_t n, struct ng_hits_last *last,
		 const ng_cancel *cancel, struct ng_hit *ret_hits, size_t *ret_n)
{
	const struct ng_place *places = hits->places->list + *at;
	struct ng_hits_last now = *last;
	ng_cleanup(ng_freep) struct ng_line *lines = NULL;
	size_t found = 0;
	int r;

	n = ng_min(n, hits->places->n - *at);
	lines = calloc(n + 1, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	r = ng_lines_read(hits->index, places, n, hits->most_bytes, cancel, lines);
	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (is_shown(&now, &places[i]))
			continue;
		if (ng_cancelled(cancel)) {
			r = -EINTR;
			break;
		}
		r = line_judge(hits, &places[i], &lines[i], &ret_hits[found]);
		if (r < 0)
			break;
		now = shown(&places[i], &lines[i]);
		if (r == 1) {
			ret_hits[found++].line = lines[i];
			lines[i] = (struct ng_line){0};
		}
	}
	ng_lines_clear(lines, n);
	if (r < 0) {
		ng_hits_clear(ret_hits, found);
		return r;
	}
	*at += n;
	*last = now;
	*ret_n = found;
	return 0;
}

void ng_hits_clear(struct ng_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ng_lines_clear(&hits[i].line, 1);
}
