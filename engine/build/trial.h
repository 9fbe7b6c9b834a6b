/* SPDX-License-Identifier: Apache-2.0 */
/* A small index of some of the documents, made and removed again, to see what it takes on this
 * machine. */
#pragma once

#include "build/builder.h"
#include "text/sample.h"

struct ng_trial {
	uint64_t rows; /* of its text, separators included */
	uint64_t index_bytes;
	uint64_t fixed_bytes; /* of these, what lies between sections: it doesn't grow with the text
			       */
	uint64_t frame_bytes; /* of these, metadata and text that are compressed: what waits in a
			       * temporary file until a shard is written */
	uint64_t work;        /* the same build's, as build/work.h counts it: divided by threads, */
	uint64_t cpu_work;    /* and by one thread */
	double seconds;       /* that it took, */
	double cpu_seconds;   /* of all threads */
};

/* Index every step-th document of the sample, as options says, but in a directory of its own within
 * dir, which is gone afterwards whatever comes. Memory and room: those of a build of so much text.
 * Errors of the builder's, with err set. */
int ng_trial_run(const struct ng_sample *sample, size_t step,
		 const struct ng_build_options *options, const char *dir,
		 struct ng_trial *ret_trial, struct ng_error *err);
