/* SPDX-License-Identifier: Apache-2.0 */
#include "shardmake.h"

uint8_t shard_content(size_t section, size_t i)
{
	return (uint8_t)((i * 31 + section * 7) >> i % 5);
}

uint32_t shard_type_of(size_t section)
{
	return NG_SECTION_PARAMS + 3 * (uint32_t)section;
}

void shard_make(const char *path, const struct shape *shape, size_t piece_bytes,
		uint64_t *ret_bytes, uint64_t *ret_checksum)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	struct ng_error err;

	assert_int_equal(ng_shard_writer_new(path, &w, &err), 0);
	for (size_t s = 0; s < shape->n; s++) {
		ng_cleanup(ng_freep) uint8_t *data = malloc(shape->bytes[s] + 1);

		assert_non_null(data);
		for (size_t i = 0; i < shape->bytes[s]; i++)
			data[i] = shard_content(s, i);
		assert_int_equal(ng_shard_writer_section(w, shard_type_of(s), &err), 0);
		for (size_t i = 0; i < shape->bytes[s]; i += piece_bytes)
			assert_int_equal(ng_shard_writer_write(
						 w, data + i,
						 ng_min(piece_bytes, shape->bytes[s] - i), &err),
					 0);
	}
	assert_int_equal(ng_shard_writer_finish(w, ret_bytes, ret_checksum, &err), 0);
}
