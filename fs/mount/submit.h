/* SPDX-License-Identifier: Apache-2.0 */
/* From requests to what answers them. */
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>

#include "mount/call.h"

/* What is asked, and by whom it is answered: fields as those of a call and its job. */
struct ng_submission {
	void (*answer)(struct ng_call *call);
	uint64_t node, offset;
	size_t size;
	const void *data; /* size bytes that it came with, which are copied; or NULL */
	enum ng_lane lane;
	uint64_t key;
	bool has_effect;
};

/* Have req, a request to a mount, answered (ng_call_submit). */
void ng_submit(fuse_req_t req, const struct ng_submission *asked);
