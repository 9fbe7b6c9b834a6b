/* SPDX-License-Identifier: Apache-2.0 */
/* One loop, many threads. */
#pragma once

#include "base/base.h"

/* Number of processors that this process may use, at least 1. */
unsigned ng_processors(void);

/* Call body(userdata, i) for each i in [0, n), on up to `threads` threads, the caller's among
 * them; every call is made unless one fails. Returns 0, or the error of the lowest i that failed
 * of those that ran. Where threads can't be started, fewer do the work. */
int ng_parallel(uint64_t n, unsigned threads, int (*body)(void *userdata, uint64_t i),
		void *userdata);
