/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define WAIT_NS   INT64_C(20000000)

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

int ng_lock(pthread_mutex_t *mutex, const ng_cancel *cancel)
{
	while (!ng_cancelled(cancel)) {
		int64_t until_ns = now_ns() + WAIT_NS;
		struct timespec until = {until_ns / SECOND_NS, until_ns % SECOND_NS};

		if (pthread_mutex_timedlock(mutex, &until) == 0)
			return 0;
	}
	return -EINTR;
}
