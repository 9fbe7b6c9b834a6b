/* SPDX-License-Identifier: Apache-2.0 */
#include "files/streams.h"

#include <assert.h>
#include <malloc.h>
#include <pthread.h>

#include "files/stream.h"

/* Small buffers lie in the heap, which keeps what is freed in its midst: after so many bytes were
 * shed it is asked to give that back. */
#define TRIM_BYTES (16u << 20)

struct ng_streams {
	struct ng_streams_limits limits;
	struct ng_disk *disk;
	/* Of what follows, and the streams' links and held_bytes. A stream's own lock comes before
	 * it; whoever holds this one only tries that. */
	pthread_mutex_t lock;
	size_t held_bytes, shed_bytes;
	struct ng_stream *oldest, *newest; /* of those that hold anything, as they were asked */
};

int ng_streams_new(const struct ng_streams_limits *limits, struct ng_streams **ret_streams)
{
	struct ng_streams *streams = calloc(1, sizeof(*streams));
	int r;

	if (!streams)
		return -ENOMEM;
	r = ng_disk_new(ng_disk_directory(), limits->disk_bytes, &streams->disk);
	if (r) {
		free(streams);
		return r;
	}
	streams->limits = *limits;
	pthread_mutex_init(&streams->lock, NULL);
	*ret_streams = streams;
	return 0;
}

struct ng_streams *ng_streams_free(struct ng_streams *streams)
{
	if (!streams)
		return NULL;
	assert(!streams->oldest);
	ng_disk_free(streams->disk);
	pthread_mutex_destroy(&streams->lock);
	free(streams);
	return NULL;
}

struct ng_disk *ng_streams_disk(const struct ng_streams *streams)
{
	return streams->disk;
}

uint64_t ng_streams_lines_most(const struct ng_streams *streams)
{
	return streams->limits.lines ? streams->limits.lines : UINT64_MAX;
}

static void list_remove(struct ng_streams *streams, struct ng_stream *stream)
{
	if (!stream->held_bytes)
		return;
	*(stream->older ? &stream->older->newer : &streams->oldest) = stream->newer;
	*(stream->newer ? &stream->newer->older : &streams->newest) = stream->older;
	stream->older = stream->newer = NULL;
	streams->held_bytes -= stream->held_bytes;
	stream->held_bytes = 0;
}

static void set_held(struct ng_streams *streams, struct ng_stream *stream, size_t bytes)
{
	list_remove(streams, stream);
	if (!bytes)
		return;
	stream->older = streams->newest;
	*(stream->older ? &stream->older->newer : &streams->oldest) = stream;
	streams->newest = stream;
	stream->held_bytes = bytes;
	streams->held_bytes += bytes;
}

/* The oldest that may shed something, and whose lock could be had, with which it comes; NULL: there
 * is none. *ret_busy: one was passed over that is being asked, or shed by another thread. With the
 * lock held. */
static struct ng_stream *find_idle(const struct ng_streams *streams, const struct ng_stream *asking,
				   bool *ret_busy)
{
	struct ng_stream *stream = streams->oldest;

	for (; stream; stream = stream->newer) {
		if (stream == asking || stream->keeps)
			continue;
		if (pthread_mutex_trylock(&stream->lock) == 0)
			break;
		*ret_busy = true;
	}
	return stream;
}

int ng_streams_make_room(struct ng_streams *streams, struct ng_stream *stream)
{
	size_t most = streams->limits.memory_bytes;
	bool trim = false;
	int r = 0;

	pthread_mutex_lock(&streams->lock);
	while (streams->held_bytes - (stream ? stream->held_bytes : 0) > most) {
		bool busy = false;
		struct ng_stream *idle = find_idle(streams, stream, &busy);
		size_t held, left;

		if (!idle) {
			/* What others hold while they are asked is theirs. */
			r = busy ? 0 : -ENOMEM;
			break;
		}
		held = idle->held_bytes;
		pthread_mutex_unlock(&streams->lock);
		left = ng_stream_shed(idle);
		pthread_mutex_lock(&streams->lock);
		set_held(streams, idle, left);
		idle->keeps = left > 0;
		streams->shed_bytes += held - ng_min(left, held);
		pthread_mutex_unlock(&idle->lock);
	}
	if (streams->shed_bytes > TRIM_BYTES) {
		streams->shed_bytes = 0;
		trim = true;
	}
	pthread_mutex_unlock(&streams->lock);
	if (trim)
		malloc_trim(0);
	return r;
}

void ng_streams_hold(struct ng_streams *streams, struct ng_stream *stream, size_t bytes)
{
	pthread_mutex_lock(&streams->lock);
	set_held(streams, stream, bytes);
	stream->keeps = false;
	pthread_mutex_unlock(&streams->lock);
}

void ng_streams_leave(struct ng_streams *streams, struct ng_stream *stream)
{
	pthread_mutex_lock(&streams->lock);
	list_remove(streams, stream);
	pthread_mutex_unlock(&streams->lock);
	/* Whoever found it before has it shed. */
	pthread_mutex_lock(&stream->lock);
	pthread_mutex_unlock(&stream->lock);
}
