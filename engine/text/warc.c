/* SPDX-License-Identifier: Apache-2.0 */
#include "text/warc.h"

#include <inttypes.h>
#include "text/httpbody.h"
#include "text/warc_header.h"

#define HEADER_BYTES_MAX (1u << 20)

struct ng_warc {
	struct ng_warc_params params;
	struct ng_feed feed;
	uint64_t record; /* its number, from 1, */
	uint64_t at;     /* and where it begins */
	bool lost;       /* where the next record begins has to be looked for */
	struct ng_warc_header header;
	struct ng_buf block;
};

int ng_warc_new(const struct ng_warc_params *params, struct ng_warc **ret_warc)
{
	struct ng_warc *warc = calloc(1, sizeof(*warc));

	if (!warc)
		return -ENOMEM;
	warc->params = *params;
	warc->feed = (struct ng_feed){.next = params->next, .userdata = params->userdata};
	*ret_warc = warc;
	return 0;
}

struct ng_warc *ng_warc_free(struct ng_warc *warc)
{
	if (!warc)
		return NULL;
	ng_feed_free(&warc->feed);
	ng_buf_free(&warc->header.bytes);
	ng_buf_free(&warc->block);
	free(warc);
	return NULL;
}

bool ng_warc_begins(const uint8_t *head, size_t len)
{
	return len >= 10 && memcmp(head, "WARC/", 5) == 0 && head[5] >= '0' && head[5] <= '9' &&
	       head[6] == '.' && head[7] >= '0' && head[7] <= '9' &&
	       (head[8] == '\r' || head[8] == '\n');
}

/* The record is bad; where that leaves open where the next one begins, it will be looked for. */
static int fail(struct ng_warc *warc, bool lost, struct ng_error *why, const char *reason)
{
	warc->lost = lost;
	return ng_fail(why, -EBADMSG, "record %" PRIu64 " at byte %" PRIu64 ": %s", warc->record,
		       warc->at, reason);
}

/* Pass over ends of lines, which stand behind every record. */
static int pass_newlines(struct ng_warc *warc, struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;

	for (;;) {
		int r = ng_feed_look(feed, 1, err);

		if (r < 0 || !feed->len || (feed->data[0] != '\r' && feed->data[0] != '\n'))
			return r;
		ng_feed_take(feed, 1);
	}
}

/* Pass over what is left of a bad record: up to an end of a line and the magic of another. */
static int find_record(struct ng_warc *warc, struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;

	for (;;) {
		const uint8_t *newline;
		int r = ng_feed_look(feed, 12, err);

		if (r < 0 || !feed->len)
			return r;
		if (feed->data[0] == '\n' && ng_warc_begins(feed->data + 1, feed->len - 1))
			return 0;
		newline = memchr(feed->data + 1, '\n', feed->len - 1);
		ng_feed_take(feed, newline ? (size_t)(newline - feed->data) : feed->len);
	}
}

/* Read up to the empty line behind the header: it ends at *ret_len of the feed's piece. */
static int look_header(struct ng_warc *warc, size_t *ret_len, struct ng_error *why,
		       struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;
	size_t at = 0;

	for (;;) {
		const uint8_t *newline =
			at < feed->len ? memchr(feed->data + at, '\n', feed->len - at) : NULL;
		size_t line;
		int r;

		if (newline) {
			line = (size_t)(newline - feed->data) - at;
			if (line == 0 || (line == 1 && newline[-1] == '\r')) {
				*ret_len = at + line + 1;
				return 0;
			}
			at += line + 1;
			continue;
		}
		if (feed->ended)
			return fail(warc, true, why, "truncated: the file ends in its header");
		if (feed->len > HEADER_BYTES_MAX)
			return fail(warc, true, why, "a header of more than 1 MiB");
		r = ng_feed_look(feed, feed->len + 1, err);
		if (r < 0)
			return r;
	}
}

static int content_length(struct ng_warc *warc, uint64_t *ret, struct ng_error *why)
{
	const struct ng_warc_field *field = ng_warc_header_field(&warc->header, "Content-Length");
	uint64_t n = 0;

	if (!field || !field->value_len || field->value_len > 18)
		return fail(warc, true, why, "its header has no Content-Length that makes sense");
	for (size_t i = 0; i < field->value_len; i++) {
		if (field->value[i] < '0' || field->value[i] > '9')
			return fail(warc, true, why,
				    "its header has no Content-Length that makes sense");
		n = n * 10 + (field->value[i] - '0');
	}
	*ret = n;
	return 0;
}

