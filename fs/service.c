#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>

#include "daemon.h"
#include "service.h"
#include "watch.h"

/* Requests at work at once, and threads that stay when there are fewer. So many, because one that
 * reads from a slow disk must not keep others, nor the message that cancels it, waiting. */
#define WORKERS_MAX  64u
#define WORKERS_IDLE 10u

/* Beside the loop. */
struct helpers {
	struct ng_service *service;
	struct ng_preloading *preloading;
	pthread_t threads[3];
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

	ng_ops_evict(helpers->service->session, helpers->service->mount);
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
	int r = ng_ops_reload(service->session, service->mount, &err);

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

static int loop(const struct ng_service *service)
{
	struct fuse_loop_config *config;
	int r;

	if (service->single)
		return fuse_session_loop(service->session);
	config = fuse_loop_cfg_create();
	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_max_threads(config, WORKERS_MAX);
	fuse_loop_cfg_set_idle_threads(config, WORKERS_IDLE);
	r = fuse_session_loop_mt(service->session, config);
	fuse_loop_cfg_destroy(config);
	return r;
}

int ng_service_run(struct ng_service *service)
{
	struct helpers helpers = {.service = service};
	int watch_fd = -1;
	int r = ng_watch_start(service->argv, &watch_fd);

	if (r == 0)
		ng_watch_mount(watch_fd, service->mountpoint);
	else
		fuse_log(FUSE_LOG_WARNING,
			 "ngramfs: %s: warning: nothing frees its readers if it is killed: %s\n",
			 service->mountpoint, strerror(-r));
	r = start_preloading(&helpers);
	if (r == 0)
		r = start_thread(&helpers, run_reload);
	if (r == 0)
		r = start_thread(&helpers, run_evict);
	if (r == 0)
		r = start_thread(&helpers, run_probe);
	if (r == 0)
		r = loop(service);
	/* A probe that was not answered is let go by this. */
	fuse_session_unmount(service->session);
	ng_nodes_stop(ng_tree_nodes(service->mount->tree));
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
