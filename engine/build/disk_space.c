/* SPDX-License-Identifier: Apache-2.0 */
#include "build/disk_space.h"

#include <libgen.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "build/work.h"

/* In tenths of a byte for each byte of text: an index, without a text store; what merging keeps
 * beside it, and what it needs without a name. */
#define INDEX_TENTHS   4u
#define NAMED_TENTHS   14u
#define UNNAMED_TENTHS (NG_WORK_SMALLER_TENTHS / 2 + NG_WORK_BOTH_TENTHS) /* of two halves */

static int space_compare(const char *dir, uint64_t need, struct ng_error *err)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (statvfs(dir, &fs) < 0 || !fs.f_blocks)
		return 0;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (need <= free_bytes)
		return 0;
	return ng_fail(
		err, -ENOSPC,
		"%s: building takes up to %ju MiB there, and %ju MiB are free; make room, or "
		"see --tmp and --shard-size",
		dir, (uintmax_t)(need >> 20) + 1, (uintmax_t)(free_bytes >> 20));
}

static bool same_filesystem(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev;
}

int ng_disk_space_check(const char *output, const char *tmp_dir, uint64_t text_bytes,
			const struct ng_memory_plan *plan, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *copy = strdup(output);
	uint64_t merged = ng_min(text_bytes, plan->shard_bytes);
	uint64_t named = text_bytes * INDEX_TENTHS / 10, unnamed = 0;
	const char *parent;
	int r;

	if (!copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	parent = dirname(copy);
	if (merged > plan->batch_bytes) {
		named += merged * NAMED_TENTHS / 10;
		unnamed = merged * UNNAMED_TENTHS / 10;
	}
	if (!tmp_dir || same_filesystem(parent, tmp_dir))
		return space_compare(parent, named + unnamed, err);
	r = space_compare(parent, named, err);
	return r < 0 ? r : space_compare(tmp_dir, unnamed, err);
}
