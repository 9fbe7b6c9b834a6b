/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a WARC file (ISO 28500), among them WET files: the payload of each record of
 * type response (the body of HTTP), resource and conversion. Other records are passed over. A body
 * that was stored as it came, in chunks or compressed, is decoded. */
#pragma once

#include "text/feed.h"

struct ng_warc;

struct ng_warc_params {
	ng_feed_next next; /* the file, decompressed */
	void *userdata;
	uint64_t max_bytes;    /* of a payload; 0: any */
	uint64_t memory_bytes; /* for windows, where a body is compressed */
};

/* -ENOMEM. params is copied, userdata borrowed. */
int ng_warc_new(const struct ng_warc_params *params, struct ng_warc **ret_warc);
struct ng_warc *ng_warc_free(struct ng_warc *warc);

/* The next record with a document: 1 with its payload in text, and appended to meta, what belongs
 * into its metadata: "record":N,"metadata":{every field of the record's header}; 0 at the end;
 * -EBADMSG with the reason in why, beginning with "record N at byte M", without the file's name:
 * the next call goes on behind it, where another record begins; -ENOMEM; what next returned, with
 * its text in err. Memory: the payload, and a header of 1 MiB at most. */
int ng_warc_next(struct ng_warc *warc, struct ng_buf *text, struct ng_buf *meta,
		 struct ng_error *why, struct ng_error *err);

/* Whether a file begins with a record. */
bool ng_warc_begins(const uint8_t *head, size_t len);

static inline void ng_warc_freep(struct ng_warc **warc)
{
	ng_warc_free(*warc);
}
