/* SPDX-License-Identifier: Apache-2.0 */
#include "text/httpbody.h"

#include <strings.h>

#include "text/sniff.h"
#include "text/unpack.h"

struct span {
	const uint8_t *data;
	size_t len;
};

struct header {
	bool chunked;
	struct span encoding; /* of Content-Encoding; len 0: none */
};

static struct span trim(struct span s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
		s.data++;
		s.len--;
	}
	while (s.len &&
	       (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' || s.data[s.len - 1] == '\r'))
		s.len--;
	return s;
}

static bool is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp((const char *)s.data, word, s.len) == 0;
}

/* Take a line, without its end. false: there is none. */
static bool take_line(struct span *from, struct span *ret)
{
	const uint8_t *newline = from->len ? memchr(from->data, '\n', from->len) : NULL;

	if (!newline)
		return false;
	ret->data = from->data;
	ret->len = (size_t)(newline - from->data);
	from->data = newline + 1;
	from->len -= ret->len + 1;
	return true;
}

static void note_field(struct header *header, struct span line)
{
	const uint8_t *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	struct span name, value;

	if (!colon)
		return;
	name = trim((struct span){line.data, (size_t)(colon - line.data)});
	value = trim((struct span){colon + 1, line.len - (size_t)(colon - line.data) - 1});
	if (is(name, "Transfer-Encoding"))
		header->chunked = is(value, "chunked");
	else if (is(name, "Content-Encoding") && !is(value, "identity"))
		header->encoding = value;
}

/* A chunk's size: hexadecimal digits, and perhaps an extension behind them. */
static bool chunk_size(struct span line, uint64_t *ret)
{
	uint64_t size = 0;
	size_t i;

	line = trim(line);
	for (i = 0; i < line.len && i < 15; i++) {
		uint8_t c = line.data[i] | 0x20;

		if (line.data[i] >= '0' && line.data[i] <= '9')
			size = size * 16 + (line.data[i] - '0');
		else if (c >= 'a' && c <= 'f')
			size = size * 16 + (c - 'a' + 10u);
		else
			break;
	}
	*ret = size;
	return i > 0 && (i == line.len || line.data[i] == ';' || line.data[i] == ' ');
}

static int unchunk(struct span body, struct ng_buf *ret, struct ng_error *why)
{
	struct span rest = body, line;
	uint64_t size;

	for (;;) {
		if (!take_line(&rest, &line) || !chunk_size(line, &size))
			return ng_fail(why, -EBADMSG,
				       "its HTTP body is damaged: a chunk has no size");
		if (size == 0)
			return 0;
		if (size > rest.len)
			return ng_fail(why, -EBADMSG,
				       "its HTTP body is truncated: a chunk has more bytes than "
				       "there are");
		if (ng_buf_append(ret, rest.data, (size_t)size) < 0)
			return -ENOMEM;
		rest.data += size;
		rest.len -= (size_t)size;
		if (!take_line(&rest, &line) || trim(line).len)
			return ng_fail(why, -EBADMSG,
				       "its HTTP body is damaged: a chunk has no end");
	}
}

/* An ng_feed_next over a span, once. */
static int span_next(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		     struct ng_error *err)
{
	struct span *span = userdata;

	*ret_data = span->data;
	*ret_len = span->len;
	span->len = 0;
	return *ret_len > 0;
}

static int decompress(struct span body, uint64_t max_bytes, uint64_t memory_bytes,
		      struct ng_buf *text, struct ng_error *why)
{
	struct ng_unpack *unpack ng_cleanup(ng_unpack_freep) = NULL;
	const struct ng_unpack_params params = {
		.label = "its HTTP body",
		.memory_bytes = memory_bytes,
		.next = span_next,
		.userdata = &body,
	};
	int r = ng_unpack_new(&params, &unpack, why);

	while (r == 0) {
		struct ng_feed *feed = ng_unpack_feed(unpack);

		r = ng_feed_look(feed, 1, why);
		if (r < 0 || !feed->len)
			break;
		if (max_bytes && feed->len > max_bytes - text->len)
			return -EFBIG;
		if (ng_buf_append(text, feed->data, feed->len) < 0)
			return -ENOMEM;
		ng_feed_take(feed, feed->len);
	}
	return r == -E2BIG ? -EBADMSG : r;
}

int ng_http_body(const uint8_t *message, size_t len, uint64_t max_bytes, uint64_t memory_bytes,
		 struct ng_buf *text, struct ng_error *why)
{
	struct ng_buf joined ng_cleanup(ng_buf_free) = NG_BUF_INIT;
	struct span body = {message, len}, line, rest;
	struct header header = {0};
	uint64_t size;
	int r;

	if (!take_line(&body, &line) || line.len < 5 || memcmp(line.data, "HTTP/", 5) != 0)
		return -ENOENT;
	do {
		if (!take_line(&body, &line))
			return ng_fail(why, -EBADMSG, "its HTTP header has no end");
		note_field(&header, line);
	} while (trim(line).len);
	rest = body;
	if (header.chunked && take_line(&rest, &line) && chunk_size(line, &size)) {
		r = unchunk(body, &joined, why);
		if (r < 0)
			return r;
		body = (struct span){joined.data, joined.len};
	}
	if (!header.encoding.len) {
		if (max_bytes && body.len > max_bytes)
			return -EFBIG;
		return ng_buf_append(text, body.data, body.len);
	}
	r = decompress(body, max_bytes, memory_bytes, text, why);
	/* Brotli has no magic number. */
	if (r == 0 && body.len && text->len == body.len && ng_sniff_binary(text->data, text->len))
		return ng_fail(why, -EBADMSG,
			       "its HTTP body is compressed as %.*s, which cannot be decoded",
			       (int)ng_min(header.encoding.len, (size_t)40),
			       (const char *)header.encoding.data);
	return r;
}
