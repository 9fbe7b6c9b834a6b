#include "query/ranges_contexts.h"

#include "query/index_internal.h"

int ng_ranges_contexts(const struct ng_index *index, const struct ng_ranges *ranges, uint64_t first,
		       size_t n, uint32_t context_bytes, const ng_cancel *cancel,
		       struct ng_context *ret_contexts, uint8_t *ret_text, size_t *ret_n)
{
	ng_cleanup(ng_freep) struct ng_interval *by_shard =
		calloc(index->n_shards + 1, sizeof(*by_shard));
	const struct ng_range *range;
	size_t done = 0;

	if (!by_shard)
		return -ENOMEM;
	n = first < ranges->count ? (size_t)ng_min((uint64_t)n, ranges->count - first) : 0;
	range = n ? ng_ranges_at(ranges, first) : NULL;
	for (; done < n; range++) {
		size_t got = 0;
		int r;

		if (range->shard >= index->n_shards || first + done < range->first)
			return -EINVAL;
		by_shard[range->shard] = (struct ng_interval){range->lo, range->hi};
		r = ng_contexts(index, by_shard, first + done - range->first, n - done,
				range->bytes, context_bytes, cancel, ret_contexts + done,
				ret_text + 2 * done * (size_t)context_bytes, &got);
		if (r < 0)
			return r;
		if (got == 0)
			return -EINVAL;
		by_shard[range->shard] = (struct ng_interval){0, 0};
		done += got;
	}
	*ret_n = n;
	return 0;
}
