/* SPDX-License-Identifier: Apache-2.0 */
#include "files/preloading.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "query/preload.h"

/* Between two lines that say how far it is. */
#define SAY_SECONDS 10

/* An index that can't be read is tried again after this long, so often. */
#define RETRY_SECONDS 2
#define RETRIES       30u

/* For a piece that is being read to come. */
#define STOP_SECONDS 5

struct ng_preloading {
	struct ng_indexes *indexes;
	struct ng_preloading_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t called; /* again or cancel has become true */
	bool again;            /* under the lock */
	ng_cancel cancel;      /* set under the lock */
};

struct report {
	const struct ng_preloading *preloading;
	const char *path;
	_Atomic int64_t said_s;
};

static int64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void say(const struct ng_preloading *p, const char *path, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));

static void say(const struct ng_preloading *p, const char *path, const char *format, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	p->options.say(p->options.userdata, path, line);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	struct report *report = userdata;
	int64_t before = atomic_load(&report->said_s), now = now_s();

	if (now - before >= SAY_SECONDS &&
	    atomic_compare_exchange_strong(&report->said_s, &before, now))
		say(report->preloading, report->path, "preloading: %.0f of %.0f MB",
		    (double)done / 1e6, (double)total / 1e6);
}

/* Wait so long, or until it is to end; whether it is. */
static bool pause_s(struct ng_preloading *p, int seconds)
{
	struct timespec end;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	pthread_mutex_lock(&p->lock);
	while (!ng_cancelled(&p->cancel) && r == 0)
		r = pthread_cond_timedwait(&p->called, &p->lock, &end);
	pthread_mutex_unlock(&p->lock);
	return ng_cancelled(&p->cancel);
}

/* Read what fits into *most_bytes of index i, as it is now, and take it off there. */
static int preload(struct ng_preloading *p, size_t i, uint64_t *most_bytes)
{
	const struct ng_mounted_index *index = ng_indexes_get(p->indexes, i);
	struct report report = {p, ng_indexes_path(p->indexes, i), now_s()};
	int64_t begin_s = now_s();
	uint64_t total, bytes = 0;
	int r = 0;

	if (p->options.when == NG_PRELOADING_ALWAYS || ng_preload_is_remote(index->index)) {
		total = ng_preload_bytes(index->index);
		r = ng_preload_read(index->index, *most_bytes, &p->cancel, on_progress, &report,
				    &bytes);
		if (r == 0)
			say(p, report.path, "preloaded %.1f MB in %lld s%s", (double)bytes / 1e6,
			    (long long)(now_s() - begin_s),
			    bytes < total ? "; there is more: see -o preload=SIZE" : "");
	}
	*most_bytes -= bytes;
	ng_indexes_put(p->indexes, index);
	return r;
}

static void preload_all(struct ng_preloading *p)
{
	uint64_t most_bytes = p->options.most_bytes ? p->options.most_bytes : ng_preload_most();

	for (size_t i = 0; i < ng_indexes_count(p->indexes); i++) {
		int r = preload(p, i, &most_bytes);

		for (unsigned n = 0; r == -EIO && n < RETRIES; n++) {
			ng_indexes_suspect(p->indexes, i);
			if (pause_s(p, RETRY_SECONDS))
				return;
			r = preload(p, i, &most_bytes);
		}
		if (r == -EINTR)
			return;
		if (r < 0)
			say(p, ng_indexes_path(p->indexes, i),
			    "not preloaded: %s; questions read what they need", strerror(-r));
	}
}

static void *run(void *data)
{
	struct ng_preloading *p = data;

	pthread_mutex_lock(&p->lock);
	while (!ng_cancelled(&p->cancel)) {
		if (!p->again) {
			pthread_cond_wait(&p->called, &p->lock);
			continue;
		}
		p->again = false;
		pthread_mutex_unlock(&p->lock);
		preload_all(p);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int ng_preloading_start(struct ng_indexes *indexes, const struct ng_preloading_options *options,
			struct ng_preloading **ret_preloading)
{
	struct ng_preloading *p = calloc(1, sizeof(*p));
	pthread_condattr_t attr;
	sigset_t all, before;
	int r;

	if (!p)
		return -ENOMEM;
	p->indexes = indexes;
	p->options = *options;
	p->again = options->when != NG_PRELOADING_NEVER;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->called, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		pthread_cond_destroy(&p->called);
		pthread_mutex_destroy(&p->lock);
		free(p);
		return r;
	}
	*ret_preloading = p;
	return 0;
}

void ng_preloading_again(struct ng_preloading *p)
{
	pthread_mutex_lock(&p->lock);
	p->again = p->options.when != NG_PRELOADING_NEVER;
	pthread_cond_signal(&p->called);
	pthread_mutex_unlock(&p->lock);
}

bool ng_preloading_stop(struct ng_preloading *p)
{
	struct timespec end;

	pthread_mutex_lock(&p->lock);
	atomic_store(&p->cancel, true);
	pthread_cond_signal(&p->called);
	pthread_mutex_unlock(&p->lock);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STOP_SECONDS;
	if (pthread_timedjoin_np(p->thread, NULL, &end) != 0)
		return false;
	pthread_cond_destroy(&p->called);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return true;
}
