/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression: layers of it, one inside another, each recognised by content. A layer is one
 * stream or several, one after the other, of the same compression. Nothing is lost silently: a
 * stream that is damaged or cut short is an error, and so are bytes behind it, but for zeros and
 * an end of line, which tapes, block devices and editors leave there. */
#pragma once

#include "text/feed.h"

struct ng_unpack;

struct ng_unpack_params {
	const char *label;     /* the name for messages */
	uint64_t memory_bytes; /* what the windows of all layers may take */
	ng_feed_next next;     /* of the file */
	void *userdata;
};

#define NG_UNPACK_LAYERS_MAX 8u

/* Look at the head of the file, and of what is in it, until that isn't compressed. label and
 * userdata are borrowed. Returns 0, -EBADMSG (damaged, cut short, too many layers), -E2BIG (it
 * needs more memory; the message says how to pipe it), -ENOMEM, or what next returned, with err
 * set. Not thread-safe. Memory: beside the windows, 256 KiB a layer. */
int ng_unpack_new(const struct ng_unpack_params *params, struct ng_unpack **ret_unpack,
		  struct ng_error *err);
struct ng_unpack *ng_unpack_free(struct ng_unpack *unpack);

/* 0: the file is not compressed. */
unsigned ng_unpack_layers(const struct ng_unpack *unpack);

/* The decompressed bytes; whoever uses it may look and take. Its errors are those of
 * ng_unpack_new. At its end all of the file was read and verified. */
struct ng_feed *ng_unpack_feed(struct ng_unpack *unpack);

/* Whether zeros or an end of line were passed over behind a stream. From the thread that reads, or
 * once it has ended. */
bool ng_unpack_is_padded(const struct ng_unpack *unpack);

static inline void ng_unpack_freep(struct ng_unpack **unpack)
{
	ng_unpack_free(*unpack);
}
