/* SPDX-License-Identifier: Apache-2.0 */
#include "query/doclist.h"

#include "query/docset.h"
#include "query/index_internal.h"

/* Occurrences that are located together: few at first, since the first page may be all that is
 * asked for, then twice as many each time; and those of them that a thread takes at most. */
#define BATCH_FIRST 128u
#define BATCH_MAX   4096u
#define PART        128u

struct ng_doclist {
	const struct ng_index *index;
	struct ng_ranges ranges;
	uint64_t next; /* occurrence */
	bool ended;
	struct ng_docset seen; /* documents given so far */
	struct ng_filter filter;
	/* Occurrences located, but not looked at yet. */
	struct ng_match batch[BATCH_MAX];
	size_t found[BATCH_MAX / NG_BWT_CHAINS]; /* of the batch, in each part: those that count */
	size_t batch_at, batch_n, batch_next;    /* next: how many come next */
	/* The page being made; kept when it is interrupted. */
	uint64_t *page;
	size_t page_n, page_cap;
};

int ng_doclist_new(const struct ng_index *index, const struct ng_ranges *ranges,
		   struct ng_doclist **ret_list)
{
	ng_cleanup(ng_doclist_freep) struct ng_doclist *list = calloc(1, sizeof(*list));
	int r;

	if (!list)
		return -ENOMEM;
	list->index = index;
	list->seen = ng_docset_make(index->stats.numbers);
	list->batch_next = BATCH_FIRST;
	r = ng_ranges_copy(ranges, &list->ranges);
	if (r < 0)
		return r;
	*ret_list = ng_steal_ptr(&list);
	return 0;
}

void ng_doclist_set_filter(struct ng_doclist *list, struct ng_filter *filter)
{
	list->filter = *filter;
	*filter = (struct ng_filter){0};
}

struct locating {
	struct ng_doclist *list;
	size_t n, part; /* how many; and how many of them a thread takes */
	const ng_cancel *cancel;
};

static int part_locate(void *userdata, uint64_t part)
{
	const struct locating *l = userdata;
	size_t at = part * l->part, n = ng_min(l->n - at, l->part);

	return ng_filter_locate(l->list->index, &l->list->ranges, &l->list->filter,
				l->list->next + at, n, l->cancel, l->list->batch + at, NULL,
				&l->list->found[part]);
}

/* The next batch; after an error it may be asked for again. */
static int batch_locate(struct ng_doclist *list, const ng_cancel *cancel)
{
	struct locating l = {list, list->batch_next, ng_index_part(list->index, PART), cancel};
	uint64_t most = ng_filter_most(&list->filter, &list->ranges);
	size_t parts;
	int r;

	l.n = (size_t)ng_min((uint64_t)l.n, most - list->next);
	parts = ng_div_up(l.n, l.part);
	list->batch_at = list->batch_n = 0;
	r = ng_index_run(list->index, parts, part_locate, &l);
	if (r < 0)
		return r;
	for (size_t part = 0; part < parts; part++) {
		memmove(list->batch + list->batch_n, list->batch + part * l.part,
			list->found[part] * sizeof(*list->batch));
		list->batch_n += list->found[part];
	}
	list->next += l.n;
	list->ended = list->next == most;
	list->batch_next = ng_min(2 * list->batch_next, (size_t)BATCH_MAX);
	return 0;
}

/* Move to the next occurrence whose document is new: 1, *ret_doc is it and stays the next one until
 * doc_take; 0 when there is none. */
static int doc_peek(struct ng_doclist *list, const ng_cancel *cancel, uint64_t *ret_doc)
{
	int r;

	for (;;) {
		for (; list->batch_at < list->batch_n; list->batch_at++) {
			uint64_t doc = list->batch[list->batch_at].doc;

			if (ng_docset_has(&list->seen, doc))
				continue;
			*ret_doc = doc;
			return 1;
		}
		if (list->ended)
			return 0;
		r = batch_locate(list, cancel);
		if (r < 0)
			return r;
	}
}

static int doc_take(struct ng_doclist *list, uint64_t doc)
{
	int r;

	if (list->page_n == list->page_cap) {
		size_t cap = ng_max(2 * list->page_cap, (size_t)64);
		uint64_t *grown = reallocarray(list->page, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->page = grown;
		list->page_cap = cap;
	}
	r = ng_docset_add(&list->seen, doc);
	if (r < 0)
		return r;
	list->page[list->page_n++] = doc;
	list->batch_at++;
	return 0;
}

static int compare(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

int ng_doclist_next(struct ng_doclist *list, size_t max_docs, const ng_cancel *cancel,
		    uint64_t *ret_docs, size_t *ret_n, bool *ret_more)
{
	uint64_t doc = 0;
	int r;

	while ((r = doc_peek(list, cancel, &doc)) > 0 && list->page_n < max_docs) {
		r = doc_take(list, doc);
		if (r < 0)
			break;
	}
	if (r < 0)
		return r;
	if (list->page_n) {
		qsort(list->page, list->page_n, sizeof(*list->page), compare);
		memcpy(ret_docs, list->page, list->page_n * sizeof(*list->page));
	}
	*ret_n = list->page_n;
	*ret_more = r > 0;
	list->page_n = 0;
	return 0;
}

struct ng_doclist *ng_doclist_free(struct ng_doclist *list)
{
	if (!list)
		return NULL;
	ng_ranges_clear(&list->ranges);
	ng_docset_clear(&list->seen);
	ng_filter_clear(&list->filter);
	free(list->page);
	free(list);
	return NULL;
}
