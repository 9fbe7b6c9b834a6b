/* Shards for the unit tests, in a directory that goes with the test. */
#pragma once

#include "format/shardlayout.h"
#include "scratch.h"

#include <setjmp.h>

#include <cmocka.h>

struct fixture {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || scratch_make(f->dir) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/shard", f->dir);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	int r = scratch_remove(f->dir);

	free(f);
	return r;
}

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

static inline uint8_t content(size_t section, size_t i)
{
	return (uint8_t)((i * 31 + section * 7) >> i % 5);
}

static inline uint32_t type_of(size_t section)
{
	return NG_SECTION_PARAMS + 3 * (uint32_t)section;
}

static inline void make(const char *path, const struct shape *shape, size_t piece_bytes,
			uint64_t *ret_bytes, uint64_t *ret_checksum)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	struct ng_error err;

	assert_int_equal(ng_shard_writer_new(path, &w, &err), 0);
	for (size_t s = 0; s < shape->n; s++) {
		ng_cleanup(ng_freep) uint8_t *data = malloc(shape->bytes[s] + 1);

		assert_non_null(data);
		for (size_t i = 0; i < shape->bytes[s]; i++)
			data[i] = content(s, i);
		assert_int_equal(ng_shard_writer_section(w, type_of(s), &err), 0);
		for (size_t i = 0; i < shape->bytes[s]; i += piece_bytes)
			assert_int_equal(ng_shard_writer_write(
						 w, data + i,
						 ng_min(piece_bytes, shape->bytes[s] - i), &err),
					 0);
	}
	assert_int_equal(ng_shard_writer_finish(w, ret_bytes, ret_checksum, &err), 0);
}
