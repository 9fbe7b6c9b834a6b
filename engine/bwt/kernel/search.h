/* Walking many backward searches at once. Part of bwt_kernel.h. */
#pragma once

#include "bwt/kernel/step.h"

/* Searches on their way side by side. */
#define SEARCHES 16u

struct walker {
	struct ng_bwt_search *search;
	const uint8_t *page_lo, *page_hi;
};

static inline bool search_goes_on(const struct ng_bwt_search *search)
{
	return search->left && search->lo < search->hi;
}

/* Ask for the pages of a search's next step. */
static inline void walker_fetch(const struct ng_bwt *bwt, struct walker *w)
{
	w->page_lo = page_fetch(bwt, w->search->lo);
	w->page_hi = ng_bwt_page(bwt, ng_min(w->search->hi, bwt->rows - 1));
	if (w->page_hi != w->page_lo)
		page_lines_fetch(w->page_hi);
}

/* Take the next search with a step to go into w. False when there is none. */
static inline bool walker_take(const struct ng_bwt *bwt, struct ng_bwt_search **next,
			       const struct ng_bwt_search *end, struct walker *w, bool *damaged)
{
	for (; *next < end; (*next)++) {
		struct ng_bwt_search *search = *next;

		if (search->hi > bwt->rows) {
			*damaged = true;
			search->hi = search->lo;
		}
		if (!search_goes_on(search))
			continue;
		w->search = (*next)++;
		walker_fetch(bwt, w);
		return true;
	}
	return false;
}

/* Streams that are decoded at once: a look into a table waits for the one before, and the lanes
 * make use of the time. */
#define LANES 2u

struct lanes {
	struct reader reader[LANES];
	struct counter counter[LANES];
	unsigned stop[LANES];
	struct visit *visit[LANES];
};

static inline void lane_load(struct lanes *lanes, unsigned l, struct visit *visit)
{
	lanes->visit[l] = visit;
	lanes->reader[l] = visit->reader;
	lanes->counter[l] = visit->counter;
	lanes->stop[l] = visit->stop;
}

static inline void lane_store(const struct lanes *lanes, unsigned l)
{
	lanes->visit[l]->reader = lanes->reader[l];
	lanes->visit[l]->counter = lanes->counter[l];
}

static inline bool lane_done(const struct lanes *lanes, unsigned l)
{
	return lanes->counter[l].done >= lanes->stop[l];
}

/* Decode all lanes until one is done. */
static inline void lanes_decode(struct lanes *lanes)
{
	bool done = false;

	while (!done) {
#pragma GCC unroll 4
		for (unsigned l = 0; l < LANES; l++)
			reader_fill(&lanes->reader[l]);
#pragma GCC unroll 5
		for (int i = 0; i < LOOKS_A_FILL && !done; i++) {
#pragma GCC unroll 4
			for (unsigned l = 0; l < LANES; l++) {
				counter_take(&lanes->counter[l], reader_next(&lanes->reader[l]));
				done |= lane_done(lanes, l);
			}
		}
	}
}

/* Decode n visits up to where they stop, in lanes, the next taking the place of one that is
 * done. */
static void visits_decode(struct visit **visits, unsigned n)
{
	struct lanes lanes;
	unsigned next = 0;

	if (n >= LANES) {
#pragma GCC unroll 4
		for (unsigned l = 0; l < LANES; l++)
			lane_load(&lanes, l, visits[next++]);
		for (;;) {
			bool over = false;

			lanes_decode(&lanes);
#pragma GCC unroll 4
			for (unsigned l = 0; l < LANES; l++) {
				if (!lane_done(&lanes, l))
					continue;
				over |= next == n;
				if (next == n)
					continue;
				lane_store(&lanes, l);
				lane_load(&lanes, l, visits[next++]);
			}
			if (over)
				break;
		}
#pragma GCC unroll 4
		for (unsigned l = 0; l < LANES; l++) {
			count_until(&lanes.reader[l], &lanes.counter[l], lanes.stop[l]);
			lane_store(&lanes, l);
		}
	}
	for (; next < n; next++)
		count_until(&visits[next]->reader, &visits[next]->counter, visits[next]->stop);
}

/* By turns, in each of which all searches make a step: pages that the step before has asked for are
 * looked into, and their streams asked for; then these are decoded. */
static void searches_walk(const struct ng_bwt *bwt, size_t n, struct ng_bwt_search *searches,
			  bool *damaged)
{
	struct ng_bwt_search *next = searches, *end = searches + n;
	struct walker walkers[SEARCHES];
	struct stepping steps[SEARCHES];
	struct visit *visits[2 * SEARCHES];
	unsigned in = 0;

	while (in < SEARCHES && walker_take(bwt, &next, end, &walkers[in], damaged))
		in++;
	while (in) {
		unsigned n_visits = 0;

		for (unsigned i = 0; i < in; i++) {
			const struct ng_bwt_search *search = walkers[i].search;
			struct stepping *s = &steps[i];

			step_start(bwt, search->at[-1], search->lo, search->hi, walkers[i].page_lo,
				   walkers[i].page_hi, false, s, damaged);
			if (s->way != STEP_WIDE && s->a.stop)
				visits[n_visits++] = &s->a;
			if (s->way == STEP_ENDS && s->b.stop)
				visits[n_visits++] = &s->b;
		}
		visits_decode(visits, n_visits);
		for (unsigned i = 0; i < in; i++) {
			struct ng_bwt_search *search = walkers[i].search;

			step_finish(bwt, &steps[i], &search->lo, &search->hi, damaged);
			search->at--;
			search->left--;
			if (search_goes_on(search))
				walker_fetch(bwt, &walkers[i]);
			else if (!walker_take(bwt, &next, end, &walkers[i], damaged))
				walkers[i].search = NULL;
		}
		for (unsigned i = 0; i < in;) {
			if (walkers[i].search)
				i++;
			else
				walkers[i] = walkers[--in];
		}
	}
}
