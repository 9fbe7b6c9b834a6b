/* SPDX-License-Identifier: Apache-2.0 */
/* A small index of given or random documents, for tests of what stands on the engine. */
#pragma once

#include "build/builder.h"
#include "query/query.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

struct corpus_doc {
	const uint8_t *text;
	size_t len;
	const char *meta;
};

struct corpus {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
	struct ng_index *index;
};

void corpus_make(struct corpus *corpus, const struct corpus_doc *docs, size_t n,
		 uint64_t shard_bytes, bool text_store);
void corpus_drop(struct corpus *corpus);

/* Documents of random words out of a few letters, so that queries recur within and across them;
 * some are empty. The texts lie one behind another in *ret_text, which the caller frees. */
void corpus_random(uint64_t *rng, struct corpus_doc *docs, size_t n, size_t max_bytes,
		   uint8_t **ret_text);
