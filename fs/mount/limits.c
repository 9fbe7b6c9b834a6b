/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/limits.h"

#include "base/number.h"

const struct ng_limits ng_limits_default = {
	/* So many long questions that they wait for each other's reading, and so few that a short
	 * one gets its share of the processors at once. */
	.calls = {.long_at_once = 16, .waiting_most = 1024},
	/* With what those that are being asked hold besides, 128 MiB. */
	.streams = {.memory_bytes = 48u << 20, .disk_bytes = UINT64_C(4) << 30},
};

static const struct limit {
	const char *name;
	bool is_size; /* with K, M, G or T */
	uint64_t most;
} limits_known[NG_LIMITS] = {
	[NG_LIMIT_TIMEOUT] = {"timeout", false, 86400},
	[NG_LIMIT_SEARCHES] = {"searches", false, 1024},
	[NG_LIMIT_QUEUE] = {"queue", false, 1000000},
	[NG_LIMIT_MEMORY] = {"memory", true, SIZE_MAX},
	[NG_LIMIT_SPOOL] = {"spool", true, INT64_MAX},
	[NG_LIMIT_LINES] = {"lines", false, INT64_MAX},
};

int ng_limits_parse(const char *const texts[static NG_LIMITS], struct ng_limits *limits)
{
	uint64_t values[NG_LIMITS] = {
		[NG_LIMIT_TIMEOUT] = limits->calls.timeout_s,
		[NG_LIMIT_SEARCHES] = limits->calls.long_at_once,
		[NG_LIMIT_QUEUE] = limits->calls.waiting_most,
		[NG_LIMIT_MEMORY] = limits->streams.memory_bytes,
		[NG_LIMIT_SPOOL] = limits->streams.disk_bytes,
		[NG_LIMIT_LINES] = limits->streams.lines,
	};

	for (size_t i = 0; i < NG_LIMITS; i++) {
		const struct limit *limit = &limits_known[i];

		if (!texts[i])
			continue;
		if (ng_number_parse(texts[i], limit->is_size, &values[i]) < 0 || values[i] < 1 ||
		    values[i] > limit->most) {
			fprintf(stderr, "ngramfs: -o %s=%s: give a number from 1 to %llu%s\n",
				limit->name, texts[i], (unsigned long long)limit->most,
				limit->is_size ? ", which may end in K, M, G or T" : "");
			return -EINVAL;
		}
	}
	limits->calls.timeout_s = (unsigned)values[NG_LIMIT_TIMEOUT];
	limits->calls.long_at_once = (unsigned)values[NG_LIMIT_SEARCHES];
	limits->calls.waiting_most = (size_t)values[NG_LIMIT_QUEUE];
	limits->streams.memory_bytes = (size_t)values[NG_LIMIT_MEMORY];
	limits->streams.disk_bytes = values[NG_LIMIT_SPOOL];
	limits->streams.lines = values[NG_LIMIT_LINES];
	return 0;
}
