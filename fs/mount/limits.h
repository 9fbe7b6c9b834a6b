/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that whoever mounts may set: what one question, and all of them together, may take. */
#pragma once

#include "mount/call.h"
#include "files/streams.h"

struct ng_limits {
	struct ng_calls_limits calls;
	struct ng_streams_limits streams;
};

/* Each is an option of -o, by the same name. */
enum ng_limit {
	NG_LIMIT_TIMEOUT,
	NG_LIMIT_SEARCHES,
	NG_LIMIT_QUEUE,
	NG_LIMIT_MEMORY,
	NG_LIMIT_SPOOL,
	NG_LIMIT_LINES,
	NG_LIMITS,
};

/* What is not set. */
extern const struct ng_limits ng_limits_default;

/* Set limits from texts[limit], the option's value, or NULL where it is not given. -EINVAL, after a
 * message to standard error that names the option: it is no number of the range. */
int ng_limits_parse(const char *const texts[static NG_LIMITS], struct ng_limits *limits);
