/* SPDX-License-Identifier: Apache-2.0 */
/* Rank structures for the unit tests: written into a shard, opened from memory of their own, whose
 * ends sanitizers watch. */
#pragma once

#include "bwt/bwt.h"
#include "bwt/bwt_write.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

struct bwt_section {
	uint8_t *data;
	size_t bytes;
};

struct made_bwt {
	struct bwt_section directory, cells, superblocks, hints;
	struct ng_bwt_parts parts;
};

/* With as many bytes behind it as bwt.h asks for: the cells have their own. */
static inline void made_bwt_copy(const struct ng_shard_file *file, uint32_t type,
				 struct bwt_section *ret)
{
	size_t more = type == NG_SECTION_BWT_CELLS ? 0 : NG_SECTION_PADDING;
	const uint8_t *data;

	assert_true(ng_shard_file_section(file, type, &data, &ret->bytes));
	ret->data = calloc(ret->bytes + more, 1);
	assert_non_null(ret->data);
	memcpy(ret->data, data, ret->bytes);
}

/* Sections changed by the test are opened as they are then. */
static inline void made_bwt_parts(struct made_bwt *made)
{
	made->parts.directory = made->directory.data;
	made->parts.directory_bytes = made->directory.bytes;
	made->parts.cells = made->cells.data;
	made->parts.cells_bytes = made->cells.bytes;
	made->parts.superblocks = made->superblocks.data;
	made->parts.superblocks_bytes = made->superblocks.bytes;
	made->parts.hints = made->hints.data;
	made->parts.hints_bytes = made->hints.bytes;
}

static inline void made_bwt_new(const struct ng_bwt_text *text, unsigned mark_shift,
				unsigned threads, struct made_bwt *made)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	uint64_t bytes, checksum;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/shard", dir);
	assert_int_equal(ng_shard_writer_new(path, &shard, &err), 0);
	assert_int_equal(ng_bwt_write(text, mark_shift, threads, shard, NULL, NULL, NULL, &err), 0);
	assert_int_equal(ng_shard_writer_finish(shard, &bytes, &checksum, &err), 0);
	assert_int_equal(ng_shard_file_open(path, &file, &err), 0);
	made_bwt_copy(file, NG_SECTION_BWT_DIRECTORY, &made->directory);
	made_bwt_copy(file, NG_SECTION_BWT_CELLS, &made->cells);
	made_bwt_copy(file, NG_SECTION_BWT_SUPERBLOCKS, &made->superblocks);
	made_bwt_copy(file, NG_SECTION_MARK_HINTS, &made->hints);
	assert_int_equal(scratch_remove(dir), 0);
	made->parts = (struct ng_bwt_parts){.rows = text->rows, .mark_shift = mark_shift};
	made_bwt_parts(made);
}

static inline void made_bwt_free(struct made_bwt *made)
{
	free(made->directory.data);
	free(made->cells.data);
	free(made->superblocks.data);
	free(made->hints.data);
}
