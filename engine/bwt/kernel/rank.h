/* Walking many ranks at once. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/step.h"

/* A walk on its way. */
struct rank_lane {
	struct ng_bwt_rank_walk *walk;
	const uint8_t *page; /* of its row, asked for */
	struct visit visit;  /* for the byte before walk->text_end */
};

static inline void rank_ask(const struct ng_bwt *bwt, struct rank_lane *lane)
{
	lane->page = page_fetch(bwt, ng_min(lane->walk->row, bwt->rows - 1));
}

static inline void rank_visit(const struct ng_bwt *bwt, struct rank_lane *lane, bool *damaged)
{
	const struct ng_bwt_rank_walk *walk = lane->walk;
	struct place at;

	visit_start(bwt, lane->page, walk->text_end[-1], walk->row, &lane->visit, &at, damaged);
}

static inline void rank_step(const struct ng_bwt *bwt, struct rank_lane *lane,
			     const struct counter *c, bool *damaged)
{
	struct ng_bwt_rank_walk *walk = lane->walk;
	unsigned symbol = *--walk->text_end;

	walk->row = row_clamp(bwt, bwt->first_row[symbol] + visit_answer(&lane->visit, c), damaged);
	*--walk->ranks_end = walk->row;
	walk->left--;
	rank_ask(bwt, lane);
}

static inline void rank_step_both(const struct ng_bwt *bwt, struct rank_lane *a,
				  struct rank_lane *b, bool *damaged)
{
	struct counter x = {.at = a->visit.k}, y = {.at = b->visit.k};

	count_until_both(&a->visit.reader, &x, a->visit.target, &b->visit.reader, &y,
			 b->visit.target);
	rank_step(bwt, a, &x, damaged);
	rank_step(bwt, b, &y, damaged);
}

static inline void rank_step_one(const struct ng_bwt *bwt, struct rank_lane *lane, bool *damaged)
{
	struct counter c = {.at = lane->visit.k};

	count_until(&lane->visit.reader, &c, lane->visit.target);
	rank_step(bwt, lane, &c, damaged);
}

/* Lanes by how much they have to decode, roughly, so that two that are decoded side by side end
 * together: saves a tenth of the time. */
#define RANK_CLASS   32u /* symbols */
#define RANK_CLASSES (NG_STREAM / RANK_CLASS + 1)

static inline void lanes_order(const struct rank_lane *lanes, unsigned n, uint8_t *ret_order)
{
	uint8_t begin[RANK_CLASSES + 1] = {0}, class[NG_BWT_CHAINS];

	for (unsigned i = 0; i < n; i++) {
		unsigned c = (lanes[i].visit.target + RANK_CLASS - 1) / RANK_CLASS;

		class[i] = (uint8_t)ng_min(c, RANK_CLASSES - 1);
		begin[class[i] + 1]++;
	}
	for (unsigned c = 0; c < RANK_CLASSES; c++)
		begin[c + 1] = (uint8_t)(begin[c + 1] + begin[c]);
	for (unsigned i = 0; i < n; i++)
		ret_order[begin[class[i]]++] = (uint8_t)i;
}

/* The streams of lanes[order[begin..end-1]], which have been on their way since their visits. The
 * tables of all that was decoded since then have most often driven them out of the nearest cache:
 * to ask again saves another eighth. */
static inline void streams_fetch(const struct rank_lane *lanes, const uint8_t *order,
				 unsigned begin, unsigned end)
{
	for (unsigned i = begin; i < end; i++) {
		const uint8_t *stream = lanes[order[i]].visit.reader.p;

		/* Where nothing is to decode, there is none. */
		if (!stream)
			continue;
		__builtin_prefetch(stream);
		__builtin_prefetch(stream + 64);
	}
}

/* By turns, each in two halves: every lane's visit, up to where its stream begins, which is then on
 * its way; and the decoding, by twos, each of which asks for the next turn's page. */
static void ranks_walk(const struct ng_bwt *bwt, unsigned n, struct ng_bwt_rank_walk *walks,
		       bool *damaged)
{
	struct rank_lane lanes[NG_BWT_CHAINS];
	uint8_t order[NG_BWT_CHAINS];
	unsigned walking = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!walks[i].left)
			continue;
		lanes[walking].walk = &walks[i];
		rank_ask(bwt, &lanes[walking++]);
	}
	while (walking) {
		for (unsigned i = 0; i < walking; i++)
			rank_visit(bwt, &lanes[i], damaged);
		lanes_order(lanes, walking, order);
		for (unsigned i = 0; i + 1 < walking; i += 2) {
			streams_fetch(lanes, order, i + 2, ng_min(i + 4, walking));
			rank_step_both(bwt, &lanes[order[i]], &lanes[order[i + 1]], damaged);
		}
		if (walking % 2)
			rank_step_one(bwt, &lanes[order[walking - 1]], damaged);
		for (unsigned i = 0; i < walking;) {
			if (lanes[i].walk->left)
				i++;
			else
				lanes[i] = lanes[--walking];
		}
	}
}
