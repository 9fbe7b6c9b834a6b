/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a kernel that is played here, to a session of libfuse that is real: each is answered
 * once, by whoever has to. */
#define FUSE_USE_VERSION 312

#include "scratch.h"
#include "mount/call.h"

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sys/uio.h>

#include <setjmp.h>
#include <cmocka.h>

#define ANSWERS_MOST 4096u
#define NO_REPLY     1 /* an error is 0 or less */

/* What became of request number i of the kernel's. */
struct answer {
	unsigned replies;
	int err;
	bool begun, let_go, over, was_taken, cancelled;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fuse_session *session;
	struct ng_calls *calls;
	struct answer answers[ANSWERS_MOST];
	bool hold;      /* answers wait until they are let go */
	unsigned stale; /* interrupts that were given back, since what they are about is over */
} scene = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- the daemon's side ---- */

static void answer(struct ng_call *call)
{
	struct answer *a = &scene.answers[call->offset];

	pthread_mutex_lock(&scene.lock);
	a->begun = true;
	pthread_cond_broadcast(&scene.changed);
	while (scene.hold && !a->let_go)
		pthread_cond_wait(&scene.changed, &scene.lock);
	a->cancelled = atomic_load(&call->cancel);
	pthread_mutex_unlock(&scene.lock);
	sched_yield();
	a->was_taken = ng_call_take(call);
	if (a->was_taken)
		fuse_reply_err(call->req, ENOENT);
	pthread_mutex_lock(&scene.lock);
	a->over = true;
	pthread_cond_broadcast(&scene.changed);
	pthread_mutex_unlock(&scene.lock);
}

/* A name is the request's number, and what kind it is: e, it has an effect; l, it takes long. */
static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct ng_call *call = ng_call_new(scene.calls, req, NULL, name, strlen(name));
	char *kind = NULL;

	if (!call)
		return;
	call->answer = answer;
	call->offset = strtoull(call->data, &kind, 10);
	call->has_effect = strchr(kind, 'e') != NULL;
	call->job.lane = strchr(kind, 'l') ? NG_LANE_LONG : NG_LANE_SHORT;
	ng_call_submit(call);
}

/* ---- the kernel's side ---- */

static ssize_t receive_answer(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct fuse_out_header *head = iov[0].iov_base;
	ssize_t bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += (ssize_t)iov[i].iov_len;
	pthread_mutex_lock(&scene.lock);
	if (head->unique % 2 == 0) {
		struct answer *a = &scene.answers[head->unique / 2];

		a->replies++;
		a->err = head->error;
	} else {
		scene.stale++;
	}
	pthread_cond_broadcast(&scene.changed);
	pthread_mutex_unlock(&scene.lock);
	return bytes;
}

/* libfuse wants it to be there. Messages are handed on without it. */
static ssize_t receive_nothing(int fd, void *buf, size_t len, void *userdata)
{
	errno = ENODEV;
	return -1;
}

/* In this thread, as one of libfuse's would that has read it. Requests have even numbers, 2 i;
 * what interrupts them has odd ones, which nobody looks for. */
static void send_message(uint32_t opcode, uint64_t unique, const void *body, size_t len)
{
	struct {
		struct fuse_in_header head;
		char body[256];
	} message = {.head = {.len = (uint32_t)(sizeof(message.head) + len),
			      .opcode = opcode,
			      .unique = unique,
			      .nodeid = FUSE_ROOT_ID}};
	const struct fuse_buf buf = {.size = message.head.len, .mem = &message};

	assert_true(len <= sizeof(message.body));
	memcpy(message.body, body, len);
	fuse_session_process_buf(scene.session, &buf);
}

static void ask(unsigned i, const char *kind)
{
	char name[32];

	snprintf(name, sizeof(name), "%u%s", i, kind);
	send_message(FUSE_LOOKUP, 2 * (uint64_t)i, name, strlen(name) + 1);
}

static void interrupt(unsigned i)
{
	const struct fuse_interrupt_in in = {.unique = 2 * (uint64_t)i};

	send_message(FUSE_INTERRUPT, in.unique | 1, &in, sizeof(in));
}

struct asking {
	pthread_t thread;
	unsigned i;
	const char *kind;
};

static void *ask_thread(void *data)
{
	const struct asking *asking = data;

	ask(asking->i, asking->kind);
	return NULL;
}

/* Ask by a thread that stays with it, and wait until it is at work. */
static void begin(struct asking *asking, unsigned i, const char *kind)
{
	*asking = (struct asking){.i = i, .kind = kind};
	assert_int_equal(pthread_create(&asking->thread, NULL, ask_thread, asking), 0);
	pthread_mutex_lock(&scene.lock);
	while (!scene.answers[i].begun)
		pthread_cond_wait(&scene.changed, &scene.lock);
	pthread_mutex_unlock(&scene.lock);
}

static void let_go(unsigned i)
{
	pthread_mutex_lock(&scene.lock);
	scene.answers[i].let_go = true;
	pthread_cond_broadcast(&scene.changed);
	pthread_mutex_unlock(&scene.lock);
}