/* Take the block; into warc->block if it is kept. */
static int take_block(struct ng_warc *warc, uint64_t len, bool kept, struct ng_error *why,
		      struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;

	warc->block.len = 0;
	while (len) {
		size_t n;
		int r = ng_feed_look(feed, 1, err);

		if (r < 0)
			return r;
		if (!feed->len)
			return fail(warc, true, why,
				    "truncated: the file ends before its Content-Length does");
		n = (size_t)ng_min(len, (uint64_t)feed->len);
		if (kept && ng_buf_append(&warc->block, feed->data, n) < 0)
			return -ENOMEM;
		ng_feed_take(feed, n);
		len -= n;
	}
	return 0;
}

/* Behind a block stands an end of a line, and another record or nothing. */
static int check_end(struct ng_warc *warc, struct ng_error *why, struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;
	uint64_t at = feed->at;
	int r = pass_newlines(warc, err);

	if (r == 0)
		r = ng_feed_look(feed, 10, err);
	if (r < 0 || !feed->len)
		return r;
	if (feed->at == at || !ng_warc_begins(feed->data, feed->len))
		return fail(warc, true, why,
			    "no record follows where its Content-Length says that it ends");
	return 0;
}

/* The payload, of a block that is there. 1, or 0 when this is no document. */
static int payload(struct ng_warc *warc, bool is_response, struct ng_buf *text,
		   struct ng_error *why)
{
	struct ng_error reason = {0};
	int r;

	if (!is_response)
		return ng_buf_append(text, warc->block.data, warc->block.len) < 0 ? -ENOMEM : 1;
	r = ng_http_body(warc->block.data, warc->block.len, warc->params.max_bytes,
			 warc->params.memory_bytes, text, &reason);
	/* The answer of a name server, and the like. */
	if (r == -ENOENT)
		return 0;
	if (r == -EFBIG)
		return fail(warc, false, why, "its payload is larger than memory allows");
	if (r == -EBADMSG)
		return fail(warc, false, why, reason.text);
	return r < 0 ? r : 1;
}

/* Begin at a record: 1 with its header taken apart, 0 at the end. */
static int begin_record(struct ng_warc *warc, struct ng_error *why, struct ng_error *err)
{
	struct ng_feed *feed = &warc->feed;
	const char *reason;
	size_t len = 0;
	int r = warc->lost ? find_record(warc, err) : 0;

	if (r == 0)
		r = pass_newlines(warc, err);
	if (r == 0)
		r = ng_feed_look(feed, 10, err);
	if (r < 0 || !feed->len)
		return r;
	warc->lost = false;
	warc->record++;
	warc->at = feed->at;
	if (!ng_warc_begins(feed->data, feed->len))
		return fail(warc, true, why, "it does not begin with WARC/1.0 or the like");
	r = look_header(warc, &len, why, err);
	if (r < 0)
		return r;
	warc->header.bytes.len = 0;
	if (ng_buf_append(&warc->header.bytes, feed->data, len) < 0)
		return -ENOMEM;
	ng_feed_take(feed, len);
	reason = ng_warc_header_parse(&warc->header);
	return reason ? fail(warc, true, why, reason) : 1;
}

static bool is_type(const struct ng_warc *warc, const char *type)
{
	return ng_warc_header_is(&warc->header, "WARC-Type", type);
}

/* The record whose header was read: 1 when it is a document, 0 when it is passed over. */
static int take_record(struct ng_warc *warc, struct ng_buf *text, struct ng_error *why,
		       struct ng_error *err)
{
	uint64_t max = warc->params.max_bytes, len = 0;
	bool is_response = is_type(warc, "response"), wanted, fits;
	int r = content_length(warc, &len, why);

	if (r < 0)
		return r;
	wanted = is_response || is_type(warc, "resource") || is_type(warc, "conversion");
	fits = !max || len <= max;
	r = take_block(warc, len, wanted && fits, why, err);
	if (r == 0)
		r = check_end(warc, why, err);
	if (r < 0)
		return r;
	if (!ng_warc_header_field(&warc->header, "WARC-Type"))
		return fail(warc, false, why, "its header has no WARC-Type");
	if (!wanted)
		return 0;
	if (!fits)
		return fail(warc, false, why, "its payload is larger than memory allows");
	if (ng_warc_header_field(&warc->header, "WARC-Segment-Number"))
		return fail(warc, false, why, "it is a segment of a record, which is not read");
	return payload(warc, is_response, text, why);
}

int ng_warc_next(struct ng_warc *warc, struct ng_buf *text, struct ng_buf *meta,
		 struct ng_error *why, struct ng_error *err)
{
	int r;

	do {
		r = begin_record(warc, why, err);
		if (r <= 0)
			return r;
		r = take_record(warc, text, why, err);
	} while (r == 0);
	if (r < 0)
		return r;
	r = ng_buf_printf(meta, "\"record\":%" PRIu64 ",\"metadata\":", warc->record);
	if (r == 0)
		r = ng_warc_header_json(&warc->header, meta);
	return r < 0 ? r : 1;
}
