/* SPDX-License-Identifier: Apache-2.0 */
#include "build/compact_work.h"

#include "build/work.h"
#include "merge/cost.h"

uint64_t ng_compact_collect_work(const struct ng_manifest *manifest, size_t first, size_t end,
				 unsigned threads)
{
	uint64_t work = 0;

	for (size_t i = first; i < end; i++) {
		const struct ng_manifest_shard *shard = &manifest->shards[i];
		uint64_t rows = ng_compact_rows_left(shard);

		work += ng_cost(NG_COST_READ, rows, threads);
		if (manifest->text_store)
			work += ng_cost(NG_COST_COMPRESS, rows, threads);
		if (shard->removed.held)
			work += ng_cost(NG_COST_DROP, ng_compact_rows(shard), threads);
	}
	return work;
}

int ng_compact_work(const struct ng_manifest *manifest, size_t first, size_t end, unsigned threads,
		    uint64_t *ret_work)
{
	ng_cleanup(ng_freep) struct ng_work_piece *pieces = calloc(end - first, sizeof(*pieces));
	uint64_t rows = 0, merges;
	int r;

	if (!pieces)
		return -ENOMEM;
	for (size_t i = first; i < end; i++) {
		pieces[i - first] = (struct ng_work_piece){
			.rows = ng_compact_rows_left(&manifest->shards[i]), .no_text = true};
		rows += pieces[i - first].rows;
	}
	r = ng_work_merges(pieces, end - first, NULL, 0, threads, &merges);
	if (r == 0)
		*ret_work = ng_compact_collect_work(manifest, first, end, threads) + merges +
			    ng_work_complete(rows, threads);
	return r;
}
