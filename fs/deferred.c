#include "deferred.h"

struct deferred {
	struct ng_stream stream;
	ng_deferred_answer answer;
	bool made;
	struct ng_buf text;
	struct ng_asked asked;
	uint8_t query[];
};

static int deferred_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct deferred *d = (struct deferred *)stream;
	int r;

	if (d->made)
		return 0;
	r = d->answer(stream->index->index, &d->asked, cancel, &d->text);
	if (r) {
		d->text.len = 0;
		return r;
	}
	d->made = true;
	atomic_store(&stream->bytes, d->text.len);
	return 0;
}

static int deferred_read(struct ng_stream *stream, uint64_t offset, size_t len,
			 const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct deferred *d = (const struct deferred *)stream;
	size_t n = 0;

	if (offset < d->text.len) {
		n = ng_min(len, d->text.len - (size_t)offset);
		memcpy(buf, d->text.data + offset, n);
	}
	*ret_len = n;
	return 0;
}

static void deferred_free(struct ng_stream *stream)
{
	struct deferred *d = (struct deferred *)stream;

	ng_buf_free(&d->text);
	free(d);
}

int ng_deferred_new(struct ng_indexes *indexes, const struct ng_mounted_index *index,
		    ng_deferred_answer answer, const struct ng_asked *asked,
		    struct ng_stream **ret_stream)
{
	static const struct ng_stream_ops ops = {
		.grow = deferred_grow,
		.read = deferred_read,
		.free = deferred_free,
	};
	struct deferred *d = calloc(1, sizeof(*d) + asked->len);

	if (!d) {
		if (indexes)
			ng_indexes_put(indexes, index);
		return -ENOMEM;
	}
	ng_stream_init(&d->stream, &ops, indexes, index);
	d->answer = answer;
	d->text = NG_BUF_INIT;
	d->asked = *asked;
	d->asked.bytes = d->query;
	memcpy(d->query, asked->bytes, asked->len);
	*ret_stream = &d->stream;
	return 0;
}