static void end(struct asking *asking)
{
	let_go(asking->i);
	pthread_join(asking->thread, NULL);
}

/* What it was answered by now, or NO_REPLY. */
static int answered(unsigned i)
{
	int err;

	pthread_mutex_lock(&scene.lock);
	err = scene.answers[i].replies ? scene.answers[i].err : NO_REPLY;
	pthread_mutex_unlock(&scene.lock);
	return err;
}

static void wait_answered(unsigned i)
{
	pthread_mutex_lock(&scene.lock);
	while (!scene.answers[i].replies)
		pthread_cond_wait(&scene.changed, &scene.lock);
	pthread_mutex_unlock(&scene.lock);
}

static void scene_open(unsigned long_at_once, size_t waiting_most, unsigned timeout_s)
{
	static const struct fuse_lowlevel_ops ops = {.lookup = lookup};
	static const struct fuse_custom_io io = {.writev = receive_answer, .read = receive_nothing};
	static char *argv[] = {(char *)"test_call", NULL};
	const struct fuse_init_in init = {.major = FUSE_KERNEL_VERSION,
					  .minor = FUSE_KERNEL_MINOR_VERSION,
					  .max_readahead = 4096};
	const struct ng_calls_limits limits = {
		.long_at_once = long_at_once, .waiting_most = waiting_most, .timeout_s = timeout_s};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	memset(scene.answers, 0, sizeof(scene.answers));
	scene.hold = true;
	assert_int_equal(ng_calls_new(&limits, &scene.calls), 0);
	scene.session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	assert_non_null(scene.session);
	fuse_opt_free_args(&args);
	assert_int_equal(fuse_session_custom_io(scene.session, &io, fd), 0);
	send_message(FUSE_INIT, 1, &init, sizeof(init));
}

/* libfuse keeps what interrupts nothing, and gives one back with each request. */
static void scene_close(void)
{
	unsigned stale;

	scene.hold = false;
	do {
		stale = scene.stale;
		ask(ANSWERS_MOST - 1, "");
	} while (scene.stale != stale);
	fuse_session_destroy(scene.session);
	ng_calls_free(scene.calls);
}

/* ---- tests ---- */

static void test_answered_once(void **state)
{
	struct asking a;

	scene_open(1, 10, 0);
	begin(&a, 1, "");
	assert_int_equal(answered(1), NO_REPLY);
	end(&a);
	assert_int_equal(answered(1), -ENOENT);
	interrupt(1); /* too late */
	scene.hold = false;
	ask(2, "l");
	assert_int_equal(answered(2), -ENOENT);
	assert_int_equal(scene.answers[1].replies, 1);
	assert_false(scene.answers[1].cancelled);
	scene_close();
}

/* Interrupted at work: the reader comes free at once, and what is found later is dropped. */
static void test_interrupted_at_work(void **state)
{
	struct asking a;

	scene_open(1, 10, 0);
	begin(&a, 1, "l");
	interrupt(1);
	assert_int_equal(answered(1), -EINTR);
	assert_false(scene.answers[1].over);
	end(&a);
	assert_true(scene.answers[1].cancelled);
	assert_false(scene.answers[1].was_taken);
	assert_int_equal(scene.answers[1].replies, 1);
	scene_close();
}

/* What has an effect and has begun says what came of it. */
static void test_effect_at_work(void **state)
{
	struct asking a;

	scene_open(1, 10, 0);
	begin(&a, 1, "el");
	interrupt(1);
	assert_int_equal(answered(1), NO_REPLY);
	end(&a);
	assert_true(scene.answers[1].cancelled);
	assert_int_equal(answered(1), -ENOENT);
	scene_close();
}

/* What waits and is interrupted is never begun, effect or not, and what waits behind it is. */
static void test_interrupted_waiting(void **state)
{
	struct asking a;

	scene_open(1, 10, 0);
	begin(&a, 1, "l");
	ask(2, "l");
	ask(3, "el");
	ask(4, "l");
	interrupt(3);
	interrupt(2);
	assert_int_equal(answered(2), -EINTR);
	assert_int_equal(answered(3), -EINTR);
	assert_int_equal(answered(4), NO_REPLY);
	let_go(4);
	end(&a);
	assert_int_equal(answered(1), -ENOENT);
	assert_int_equal(answered(4), -ENOENT);
	assert_false(scene.answers[2].begun || scene.answers[3].begun);
	scene_close();
}

/* The message may come before what it is about. */
static void test_interrupted_before(void **state)
{
	scene_open(1, 10, 0);
	interrupt(1);
	ask(1, "e");
	assert_int_equal(answered(1), -EINTR);
	assert_false(scene.answers[1].begun);
	scene_close();
}

