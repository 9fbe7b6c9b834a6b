/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/parallel_sort.h"

#include <math.h>

#include "base/parallel.h"
#include "merge/cost.h"
#include "sort/frequent_search.h"
#include "sort/memory_merge.h"
#include "sort/occ.h"

#define PARTS_MAX  8u
#define PART_BYTES (64u << 10) /* the least that is worth a part */

/* Two threads sort and merge two halves of 100 MB in 0.63 of the time that one sort takes, and with
 * 1.2 times its work, but of 1.3 GB, where every rank misses all caches, in 0.85 of it and with 1.4
 * times the work: from here on that is left to four and more. */
#define PAIR_BYTES (512u << 20)

/* What a byte costs was measured with so many of them; with twice as many it is so much more. */
#define SORT_MEASURED 1e8
#define SORT_DOUBLING 0.07

struct part {
	struct ng_sort_text text;
	struct ng_sorted sorted;
};

struct sort {
	const struct ng_sort_watch *watch;
	uint32_t sa_rate;
	unsigned threads;
	unsigned n;
	struct part parts[PARTS_MAX];
};

static void sort_clear(struct sort *s)
{
	for (unsigned i = 0; i < PARTS_MAX; i++)
		ng_sorted_clear(&s->parts[i].sorted);
}

static unsigned parts_most(uint64_t n, bool has_nul, unsigned threads)
{
	unsigned parts = 1;

	while (!has_nul && 2 * parts <= ng_min(threads, PARTS_MAX) && n / (2 * parts) >= PART_BYTES)
		parts *= 2;
	return parts;
}

static unsigned parts_for(uint64_t n, bool has_nul, unsigned threads)
{
	return threads < 4 && n > PAIR_BYTES ? 1 : parts_most(n, has_nul, threads);
}

/* As if every text were cut that can be, so that it is linear in n: who divides memory asks what a
 * byte takes of a large text, and then sorts a small one. */
uint64_t ng_parallel_sort_memory(uint64_t n, bool has_nul, unsigned threads)
{
	unsigned parts = parts_most(n, has_nul, threads);
	uint64_t sorting = 0;

	for (unsigned i = 0; i < parts; i++)
		sorting += ng_suffix_sort_memory(n / parts, has_nul);
	return parts == 1 ? sorting : ng_max(sorting, n + n / 4 + ng_memory_merge_bytes(n));
}

/* A part sorted by one thread: with every doubling, a little more a byte. */
static uint64_t part_work(uint64_t n, bool has_nul)
{
	double doublings = n ? log2((double)n / SORT_MEASURED) : 0;
	double factor = ng_max(1 + doublings * SORT_DOUBLING, 0.5);

	return (uint64_t)((double)ng_cost_cpu(NG_COST_SORT, n) * factor * (1 + has_nul));
}

/* Two neighbours merged. */
static uint64_t pair_work(uint64_t left, uint64_t right, unsigned threads)
{
	return ng_cost(NG_COST_JOIN, ng_min(left, right), threads);
}

unsigned ng_parallel_sort_busy(uint64_t n, bool has_nul, unsigned threads)
{
	return parts_for(n, has_nul, threads);
}

uint64_t ng_parallel_sort_silent_work(uint64_t n, bool has_nul, unsigned threads)
{
	return part_work(n / parts_for(n, has_nul, threads), has_nul) * threads;
}

uint64_t ng_parallel_sort_work(uint64_t n, bool has_nul, unsigned threads)
{
	unsigned parts = parts_for(n, has_nul, threads);
	uint64_t work = ng_parallel_sort_silent_work(n, has_nul, threads);

	/* At each level all but the odd ones out are merged with a neighbour. */
	for (unsigned left = parts; left > 1; left /= 2)
		work += pair_work(n / left, n / left, threads) * (left / 2);
	return work;
}

static void tell(const struct sort *s, uint64_t more)
{
	if (s->watch)
		s->watch->progress(s->watch->userdata, more);
}

