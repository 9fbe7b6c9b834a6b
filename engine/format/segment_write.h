/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the sections that every file of sorted documents has, save its BWT (bwt/segment.h). */
#pragma once

#include "format/shardfile.h"

/* Write the samples of a BWT's marked rows, numbers[0..n-1]. looked, which may be NULL, is called
 * whenever some more of them were read, as in ng_frequent_search. Errors are the writer's. */
int ng_samples_write(struct ng_shard_writer *shard, const uint32_t *numbers, uint64_t n,
		     void (*looked)(void *userdata), void *userdata, struct ng_error *err);

/* Write where documents and their samples begin, from the positions of their separators:
 * NG_SECTION_DOC_STARTS and NG_SECTION_SAMPLE_STARTS. -ENOMEM, or the writer's error. */
int ng_doc_starts_write(const uint64_t *ends, uint64_t n, uint32_t sa_rate,
			struct ng_shard_writer *shard, struct ng_error *err);

/* Room for docs + 1 numbers, all 0: NULL, with err set, where there is none. The caller frees it.
 */
uint64_t *ng_starts_new(uint64_t docs, struct ng_error *err);

/* Write docs + 1 ascending numbers as a section. -ENOMEM, or the writer's error. */
int ng_starts_write(struct ng_shard_writer *shard, uint32_t type, const uint64_t *starts,
		    uint64_t docs, struct ng_error *err);
