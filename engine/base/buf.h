/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer. */
#pragma once

#include "base/base.h"

struct ng_buf {
	uint8_t *data;
	size_t len, cap;
};

#define NG_BUF_INIT ((struct ng_buf){0})

/* Make room for extra more bytes. -ENOMEM. Growth is geometric. */
int ng_buf_reserve(struct ng_buf *buf, size_t extra);
int ng_buf_append(struct ng_buf *buf, const void *data, size_t len);
/* Append len zero bytes. */
int ng_buf_zero(struct ng_buf *buf, size_t len);
/* Append text; behind it stands a NUL that isn't counted. -ENOMEM; -EINVAL: vsnprintf refuses it.
 */
int ng_buf_printf(struct ng_buf *buf, const char *fmt, ...)
	__attribute__((__format__(printf, 2, 3)));
void ng_buf_free(struct ng_buf *buf); /* and back to NG_BUF_INIT */
