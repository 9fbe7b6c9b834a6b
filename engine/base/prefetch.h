/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are mapped but may not be in memory: an index larger than memory is the normal case.
 * Reading a byte that isn't there waits for the disk, some hundred times longer than anything that
 * is computed from it, and a processor's prefetch of it does nothing. So whoever knows several
 * places that will be read asks for all of them first, and the disk has them in flight together.
 * To ask is a system call, which costs more than a step in memory: it is done only once a read was
 * seen to wait. */
#pragma once

#include "base/base.h"

/* Read the byte at `at`, which nobody has asked for, and say whether that waited for the disk. In
 * memory it costs as much as reading a clock. A wrong yes costs time only: after a long read the
 * thread's major faults are looked at, which are of any read since that was done last, so that a
 * thread that merely had no processor meanwhile isn't taken for one that waited. */
bool ng_touch_waits(const void *at);

/* How often this thread has slept so far: to be asked before ng_touch_waited is. A system call. */
uint64_t ng_thread_sleeps(void);

/* The same of a byte that was asked for: it may be on its way, and waiting for that is no fault.
 * sleeps: what the thread had before. */
bool ng_touch_waited(const void *at, uint64_t sleeps);

/* Have the system begin to read the pages of [at, at + bytes), of a mapped file, and don't wait for
 * them. */
void ng_prefetch(const void *at, size_t bytes);

/* Whether one of a sequence of reads, one after the other, has waited for the disk: looked at after
 * 1, 2, 4, 8 reads and so on, until one has, so that looking costs nothing. All zero before the
 * first. */
struct ng_prefetch_pace {
	uint64_t since_ns;
	unsigned reads, look; /* since then; after which to look */
	bool cold;
};

void ng_prefetch_pace_look(struct ng_prefetch_pace *pace);

/* One more read is about to be made. */
static inline void ng_prefetch_pace_read(struct ng_prefetch_pace *pace)
{
	if (pace->reads++ == pace->look && !pace->cold)
		ng_prefetch_pace_look(pace);
}
