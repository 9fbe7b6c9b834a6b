/* SPDX-License-Identifier: Apache-2.0 */
/* All streams of a mount together: how much memory they take, and which gives some back.
 *
 * A stream that is half read, and whose reader is slow or never comes back, keeps what it has made.
 * When all of them hold more than they may, those that have been asked least recently shed what
 * they can: what can be made again is dropped, what can't goes to disk. It comes back when they are
 * asked again. */
#pragma once

#include "files/disk.h"

struct ng_stream;
struct ng_streams;

struct ng_streams_limits {
	size_t memory_bytes; /* of all streams that nobody is asking right now */
	uint64_t disk_bytes; /* as ng_disk_new takes it */
	uint64_t lines;      /* that one session may ask; 0: any number */
};

/* Temporary files are made in the directory that TMPDIR names, or /tmp. -ENOMEM. All functions
 * below are thread-safe. */
int ng_streams_new(const struct ng_streams_limits *limits, struct ng_streams **ret_streams);
/* No stream may be left. */
struct ng_streams *ng_streams_free(struct ng_streams *streams);

struct ng_disk *ng_streams_disk(const struct ng_streams *streams);

/* Lines that one session may ask: UINT64_MAX where there is no bound. */
uint64_t ng_streams_lines_most(const struct ng_streams *streams);

/* What follows is for stream.c. */

/* Before a stream works, with its lock held, or NULL: have others shed until they hold no more than
 * they may. -ENOMEM: they can't. */
int ng_streams_make_room(struct ng_streams *streams, struct ng_stream *stream);

/* A stream has worked, and holds so much that it can shed. With its lock held. */
void ng_streams_hold(struct ng_streams *streams, struct ng_stream *stream, size_t bytes);

/* It is about to be freed: when this returns it is not being looked at. */
void ng_streams_leave(struct ng_streams *streams, struct ng_stream *stream);
