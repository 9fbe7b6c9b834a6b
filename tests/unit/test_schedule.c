/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/schedule.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A job that a test holds at work until it lets it go. */
struct held {
	struct ng_job job;
	struct scene *scene;
	bool let_go, begun, done, freed;
	unsigned at; /* in which order it began */
	pthread_t thread;
	int submitted;
};

struct scene {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct ng_schedule *schedule;
	unsigned begun;
};

static void job_run(struct ng_job *job)
{
	struct held *held = (struct held *)job;
	struct scene *scene = held->scene;

	pthread_mutex_lock(&scene->lock);
	held->begun = true;
	held->at = scene->begun++;
	pthread_cond_broadcast(&scene->changed);
	while (!held->let_go)
		pthread_cond_wait(&scene->changed, &scene->lock);
	held->done = true;
	pthread_cond_broadcast(&scene->changed);
	pthread_mutex_unlock(&scene->lock);
}

static void job_free(struct ng_job *job)
{
	struct held *held = (struct held *)job;
	struct scene *scene = held->scene;

	pthread_mutex_lock(&scene->lock);
	held->freed = true;
	pthread_cond_broadcast(&scene->changed);
	pthread_mutex_unlock(&scene->lock);
}

static void scene_open(struct scene *scene, unsigned shorts, unsigned longs, size_t waiting_most)
{
	const unsigned at_once[NG_LANES] = {[NG_LANE_SHORT] = shorts, [NG_LANE_LONG] = longs};

	*scene = (struct scene){0};
	pthread_mutex_init(&scene->lock, NULL);
	pthread_cond_init(&scene->changed, NULL);
	assert_int_equal(ng_schedule_new(at_once, waiting_most, &scene->schedule), 0);
}

static void scene_close(struct scene *scene)
{
	struct ng_schedule_stats stats;

	ng_schedule_stats(scene->schedule, &stats);
	assert_int_equal(stats.waiting, 0);
	for (unsigned lane = 0; lane < NG_LANES; lane++)
		assert_int_equal(stats.running[lane], 0);
	ng_schedule_free(scene->schedule);
	pthread_cond_destroy(&scene->changed);
	pthread_mutex_destroy(&scene->lock);
}

static void *submit_thread(void *data)
{
	struct held *held = data;

	held->submitted = ng_schedule_submit(held->scene->schedule, &held->job);
	return NULL;
}

static void held_init(struct scene *scene, struct held *held, enum ng_lane lane, uint64_t key)
{
	*held = (struct held){
		.job = {.run = job_run, .free = job_free, .lane = lane, .key = key},
		.scene = scene,
	};
}

/* Submit from a thread of its own, and wait until it has begun. */
static void held_start(struct scene *scene, struct held *held, enum ng_lane lane, uint64_t key)
{
	held_init(scene, held, lane, key);
	assert_int_equal(pthread_create(&held->thread, NULL, submit_thread, held), 0);
	pthread_mutex_lock(&scene->lock);
	while (!held->begun)
		pthread_cond_wait(&scene->changed, &scene->lock);
	pthread_mutex_unlock(&scene->lock);
}

/* Submit what has to wait: it comes back at once. */
static void held_queue(struct scene *scene, struct held *held, enum ng_lane lane, uint64_t key)
{
	held_init(scene, held, lane, key);
	held->let_go = true;
	assert_int_equal(ng_schedule_submit(scene->schedule, &held->job), 0);
	assert_false(held->begun);
}

static void let_go(struct scene *scene, struct held *held)
{
	pthread_mutex_lock(&scene->lock);
	held->let_go = true;
	pthread_cond_broadcast(&scene->changed);
	pthread_mutex_unlock(&scene->lock);
	pthread_join(held->thread, NULL);
	assert_int_equal(held->submitted, 0);
	assert_true(held->freed);
}

static void test_lanes(void **state)
{
	struct scene scene;
	struct held busy[2], waits[3], other;

	scene_open(&scene, 1, 2, 100);
	held_start(&scene, &busy[0], NG_LANE_LONG, 0);
	held_start(&scene, &busy[1], NG_LANE_LONG, 0);
	for (size_t i = 0; i < ng_array_size(waits); i++)
		held_queue(&scene, &waits[i], NG_LANE_LONG, 0);
	/* The other lane has its own. */
	held_start(&scene, &other, NG_LANE_SHORT, 0);
	let_go(&scene, &other);
	assert_false(waits[0].begun);
	/* Whoever is done takes what waits, in order. */
	let_go(&scene, &busy[1]);
	for (size_t i = 0; i < ng_array_size(waits); i++) {
		assert_true(waits[i].freed);
		assert_int_equal(waits[i].at, 3 + i);
	}
	let_go(&scene, &busy[0]);
	scene_close(&scene);
}

