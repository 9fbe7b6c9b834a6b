/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sigbus.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* After so many faults of one mapping twice as many pages are replaced at a time: every replaced
 * stretch is a mapping of its own, and the kernel allows a process 65,530 of them. */
#define FAULTS_PER_DOUBLING 256u
#define DOUBLINGS_MAX       32u

/* A node of the list is never freed, only used again, so that the handler can walk the list at any
 * moment. While a node changes its generation is odd. The handler skips a node that changes under
 * it: the one that it looks for cannot, since its mapping is in use. */
struct ng_sigbus {
	struct ng_sigbus *next; /* set before the node is published */
	atomic_uint generation;
	atomic_uintptr_t begin, end; /* equal: not in use */
	atomic_uint faults;
};

/* Globals, because a signal handler gets nothing else. */
static _Atomic(struct ng_sigbus *) sigbus_list;
static pthread_mutex_t sigbus_lock = PTHREAD_MUTEX_INITIALIZER; /* for writers */
static bool sigbus_installed;                                   /* under sigbus_lock */
static struct sigaction sigbus_chained; /* before the handler is installed, constant after */
static size_t sigbus_page_bytes;        /* likewise */

static struct ng_sigbus *find(uintptr_t addr, uintptr_t *ret_end)
{
	struct ng_sigbus *f = atomic_load(&sigbus_list);

	for (; f; f = f->next) {
		unsigned generation = atomic_load(&f->generation);
		uintptr_t begin = atomic_load(&f->begin), end = atomic_load(&f->end);

		if (generation % 2 || addr < begin || addr >= end ||
		    atomic_load(&f->generation) != generation)
			continue;
		*ret_end = end;
		return f;
	}
	return NULL;
}

/* Put readable zeroes where addr is. */
static bool replace(struct ng_sigbus *f, uintptr_t addr, uintptr_t end)
{
	uintptr_t page = addr & ~(uintptr_t)(sigbus_page_bytes - 1);
	unsigned doublings = atomic_fetch_add(&f->faults, 1) / FAULTS_PER_DOUBLING;
	size_t len = sigbus_page_bytes << ng_min(doublings, DOUBLINGS_MAX);

	len = ng_min(len, end - page);
	/* The system call itself: in a signal's handler nothing of the library's, nor of what
	 * stands before it. ThreadSanitizer's takes this for writing to what other threads read.
	 * They do, and whatever they make of zeroes is thrown away: see ng_sigbus_faulted. */
	return syscall(SYS_mmap, (void *)page, len, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, (off_t)0) != -1;
}

static void chain(int sig, siginfo_t *info, void *context)
{
	struct sigaction fatal = {.sa_handler = SIG_DFL};

	if (sigbus_chained.sa_flags & SA_SIGINFO) {
		sigbus_chained.sa_sigaction(sig, info, context);
		return;
	}
	if (sigbus_chained.sa_handler == SIG_IGN && info->si_code <= 0)
		return;
	if (sigbus_chained.sa_handler != SIG_DFL && sigbus_chained.sa_handler != SIG_IGN) {
		sigbus_chained.sa_handler(sig);
		return;
	}
	/* A failed access happens again on return and ends the process, as it would have without
	 * us; a signal that somebody sent must be sent again. */
	sigaction(sig, &fatal, NULL);
	if (info->si_code <= 0)
		raise(sig);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	uintptr_t addr = (uintptr_t)info->si_addr, end;
	/* si_addr means something only in a signal that the kernel raised for an access. */
	struct ng_sigbus *f = info->si_code > 0 ? find(addr, &end) : NULL;

	if (!f || !replace(f, addr, end))
		chain(sig, info, context);
	errno = saved_errno;
}

/* Under sigbus_lock. */
static int install(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};

	if (sigbus_installed)
		return 0;
	sigbus_page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, NULL, &sigbus_chained) < 0 || sigaction(SIGBUS, &action, NULL) < 0)
		return -errno;
	sigbus_installed = true;
	return 0;
}

/* A node that is not in use, new or old; under sigbus_lock. */
static struct ng_sigbus *take_node(void)
{
	struct ng_sigbus *f = atomic_load(&sigbus_list);

	while (f && atomic_load(&f->begin) != atomic_load(&f->end))
		f = f->next;
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (f) {
		f->next = atomic_load(&sigbus_list);
		atomic_store(&sigbus_list, f);
	}
	return f;
}

static void set_range(struct ng_sigbus *f, uintptr_t begin, uintptr_t end)
{
	atomic_fetch_add(&f->generation, 1);
	atomic_store(&f->begin, begin);
	atomic_store(&f->end, end);
	atomic_store(&f->faults, 0);
	atomic_fetch_add(&f->generation, 1);
}

int ng_sigbus_watch(const void *addr, size_t len, struct ng_sigbus **ret_watch)
{
	struct ng_sigbus *f = NULL;
	int r;

	if (!len)
		return -EINVAL;
	pthread_mutex_lock(&sigbus_lock);
	r = install();
	if (!r) {
		f = take_node();
		if (f)
			set_range(f, (uintptr_t)addr,
				  (uintptr_t)addr + ng_align_up(len, sigbus_page_bytes));
		else
			r = -ENOMEM;
	}
	pthread_mutex_unlock(&sigbus_lock);
	if (!r)
		*ret_watch = f;
	return r;
}

bool ng_sigbus_seen(const struct ng_sigbus *watch)
{
	return atomic_load(&watch->faults) != 0;
}

struct ng_sigbus *ng_sigbus_unwatch(struct ng_sigbus *watch)
{
	if (!watch)
		return NULL;
	pthread_mutex_lock(&sigbus_lock);
	set_range(watch, 0, 0);
	pthread_mutex_unlock(&sigbus_lock);
	return NULL;
}
