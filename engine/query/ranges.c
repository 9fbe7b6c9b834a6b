/* SPDX-License-Identifier: Apache-2.0 */
#include "query/ranges.h"

#include "query/index_internal.h"

/* Of a range's string, read at a time. */
#define TEXT_PIECE (64u << 10)

/* Rows that are located together. */
#define ROWS (4 * NG_BWT_CHAINS)

void ng_ranges_clear(struct ng_ranges *ranges)
{
	free(ranges->list);
	*ranges = NG_RANGES_INIT;
}

int ng_ranges_find(const struct ng_index *index, const uint8_t *pat, size_t len,
		   const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard =
		calloc(index->n_shards + 1, sizeof(*by_shard));
	ng_cleanup(ng_ranges_clear) struct ng_ranges ranges = NG_RANGES_INIT;
	int r;

	ranges.list = calloc(index->n_shards + 1, sizeof(*ranges.list));
	if (!by_shard || !ranges.list)
		return -ENOMEM;
	r = ng_find(index, pat, len, cancel, by_shard);
	if (r < 0)
		return r;
	for (uint32_t s = 0; s < index->n_shards; s++) {
		struct ng_range range = {.shard = s,
					 .lo = by_shard[s].lo,
					 .hi = by_shard[s].hi,
					 .first = ranges.count,
					 .bytes = len};

		if (range.lo >= range.hi)
			continue;
		ranges.list[ranges.n++] = range;
		ranges.count += range.hi - range.lo;
	}
	*ret_ranges = ranges;
	ranges = NG_RANGES_INIT;
	return 0;
}

int ng_ranges_copy(const struct ng_ranges *ranges, struct ng_ranges *ret_ranges)
{
	struct ng_range *list = calloc(ranges->n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (ranges->n)
		memcpy(list, ranges->list, ranges->n * sizeof(*list));
	*ret_ranges = (struct ng_ranges){list, ranges->n, ranges->count};
	return 0;
}

static int compare_begin(const void *pa, const void *pb)
{
	const struct ng_range *a = pa, *b = pb;

	if (a->shard != b->shard)
		return a->shard < b->shard ? -1 : 1;
	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* The ranges that some row is in, as a heap: that of the longest string is the first. */
struct open_ranges {
	const struct ng_range **list;
	size_t n;
};

static void heap_add(struct open_ranges *open, const struct ng_range *range)
{
	size_t i = open->n++;

	for (; i && open->list[(i - 1) / 2]->bytes < range->bytes; i = (i - 1) / 2)
		open->list[i] = open->list[(i - 1) / 2];
	open->list[i] = range;
}

static void heap_drop_first(struct open_ranges *open)
{
	const struct ng_range *last = open->list[--open->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < open->n) {
		if (child + 1 < open->n && open->list[child + 1]->bytes > open->list[child]->bytes)
			child++;
		if (open->list[child]->bytes <= last->bytes)
			break;
		open->list[i] = open->list[child];
		i = child;
	}
	open->list[i] = last;
}

static void append(struct ng_ranges *ranges, const struct ng_range *range, uint64_t lo, uint64_t hi)
{
	struct ng_range *next = &ranges->list[ranges->n++];

	*next = *range;
	next->lo = lo;
	next->hi = hi;
	next->first = ranges->count;
	ranges->count += hi - lo;
}

/* Of sorted ranges, in every row the one of the longest string; joined has room for twice as
 * many. */
static void join(const struct ng_range *sorted, size_t n, struct open_ranges *open,
		 struct ng_ranges *joined)
{
	const struct ng_range *next = sorted, *end = sorted + n;
	uint64_t at = 0, stop;

	while (next < end || open->n) {
		uint32_t shard = open->n ? open->list[0]->shard : next->shard;

		if (!open->n)
			at = next->lo;
		for (; next < end && next->shard == shard && next->lo <= at; next++)
			heap_add(open, next);
		while (open->n && open->list[0]->hi <= at)
			heap_drop_first(open);
		if (!open->n)
			continue;
		stop = open->list[0]->hi;
		if (next < end && next->shard == shard)
			stop = ng_min(stop, next->lo);
		append(joined, open->list[0], at, stop);
		at = stop;
	}
}

int ng_ranges_join(size_t n, const struct ng_ranges *lists, struct ng_ranges *ret_ranges)
{
	ng_cleanup(ng_ranges_clear) struct ng_ranges joined = NG_RANGES_INIT;
	ng_cleanup(ng_freep) struct ng_range *sorted = NULL;
	ng_cleanup(ng_freep) const struct ng_range **heap = NULL;
	struct open_ranges open = {0};
	size_t all = 0, done = 0;

	for (size_t i = 0; i < n; i++)
		all += lists[i].n;
	sorted = calloc(all + 1, sizeof(*sorted));
	heap = calloc(all + 1, sizeof(*heap));
	joined.list = calloc(2 * all + 1, sizeof(*joined.list));
	if (!sorted || !heap || !joined.list)
		return -ENOMEM;
	open.list = heap;
	for (size_t i = 0; i < n; i++) {
		if (lists[i].n)
			memcpy(sorted + done, lists[i].list, lists[i].n * sizeof(*sorted));
		done += lists[i].n;
	}
	qsort(sorted, all, sizeof(*sorted), compare_begin);
	join(sorted, all, &open, &joined);
	*ret_ranges = joined;
	joined = NG_RANGES_INIT;
	return 0;
}

const struct ng_range *ng_ranges_at(const struct ng_ranges *ranges, uint64_t occurrence)
{
	size_t lo = 0, hi = ranges->n;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (ranges->list[middle].first <= occurrence)
			lo = middle;
		else
			hi = middle;
	}
	return &ranges->list[lo];
}

bool ng_range_fits(const struct ng_range *range, const struct ng_index *index)
{
	return range->shard < index->n_shards && range->lo < range->hi &&
	       range->hi <= ng_shard_live_rows(index->shards[range->shard]);
}

int ng_ranges_check(const struct ng_ranges *ranges, const struct ng_index *index)
{
	uint64_t count = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct ng_range *range = &ranges->list[i];

		if (!ng_range_fits(range, index) || range->first != count)
			return -EINVAL;
		count += range->hi - range->lo;
	}
	return count == ranges->count ? 0 : -EINVAL;
}

