/* SPDX-License-Identifier: Apache-2.0 */
/* Segments merged in parts, by several threads and in several buckets: the same file as in one
 * piece. That this is the right one is test_segment_merge's. */
#include "build/shard_build.h"
#include "merge/segment_merge.h"
#include "naive.h"

#include <setjmp.h>
#include <cmocka.h>

#define SA_RATE 9u

struct halves {
	char dir[SCRATCH_DIR_MAX], left[SCRATCH_DIR_MAX + 8], right[SCRATCH_DIR_MAX + 8];
	int text_fd;
	uint64_t right_at;
};

static const struct ng_shard_options sorting = {.sa_rate = SA_RATE, .threads = 1};

static struct ng_file_at at(const char *path)
{
	return (struct ng_file_at){AT_FDCWD, path};
}

/* The segment of documents [first, end), whose text goes to the end of a file. */
static void half_make(const struct naive *c, uint64_t first, uint64_t end, const char *path,
		      int text_fd)
{
	struct ng_shard_progress progress = {0};
	struct ng_batch batch = {0};
	struct ng_error err = {""};
	uint64_t bytes, checksum;

	assert_int_equal(ng_batch_begin(&batch), 0);
	for (uint64_t d = first; d < end; d++)
		assert_int_equal(
			ng_batch_add(&batch, c->text + naive_begin(c, d), naive_bytes(c, d)), 0);
	assert_int_equal(write(text_fd, batch.bytes, batch.n), batch.n);
	if (ng_segment_build(&batch, &sorting, at(path), &progress, &bytes, &checksum, &err) < 0)
		fail_msg("%s: %s", c->name, err.text);
	ng_batch_clear(&batch);
}

static void halves_make(const struct naive *c, uint64_t docs, struct halves *h)
{
	char text[SCRATCH_DIR_MAX + 8];

	assert_int_equal(scratch_make(h->dir), 0);
	snprintf(h->left, sizeof(h->left), "%s/left", h->dir);
	snprintf(h->right, sizeof(h->right), "%s/right", h->dir);
	snprintf(text, sizeof(text), "%s/text", h->dir);
	h->text_fd = open(text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(h->text_fd >= 0);
	half_make(c, 0, docs, h->left, h->text_fd);
	h->right_at = (uint64_t)lseek(h->text_fd, 0, SEEK_END);
	half_make(c, docs, c->docs, h->right, h->text_fd);
}

static void halves_free(struct halves *h)
{
	close(h->text_fd);
	assert_int_equal(scratch_remove(h->dir), 0);
}

/* What merging writes, in memory of the caller's. */
static uint8_t *merge(const struct halves *h, unsigned threads, uint64_t part_rows,
		      uint64_t memory_bytes, uint64_t *ret_bytes)
{
	struct ng_shard_progress progress = {0};
	struct ng_segment_merge_text text = {h->text_fd, 0, h->right_at};
	struct ng_segment_merge_options options = {.sa_rate = SA_RATE,
						   .threads = threads,
						   .memory_bytes = memory_bytes,
						   .resident_bytes = UINT64_MAX,
						   .tmp = NG_TEMPDIR(h->dir),
						   .part_rows = part_rows,
						   .progress = &progress};
	char path[SCRATCH_DIR_MAX + 8];
	struct ng_error err = {""};
	uint64_t checksum;
	uint8_t *data;
	size_t bytes;

	snprintf(path, sizeof(path), "%s/merged", h->dir);
	if (ng_segment_merge(at(h->left), at(h->right), &text, &options, at(path), ret_bytes,
			     &checksum, &err) < 0)
		fail_msg("%u threads, %ju rows a part: %s", threads, (uintmax_t)part_rows,
			 err.text);
	data = scratch_read(path, &bytes);
	assert_non_null(data);
	assert_int_equal(bytes, *ret_bytes);
	unlink(path);
	return data;
}

static void check(const struct naive *c, uint64_t docs)
{
	static const struct shape {
		unsigned threads;
		uint64_t part_rows, memory_bytes;
	} shapes[] = {
		{1, 1, 1 << 30},    {3, 7, 1 << 30},      {2, 64, 1 << 30},
		{2, 1000, 1 << 17}, {4, 100000, 1 << 20}, {2, 0, 1 << 20},
	};
	struct halves h;
	uint64_t want_bytes, bytes;
	ng_cleanup(ng_freep) uint8_t *want = NULL;

	halves_make(c, docs, &h);
	want = merge(&h, 1, UINT64_MAX, 1 << 30, &want_bytes);
	for (size_t i = 0; i < ng_array_size(shapes); i++) {
		ng_cleanup(ng_freep) uint8_t *got = NULL;

		/* A part of a few rows reads two cells. */
		if (c->n > 3000 * ng_max(shapes[i].part_rows, (uint64_t)1) && shapes[i].part_rows)
			continue;
		/* A buffer for each bucket must fit. */
		if (c->n > 100000 && shapes[i].memory_bytes < 1 << 18)
			continue;
		got = merge(&h, shapes[i].threads, shapes[i].part_rows, shapes[i].memory_bytes,
			    &bytes);
		if (bytes != want_bytes || memcmp(got, want, bytes) != 0)
			fail_msg("%s: other bytes in parts of %ju rows", c->name,
				 (uintmax_t)shapes[i].part_rows);
	}
	halves_free(&h);
}

static void test_parts(void **state)
{
	struct naive c;

	for (enum naive_size size = NAIVE_SMALL; size <= NAIVE_LARGE; size++) {
		for (size_t i = 0; naive_make(size, i, &c); i++) {
			if (c.docs > 1 && c.n < 2000000)
				check(&c, c.docs / 3 + 1);
			naive_clear(&c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
