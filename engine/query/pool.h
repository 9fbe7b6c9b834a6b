/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that search shards side by side: as many as processors, and where they wait for storage
 * rather than compute, as many as it can be asked by. They start with the first query that can use
 * them, so that opening an index (and forking after it) starts none. */
#pragma once

#include "base/base.h"

struct ng_pool;

/* threads: the most that compute for one call, the caller among them; 0: as many as processors.
 * -ENOMEM. */
int ng_pool_new(unsigned threads, struct ng_pool **ret_pool);
struct ng_pool *ng_pool_free(struct ng_pool *pool);

/* The most that compute for one call. */
unsigned ng_pool_threads(const struct ng_pool *pool);

/* The most that wait for storage in one call, where more of them don't compute. */
#define NG_POOL_WAITERS 64u

/* Call body(userdata, i) for each i in [0, n), on the pool's threads and the caller's; when others
 * keep the pool busy, mostly on the caller's. waits: calls are expected to wait for storage more
 * than to compute. Returns 0 or the error of one call that failed; after an error, calls that
 * haven't begun aren't made. Thread-safe. */
int ng_pool_run(struct ng_pool *pool, bool waits, uint64_t n,
		int (*body)(void *userdata, uint64_t i), void *userdata);