/* The number of documents that end within the first `bytes` bytes. */
static uint64_t docs_within(const struct ng_sort_text *text, uint64_t bytes)
{
	uint64_t lo = 0, hi = text->docs;

	while (lo < hi) {
		uint64_t middle = lo + (hi - lo) / 2;

		if (text->doc_ends[middle] - text->base < bytes)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* Cut after the documents that end before each of the parts' shares; a part may get none. */
static void parts_cut(const struct ng_sort_text *text, struct sort *s, unsigned parts)
{
	uint64_t doc = 0, begin = 0;

	for (unsigned i = 1; i <= parts; i++) {
		uint64_t end_doc = i == parts ? text->docs : docs_within(text, text->n / parts * i);
		uint64_t end = i == parts ? text->n
			       : end_doc  ? text->doc_ends[end_doc - 1] + 1 - text->base
					  : 0;

		if (end == begin)
			continue;
		s->parts[s->n++].text = (struct ng_sort_text){.bytes = text->bytes + begin,
							      .n = end - begin,
							      .doc_ends = text->doc_ends + doc,
							      .docs = end_doc - doc,
							      .base = text->base + begin};
		doc = end_doc;
		begin = end;
	}
}

/* Each part needs the room behind it that sorting asks for, so all but the first move there and
 * back. */
static void parts_move(struct sort *s, bool apart)
{
	for (unsigned k = 1; k < s->n; k++) {
		unsigned i = apart ? s->n - k : k;
		struct ng_sort_text *text = &s->parts[i].text;
		uint8_t *at = s->parts[0].text.bytes + (text->base - s->parts[0].text.base);
		uint64_t docs = (uint64_t)(text->doc_ends - s->parts[0].text.doc_ends);

		if (apart)
			at += docs * NG_SORT_KEY_BYTES;
		memmove(at, text->bytes, text->n);
		text->bytes = at;
	}
}

static int part_sort(void *userdata, uint64_t i)
{
	struct sort *s = userdata;
	uint64_t n = s->parts[i].text.n;
	int r = ng_suffix_sort(&s->parts[i].text, s->sa_rate, &s->parts[i].sorted);

	/* Its share of what all threads do meanwhile. */
	if (r == 0)
		tell(s, part_work(n, false) * s->threads / s->n);
	return r;
}

/* A merge that tells how far it is. */
struct joining {
	const struct sort *s;
	uint64_t work, told;
};

static void on_joined(void *userdata, uint64_t done, uint64_t total)
{
	struct joining *j = userdata;
	uint64_t work = (uint64_t)((double)j->work * (double)done / (double)ng_max(total, 1ull));

	if (work <= j->told)
		return;
	tell(j->s, work - j->told);
	j->told = work;
}

/* The next two become one. */
static int pair_merge(const struct sort *s, struct part *left, struct part *right)
{
	struct joining joining = {s, pair_work(left->text.n, right->text.n, s->threads), 0};
	struct ng_sorted merged;
	int r = ng_memory_merge(&left->text, &left->sorted, &right->text, &right->sorted,
				s->threads, on_joined, &joining, &merged);

	if (r < 0)
		return r;
	on_joined(&joining, 1, 1);
	left->sorted = merged;
	left->text.n += right->text.n;
	left->text.docs += right->text.docs;
	return 0;
}

static int parts_merge(struct sort *s)
{
	for (unsigned step = 1; step < s->n; step *= 2) {
		for (unsigned i = 0; i + step < s->n; i += 2 * step) {
			int r = pair_merge(s, &s->parts[i], &s->parts[i + step]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int ng_parallel_sort(const struct ng_sort_text *text, uint32_t sa_rate, unsigned threads,
		     const struct ng_sort_watch *watch, struct ng_sorted *ret_sorted)
{
	ng_cleanup(sort_clear) struct sort s = {
		.watch = watch, .sa_rate = sa_rate, .threads = threads};
	unsigned parts = parts_for(text->n, text->has_nul, threads);
	int r;

	if (parts > 1)
		parts_cut(text, &s, parts);
	if (s.n <= 1)
		return ng_suffix_sort(text, sa_rate, ret_sorted);
	parts_move(&s, true);
	r = ng_parallel(s.n, threads, part_sort, &s);
	parts_move(&s, false);
	if (r == 0)
		r = parts_merge(&s);
	if (r < 0)
		return r;
	*ret_sorted = s.parts[0].sorted;
	s.parts[0].sorted = (struct ng_sorted){0};
	return 0;
}

int ng_sorted_patterns(const struct ng_sorted *sorted, unsigned threads,
		       struct ng_frequent_pattern **ret_patterns, size_t *ret_n)
{
	ng_cleanup(ng_occ_freep) struct ng_occ *occ = NULL;
	struct ng_rank_source ranks;
	int r = ng_occ_new(sorted->bwt, sorted->rows, threads, &occ);

	if (r < 0)
		return r;
	ranks = ng_occ_rank_source(occ);
	return ng_frequent_search(&ranks, NG_FREQUENT_COUNT, threads, NULL, NULL, ret_patterns,
				  ret_n);
}