static void test_too_many_wait(void **state)
{
	struct asking a;

	scene_open(1, 2, 0);
	begin(&a, 1, "l");
	ask(2, "l");
	ask(3, "el");
	ask(4, "l");
	assert_int_equal(answered(4), -EBUSY);
	assert_int_equal(answered(3), NO_REPLY);
	let_go(2);
	let_go(3);
	end(&a);
	assert_int_equal(answered(3), -ENOENT);
	assert_false(scene.answers[4].begun);
	scene_close();
}

static void *watch_thread(void *data)
{
	ng_calls_watch_time(scene.calls);
	return NULL;
}

/* The clock answers what waits and what is at work, but for what has an effect and has begun. */
static void test_time_is_up(void **state)
{
	struct asking a, b, c;
	pthread_t clock;

	scene_open(2, 10, 1);
	assert_int_equal(pthread_create(&clock, NULL, watch_thread, NULL), 0);
	begin(&a, 1, "l");
	begin(&b, 2, "el");
	ask(3, "l");
	ask(4, "el");
	wait_answered(4);
	assert_int_equal(answered(1), -ETIMEDOUT);
	assert_int_equal(answered(2), NO_REPLY);
	assert_int_equal(answered(3), -ETIMEDOUT);
	assert_int_equal(answered(4), -ETIMEDOUT);
	/* An interrupt comes too late for them. */
	interrupt(1);
	interrupt(3);
	end(&a);
	end(&b);
	assert_false(scene.answers[1].was_taken);
	assert_int_equal(answered(2), -ENOENT);
	assert_false(scene.answers[3].begun || scene.answers[4].begun);
	/* The clock goes on. */
	begin(&c, 5, "");
	wait_answered(5);
	assert_int_equal(answered(5), -ETIMEDOUT);
	end(&c);
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(scene.answers[i].replies, 1);
	ng_calls_stop(scene.calls);
	pthread_join(clock, NULL);
	scene_close();
}

/* The mount ends: what waits is told so, what is at work may come to its end. */
static void test_give_up(void **state)
{
	struct asking a, b;

	scene_open(1, 10, 0);
	begin(&a, 1, "l");
	begin(&b, 2, "e");
	ask(3, "l");
	ask(4, "el");
	ng_calls_give_up(scene.calls);
	assert_int_equal(answered(3), -ENODEV);
	assert_int_equal(answered(4), -ENODEV);
	assert_int_equal(answered(1), NO_REPLY);
	end(&a);
	end(&b);
	assert_true(scene.answers[1].cancelled && scene.answers[2].cancelled);
	assert_int_equal(answered(1), -ENOENT);
	assert_int_equal(answered(2), -ENOENT);
	assert_false(scene.answers[3].begun || scene.answers[4].begun);
	scene_close();
}

enum { CROWD = 4, EACH = 900 };

/* Threads each of which asks, and interrupts what it will ask next and what others are asking. */
struct crowd {
	pthread_t thread;
	unsigned first;
	atomic_uint asked;
	uint64_t rng;
	struct crowd *all;
};

static void *ask_and_interrupt(void *data)
{
	static const char *const kinds[] = {"", "e", "l", "el"};
	struct crowd *crowd = data;

	for (unsigned i = 0; i < EACH; i++) {
		const struct crowd *other = &crowd->all[scratch_random(&crowd->rng) % CROWD];
		unsigned at = atomic_load(&other->asked);

		if (scratch_random(&crowd->rng) % 8 == 0)
			interrupt(crowd->first + i);
		if (at < EACH)
			interrupt(other->first + at);
		ask(crowd->first + i, kinds[scratch_random(&crowd->rng) % 4]);
		atomic_fetch_add(&crowd->asked, 1);
	}
	return NULL;
}

/* Whatever comes in between, each request is answered, and once. */
static void test_crowd(void **state)
{
	struct crowd all[CROWD];
	unsigned found = 0, interrupted = 0;

	scene_open(1, 8, 0);
	scene.hold = false;
	for (unsigned i = 0; i < CROWD; i++)
		all[i] = (struct crowd){.first = 1 + i * EACH, .rng = i + 1, .all = all};
	for (unsigned i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&all[i].thread, NULL, ask_and_interrupt, &all[i]),
				 0);
	for (unsigned i = 0; i < CROWD; i++)
		pthread_join(all[i].thread, NULL);
	for (unsigned i = 1; i <= CROWD * EACH; i++) {
		const struct answer *a = &scene.answers[i];

		assert_int_equal(a->replies, 1);
		if (a->err != -EINTR && a->err != -EBUSY) {
			assert_int_equal(a->err, -ENOENT);
			assert_true(a->was_taken);
			found++;
		}
		interrupted += a->err == -EINTR;
	}
	assert_true(found > 100);
	assert_true(interrupted > 100);
	scene_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_once),
		cmocka_unit_test(test_interrupted_at_work),
		cmocka_unit_test(test_effect_at_work),
		cmocka_unit_test(test_interrupted_waiting),
		cmocka_unit_test(test_interrupted_before),
		cmocka_unit_test(test_too_many_wait),
		cmocka_unit_test(test_time_is_up),
		cmocka_unit_test(test_give_up),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
