/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include "mount/daemon.h"
#include "mount/loop.h"
#include "mount/notify.h"
#include "mount/sandbox.h"
#include "mount/service.h"
#include "mount/watch.h"

/* Threads that only read, beside those that answer: so many, because a message that cancels a
 * question must not wait for one. And threads that stay when there is nothing to do. */
#define READERS      16u
#define WORKERS_IDLE 10u

/* Beside the loop. */
struct helpers {
	struct ng_service *service;
	struct ng_preloading *preloading;
	pthread_t threads[4];
	size_t n;
	atomic_bool ending;
};

static sigset_t only_hangup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	return set;
}

static void ignore(int signal)
{
}

void ng_service_block_signals(void)
{
	sigset_t hangup = only_hangup();
	/* Never called, but neither SIG_IGN, which may drop the signal, nor SIG_DFL, which libfuse
	 * would take as leave to end the daemon by it. */
	struct sigaction action = {.sa_handler = ignore};

	pthread_sigmask(SIG_BLOCK, &hangup, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void *run_probe(void *data)
{
	struct helpers *helpers = data;
	struct ng_service *service = helpers->service;
	unsigned name_max;

	if (ng_daemon_probe(service->mountpoint, &name_max) < 0)
		return NULL;
	atomic_store(&service->mount->name_max, name_max);
	if (service->ready_fd >= 0)
		ng_daemon_ready(ng_steal_fd(&service->ready_fd));
	return NULL;
}

static void *run_evict(void *data)
{
	struct helpers *helpers = data;

	ng_notify_evict(helpers->service->session, helpers->service->mount);
	return NULL;
}

static void *run_clock(void *data)
{
	struct helpers *helpers = data;

	ng_calls_watch_time(helpers->service->mount->calls);
	return NULL;
}

static void say(void *userdata, const char *path, const char *line)
{
	fuse_log(FUSE_LOG_INFO, "ngramfs: %s: %s\n", path, line);
}

static int start_preloading(struct helpers *helpers)
{
	struct ng_service *service = helpers->service;
	struct ng_preloading_options options = service->preloading;

	options.say = say;
	return ng_preloading_start(ng_tree_indexes(service->mount->tree), &options,
				   &helpers->preloading);
}

static void reload(struct helpers *helpers)
{
	struct ng_service *service = helpers->service;
	struct ng_error err = {""};
	uint64_t docs, bytes;
	int r = ng_notify_reload(service->session, service->mount, &err);

	if (r < 0) {
		fuse_log(FUSE_LOG_ERR,
			 "ngramfs: %s: error: cannot open again: %s; the mount stays as it is\n",
			 service->mountpoint, err.text[0] ? err.text : strerror(-r));
		return;
	}
	ng_tree_totals(service->mount->tree, &docs, &bytes);
	fuse_log(FUSE_LOG_INFO, "ngramfs: %s: opened again: %d changed; %llu documents now\n",
		 service->mountpoint, r, (unsigned long long)docs);
	ng_preloading_again(helpers->preloading);
}

/* Signals that come meanwhile are one when it looks again. */
static void *run_reload(void *data)
{
	struct helpers *helpers = data;
	sigset_t hangup = only_hangup();
	int signal;

	while (sigwait(&hangup, &signal) == 0 && !atomic_load(&helpers->ending))
		reload(helpers);
	return NULL;
}

/* Signals are for the main thread, which waits in the loop. */
static int start_thread(struct helpers *helpers, void *(*run)(void *))
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&helpers->threads[helpers->n], NULL, run, helpers);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	helpers->n += r == 0;
	return -r;
}

/* watch_fd is -1 where there is no such process. */
static int enter_sandbox(const struct ng_service *service, int watch_fd,
			 struct ng_sandbox *ret_sandbox)
{
	const struct ng_sandbox_options options = {.temporary = ng_disk_directory(),
						   .unmounts = watch_fd < 0};
	struct ng_sandbox sandbox = {0};
	int r = service->no_sandbox ? 0 : ng_sandbox_enter(&options, &sandbox);

