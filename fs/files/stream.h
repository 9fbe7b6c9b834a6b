/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are made while they are read, and files that are written and answer.
 *
 * What is small or quickly made is no stream but an ordinary file, made before its size is told
 * (node_answer.c). Of what is left nobody knows the size before all of it is made, and programs
 * differ in what they do with a size that is wrong. So a stream is opened with DIRECT_IO and
 * NONSEEKABLE: each read reaches the daemon and gets the next bytes, whatever the size; who seeks
 * or maps it is refused. As its size it tells a bound, since programs that trust a size of 0 read
 * nothing and succeed, while those that trust one too large find out; once all of it is made, the
 * size is right.
 *
 * splice and sendfile go through the page cache all the same, from about Linux 6.5 on, where a file
 * ends at the size that the kernel knows. What they ask for is refused with EINVAL (mount/ops.c),
 * which they hand on, and programs read instead. So that they do ask, and don't take the end of
 * what was written for that of the file, a write tells the kernel of a size far beyond.
 *
 * Each lookup gives a new stream, whose offset goes on with the reading; it belongs to whoever
 * opened it.
 *
 * One kind of stream is a struct that begins with struct ng_stream. */
#pragma once

#include <pthread.h>

#include "files/indexes.h"
#include "files/streams.h"

struct ng_stream;

/* All but free are called with the lock held. */
struct ng_stream_ops {
	/* Make the next piece. An interrupted one that has made something is content with it. At
	 * the end, bytes stay as they are. */
	int (*grow)(struct ng_stream *stream, const ng_cancel *cancel);
	/* Bytes [offset, offset + len), as many as have been made. -ESPIPE: not any more. */
	int (*read)(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		    uint8_t *buf, size_t *ret_len);
	/* NULL: it can't be written. */
	int (*write)(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len);
	/* Bytes of memory that shed would give back. NULL, with shed: it holds next to nothing. */
	size_t (*held)(const struct ng_stream *stream);
	/* Give them back, as far as that works. What is asked next is answered as if nothing had
	 * happened, or fails, and can be asked again. */
	void (*shed)(struct ng_stream *stream);
	/* Before anything else is called after that: get back what cannot be made again. NULL:
	 * there is no such thing. -ENOMEM, -EIO and other errors of files. */
	int (*wake)(struct ng_stream *stream);
	void (*free)(struct ng_stream *stream);
};

struct ng_stream {
	const struct ng_stream_ops *ops;
	pthread_mutex_t lock;
	struct ng_indexes *indexes;
	const struct ng_mounted_index *index; /* as it was when the file was looked up */
	/* Set by ops: made so far; and while there may be more, how many there are at most, or 0.
	 */
	atomic_ullong bytes, bytes_most;
	struct ng_streams *streams; /* of whom it is one, or NULL */
	bool has_shed;              /* since it was asked last */
	/* streams.c's own. */
	bool keeps; /* all that it holds: it couldn't shed it */
	size_t held_bytes;
	struct ng_stream *older, *newer;
};

/* index, from ng_indexes_get on indexes, is given back when the stream is freed. indexes NULL:
 * index is the caller's, and stays. */
void ng_stream_init(struct ng_stream *stream, const struct ng_stream_ops *ops,
		    struct ng_indexes *indexes, const struct ng_mounted_index *index);

/* Let it be one of streams: to be called before it is used. What it holds already counts. */
void ng_stream_join(struct ng_stream *stream, struct ng_streams *streams);

/* Have a stream, with its lock held, shed what it can; returns how much it holds still. */
size_t ng_stream_shed(struct ng_stream *stream);

/* NULL is fine. Nobody may be using it. */
void ng_stream_free(struct ng_stream *stream);

/* The size that it tells. A bound is of whole pages: wc -c of coreutils takes others for right. */
static inline uint64_t ng_stream_bytes(const struct ng_stream *stream)
{
	uint64_t bytes = atomic_load(&stream->bytes), most = atomic_load(&stream->bytes_most);

	return most > bytes ? ng_align_up(most, 4096) : bytes;
}

/* What a stream says is its size while it may still be asked, beyond what was made. */
#define NG_STREAM_PENDING_BYTES (UINT64_C(1) << 30)

/* What ops say, one at a time. ng_stream_read makes more first, if all that was made has been read,
 * and gives that, as a pipe does; 0 bytes are the end, for now. -ESPIPE: offset is beyond all that
 * was made. They return 0, -EINTR (cancelled, also while another one is at work), what ops return,
 * or, ng_stream_write, -EROFS. Thread-safe. */
int ng_stream_read(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		   uint8_t *buf, size_t *ret_len);
int ng_stream_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len);
