/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are sorted in one go. */
#pragma once

#include "base/base.h"

struct ng_batch {
	uint8_t *bytes; /* mapping of cap bytes: documents, each followed by a 0 */
	size_t n, cap;
	uint64_t *doc_ends; /* positions of those zeroes */
	uint64_t docs, docs_cap;
	bool has_nul;
};

/* A batch without documents, for as many as can be sorted; memory comes with use. -ENOMEM. */
int ng_batch_begin(struct ng_batch *batch);
int ng_batch_add(struct ng_batch *batch, const uint8_t *text, size_t text_bytes);
void ng_batch_clear(struct ng_batch *batch);