int ng_ranges_locate(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		     size_t n, const ng_cancel *cancel, struct ng_match *ret_matches, size_t *ret_n)
{
	const struct ng_range *range;
	size_t done = 0;
	int r = 0;

	n = first < ranges->count ? (size_t)ng_min((uint64_t)n, ranges->count - first) : 0;
	range = n ? ng_ranges_at(ranges, first) : NULL;
	for (; r == 0 && done < n; range++) {
		uint64_t row = range->lo + (first + done - range->first);
		size_t take;

		if (!ng_range_fits(range, index) || row < range->lo || row >= range->hi)
			return -EINVAL;
		take = (size_t)ng_min((uint64_t)(n - done), range->hi - row);
		r = ng_index_locate_rows(index, range->shard, row, take, cancel,
					 ret_matches + done);
		for (size_t i = done; r == 0 && i < done + take; i++)
			ret_matches[i].offset += range->lead;
		done += take;
	}
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
}

int ng_ranges_locate_at(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
			const uint64_t *numbers, const ng_cancel *cancel,
			struct ng_match *ret_matches)
{
	uint64_t rows[ROWS];
	uint8_t leads[ROWS] = {0};
	int r = 0;

	for (size_t done = 0, some; r == 0 && done < n; done += some) {
		const struct ng_range *first = ng_ranges_at(ranges, numbers[done]);

		for (some = 0; some < ROWS && done + some < n; some++) {
			uint64_t number = numbers[done + some];
			const struct ng_range *range = ng_ranges_at(ranges, number);

			if (!ng_range_fits(range, index) || number < range->first ||
			    number - range->first >= range->hi - range->lo)
				return -EINVAL;
			if (range->shard != first->shard)
				break;
			rows[some] = range->lo + (number - range->first);
			leads[some] = range->lead;
		}
		r = ng_shard_locate_before(index->shards[first->shard], some, rows, NULL, 0, 0,
					   cancel, ret_matches + done, NULL);
		for (size_t i = 0; r == 0 && i < some; i++) {
			ret_matches[done + i].doc += index->first_doc[first->shard];
			ret_matches[done + i].offset += leads[i];
		}
	}
	return r;
}

int ng_range_text(const struct ng_index *index, const struct ng_range *range,
		  const ng_cancel *cancel, struct ng_buf *buf)
{
	struct ng_ranges one = {(struct ng_range[]){*range}, 1, range->hi - range->lo};
	struct ng_match match = {0, 0};
	size_t n = 0, before = buf->len;
	int r;

	one.list[0].first = 0;
	r = ng_ranges_locate(index, &one, 0, 1, cancel, &match, &n);
	for (uint64_t at = 0; r == 0 && at < range->bytes; at += n) {
		size_t want = (size_t)ng_min(range->bytes - at, (uint64_t)TEXT_PIECE);

		r = ng_buf_reserve(buf, want);
		if (r == 0)
			r = ng_index_peek(index, match.doc, match.offset + at, want, cancel,
					  buf->data + buf->len, &n);
		if (r == 0 && n == 0)
			r = -EUCLEAN;
		if (r == 0)
			buf->len += n;
	}
	if (r < 0)
		buf->len = before;
	return r;
}
