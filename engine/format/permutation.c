/* SPDX-License-Identifier: Apache-2.0 */
#include "format/permutation.h"

#include <assert.h>
#include <xxhash.h>

#include "base/prefetch.h"
#include "format/shardfile.h"

/* u32 spacing, u32 0, u64 seed, then the shortcuts. */
#define HEAD_BYTES 16u

/* Gaps that are walked by turns while shortcuts are made. */
#define WALKERS 32u

static bool is_holder(const struct ng_permutation *p, uint64_t index, uint64_t *ret_group)
{
	uint64_t group = index / p->spacing, begin = group * p->spacing;
	unsigned size = (unsigned)ng_min(p->numbers.n - begin, (uint64_t)p->spacing);

	*ret_group = group;
	return index - begin == ng_permutation_holder(p->seed, group, size);
}

static void fetch(const struct ng_packed *packed, uint64_t i, bool cold)
{
	const uint8_t *at = ng_packed_at(packed, i);

	if (cold)
		ng_pages_prefetch(packed->pages, at, sizeof(uint64_t));
	else
		__builtin_prefetch(at);
}

int ng_permutation_open(const struct ng_packed *numbers, const struct ng_pages *pages,
			const uint8_t *data, size_t bytes, struct ng_permutation *ret_permutation)
{
	struct ng_permutation p = {.numbers = *numbers};

	if (bytes < HEAD_BYTES || !ng_pages_ok(pages, data, HEAD_BYTES))
		return -EUCLEAN;
	p.spacing = ng_load32(data);
	p.seed = ng_load64(data + 8);
	if (p.spacing < NG_SPACING_MIN || p.spacing > NG_SPACING_MAX ||
	    ng_packed_open(pages, data + HEAD_BYTES, bytes - HEAD_BYTES, &p.shortcuts) < 0 ||
	    p.shortcuts.n != ng_div_up(numbers->n, p.spacing))
		return -EUCLEAN;
	*ret_permutation = p;
	return 0;
}

/* Numbers that are asked for all at once where they have to be waited for: that takes less than to
 * wait for single pages as often as an inverse has steps. */
#define WHOLE_BYTES (4u << 20)

/* Ask for all of them, if they aren't too many. */
static bool fetch_whole(const struct ng_packed *packed)
{
	uint64_t bytes = ng_div_up(packed->n * packed->width, (uint64_t)8);

	if (bytes == 0 || bytes > WHOLE_BYTES)
		return bytes == 0;
	ng_pages_prefetch(packed->pages, packed->data, bytes);
	/* For the last page's sum, which may lie behind the first's. */
	ng_pages_prefetch(packed->pages, packed->data + bytes - 1, 1);
	return true;
}

/* One value on its way. */
struct chase {
	uint64_t index, group;
	unsigned i;    /* of values */
	bool may_jump; /* no shortcut was taken yet */
	bool holder;   /* index's shortcut is the next step */
};

static inline void chase_to(const struct ng_permutation *p, struct chase *c, uint64_t index,
			    bool cold)
{
	c->index = index;
	fetch(&p->numbers, index, cold);
	c->holder = c->may_jump && is_holder(p, index, &c->group);
	if (c->holder)
		fetch(&p->shortcuts, c->group, cold);
}

int ng_permutation_invert(const struct ng_permutation *permutation, unsigned n,
			  const uint64_t *values, uint64_t *ret_indices)
{
	const struct ng_permutation *p = permutation;
	uint64_t most = 2 * ng_permutation_gap_max(p->spacing) + 2;
	uint64_t found[NG_INVERT_MAX];
	struct chase chases[NG_INVERT_MAX];
	unsigned left = n;
	bool bad = false, cold = ng_pages_cold(p->numbers.pages) ||
				 (n > 1 && ng_touch_waits(ng_packed_at(&p->numbers, values[0])));

	assert(n <= NG_INVERT_MAX);
	if (cold && fetch_whole(&p->numbers) && fetch_whole(&p->shortcuts))
		cold = false;
	/* By itself, each would be waited for as soon as it is asked for. */
	cold &= n > 1;
	for (unsigned i = 0; i < n; i++) {
		chases[i] = (struct chase){.i = i, .may_jump = true};
		chase_to(p, &chases[i], values[i], cold);
	}
	for (uint64_t steps = 0; left && steps < most; steps++) {
		for (unsigned k = 0; k < left;) {
			struct chase *c = &chases[k];
			uint64_t next = ng_packed_get(&p->numbers, c->index, &bad);

			if (bad)
				return -EUCLEAN;
			if (next == values[c->i]) {
				found[c->i] = c->index;
				*c = chases[--left];
				continue;
			}
			if (c->holder) {
				next = ng_packed_get(&p->shortcuts, c->group, &bad);
				c->may_jump = false;
			}
			if (bad || next >= p->numbers.n)
				return -EUCLEAN;
			chase_to(p, c, next, cold);
			k++;
		}
	}
	if (left)
		return -EUCLEAN;
	memcpy(ret_indices, found, n * sizeof(*found));
	return 0;
}

/* ---- writing ---- */

