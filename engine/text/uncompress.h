/* SPDX-License-Identifier: Apache-2.0 */
/* What compress(1) made (.Z), by libarchive. Such a file has neither a checksum nor an end: damage
 * and a file that is cut short go unnoticed, unless a code is invalid. */
#pragma once

#include "text/feed.h"

struct ng_uncompress;

/* feed stands at the magic number; it and label are borrowed. -ENOMEM, -EBADMSG, errors of feed,
 * with err set. */
int ng_uncompress_new(const char *label, struct ng_feed *feed, struct ng_uncompress **ret,
		      struct ng_error *err);
struct ng_uncompress *ng_uncompress_free(struct ng_uncompress *z);

/* An ng_feed_next, but for the first argument's type. */
int ng_uncompress_next(struct ng_uncompress *z, const uint8_t **ret_data, size_t *ret_len,
		       struct ng_error *err);

static inline void ng_uncompress_freep(struct ng_uncompress **z)
{
	ng_uncompress_free(*z);
}
