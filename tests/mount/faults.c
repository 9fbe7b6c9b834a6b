/* SPDX-License-Identifier: Apache-2.0 */
/* LD_PRELOAD: makes one call of a kind fail, the Nth, or all from the Nth on. FAULTS names a file
 * of FAULTS_BYTES, struct control, which whoever started the program has mapped as well, so that it
 * can begin when it likes, and sees what was called. */
#undef _FILE_OFFSET_BITS /* both names of each call are made here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind {
	KIND_MEMORY = 1, /* what takes memory: malloc(3) and its like, mappings, threads */
	KIND_DISK = 2,   /* what changes a file or a directory */
	KIND_SHORT = 3,  /* writes, of which only the first half comes to pass: no failure */
};

/* faults.py has the same. */
struct control {
	/* What fails; at 0: nothing. error: what errno is then, or, below 0, minus a signal that
	 * the program gets before the call is made, which doesn't fail. */
	_Atomic int64_t kind, at, all, error;
	_Atomic int64_t calls; /* of that kind, so far */
	_Atomic int64_t failed;
};

#define FAULTS_BYTES 4096

static struct control *control;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* The real one: found when it is first called. */
#define REAL(name)                                                                                 \
	static __typeof__(&name) real;                                                             \
	if (!real)                                                                                 \
	real = (__typeof__(&name))next(#name)

/* What dlsym(3) itself may ask for before there is an allocator. */
static char early[16384];
static atomic_size_t early_bytes;

static void *early_alloc(size_t bytes)
{
	size_t at = atomic_fetch_add(&early_bytes, (bytes + 15) & ~(size_t)15);

	return at + bytes <= sizeof(early) ? early + at : NULL;
}

static int is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS");
	__typeof__(&mmap) map = (__typeof__(&mmap))next("mmap");
	__typeof__(&openat64) opens = (__typeof__(&openat64))next("openat64");
	int fd = path ? opens(AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED
			 : map(NULL, FAULTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		control = p;
}

/* Whether this call is one to fail. */
static int fails(enum kind kind)
{
	int64_t at, n;
	int error;

	if (!control || atomic_load(&control->kind) != kind)
		return 0;
	n = atomic_fetch_add(&control->calls, 1) + 1;
	at = atomic_load(&control->at);
	if (!at || (n != at && !(n > at && atomic_load(&control->all))))
		return 0;
	atomic_fetch_add(&control->failed, 1);
	error = (int)atomic_load(&control->error);
	if (error < 0) {
		raise(-error);
		return 0;
	}
	errno = error;
	return 1;
}

/* ---- memory ---- */

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static _Thread_local int finding;

static int find(void)
{
	if (real_free)
		return 1;
	if (finding)
		return 0;
	finding = 1;
	real_malloc = (__typeof__(real_malloc))next("malloc");
	real_calloc = (__typeof__(real_calloc))next("calloc");
	real_realloc = (__typeof__(real_realloc))next("realloc");
	real_free = (__typeof__(real_free))next("free");
	finding = 0;
	return 1;
}

void *malloc(size_t bytes)
{
	if (!find())
		return early_alloc(bytes);
	return fails(KIND_MEMORY) ? NULL : real_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
	if (!find())
		return early_alloc(n * bytes);
	return fails(KIND_MEMORY) ? NULL : real_calloc(n, bytes);
}

void *realloc(void *p, size_t bytes)
{
	if (!find())
		return NULL;
	if (fails(KIND_MEMORY))
		return NULL;
	return real_realloc(p, bytes);
}

void *reallocarray(void *p, size_t n, size_t bytes)
{
	size_t all;

	if (__builtin_mul_overflow(n, bytes, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}

void free(void *p)
{
	if (p && !is_early(p) && find())
		real_free(p);
}

int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
	REAL(posix_memalign);
	return fails(KIND_MEMORY) ? ENOMEM : real(ret, alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	REAL(aligned_alloc);
	return fails(KIND_MEMORY) ? NULL : real(alignment, bytes);
}

void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
	REAL(mmap64);
	return fails(KIND_MEMORY) ? MAP_FAILED : real(at, bytes, protection, flags, fd, offset);
}

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return mmap64(at, bytes, protection, flags, fd, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	REAL(pthread_create);
	return fails(KIND_MEMORY) ? EAGAIN : real(thread, attr, run, arg);
}

/* ---- disk ---- */

/* Standard output and error are nobody's files. */
static int disk_fails(int fd)
{
	return fd > 2 && fails(KIND_DISK);
}

static size_t shorter(int fd, size_t bytes)
{
	return fd > 2 && bytes > 1 && fails(KIND_SHORT) ? bytes / 2 : bytes;
}

ssize_t write(int fd, const void *data, size_t bytes)
{
	REAL(write);
	return disk_fails(fd) ? -1 : real(fd, data, shorter(fd, bytes));
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
	REAL(pwrite64);
	return disk_fails(fd) ? -1 : real(fd, data, shorter(fd, bytes), offset);
}

int fsync(int fd)
{
	REAL(fsync);
	return disk_fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return disk_fails(fd) ? -1 : real(fd);
}

int ftruncate64(int fd, off64_t bytes)
{
	REAL(ftruncate64);
	return disk_fails(fd) ? -1 : real(fd, bytes);
}

int posix_fallocate64(int fd, off64_t offset, off64_t bytes)
{
	REAL(posix_fallocate64);
	return disk_fails(fd) ? errno : real(fd, offset, bytes);
}

/* As close(2) says: the descriptor is gone all the same. Only those that were written are counted.
 */
int close(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	REAL(close);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) || !disk_fails(fd))
		return real(fd);
	real(fd);
	return -1;
}

int mkdirat(int dir_fd, const char *path, mode_t mode)
{
	REAL(mkdirat);
	return fails(KIND_DISK) ? -1 : real(dir_fd, path, mode);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	REAL(renameat);
	return fails(KIND_DISK) ? -1 : real(from_fd, from, to_fd, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	REAL(renameat2);
	return fails(KIND_DISK) ? -1 : real(from_fd, from, to_fd, to, flags);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	REAL(unlinkat);
	return fails(KIND_DISK) ? -1 : real(dir_fd, path, flags);
}

int openat64(int dir_fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	REAL(openat64);
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if ((flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) && fails(KIND_DISK))
		return -1;
	return real(dir_fd, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return openat64(dir_fd, path, flags, mode);
}
