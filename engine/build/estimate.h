/* SPDX-License-Identifier: Apache-2.0 */
/* What a build will take, told from a sample of its input and from two small indexes of that. */
#pragma once

#include "build/memory.h"
#include "build/trial.h"

struct ng_bounds {
	double low, likely, high;
};

struct ng_estimate {
	bool whole; /* the sample is all there is */
	struct ng_bounds docs, text_bytes;
	struct ng_bounds index_bytes;
	struct ng_bounds seconds;
	struct ng_bounds memory_bytes; /* at its peak */
	/* Room while it is built, at its peak: where the index will be, where temporary files are,
	 * and in both, whose peaks needn't be at one time. */
	struct ng_bounds output_bytes, tmp_bytes, disk_bytes;
	uint64_t shards, batches; /* likely */
};

/* What the estimate is made of. */
struct ng_estimate_from {
	const struct ng_sample *sample;
	struct ng_trial less, more;             /* of a part of its documents, and of all */
	const struct ng_build_options *options; /* memory_bytes and threads are known */
	struct ng_memory_plan plan;
};

/* Reckon; no input or output. How bytes of index a byte of text fall with the logarithm of the
 * text is taken from the two trials. A sample without text gives zeroes. -ENOMEM. */
int ng_estimate_reckon(const struct ng_estimate_from *from, struct ng_estimate *ret_estimate);

/* Make both trials in dir and reckon. options as for ng_builder_new; its output is not touched.
 * Errors as ng_memory_divide and ng_trial_run. Takes as long as an index of a little more than the
 * sample does. */
int ng_estimate(const struct ng_sample *sample, const struct ng_build_options *options,
		const char *dir, struct ng_estimate *ret_estimate, struct ng_error *err);
