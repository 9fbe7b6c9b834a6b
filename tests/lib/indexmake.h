/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes of the naive corpora, for the unit tests, in a directory that goes with the test. */
#pragma once

#include "build/builder.h"
#include "naive.h"
#include "query/query.h"

#include <setjmp.h>
#include <cmocka.h>

struct made_index {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
	struct ng_index *index;
};

/* Metadata of a document: of all lengths, none like another's. Returns its bytes. */
size_t made_meta(uint64_t doc, char buf[256]);

/* Build, or append, what options say of documents [first, end) of corpus at path. */
void made_build_docs(const struct naive *corpus, uint64_t first, uint64_t end,
		     const struct ng_build_options *options, const char *path,
		     struct ng_build_summary *ret_summary);

void made_build(const struct naive *corpus, const struct ng_build_options *options,
		const char *path, struct ng_build_summary *ret_summary);

void made_index_new(const struct naive *corpus, const struct ng_build_options *options,
		    struct made_index *made);

void made_index_free(struct made_index *made);
