/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/merged.h"

#include <sys/mman.h>

static int file_map(struct ng_merged *merged, struct ng_tempdir tmp, struct ng_error *err)
{
	ng_cleanup(ng_closep) int fd = ng_tempfile_open(tmp);
	int r;

	if (fd < 0)
		return ng_fail(err, fd, "%s: cannot make a temporary file: %s", tmp.path,
			       strerror(-fd));
	/* All of it now: a mapping that finds no room later dies. */
	r = -posix_fallocate(fd, 0, (off_t)merged->map_bytes);
	if (r < 0)
		return ng_fail(err, r, "%s: no room for %zu bytes that merging takes: %s", tmp.path,
			       merged->map_bytes, strerror(-r));
	merged->map = mmap(NULL, merged->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	merged->in_file = true;
	return 0;
}

int ng_merged_new(uint64_t rows, uint64_t samples, bool with_separators, uint64_t memory_bytes,
		  struct ng_tempdir tmp, struct ng_merged *ret_merged, struct ng_error *err)
{
	ng_cleanup(ng_merged_clear) struct ng_merged merged = {.n_samples = samples};
	size_t bits = (rows / 64 + 2) * sizeof(uint64_t), bwt = ng_align_up(rows, 4096);
	int r = 0;

	if (samples > UINT32_MAX)
		return ng_fail(err, -EFBIG, "%ju samples are more than a shard can have",
			       (uintmax_t)samples);
	merged.map_bytes = bwt + (with_separators ? 2 : 1) * bits + samples * sizeof(uint32_t);
	if (merged.map_bytes > memory_bytes)
		r = file_map(&merged, tmp, err);
	else
		merged.map = mmap(NULL, merged.map_bytes, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r < 0)
		return r;
	if (merged.map == MAP_FAILED) {
		merged.map = NULL;
		return ng_fail(err, -ENOMEM, "no memory for merging %ju rows", (uintmax_t)rows);
	}
	merged.bwt = merged.map;
	merged.marks = (uint64_t *)(void *)(merged.bwt + bwt);
	merged.separators = with_separators ? merged.marks + bits / sizeof(uint64_t) : NULL;
	merged.samples =
		(uint32_t *)(merged.marks + (with_separators ? 2 : 1) * bits / sizeof(uint64_t));
	merged.text = (struct ng_bwt_text){merged.bwt, merged.separators, merged.marks, rows};
	*ret_merged = merged;
	merged = (struct ng_merged){0};
	return 0;
}

void ng_merged_clear(struct ng_merged *merged)
{
	if (merged->map)
		munmap(merged->map, merged->map_bytes);
	*merged = (struct ng_merged){0};
}

void ng_merged_release(const struct ng_merged *merged)
{
	if (merged->in_file)
		madvise(merged->map, merged->map_bytes, MADV_DONTNEED);
}
