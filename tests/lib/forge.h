/* SPDX-License-Identifier: Apache-2.0 */
/* Shards with contents that were changed and checksums that are right again: what a stranger, or a
 * faulty build, may hand over. */
#pragma once

#include "format/manifest.h"
#include "format/shardlayout.h"
#include "indexmake.h"

#include <xxhash.h>

#define FORGED_SHARD "shard-00000.ngs"

struct forged {
	char path[SCRATCH_DIR_MAX + 40];
	const char *index;
	uint8_t *data;
	size_t bytes;
};

void forged_read(const struct made_index *made, struct forged *f);

static inline struct ng_shard_header *forged_header(const struct forged *f)
{
	return (struct ng_shard_header *)(void *)f->data;
}

/* Entry number i of the table, which ends with the page sums' entry. */
static inline struct ng_shard_entry *forged_entry(const struct forged *f, uint32_t i)
{
	return (struct ng_shard_entry *)(void *)(f->data + forged_header(f)->table_offset) + i;
}

/* A section's entry, or NULL. */
struct ng_shard_entry *forged_section(const struct forged *f, uint32_t type);

/* A new file, so that a mapping of the old one stays as it is. */
void forged_write(const struct forged *f);

/* Make all sums right. */
void forged_sum(const struct forged *f);

/* Make all sums right, also the manifest's, and write the shard. */
void forged_seal(const struct forged *f);
