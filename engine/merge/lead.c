/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/lead.h"

#define GROWTH_LOG 4u

/* Steps of one walk, whose ranks nobody wants. */
static int walk_on(struct ng_lead *lead, const uint8_t *text, size_t len, uint64_t *row,
		   struct ng_error *err)
{
	struct ng_bwt_rank_walk walk = {*row, text + len, len, lead->ranks + len};
	bool damaged = false;

	lead->a->walk_ranks(lead->a->of, 1, &walk, &damaged);
	*row = walk.row;
	return damaged ? ng_fail(err, -EUCLEAN, "merging: the index is damaged") : 0;
}

/* From [*lo, *hi], which the rank behind a piece of text lies in, to that in front of it. */
static int narrow(struct ng_lead *lead, const uint8_t *text, size_t len, uint64_t *lo, uint64_t *hi,
		  struct ng_error *err)
{
	bool damaged = false;
	int r;

	while (len > 0 && *lo < *hi) {
		uint64_t from = *lo;

		lead->a->step(lead->a->of, text[--len], lo, hi, &damaged);
		if (*lo < *hi)
			continue;
		/* A step that finds no rows doesn't say where they would be: the walk does. */
		*lo = from;
		len++;
		break;
	}
	if (damaged)
		return ng_fail(err, -EUCLEAN, "merging: the index is damaged");
	r = walk_on(lead, text, len, lo, err);
	if (len > 0)
		*hi = *lo;
	return r;
}

/* Beginning `bytes` bytes behind the end of a chunk: 1 with the rank there, 0 where it stays
 * open. */
static int try_from(struct ng_lead *lead, const struct ng_chunk *chunk, uint64_t bytes,
		    uint64_t *ret_rank, struct ng_error *err)
{
	const struct ng_insertion_source *source = lead->source;
	uint8_t *text = lead->text;
	uint64_t at = chunk->doc_bytes, lo = lead->docs_a, hi = lo;
	int r = 0;

	if (at - chunk->end > bytes) {
		at = chunk->end + bytes;
		lo = 0;
		hi = lead->a->rows;
	}
	while (r == 0 && at > chunk->end) {
		size_t len = (size_t)ng_min(at - chunk->end, NG_INSERTION_PIECE);

		at -= len;
		r = source->read(source->userdata, chunk->doc, at, text, len, err);
		if (r == 0)
			r = narrow(lead, text, len, &lo, &hi, err);
	}
	if (r < 0)
		return r;
	*ret_rank = lo;
	return lo == hi;
}

/* Where it failed before in a document, a long text of A's is repeated most likely: try less. */
int ng_lead_find(struct ng_lead *lead, const struct ng_chunk *chunk, uint64_t *ret_rank,
		 struct ng_error *err)
{
	const struct ng_insertion_limits *limits = lead->limits;
	unsigned less = ng_min(chunk->failures, 8u) * GROWTH_LOG;
	uint64_t max = ng_max(limits->lead_max_bytes >> less, limits->lead_bytes);
	uint64_t bytes = limits->lead_bytes;

	for (;;) {
		int r = try_from(lead, chunk, bytes, ret_rank, err);

		if (r != 0 || bytes >= max)
			return r;
		bytes = ng_min(bytes << GROWTH_LOG, max);
	}
}
