/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of ngramfs. */
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_opt.h>

#include "mount/limits.h"

struct ng_options {
	const char **paths; /* indexes, then the mount point */
	size_t n_paths;
	char **argv;
	char *page, *threads, *outside, *preload_size, *limit_texts[NG_LIMITS];
	uint64_t page_docs, preload_bytes;
	unsigned search_threads;
	struct ng_limits limits;
	int foreground, debug, single, read_only, no_streams, preload, no_preload, no_sandbox;
	int help, version;
};

/* Take what is ngramfs's out of args, whose first word is the program; what is left there is for
 * libfuse. options is zeroed but for argv; args and argv stay, and paths points into them. Returns
 * 0; or, after a message, -EINVAL (wrong usage) or -ENOMEM. To be cleared in any case. */
int ng_options_parse(struct fuse_args *args, struct ng_options *options);
void ng_options_clear(struct ng_options *options);

void ng_options_print_help(void); /* to standard output */
