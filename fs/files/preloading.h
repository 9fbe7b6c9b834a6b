/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that reads the small sections of a mount's indexes (query/preload.h), and says how far
 * it is: where storage is remote, or where that was wanted. */
#pragma once

#include "files/indexes.h"

enum ng_preloading_when {
	NG_PRELOADING_REMOTE, /* of indexes on remote storage */
	NG_PRELOADING_ALWAYS,
	NG_PRELOADING_NEVER,
};

struct ng_preloading_options {
	enum ng_preloading_when when;
	uint64_t most_bytes; /* of all indexes; 0: ng_preload_most */
	/* A line for the log, without a newline; path is the index's. From several threads. */
	void (*say)(void *userdata, const char *path, const char *line);
	void *userdata;
};

struct ng_preloading;

/* Start it. indexes is borrowed until ng_preloading_stop. -ENOMEM, -EAGAIN. */
int ng_preloading_start(struct ng_indexes *indexes, const struct ng_preloading_options *options,
			struct ng_preloading **ret_preloading);

/* The indexes have been opened again: what is new of them is read, too. */
void ng_preloading_again(struct ng_preloading *preloading);

/* End it and free it. False: it waits for storage that doesn't answer, even after some seconds;
 * then neither it nor the indexes may be freed. */
bool ng_preloading_stop(struct ng_preloading *preloading);
