/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#define BUF_MIN_BYTES 64u

int ng_buf_reserve(struct ng_buf *buf, size_t extra)
{
	size_t need, cap;
	uint8_t *data;

	/* No object is larger than PTRDIFF_MAX; below it the growth cannot overflow. */
	if (__builtin_add_overflow(buf->len, extra, &need) || need > PTRDIFF_MAX)
		return -ENOMEM;
	if (need <= buf->cap)
		return 0;
	cap = ng_max(buf->cap, (size_t)BUF_MIN_BYTES);
	while (cap < need)
		cap += cap / 2;
	data = realloc(buf->data, cap);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->cap = cap;
	return 0;
}

int ng_buf_append(struct ng_buf *buf, const void *data, size_t len)
{
	int r = ng_buf_reserve(buf, len);

	if (r)
		return r;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	return 0;
}

int ng_buf_zero(struct ng_buf *buf, size_t len)
{
	int r = ng_buf_reserve(buf, len);

	if (r)
		return r;
	if (len)
		memset(buf->data + buf->len, 0, len);
	buf->len += len;
	return 0;
}

/* vsnprintf writes a NUL that isn't counted in len; the room for it stays behind the text. */
int ng_buf_printf(struct ng_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -EINVAL;
	r = ng_buf_reserve(buf, (size_t)n + 1);
	if (r)
		return r;
	va_start(ap, fmt);
	vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
	return 0;
}

void ng_buf_free(struct ng_buf *buf)
{
	free(buf->data);
	*buf = NG_BUF_INIT;
}
