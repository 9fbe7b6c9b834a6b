/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prefetch.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

/* A read from memory takes below a microsecond, from the fastest of disks over ten. */
#define WAIT_NS 8000u

/* What the system begins to read for one call at most, on a filesystem that doesn't know how much
 * its device takes at once, as one over a network: its readahead of 128 KiB. The rest of a longer
 * call is passed over without a word. */
#define CALL_BYTES (128u << 10)

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct rusage thread_usage(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_THREAD, &usage);
	return usage;
}

/* Whether this thread had a major fault since that was asked last. */
static bool has_faulted(void)
{
	static _Thread_local long faults;
	long before = faults;

	faults = thread_usage().ru_majflt;
	return faults != before;
}

static bool is_slow(const void *at)
{
	uint64_t begin = now_ns();

	(void)*(const volatile uint8_t *)at;
	return now_ns() - begin > WAIT_NS;
}

bool ng_touch_waits(const void *at)
{
	return is_slow(at) && has_faulted();
}

uint64_t ng_thread_sleeps(void)
{
	return (uint64_t)thread_usage().ru_nvcsw;
}

bool ng_touch_waited(const void *at, uint64_t sleeps)
{
	return is_slow(at) && ng_thread_sleeps() != sleeps;
}

void ng_prefetch(const void *at, size_t bytes)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)at / page_bytes * page_bytes, end = (uintptr_t)at + bytes;

	/* It is advice: where it can't be taken, reading does what it always does. */
	for (; begin < end; begin += CALL_BYTES)
		madvise((void *)begin, ng_min(end - begin, (uintptr_t)CALL_BYTES), MADV_WILLNEED);
}

void ng_prefetch_pace_look(struct ng_prefetch_pace *pace)
{
	uint64_t now = now_ns(), reads = pace->reads - 1;

	if (pace->since_ns && now - pace->since_ns > reads * WAIT_NS && has_faulted())
		pace->cold = true;
	pace->since_ns = now;
	pace->look = pace->look ? 2 * pace->look : 1;
	pace->reads = 1;
}
