/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: an index from a stranger, all of whose sums are right (see sections.h), of
 * which documents are removed and whose shards are merged. Each comes to its end, with an error
 * that says what is wrong or an index that can be opened and asked; after an error the index is the
 * one that it was. */
#include "fuzz.h"

#include <inttypes.h>

#include "asked.h"
#include "build/compact.h"
#include "build/memory.h"
#include "build/remove.h"
#include "format/manifest.h"
#include "query/query.h"
#include "scratch.h"

/* The manifest's text. */
static uint8_t *manifest_read(const char *dir, size_t *ret_len)
{
	char path[SCRATCH_DIR_MAX + 80];

	snprintf(path, sizeof(path), "%s/" NG_MANIFEST_NAME, dir);
	return scratch_read(path, ret_len);
}

static void judge(const char *dir, int r, const struct ng_error *err, const uint8_t *before,
		  size_t before_len)
{
	ng_cleanup(ng_freep) uint8_t *after = NULL;
	size_t len;

	sections_require(r <= 0);
	if (r == 0)
		return;
	sections_require(*err->text && !strchr(err->text, '\n'));
	after = manifest_read(dir, &len);
	sections_require(after && len == before_len && memcmp(after, before, len) == 0);
}

static void remove_some(const char *dir)
{
	struct ng_doc_range ranges[] = {{1, 2}, {4, 5}};
	struct ng_doc_choice choice = {.ranges = ranges, .n_ranges = ng_array_size(ranges)};
	struct ng_build_options options = {
		.output = dir, .threads = 1, .memory_bytes = NG_MEMORY_MIN};
	ng_cleanup(ng_freep) uint8_t *before = NULL;
	struct ng_remove_summary summary;
	struct ng_error err = {""};
	size_t len;

	before = manifest_read(dir, &len);
	sections_require(before);
	judge(dir, ng_remove(&options, &choice, &summary, &err), &err, before, len);
}

static int merge(const char *dir)
{
	struct ng_build_options options = {
		.output = dir, .threads = 1, .memory_bytes = NG_MEMORY_MIN};
	ng_cleanup(ng_freep) uint8_t *before = NULL;
	struct ng_build_summary summary;
	struct ng_error err = {""};
	size_t len;
	int r;

	before = manifest_read(dir, &len);
	sections_require(before);
	r = ng_compact(&options, &summary, &err);
	judge(dir, r, &err, before, len);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = sections_dir("merge");

	if (sections_write_index(data, size, dir)) {
		ng_cleanup(ng_index_closep) struct ng_index *index = NULL;

		if (size % 2)
			remove_some(dir);
		if (merge(dir) == 0) {
			int r = ng_index_open(dir, 1, &index, NULL);

			/* Shards that it had no reason to touch are as they were. */
			sections_require(r == 0 || r == -EUCLEAN || r == -EPROTO || r == -ENOMEM);
			if (r == 0)
				asked_all(index, data, size);
		}
	}
	sections_remove(dir);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	return asked_seed(number, ret_size);
}
