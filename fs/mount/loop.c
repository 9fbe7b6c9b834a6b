/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>

#include "mount/loop.h"

/* Enough for the answers; address space may be limited. Sanitizers need more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_BYTES (8u << 20)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_BYTES (8u << 20)
#endif
#endif
#ifndef STACK_BYTES
#define STACK_BYTES (512u << 10)
#endif

/* Where there is no memory for a request, it is looked again so much later. */
#define NO_MEMORY_MS 10

/* When the loop ends, threads are woken so often, and so many times at most. */
#define WAKE_MS  20
#define WAKE_MAX 500u

struct worker {
	struct worker *next;
	struct loop *loop;
	pthread_t thread;
	struct fuse_buf buf; /* libfuse allocates it when it is first used */
};

struct loop {
	struct fuse_session *session;
	const struct ng_loop_options *options;
	pthread_mutex_t lock;
	pthread_cond_t left;            /* a thread has ended */
	struct worker *workers, *ended; /* the ended ones are to be joined */
	unsigned threads, idle;
	bool ending, complained;
	int error;
	int over_fd; /* an eventfd: the session is over */
};

static void ignore(int signal)
{
}

static int start_worker(struct loop *loop);

/* The next request, in worker->buf: its bytes; or 0 when the session is over. */
static int receive(struct worker *worker)
{
	struct loop *loop = worker->loop;

	while (!fuse_session_exited(loop->session)) {
		int r = fuse_session_receive_buf(loop->session, &worker->buf);

		if (r == -ENOMEM) {
			poll(NULL, 0, NO_MEMORY_MS);
		} else if (r < 0 && r != -EINTR && r != -EAGAIN) {
			pthread_mutex_lock(&loop->lock);
			loop->error = r;
			pthread_mutex_unlock(&loop->lock);
			fuse_session_exit(loop->session);
		} else if (r > 0) {
			return r;
		}
	}
	return 0;
}

/* This thread is about to be busy: another one has to read. */
static void become_busy(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->idle--;
	if (loop->idle == 0 && loop->threads < loop->options->threads_most && !loop->ending) {
		int r = start_worker(loop);

		if (r && !loop->complained)
			fuse_log(FUSE_LOG_WARNING,
				 "ngramfs: warning: no more than %u threads can be had, of %u: "
				 "%s\n",
				 loop->threads, loop->options->threads_most, strerror(-r));
		loop->complained |= r != 0;
	}
	pthread_mutex_unlock(&loop->lock);
}

/* False: there are enough others, and this thread is to end. */
static bool become_idle(struct loop *loop)
{
	bool stays;

	pthread_mutex_lock(&loop->lock);
	stays = loop->idle < loop->options->threads_idle;
	loop->idle++;
	pthread_mutex_unlock(&loop->lock);
	return stays;
}

/* Those that have ended are to be joined. With the lock held. */
static struct worker *take_ended(struct loop *loop)
{
	struct worker *ended = loop->ended;

	loop->ended = NULL;
	return ended;
}

static void join(struct worker *ended)
{
	while (ended) {
		struct worker *next = ended->next;

		pthread_join(ended->thread, NULL);
		free(ended->buf.mem);
		free(ended);
		ended = next;
	}
}

static void leave(struct worker *worker)
{
	struct loop *loop = worker->loop;
	struct worker **link = &loop->workers, *ended;
	static const uint64_t one = 1;
	ssize_t n;

	pthread_mutex_lock(&loop->lock);
	while (*link != worker)
		link = &(*link)->next;
	*link = worker->next;
	ended = take_ended(loop);
	worker->next = NULL;
	loop->ended = worker;
	loop->threads--;
	loop->idle--;
	if (fuse_session_exited(loop->session)) {
		n = write(loop->over_fd, &one, sizeof(one));
		(void)n; /* a counter that is full is as good */
	}
	pthread_cond_signal(&loop->left);
	pthread_mutex_unlock(&loop->lock);
	join(ended);
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct loop *loop = worker->loop;

	do {
		if (receive(worker) == 0)
			break;
		become_busy(loop);
		fuse_session_process_buf(loop->session, &worker->buf);
	} while (become_idle(loop));
	leave(worker);
	return NULL;
}

/* With the lock held. */
static int start_worker(struct loop *loop)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	sigset_t blocked, before;
	pthread_attr_t attr;
	int r;

	if (!worker)
		return -ENOMEM;
	worker->loop = loop;
	/* Of signals a worker takes only what wakes it, and its own failed accesses. */
	sigfillset(&blocked);
	sigdelset(&blocked, SIGUSR1);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGSEGV);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	r = pthread_create(&worker->thread, &attr, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (r) {
		free(worker);
		return -r;
	}
	worker->next = loop->workers;
	loop->workers = worker;
	loop->threads++;
	loop->idle++;
	return 0;
}

/* Wait until the session is over. Signals come through only while it waits, so that none is
 * missed. */
static void wait_for_end(struct loop *loop)
{
	struct pollfd over = {.fd = loop->over_fd, .events = POLLIN};
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	while (!fuse_session_exited(loop->session))
		ppoll(&over, 1, NULL, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Have all threads end: 0, or -EBUSY. */
static int end_workers(struct loop *loop)
{
	unsigned wakes = 0, left;

	pthread_mutex_lock(&loop->lock);
	loop->ending = true;
	while (loop->threads && wakes++ < WAKE_MAX) {
		struct timespec until;

		for (struct worker *worker = loop->workers; worker; worker = worker->next)
			pthread_kill(worker->thread, SIGUSR1);
		pthread_mutex_unlock(&loop->lock);
		loop->options->give_up(loop->options->userdata);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WAKE_MS * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&loop->lock);
		if (loop->threads)
			pthread_cond_timedwait(&loop->left, &loop->lock, &until);
	}
	left = loop->threads;
	pthread_mutex_unlock(&loop->lock);
	join(take_ended(loop));
	return left ? -EBUSY : 0;
}

int ng_loop_run(struct fuse_session *session, const struct ng_loop_options *options)
{
	/* Without SA_RESTART: a thread that reads from the kernel comes back. */
	struct sigaction action = {.sa_handler = ignore};
	struct loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->session = session;
	loop->options = options;
	loop->over_fd = eventfd(0, EFD_CLOEXEC);
	if (loop->over_fd < 0) {
		r = -errno;
		free(loop);
		return r;
	}
	pthread_mutex_init(&loop->lock, NULL);
	pthread_cond_init(&loop->left, NULL);
	sigaction(SIGUSR1, &action, NULL);
	pthread_mutex_lock(&loop->lock);
	r = start_worker(loop);
	pthread_mutex_unlock(&loop->lock);
	if (r == 0) {
		wait_for_end(loop);
		if (end_workers(loop))
			return -EBUSY; /* with all that the thread may be using */
		r = loop->error;
	}
	pthread_cond_destroy(&loop->left);
	pthread_mutex_destroy(&loop->lock);
	close(loop->over_fd);
	free(loop);
	return r;
}
