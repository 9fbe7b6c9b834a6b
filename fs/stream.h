/* Files that are made while they are read, and files that are written and answer.
 *
 * The kernel is not asked to open files (see ops.c), so there is no handle that could belong to one
 * reader, and all reading goes through its page cache, which trusts a file's size. So a stream is a
 * node that grows: every lookup gives a new one, whose size is 0 and may not be relied on. Before
 * it reads, the kernel asks for the size, with a file (ng_tree_grow), which is when more is made; a
 * stat asks without a file, and makes nothing. When the size stays as it is, the reader is at the
 * end. What changes in what has been read before shows in the time of modification.
 *
 * So a stream is read from its beginning on. Its size is what has been made so far; a program that
 * seeks to its end finds only that, and to read on there is refused.
 *
 * One kind of stream is a struct that begins with struct ng_stream. */
#pragma once

#include <pthread.h>

#include "indexes.h"

struct ng_stream;

/* All but free are called with the lock held. */
struct ng_stream_ops {
	/* Make the next piece, if all that was made has been read. An interrupted one that has made
	 * something is content with it. */
	int (*grow)(struct ng_stream *stream, const ng_cancel *cancel);
	/* Bytes [offset, offset + len), as many as have been made. -ESPIPE: they can't be read
	 * there and now. */
	int (*read)(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		    uint8_t *buf, size_t *ret_len);
	/* NULL: it can't be written. */
	int (*write)(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len);
	void (*free)(struct ng_stream *stream);
};

struct ng_stream {
	const struct ng_stream_ops *ops;
	pthread_mutex_t lock;
	struct ng_indexes *indexes;
	const struct ng_mounted_index *index; /* as it was when the file was looked up */
	atomic_ullong bytes;                  /* made so far; set by ops */
	atomic_llong mtime;                   /* nanoseconds; 0: never written */
	atomic_bool used;                     /* read or written */
};

/* index, from ng_indexes_get on indexes, is given back when the stream is freed. indexes NULL:
 * index is the caller's, and stays. */
void ng_stream_init(struct ng_stream *stream, const struct ng_stream_ops *ops,
		    struct ng_indexes *indexes, const struct ng_mounted_index *index);

/* NULL is fine. Nobody may be using it. */
void ng_stream_free(struct ng_stream *stream);

/* What ops say, one at a time. They return 0, -EINTR (cancelled, also while another one is at
 * work), what ops return, or, ng_stream_write, -EROFS. Thread-safe. */
int ng_stream_grow(struct ng_stream *stream, const ng_cancel *cancel);
int ng_stream_read(struct ng_stream *stream, uint64_t offset, size_t len, const ng_cancel *cancel,
		   uint8_t *buf, size_t *ret_len);
int ng_stream_write(struct ng_stream *stream, uint64_t offset, const uint8_t *data, size_t len);