	if (r)
		fuse_log(FUSE_LOG_ERR,
			 "ngramfs: %s: error: cannot give up rights: %s; mount it with -o "
			 "nosandbox\n",
			 service->mountpoint, strerror(-r));
	else if (service->debug)
		fuse_log(FUSE_LOG_DEBUG,
			 "ngramfs: %s: in force: no_new_privs %s, capabilities dropped %s, "
			 "seccomp %s, landlock %s\n",
			 service->mountpoint, sandbox.no_new_privs ? "yes" : "no",
			 sandbox.capabilities ? "yes" : "no", sandbox.seccomp ? "yes" : "no",
			 sandbox.landlock ? "yes" : "no");
	*ret_sandbox = sandbox;
	return r;
}

static bool is_mounted(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 0 || !(p.revents & POLLERR);
}

/* Unmount, unless somebody has, and let go of the connection; watch_fd: the other process is to do
 * it, or -1. A probe that was not answered is let go by this, too. */
static void unmount(const struct ng_service *service, int watch_fd)
{
	int fd = fuse_session_fd(service->session), null_fd, r;

	if (watch_fd < 0 || !is_mounted(fd)) {
		fuse_session_unmount(service->session);
		return;
	}
	r = ng_watch_unmount(watch_fd);
	if (r < 0 && is_mounted(fd))
		fuse_log(FUSE_LOG_ERR, "ngramfs: %s: error: cannot unmount: %s\n",
			 service->mountpoint, strerror(-r));
	/* libfuse closes its number, whatever it stands for. */
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0 && dup3(null_fd, fd, O_CLOEXEC) >= 0)
		close(null_fd);
	else
		fuse_session_unmount(service->session);
}

static void give_up(void *userdata)
{
	ng_calls_give_up(userdata);
}

static int loop(const struct ng_service *service)
{
	const struct ng_loop_options options = {
		.threads_most = NG_CALLS_SHORT_AT_ONCE + NG_CALLS_MEDIUM_AT_ONCE +
				service->long_at_once + READERS,
		.threads_idle = WORKERS_IDLE,
		.give_up = give_up,
		.userdata = service->mount->calls,
	};

	if (service->single)
		return fuse_session_loop(service->session);
	return ng_loop_run(service->session, &options);
}

int ng_service_run(struct ng_service *service)
{
	struct helpers helpers = {.service = service};
	struct ng_sandbox sandbox = {0};
	int watch_fd = -1;
	int r = ng_watch_start(service->argv, service->mountpoint, &watch_fd);

	if (r == 0)
		ng_watch_mount(watch_fd, service->mountpoint);
	else
		fuse_log(FUSE_LOG_WARNING,
			 "ngramfs: %s: warning: nothing frees its readers if it is killed: %s\n",
			 service->mountpoint, strerror(-r));
	r = enter_sandbox(service, watch_fd, &sandbox);
	if (r == 0)
		r = start_preloading(&helpers);
	if (r == 0)
		r = start_thread(&helpers, run_reload);
	if (r == 0)
		r = start_thread(&helpers, run_evict);
	if (r == 0)
		r = start_thread(&helpers, run_clock);
	if (r == 0)
		r = start_thread(&helpers, run_probe);
	if (r == 0)
		r = loop(service);
	unmount(service, sandbox.capabilities ? watch_fd : -1);
	if (r == -EBUSY) {
		fuse_log(FUSE_LOG_WARNING,
			 "ngramfs: %s: warning: a question still waits for the index's storage; it "
			 "is given up\n",
			 service->mountpoint);
		if (watch_fd >= 0)
			ng_watch_stop(watch_fd);
		_exit(EXIT_SUCCESS);
	}
	ng_nodes_stop(ng_tree_nodes(service->mount->tree));
	ng_calls_stop(service->mount->calls);
	atomic_store(&helpers.ending, true);
	if (helpers.n)
		pthread_kill(helpers.threads[0], SIGHUP);
	for (size_t i = 0; i < helpers.n; i++)
		pthread_join(helpers.threads[i], NULL);
	if (watch_fd >= 0)
		ng_watch_stop(watch_fd);
	if (helpers.preloading && !ng_preloading_stop(helpers.preloading)) {
		fuse_log(FUSE_LOG_NOTICE,
			 "ngramfs: %s: the storage of an index doesn't answer; its preloading is "
			 "given up\n",
			 service->mountpoint);
		_exit(EXIT_SUCCESS);
	}
	/* The number of the signal that ended it, if one did, is no failure. */
	return ng_min(r, 0);
}