static void test_keys(void **state)
{
	struct scene scene;
	struct held first, followers[80], other, unlike;

	scene_open(&scene, 8, 2, 100);
	held_start(&scene, &first, NG_LANE_LONG, 7);
	for (size_t i = 0; i < ng_array_size(followers); i++)
		held_queue(&scene, &followers[i], NG_LANE_LONG, 7);
	/* They take no thread: the lane has one yet, for any other key, also one of the same hash.
	 */
	held_start(&scene, &other, NG_LANE_LONG, 8);
	let_go(&scene, &other);
	for (uint64_t key = 1000; key < 1600; key++) {
		held_start(&scene, &unlike, NG_LANE_LONG, key);
		let_go(&scene, &unlike);
	}
	assert_false(followers[0].begun);
	let_go(&scene, &first);
	for (size_t i = 0; i < ng_array_size(followers); i++) {
		assert_true(followers[i].freed);
		assert_int_equal(followers[i].at, 602 + i);
	}
	scene_close(&scene);
}

/* One key doesn't keep the only thread of a lane while another one waits. */
static void test_fair(void **state)
{
	struct scene scene;
	struct held first, again[2], other;

	scene_open(&scene, 1, 1, 100);
	held_start(&scene, &first, NG_LANE_LONG, 7);
	held_queue(&scene, &again[0], NG_LANE_LONG, 7);
	held_queue(&scene, &again[1], NG_LANE_LONG, 7);
	held_queue(&scene, &other, NG_LANE_LONG, 9);
	let_go(&scene, &first);
	assert_int_equal(other.at, 1);
	assert_int_equal(again[0].at, 2);
	assert_int_equal(again[1].at, 3);
	scene_close(&scene);
}

static void test_remove(void **state)
{
	struct scene scene;
	struct held busy, a, b, c, d, fresh;

	scene_open(&scene, 1, 1, 100);
	held_init(&scene, &fresh, NG_LANE_LONG, 0);
	assert_false(ng_schedule_remove(scene.schedule, &fresh.job));
	held_start(&scene, &busy, NG_LANE_LONG, 0);
	held_queue(&scene, &a, NG_LANE_LONG, 5); /* leads, and waits for a thread */
	held_queue(&scene, &b, NG_LANE_LONG, 5);
	held_queue(&scene, &c, NG_LANE_LONG, 5);
	held_queue(&scene, &d, NG_LANE_LONG, 0);
	assert_false(ng_schedule_remove(scene.schedule, &busy.job));
	/* b takes a's place in the line, with c behind it. */
	assert_true(ng_schedule_remove(scene.schedule, &a.job));
	assert_false(ng_schedule_remove(scene.schedule, &a.job));
	let_go(&scene, &busy);
	assert_false(a.begun);
	assert_int_equal(b.at, 1);
	assert_int_equal(d.at, 2);
	assert_int_equal(c.at, 3);

	held_start(&scene, &busy, NG_LANE_LONG, 5);
	held_queue(&scene, &a, NG_LANE_LONG, 5);
	held_queue(&scene, &b, NG_LANE_LONG, 5);
	assert_true(ng_schedule_remove(scene.schedule, &b.job));
	assert_true(ng_schedule_remove(scene.schedule, &a.job));
	let_go(&scene, &busy);
	assert_false(a.begun || b.begun);
	/* Nothing of the key is left. */
	held_start(&scene, &busy, NG_LANE_LONG, 5);
	let_go(&scene, &busy);
	scene_close(&scene);
}

