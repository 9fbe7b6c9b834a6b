/* SPDX-License-Identifier: Apache-2.0 */
#include "files/stream.h"

#include "base/lock.h"

void ng_stream_init(struct ng_stream *stream, const struct ng_stream_ops *ops,
		    struct ng_indexes *indexes, const struct ng_mounted_index *index)
{
	stream->ops = ops;
	stream->indexes = indexes;
	stream->index = index;
	stream->streams = NULL;
	stream->has_shed = stream->keeps = false;
	stream->held_bytes = 0;
	stream->older = stream->newer = NULL;
	atomic_init(&stream->bytes, 0);
	atomic_init(&stream->bytes_most, 0);
	pthread_mutex_init(&stream->lock, NULL);
}

void ng_stream_free(struct ng_stream *stream)
{
	struct ng_indexes *indexes;
	const struct ng_mounted_index *index;

	if (!stream)
		return;
	if (stream->streams)
		ng_streams_leave(stream->streams, stream);
	indexes = stream->indexes;
	index = stream->index;
	pthread_mutex_destroy(&stream->lock);
	stream->ops->free(stream);
	if (indexes)
		ng_indexes_put(indexes, index);
}

size_t ng_stream_shed(struct ng_stream *stream)
{
	stream->ops->shed(stream);
	stream->has_shed = true;
	return stream->ops->held(stream);
}

/* With the lock held. */
static int begin(struct ng_stream *stream)
{
	int r = stream->streams ? ng_streams_make_room(stream->streams, stream) : 0;

	if (r == 0 && stream->has_shed && stream->ops->wake)
		r = stream->ops->wake(stream);
	if (r == 0)
		stream->has_shed = false;
	return r;
}

/* Gives back the lock. What the stream holds counts from here on; others make room for it, since it
 * is the one that will be read on. */
static void end(struct ng_stream *stream)
{
	if (stream->streams && stream->ops->held)
		ng_streams_hold(stream->streams, stream, stream->ops->held(stream));
	if (stream->streams)
		ng_streams_make_room(stream->streams, stream);
	pthread_mutex_unlock(&stream->lock);
}

void ng_stream_join(struct ng_stream *stream, struct ng_streams *streams)
{
	pthread_mutex_lock(&stream->lock);
	stream->streams = streams;
	end(stream);
}

int ng_stream_read(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		   uint8_t *buf, size_t *ret_len)
{
	int r = ng_lock(&stream->lock, cancel);

	if (r)
		return r;
	r = begin(stream);
	if (r == 0 && offset > atomic_load(&stream->bytes))
		r = -ESPIPE; /* whoever comes next may have left something out */
	else if (r == 0 && offset == atomic_load(&stream->bytes))
		r = stream->ops->grow(stream, cancel);
	if (r == 0)
		r = stream->ops->read(stream, offset, len, cancel, buf, ret_len);
	end(stream);
	return r;
}

int ng_stream_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len)
{
	int r;

	if (!stream->ops->write)
		return -EROFS;
	pthread_mutex_lock(&stream->lock);
	r = begin(stream);
	if (r == 0)
		r = stream->ops->write(stream, offset, data, len);
	end(stream);
	return r;
}
