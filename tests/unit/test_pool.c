/* SPDX-License-Identifier: Apache-2.0 */
#include "query/pool.h"
#include "scratch.h"

#include <pthread.h>
#include <setjmp.h>
#include <cmocka.h>

#define N_MAX 500u

struct calls {
	_Atomic unsigned made[N_MAX];
	uint64_t fails_at;
	_Atomic unsigned inside, most;
	useconds_t us; /* a call takes */
};

static int body(void *userdata, uint64_t i)
{
	struct calls *calls = userdata;
	unsigned inside = atomic_fetch_add(&calls->inside, 1) + 1;
	unsigned most = atomic_load(&calls->most);

	while (most < inside && !atomic_compare_exchange_weak(&calls->most, &most, inside))
		continue;
	atomic_fetch_add(&calls->made[i], 1);
	if (calls->us)
		usleep(calls->us);
	atomic_fetch_sub(&calls->inside, 1);
	return i == calls->fails_at ? -EDOM : 0;
}

static void check_run(struct ng_pool *pool, uint64_t n)
{
	struct calls calls = {.fails_at = UINT64_MAX};

	assert_int_equal(ng_pool_run(pool, false, n, body, &calls), 0);
	for (uint64_t i = 0; i < N_MAX; i++)
		assert_int_equal(calls.made[i], i < n);
}

static void test_all(void **state)
{
	static const unsigned threads[] = {0, 1, 2, 7, 100000};
	struct ng_pool *pool;

	for (size_t k = 0; k < ng_array_size(threads); k++) {
		assert_int_equal(ng_pool_new(threads[k], &pool), 0);
		for (uint64_t n = 0; n < 20; n++)
			check_run(pool, n);
		check_run(pool, N_MAX);
		assert_null(ng_pool_free(pool));
		/* One that was never used. */
		assert_int_equal(ng_pool_new(threads[k], &pool), 0);
		ng_pool_free(pool);
	}
	assert_null(ng_pool_free(NULL));
}

static void test_errors(void **state)
{
	for (unsigned threads = 1; threads < 5; threads++) {
		struct ng_pool *pool;

		assert_int_equal(ng_pool_new(threads, &pool), 0);
		for (unsigned round = 0; round < 50; round++) {
			struct calls calls = {.fails_at = round * 7 % N_MAX};
			unsigned made = 0;

			assert_int_equal(ng_pool_run(pool, false, N_MAX, body, &calls), -EDOM);
			for (uint64_t i = 0; i < N_MAX; i++) {
				assert_true(calls.made[i] <= 1);
				made += calls.made[i];
			}
			assert_int_equal(calls.inside, 0);
			if (threads == 1)
				assert_int_equal(made, calls.fails_at + 1);
			/* The pool has forgotten the error. */
			check_run(pool, 10);
		}
		ng_pool_free(pool);
	}
}

/* Sleeping calls overlap, but no more of them than there may be threads. */
static void test_width(void **state)
{
	struct calls calls = {.fails_at = UINT64_MAX, .us = 2000};
	struct ng_pool *pool;

	assert_int_equal(ng_pool_new(4, &pool), 0);
	assert_int_equal(ng_pool_run(pool, false, 100, body, &calls), 0);
	assert_in_range(calls.most, 2, 4);
	ng_pool_free(pool);
}

static void *run_many(void *pool)
{
	for (unsigned round = 0; round < 200; round++) {
		struct calls calls = {.fails_at = round % 3 ? UINT64_MAX : 5};
		uint64_t n = round % 40 + 6;
		int want = round % 3 ? 0 : -EDOM;

		if (ng_pool_run(pool, false, n, body, &calls) != want)
			return pool;
		for (uint64_t i = 0; i < N_MAX; i++)
			if (calls.made[i] > (i < n) || (want == 0 && i < n && !calls.made[i]))
				return pool;
	}
	return NULL;
}

/* Callers side by side don't get each other's calls or errors. */
static void test_callers(void **state)
{
	struct ng_pool *pool;
	pthread_t callers[6];
	void *failed;

	assert_int_equal(ng_pool_new(3, &pool), 0);
	for (size_t i = 0; i < ng_array_size(callers); i++)
		assert_int_equal(pthread_create(&callers[i], NULL, run_many, pool), 0);
	for (size_t i = 0; i < ng_array_size(callers); i++) {
		assert_int_equal(pthread_join(callers[i], &failed), 0);
		assert_null(failed);
	}
	ng_pool_free(pool);
}

struct nested {
	struct ng_pool *pool;
	_Atomic unsigned made;
};

static int inner(void *userdata, uint64_t i)
{
	atomic_fetch_add(&((struct nested *)userdata)->made, 1);
	return 0;
}

static int outer(void *userdata, uint64_t i)
{
	return ng_pool_run(((struct nested *)userdata)->pool, false, 20, inner, userdata);
}

/* A call that uses the pool itself can't lock it up. */
static void test_nested(void **state)
{
	struct nested nested = {0};

	assert_int_equal(ng_pool_new(2, &nested.pool), 0);
	assert_int_equal(ng_pool_run(nested.pool, false, 20, outer, &nested), 0);
	assert_int_equal(nested.made, 400);
	ng_pool_free(nested.pool);
}

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t met;
	unsigned here, wanted;
	bool timed_out;
};

/* Each call waits until as many are inside as shall be: no time of its own. */
static int meet(void *userdata, uint64_t i)
{
	struct meeting *m = userdata;
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 120;
	pthread_mutex_lock(&m->lock);
	if (++m->here == m->wanted)
		pthread_cond_broadcast(&m->met);
	while (m->here < m->wanted && !m->timed_out)
		m->timed_out = pthread_cond_timedwait(&m->met, &m->lock, &end) != 0;
	pthread_mutex_unlock(&m->lock);
	return 0;
}

/* Calls that wait for storage do so together, however many threads may compute; and afterwards no
 * more than those compute. */
static void test_waiting(void **state)
{
	struct meeting m = {.lock = PTHREAD_MUTEX_INITIALIZER,
			    .met = PTHREAD_COND_INITIALIZER,
			    .wanted = NG_POOL_WAITERS};
	struct calls calls = {.fails_at = UINT64_MAX, .us = 100};
	struct ng_pool *pool = NULL;

	assert_int_equal(ng_pool_new(1, &pool), 0);
	assert_int_equal(ng_pool_run(pool, true, NG_POOL_WAITERS, meet, &m), 0);
	assert_false(m.timed_out);
	assert_int_equal(ng_pool_run(pool, false, N_MAX, body, &calls), 0);
	assert_int_equal(calls.most, 1);
	ng_pool_free(pool);
	assert_int_equal(ng_pool_new(3, &pool), 0);
	m.here = 0;
	assert_int_equal(ng_pool_run(pool, true, NG_POOL_WAITERS, meet, &m), 0);
	calls = (struct calls){.fails_at = UINT64_MAX, .us = 100};
	assert_int_equal(ng_pool_run(pool, false, N_MAX, body, &calls), 0);
	assert_in_range(calls.most, 1, 3);
	ng_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),    cmocka_unit_test(test_errors),
		cmocka_unit_test(test_width),  cmocka_unit_test(test_callers),
		cmocka_unit_test(test_nested), cmocka_unit_test(test_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
