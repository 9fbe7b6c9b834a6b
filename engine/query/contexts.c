/* SPDX-License-Identifier: Apache-2.0 */
#include "query/contexts.h"

#include "query/index_internal.h"

/* Occurrences that one thread takes at a time, at most: some groups of chains. */
#define SLICE (4 * NG_BWT_CHAINS)

struct contexts {
	const struct ng_index *index;
	const struct ng_ranges *ranges;
	const uint64_t *numbers; /* of the occurrences, rising; NULL: from first on */
	uint64_t first;
	size_t n, slice; /* how many; and how many of them a thread takes at a time */
	uint32_t context_bytes;
	const ng_cancel *cancel;
	struct ng_context *contexts;
	uint8_t *text;
	uint32_t *by_place; /* their numbers in the order of the text; NULL: no text store */
};

/* How much text there is around an occurrence of so many bytes, whose document's number is the
 * shard's. */
static int context_extent(const struct contexts *c, const struct ng_shard *shard,
			  const struct ng_match *match, struct ng_context *context)
{
	uint64_t begin, rest;
	int r = ng_shard_doc_extent(shard, match->doc, &begin, &context->doc_bytes);

	if (r < 0)
		return r;
	if (match->offset > context->doc_bytes ||
	    context->bytes > context->doc_bytes - match->offset)
		return -EUCLEAN;
	rest = context->doc_bytes - match->offset - context->bytes;
	context->before = (uint32_t)ng_min(match->offset, (uint64_t)c->context_bytes);
	context->after = (uint32_t)ng_min(rest, (uint64_t)c->context_bytes);
	return 0;
}

/* Rows of a shard, n <= SLICE, which are occurrences [at, at + n) of those asked for; how many
 * bytes each has is known. Their ranges have leads of the same length. */
static int contexts_in_shard(const struct contexts *c, const struct ng_range *const *ranges,
			     const uint64_t *rows, size_t at, size_t n)
{
	const struct ng_shard *shard = c->index->shards[ranges[0]->shard];
	uint64_t first_doc = c->index->first_doc[ranges[0]->shard];
	uint32_t lead = ranges[0]->lead, shown = ng_min(lead, c->context_bytes);
	struct ng_context *contexts = c->contexts + at;
	uint8_t *middle = c->text + (2 * at + 1) * c->context_bytes;
	size_t stride = 2 * (size_t)c->context_bytes;
	struct ng_stretch after[SLICE];
	struct ng_match matches[SLICE];
	uint32_t before[SLICE] = {0};
	int r;

	r = ng_shard_locate_before(shard, n, rows, middle - shown,
				   c->by_place ? 0 : c->context_bytes - shown, stride, c->cancel,
				   matches, before);
	for (size_t i = 0; r == 0 && i < n; i++) {
		matches[i].offset += lead;
		r = context_extent(c, shard, &matches[i], &contexts[i]);
		contexts[i].match = matches[i];
		contexts[i].match.doc += first_doc;
		if (r || c->by_place)
			continue;
		if (contexts[i].before != before[i] + shown)
			r = -EUCLEAN;
		memcpy(middle + i * stride - shown, ranges[i]->lead_bytes + lead - shown, shown);
		after[i] =
			(struct ng_stretch){matches[i].doc, matches[i].offset + contexts[i].bytes,
					    contexts[i].after, middle + i * stride, NULL};
	}
	if (r < 0 || c->by_place)
		return ng_shard_result(shard, r);
	return ng_shard_extract_each(shard, n, after, c->cancel);
}

/* Row, range and bytes of one of the occurrences asked for. */
static int find_row(const struct contexts *c, size_t i, uint64_t *ret_row,
		    const struct ng_range **ret_range)
{
	uint64_t number = c->numbers ? c->numbers[i] : c->first + i;
	const struct ng_range *range = ng_ranges_at(c->ranges, number);

	if (!ng_range_fits(range, c->index) || number < range->first ||
	    number - range->first >= range->hi - range->lo)
		return -EINVAL;
	c->contexts[i].bytes = range->bytes;
	*ret_row = range->lo + (number - range->first);
	*ret_range = range;
	return 0;
}

static bool is_together(const struct ng_range *a, const struct ng_range *b)
{
	return a->shard == b->shard && a->lead == b->lead;
}

