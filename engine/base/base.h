/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that every module uses: cleanup attributes, error texts, byte order, bit widths. */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define ng_cleanup(fn)   __attribute__((__cleanup__(fn)))
#define ng_array_size(a) (sizeof(a) / sizeof((a)[0]))
#define ng_min(a, b)     ((a) < (b) ? (a) : (b))
#define ng_max(a, b)     ((a) > (b) ? (a) : (b))

static inline void ng_freep(void *p)
{
	free(*(void **)p);
}

static inline void ng_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void ng_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Pass ownership out of a cleanup variable. */
static inline void *ng_steal_ptr(void *pp)
{
	void *p = *(void **)pp;
	*(void **)pp = NULL;
	return p;
}

static inline int ng_steal_fd(int *fd)
{
	int v = *fd;
	*fd = -1;
	return v;
}

/* A text for a person, beside the errno that a function returns: which file, which line, what to
 * do. A function that takes a struct ng_error may be given NULL. The text is one line, without a
 * newline, and printable whatever names stand in it (see printable.h). */
struct ng_error {
	char text[1024];
};

/* Write a text into err (when it isn't NULL) and return code, so that a failing function can say
 * `return ng_fail(err, -EINVAL, "...", ...)`. An earlier text is replaced. One that is too long
 * loses its middle. */
int ng_fail(struct ng_error *err, int code, const char *fmt, ...)
	__attribute__((__format__(printf, 3, 4)));

/* A flag that another thread sets to end a long call early; NULL never cancels. */
typedef atomic_bool ng_cancel;

static inline bool ng_cancelled(const ng_cancel *cancel)
{
	return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

/* Little-endian loads and stores at any alignment. */
static inline uint16_t ng_load16(const void *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t ng_load32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t ng_load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void ng_store16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void ng_store32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void ng_store64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "index files are little-endian");

/* Number of bits needed to write v: 0 for 0, 64 at most. */
static inline unsigned ng_bits(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static inline uint64_t ng_div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static inline uint64_t ng_align_up(uint64_t a, uint64_t to)
{
	return ng_div_up(a, to) * to;
}
