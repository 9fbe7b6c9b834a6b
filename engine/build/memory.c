/* SPDX-License-Identifier: Apache-2.0 */
#include "build/memory.h"

#include "base/machine.h"
#include "build/shard_jobs.h"
#include "sort/suffix_sort.h"
#include "text/input.h"

#define THREADS_A_BATCH 4u

/* What a decoder keeps beside its window. */
#define WINDOW_MORE (1u << 20)

/* Text of a batch, when n of them are at work, and, where that is more than one, the next one is
 * collected: what n jobs and perhaps a text take, which is linear in it, is the memory. */
static uint64_t batch_for(uint64_t memory_bytes, unsigned n, unsigned threads)
{
	const uint64_t sample = 1ull << 30;
	uint64_t fixed = n * ng_shard_job_bytes(0, false, threads);
	double a_byte =
		(double)(n * ng_shard_job_bytes(sample, false, threads) - fixed) / (double)sample;

	if (memory_bytes <= fixed)
		return 1;
	return (uint64_t)((double)(memory_bytes - fixed) / (a_byte + (n > 1)));
}

uint64_t ng_memory_for_input(uint64_t memory_bytes, uint64_t window_bytes)
{
	if (memory_bytes < NG_MEMORY_MIN || window_bytes <= NG_INPUT_MEMORY)
		return 0;
	return ng_min(window_bytes + WINDOW_MORE - NG_INPUT_MEMORY,
		      (memory_bytes - NG_MEMORY_FIXED) / 2);
}

int ng_memory_divide(uint64_t memory_bytes, uint64_t input_bytes, uint64_t shard_bytes,
		     uint64_t batch_bytes, unsigned threads, struct ng_memory_plan *ret_plan,
		     struct ng_error *err)
{
	uint64_t memory = memory_bytes - NG_MEMORY_FIXED - input_bytes;
	struct ng_memory_plan plan = {.shard_bytes = shard_bytes ? shard_bytes : 2 * memory_bytes};

	if (memory_bytes < NG_MEMORY_MIN)
		return ng_fail(err, -EINVAL,
			       "%ju bytes of memory (--memory) are too few; %u MiB is the least",
			       (uintmax_t)memory_bytes, NG_MEMORY_MIN >> 20);
	plan.side_by_side = ng_max(threads / THREADS_A_BATCH, 1u);
	/* What jobs take without any text mustn't be most of it. */
	while (plan.side_by_side > 1 &&
	       plan.side_by_side * ng_shard_job_bytes(0, false, threads) > memory / 8)
		plan.side_by_side--;
	plan.batch_bytes =
		ng_min(batch_for(memory, plan.side_by_side, threads), (uint64_t)NG_SORT_MAX);
	plan.batch_room = plan.batch_bytes;
	if (!batch_bytes)
		batch_bytes = plan.shard_bytes;
	/* Small ones: as many at once as there are threads and memory for. */
	if (ng_min(batch_bytes, plan.shard_bytes) < plan.batch_bytes) {
		uint64_t takes;

		plan.batch_bytes = ng_min(batch_bytes, plan.shard_bytes);
		takes = ng_shard_job_bytes(plan.batch_bytes, false, threads);
		plan.side_by_side =
			(unsigned)ng_min((memory - plan.batch_bytes) / takes, (uint64_t)threads);
		plan.side_by_side = ng_max(plan.side_by_side, 1u);
	}
	/* The largest batches there can be: nothing is collected while one is sorted. */
	plan.alone = plan.side_by_side == 1 && plan.batch_bytes == plan.batch_room;
	plan.jobs_bytes = plan.alone ? memory : memory - plan.batch_bytes;
	*ret_plan = plan;
	return 0;
}

uint64_t ng_memory_default(void)
{
	return ng_max(ng_machine_memory() / 2, (uint64_t)NG_MEMORY_MIN);
}

uint64_t ng_memory_document(uint64_t text_bytes, bool has_nul)
{
	return ng_shard_job_bytes(text_bytes + 1, has_nul, 1) + NG_MEMORY_FIXED;
}

uint64_t ng_memory_document_max(uint64_t memory_bytes)
{
	uint64_t lo = 0, hi = NG_SORT_MAX;

	if (ng_memory_document(0, false) > memory_bytes)
		return 0;
	/* lo fits, hi doesn't. */
	while (hi - lo > 1) {
		uint64_t at = lo + (hi - lo) / 2;

		if (ng_memory_document(at, false) <= memory_bytes)
			lo = at;
		else
			hi = at;
	}
	return lo;
}