/* A slice may lie in more than one shard. */
static int contexts_slice(void *userdata, uint64_t slice)
{
	const struct contexts *c = userdata;
	size_t at = slice * c->slice, n = ng_min(c->n - at, c->slice), begin = 0;
	uint64_t rows[SLICE];
	const struct ng_range *ranges[SLICE];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = find_row(c, at + i, &rows[i], &ranges[i]);
	while (r == 0 && begin < n) {
		size_t end = begin + 1;

		while (end < n && is_together(ranges[end], ranges[begin]))
			end++;
		r = contexts_in_shard(c, ranges + begin, rows + begin, at + begin, end - begin);
		begin = end;
	}
	return r;
}

static int compare_places(const void *pa, const void *pb, void *userdata)
{
	const struct ng_context *contexts = userdata;
	const struct ng_match *a = &contexts[*(const uint32_t *)pa].match;
	const struct ng_match *b = &contexts[*(const uint32_t *)pb].match;

	if (a->doc != b->doc)
		return a->doc < b->doc ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Out of the text store: what stands around some of those that by_place names. */
static int read_slice(void *userdata, uint64_t slice)
{
	const struct contexts *c = userdata;
	size_t at = slice * c->slice, end = ng_min(at + c->slice, c->n);
	int r = 0;

	for (; r == 0 && at < end; at++) {
		size_t i = c->by_place[at], got = 0;
		const struct ng_context *context = &c->contexts[i];
		uint8_t *middle = c->text + (2 * i + 1) * c->context_bytes;
		uint64_t offset = context->match.offset;

		if (ng_cancelled(c->cancel))
			return -EINTR;
		r = ng_doc_read(c->index, context->match.doc, offset - context->before,
				context->before, c->cancel, middle - context->before, &got);
		if (r == 0)
			r = ng_doc_read(c->index, context->match.doc, offset + context->bytes,
					context->after, c->cancel, middle, &got);
	}
	return r;
}

/* Occurrences that are located at once have fewer frames than there are of them: in the order of
 * the text each is decompressed once. */
static int read_contexts(struct contexts *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->by_place[i] = (uint32_t)i;
	qsort_r(c->by_place, c->n, sizeof(*c->by_place), compare_places, c->contexts);
	/* To decompress a frame twice takes much less than to wait for two in turn. */
	c->slice = ng_index_waits(c->index) ? 1 : SLICE;
	return ng_index_run(c->index, ng_div_up(c->n, c->slice), read_slice, c);
}

static int find_contexts(struct contexts *c)
{
	ng_cleanup(ng_freep) uint32_t *by_place = NULL;
	int r;

	if (c->index->stats.text_store_bytes) {
		if (c->n > UINT32_MAX)
			return -EINVAL;
		by_place = calloc(c->n + 1, sizeof(*by_place));
		if (!by_place)
			return -ENOMEM;
		c->by_place = by_place;
	}
	c->slice = ng_index_part(c->index, SLICE);
	r = ng_index_run(c->index, ng_div_up(c->n, c->slice), contexts_slice, c);
	return r == 0 && by_place ? read_contexts(c) : r;
}

int ng_contexts(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		size_t n, uint32_t context_bytes, const ng_cancel *cancel,
		struct ng_context *ret_contexts, uint8_t *ret_text, size_t *ret_n)
{
	struct contexts c = {.index = index,
			     .ranges = ranges,
			     .first = first,
			     .context_bytes = context_bytes,
			     .cancel = cancel,
			     .contexts = ret_contexts,
			     .text = ret_text};
	int r;

	if (first < ranges->count)
		c.n = (size_t)ng_min((uint64_t)n, ranges->count - first);
	r = find_contexts(&c);
	if (r < 0)
		return r;
	*ret_n = c.n;
	return 0;
}

int ng_contexts_at(const struct ng_index *index, const struct ng_ranges *ranges, size_t n,
		   const uint64_t *numbers, uint32_t context_bytes, const ng_cancel *cancel,
		   struct ng_context *ret_contexts, uint8_t *ret_text)
{
	struct contexts c = {.index = index,
			     .ranges = ranges,
			     .numbers = numbers,
			     .n = n,
			     .context_bytes = context_bytes,
			     .cancel = cancel,
			     .contexts = ret_contexts,
			     .text = ret_text};

	for (size_t i = 0; i < n; i++) {
		if (numbers[i] >= ranges->count || (i > 0 && numbers[i] < numbers[i - 1]))
			return -EINVAL;
	}
	return find_contexts(&c);
}
