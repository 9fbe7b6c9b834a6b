/* SPDX-License-Identifier: Apache-2.0 */
/* Documents taken out of an index, at once and without building it again. */
#pragma once

#include "build/builder.h"
#include "build/doc_choice.h"

struct ng_remove_summary {
	uint64_t docs;                       /* removed now */
	uint64_t text_bytes;                 /* of these */
	uint64_t before;                     /* meant, but removed before */
	uint64_t left_docs, left_text_bytes; /* in the index */
};

/* Remove the documents that are meant from the index at options->output: beside each shard that
 * holds any, a file with their rows is written, and then a manifest that names them takes the place
 * of the old one in one step. Whatever is asked is answered as if they had never been there; other
 * documents keep their numbers. No shard is changed, and none outside of the index's directory is
 * written to. Uses outside, memory_bytes, threads and cancel of the options.
 *
 * -ENOENT: a number that no document ever had, or no document has such a field; then, and after any
 * other error, the index is as it was. Errors as of ng_builder_new with append, and of
 * ng_remove_rows. */
int ng_remove(const struct ng_build_options *options, const struct ng_doc_choice *choice,
	      struct ng_remove_summary *ret_summary, struct ng_error *err);
