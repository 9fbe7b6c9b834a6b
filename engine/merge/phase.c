/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/phase.h"

#include <time.h>

/* Of what is done in silence, that much is taken for granted. */
#define SILENT_MOST 0.95

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The phase's work has been done, whatever it has said of itself. */
static void phase_pass(struct ng_shard_progress *progress, uint64_t total, uint64_t work)
{
	atomic_fetch_add(&progress->changes, 1);
	atomic_fetch_add(&progress->work_before, atomic_load(&progress->work));
	atomic_store(&progress->work, work);
	atomic_store(&progress->silent, 0);
	atomic_store(&progress->done_bytes, 0);
	atomic_store(&progress->total_bytes, total);
	atomic_fetch_add(&progress->changes, 1);
}

void ng_shard_phase(struct ng_shard_progress *progress, enum ng_build_phase phase, uint64_t total,
		    uint64_t work)
{
	phase_pass(progress, total, work);
	atomic_store(&progress->phase, phase);
}

void ng_shard_phase_silent(struct ng_shard_progress *progress, uint64_t work, unsigned threads,
			   unsigned busy)
{
	atomic_store(&progress->silent_ns, work / threads);
	atomic_store(&progress->silent_cpu, work / threads * busy);
	atomic_store(&progress->since, now_ns(CLOCK_MONOTONIC));
	atomic_store(&progress->since_cpu, now_ns(CLOCK_PROCESS_CPUTIME_ID));
	atomic_store(&progress->silent, work);
}

static double share_since(clockid_t clock, const _Atomic uint64_t *since,
			  const _Atomic uint64_t *all)
{
	return (double)(now_ns(clock) - atomic_load(since)) /
	       (double)ng_max(atomic_load(all), 1ull);
}

/* What is expected to be done by now. CPU time doesn't pass where others have the processors, and
 * that of the process passes faster than this shard's where others are made beside it. */
static uint64_t silent_work(const struct ng_shard_progress *progress)
{
	uint64_t work = atomic_load(&progress->silent);
	double time, cpu;

	if (!work)
		return 0;
	time = share_since(CLOCK_MONOTONIC, &progress->since, &progress->silent_ns);
	cpu = share_since(CLOCK_PROCESS_CPUTIME_ID, &progress->since_cpu, &progress->silent_cpu);
	return (uint64_t)((double)work * ng_min(ng_min(time, cpu), SILENT_MOST));
}

void ng_shard_phase_end(struct ng_shard_progress *progress)
{
	phase_pass(progress, 0, 0);
}

uint64_t ng_shard_progress_work(const struct ng_shard_progress *progress)
{
	uint64_t changes, before, work, done, total, silent, told;

	/* Once more where a phase has begun meanwhile, which doesn't happen often. */
	do {
		changes = atomic_load(&progress->changes);
		before = atomic_load(&progress->work_before);
		work = atomic_load(&progress->work);
		done = atomic_load(&progress->done_bytes);
		total = atomic_load(&progress->total_bytes);
		silent = silent_work(progress);
	} while (changes % 2 || changes != atomic_load(&progress->changes));
	if (!total)
		return before;
	told = (uint64_t)((double)work * (double)ng_min(done, total) / (double)total);
	return before + ng_max(told, silent);
}