static void test_limit(void **state)
{
	struct scene scene;
	struct held busy, waits[2], refused;

	scene_open(&scene, 1, 1, 2);
	held_start(&scene, &busy, NG_LANE_LONG, 3);
	held_queue(&scene, &waits[0], NG_LANE_LONG, 0);
	held_queue(&scene, &waits[1], NG_LANE_LONG, 3);
	for (uint64_t key = 0; key < 5; key++) {
		held_init(&scene, &refused, NG_LANE_LONG, key);
		assert_int_equal(ng_schedule_submit(scene.schedule, &refused.job), -EBUSY);
		assert_false(refused.begun || refused.freed);
	}
	let_go(&scene, &busy);
	assert_true(waits[0].freed && waits[1].freed);
	/* What was refused has left nothing behind. */
	held_start(&scene, &busy, NG_LANE_LONG, 4);
	let_go(&scene, &busy);
	scene_close(&scene);
}

/* Many threads, few keys, jobs taken back at random: each is run or taken back once, and no two of
 * one key at a time. */
#define STORM_THREADS 8u
#define STORM_JOBS    2000u
#define STORM_KEYS    5u

struct drop {
	struct ng_job job;
	struct storm *storm;
	atomic_uint runs, frees;
};

struct storm {
	struct ng_schedule *schedule;
	atomic_uint inside[STORM_KEYS], overlaps, longs, most_longs;
	struct drop *drops; /* [STORM_THREADS * STORM_JOBS] */
	atomic_uint taken_back;
};

static void drop_run(struct ng_job *job)
{
	struct drop *drop = (struct drop *)job;
	struct storm *storm = drop->storm;

	if (atomic_fetch_add(&storm->longs, 1) >= 3)
		atomic_fetch_add(&storm->most_longs, 1);
	if (job->key && atomic_fetch_add(&storm->inside[job->key], 1) > 0)
		atomic_fetch_add(&storm->overlaps, 1);
	atomic_fetch_add(&drop->runs, 1);
	if (job->key)
		atomic_fetch_sub(&storm->inside[job->key], 1);
	atomic_fetch_sub(&storm->longs, 1);
}

static void drop_free(struct ng_job *job)
{
	atomic_fetch_add(&((struct drop *)job)->frees, 1);
}

struct storm_thread {
	struct storm *storm;
	unsigned number;
};

static void *storm_thread(void *data)
{
	const struct storm_thread *thread = data;
	struct storm *storm = thread->storm;
	unsigned seed = thread->number;

	for (unsigned i = 0; i < STORM_JOBS; i++) {
		struct drop *drop = &storm->drops[thread->number * STORM_JOBS + i];

		drop->storm = storm;
		drop->job = (struct ng_job){
			.run = drop_run,
			.free = drop_free,
			.lane = NG_LANE_LONG,
			.key = (uint64_t)rand_r(&seed) % STORM_KEYS,
		};
		assert_int_equal(ng_schedule_submit(storm->schedule, &drop->job), 0);
		if (rand_r(&seed) % 2 && ng_schedule_remove(storm->schedule, &drop->job))
			atomic_fetch_add(&storm->taken_back, 1);
	}
	return NULL;
}

static void test_storm(void **state)
{
	const unsigned at_once[NG_LANES] = {[NG_LANE_LONG] = 3};
	struct storm_thread numbered[STORM_THREADS];
	pthread_t threads[STORM_THREADS];
	struct storm storm = {0};
	unsigned runs = 0;

	storm.drops = calloc(STORM_THREADS * STORM_JOBS, sizeof(*storm.drops));
	assert_non_null(storm.drops);
	assert_int_equal(ng_schedule_new(at_once, SIZE_MAX, &storm.schedule), 0);
	for (unsigned t = 0; t < STORM_THREADS; t++) {
		numbered[t] = (struct storm_thread){&storm, t};
		assert_int_equal(pthread_create(&threads[t], NULL, storm_thread, &numbered[t]), 0);
	}
	for (unsigned t = 0; t < STORM_THREADS; t++)
		pthread_join(threads[t], NULL);
	for (unsigned i = 0; i < STORM_THREADS * STORM_JOBS; i++) {
		assert_true(storm.drops[i].runs <= 1);
		assert_int_equal(storm.drops[i].runs, storm.drops[i].frees);
		runs += storm.drops[i].runs;
	}
	assert_int_equal(runs + storm.taken_back, STORM_THREADS * STORM_JOBS);
	assert_int_equal(storm.overlaps, 0);
	assert_int_equal(storm.most_longs, 0);
	ng_schedule_free(storm.schedule);
	free(storm.drops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lanes), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_fair),  cmocka_unit_test(test_remove),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