struct writer {
	struct ng_permutation view; /* for is_holder: without contents */
	const uint32_t *numbers;
	uint32_t *shortcuts;
	uint64_t gap_max;
	uint64_t next_group; /* whose gap no walker has taken */
	uint64_t reached;    /* indices in the gaps that are walked */
};

/* From a holder to the next one on its cycle. */
struct walker {
	uint32_t from, at;
	uint64_t steps;
};

static bool walker_start(struct writer *w, struct walker *walker)
{
	uint64_t begin = w->next_group * w->view.spacing;

	if (begin >= w->view.numbers.n)
		return false;
	walker->from = (uint32_t)(begin + ng_permutation_holder(
						  w->view.seed, w->next_group,
						  (unsigned)ng_min(w->view.numbers.n - begin,
								   (uint64_t)w->view.spacing)));
	walker->at = walker->from;
	walker->steps = 0;
	w->next_group++;
	return true;
}

/* Walk every gap, and write its beginning down as the shortcut of its end. */
static int gaps_walk(struct writer *w)
{
	struct walker walkers[WALKERS];
	unsigned n = 0;

	while (n < WALKERS && walker_start(w, &walkers[n]))
		n++;
	while (n) {
		for (unsigned k = 0; k < n;) {
			struct walker *walker = &walkers[k];
			uint64_t group;

			walker->at = w->numbers[walker->at];
			__builtin_prefetch(w->numbers + walker->at);
			walker->steps++;
			if (!is_holder(&w->view, walker->at, &group)) {
				if (walker->steps >= w->gap_max)
					return -EAGAIN;
				k++;
				continue;
			}
			w->shortcuts[group] = walker->from;
			w->reached += walker->steps;
			if (walker_start(w, walker))
				k++;
			else
				*walker = walkers[--n];
		}
	}
	return 0;
}

/* Walk the cycles that have no holder, those that no gap is on. */
static int rest_walk(const struct writer *w)
{
	uint64_t n = w->view.numbers.n, group;
	ng_cleanup(ng_freep) uint64_t *seen = calloc(n / 64 + 1, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (uint64_t g = 0; g < w->view.shortcuts.n; g++) {
		/* Each gap once: from the holder before to its end. */
		for (uint64_t at = w->shortcuts[g];;) {
			at = w->numbers[at];
			seen[at / 64] |= 1ull << at % 64;
			if (is_holder(&w->view, at, &group))
				break;
		}
	}
	for (uint64_t i = 0; i < n; i++) {
		uint64_t steps = 0;

		for (uint64_t at = i; !(seen[at / 64] >> at % 64 & 1); at = w->numbers[at]) {
			seen[at / 64] |= 1ull << at % 64;
			if (++steps > w->gap_max)
				return -EAGAIN;
		}
	}
	return 0;
}

int ng_permutation_shortcuts(const uint32_t *numbers, uint64_t n, unsigned spacing, uint64_t seed,
			     uint32_t *ret_shortcuts)
{
	struct writer w = {.view = {.seed = seed, .spacing = spacing},
			   .numbers = numbers,
			   .shortcuts = ret_shortcuts,
			   .gap_max = ng_permutation_gap_max(spacing)};
	int r;

	w.view.numbers.n = n;
	w.view.shortcuts.n = ng_div_up(n, spacing);
	r = gaps_walk(&w);
	/* A few are left at random, on short cycles. */
	if (r == 0 && n - w.reached > w.gap_max)
		r = rest_walk(&w);
	return r;
}

int ng_permutation_check(const uint32_t *numbers, uint64_t n)
{
	ng_cleanup(ng_freep) uint64_t *seen = calloc(n / 64 + 1, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = numbers[i], bit = 1ull << at % 64;

		if (at >= n || seen[at / 64] & bit)
			return -EUCLEAN;
		seen[at / 64] |= bit;
	}
	return 0;
}

int ng_permutation_write(const uint32_t *numbers, uint64_t n, unsigned spacing,
			 struct ng_shard_writer *shard, struct ng_error *err)
{
	uint64_t groups = ng_div_up(n, spacing), seed;
	ng_cleanup(ng_freep) uint32_t *shortcuts = malloc((groups + 1) * sizeof(*shortcuts));
	struct ng_packed_writer writer;
	uint8_t head[HEAD_BYTES] = {0};
	int r = -ENOMEM;

	assert(spacing >= NG_SPACING_MIN && spacing <= NG_SPACING_MAX);
	seed = XXH3_64bits(numbers, n * sizeof(*numbers));
	if (shortcuts) {
		do
			r = ng_permutation_shortcuts(numbers, n, spacing, ++seed, shortcuts);
		while (r == -EAGAIN);
	}
	if (r < 0)
		return ng_fail(err, r, "out of memory for the shortcuts of %ju samples",
			       (uintmax_t)n);
	ng_store32(head, spacing);
	ng_store64(head + 8, seed);
	r = ng_shard_writer_write(shard, head, sizeof(head), err);
	if (r == 0)
		r = ng_packed_writer_begin(&writer, shard, groups, n ? n - 1 : 0, err);
	for (uint64_t g = 0; r == 0 && g < groups; g++)
		r = ng_packed_writer_put(&writer, shortcuts[g], err);
	return r < 0 ? r : ng_packed_writer_end(&writer, err);
}
