/* SPDX-License-Identifier: Apache-2.0 */
/* Shards for the unit tests. */
#pragma once

#include "format/shardlayout.h"
#include "fixture.h"

#include <setjmp.h>

#include <cmocka.h>

/* Sizes of the sections of a test shard; a section's number decides its type and content. */
struct shape {
	size_t n;
	size_t bytes[4];
};

static const struct shape shapes[] = {
	{0, {0}},
	{1, {0}},
	{1, {1}},
	{2, {0, 0}},
	{3, {NG_PAGE_BYTES - 64, NG_PAGE_BYTES - 63, NG_PAGE_BYTES}},
	{4, {5, 0, 70000, 64}},
	/* Data that ends just before, at and just after what the writer has in memory. */
	{1, {(1 << 20) - NG_PAGE_BYTES - 64}},
	{1, {(1 << 20) - NG_PAGE_BYTES}},
	{2, {(1 << 20) - NG_PAGE_BYTES + 1, 3}},
	{3, {100, 3 << 20, 5}},
	/* As many pages as a page of sums has sums for, one less and one more. */
	{1, {1022 * NG_PAGE_BYTES - 64}},
	{1, {1023 * NG_PAGE_BYTES - 64}},
	{1, {1023 * NG_PAGE_BYTES}},
	{1, {9 << 20}},
};

uint8_t shard_content(size_t section, size_t i);

uint32_t shard_type_of(size_t section);

void shard_make(const char *path, const struct shape *shape, size_t piece_bytes,
		uint64_t *ret_bytes, uint64_t *ret_checksum);
