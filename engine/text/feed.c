/* SPDX-License-Identifier: Apache-2.0 */
#include "text/feed.h"

/* Bring what is left into a buffer of its own: its piece goes away with the next one. */
static int join(struct ng_feed *feed)
{
	struct ng_buf *joined = &feed->joined;

	if (feed->is_joined) {
		memmove(joined->data, feed->data, feed->len);
		joined->len = feed->len;
	} else {
		joined->len = 0;
		if (ng_buf_append(joined, feed->data, feed->len) < 0)
			return -ENOMEM;
		feed->is_joined = true;
	}
	feed->data = joined->data;
	return 0;
}

int ng_feed_look(struct ng_feed *feed, size_t want, struct ng_error *err)
{
	while (feed->len < want && !feed->ended) {
		const uint8_t *data;
		size_t len;
		int r;

		if (feed->len && join(feed) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
		r = feed->next(feed->userdata, &data, &len, err);
		if (r < 0)
			return r;
		if (r == 0) {
			feed->ended = true;
		} else if (!feed->len) {
			feed->is_joined = false;
			feed->data = data;
			feed->len = len;
		} else {
			if (ng_buf_append(&feed->joined, data, len) < 0)
				return ng_fail(err, -ENOMEM, "out of memory");
			feed->data = feed->joined.data;
			feed->len = feed->joined.len;
		}
	}
	return 0;
}

void ng_feed_take(struct ng_feed *feed, size_t n)
{
	if (!n)
		return;
	feed->data += n;
	feed->len -= n;
	feed->at += n;
}

void ng_feed_free(struct ng_feed *feed)
{
	ng_buf_free(&feed->joined);
}
