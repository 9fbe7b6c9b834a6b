/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's header and table as they lie in the file, for its writer and its reader.
 *
 * Page 0 begins with the header; sections follow, each at a multiple of NG_PAGE_BYTES with at least
 * NG_SECTION_PADDING zero bytes behind it, in the order of the table; the page sums are the last
 * of them. The table ends the file. All numbers are little-endian. */
#pragma once

#include "format/shardfile.h"

#define NG_SHARD_SECTIONS_MAX 64u

struct ng_shard_header {
	char magic[8];
	uint32_t version;
	uint32_t n_sections;
	uint64_t file_bytes;
	uint64_t table_offset;
	uint64_t table_sum;  /* XXH3-64 of the table */
	uint64_t header_sum; /* XXH3-64 of the fields above */
};

struct ng_shard_entry {
	uint32_t type;
	uint32_t reserved; /* 0 */
	uint64_t offset;
	uint64_t bytes;
	uint64_t sum; /* XXH3-64 */
};

_Static_assert(sizeof(struct ng_shard_header) == 48, "file format");
_Static_assert(sizeof(struct ng_shard_entry) == 32, "file format");

/* Where the section after one that ends at end begins, and the table after the last. */
static inline uint64_t ng_shard_align(uint64_t end)
{
	return ng_align_up(end + NG_SECTION_PADDING, NG_PAGE_BYTES);
}

/* The table of an open shard, by offset; the last entry is that of the page sums. */
const struct ng_shard_entry *ng_shard_file_entries(const struct ng_shard_file *file,
						   uint32_t *ret_n);
