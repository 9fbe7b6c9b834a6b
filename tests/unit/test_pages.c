/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pages.h"
#include "base/sigbus.h"
#include "format/ef.h"
#include "format/packed.h"
#include "shardmake.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

/* A shard in memory, and what checks its pages. */
struct image {
	uint8_t *data;
	size_t bytes;
	uint64_t sums; /* the first page of sums */
	struct ng_pages pages;
};

static void image_make(const struct fixture *f, const struct shape *shape, struct image *ret)
{
	uint64_t bytes, checksum;

	shard_make(f->path, shape, 1 << 30, &bytes, &checksum);
	ret->data = scratch_read(f->path, &ret->bytes);
	assert_non_null(ret->data);
	ret->sums = ng_load64(ret->data + ret->bytes - sizeof(struct ng_shard_entry) +
			      offsetof(struct ng_shard_entry, offset)) /
		    NG_PAGE_BYTES;
	ret->pages = (struct ng_pages){0};
}

/* As if it had been mapped anew. */
static void image_open(struct image *image)
{
	ng_pages_close(&image->pages);
	assert_int_equal(ng_pages_open(image->data, image->bytes, image->sums * NG_PAGE_BYTES, NULL,
				       &image->pages),
			 0);
}

static void image_clear(struct image *image)
{
	ng_pages_close(&image->pages);
	free(image->data);
}

static bool page_ok(const struct image *image, uint64_t page)
{
	return ng_pages_ok(&image->pages, image->data + page * NG_PAGE_BYTES, 1);
}

static const struct shape few = {3, {300, 3 * NG_PAGE_BYTES, 7000}};

static void test_sound(void **state)
{
	for (size_t c = 0; c < ng_array_size(shapes); c++) {
		struct fixture *f = *state;
		struct image image;

		image_make(f, &shapes[c], &image);
		image_open(&image);
		for (uint64_t at = 0; at < image.bytes; at += 1000) {
			assert_true(ng_pages_ok(&image.pages, image.data + at, 1));
			assert_true(ng_pages_ok(&image.pages, image.data + at,
						ng_min((size_t)8, image.bytes - at)));
		}
		assert_true(ng_pages_ok(&image.pages, image.data, image.bytes));
		assert_int_equal(ng_pages_bad(&image.pages), 0);
		image_open(&image);
		assert_true(ng_pages_ok(&image.pages, image.data, image.bytes));
		image_clear(&image);
		unlink(f->path);
	}
	assert_true(ng_pages_ok(NULL, &few, sizeof(few)));
}

/* Whatever bit of a page changes, reading it finds that, and other pages stay what they are. */
static void test_every_bit_of_a_page(void **state)
{
	struct image image;

	image_make(*state, &few, &image);
	/* The middle of a section, and one that ends with padding. */
	for (uint64_t page = 3; page <= 5; page += 2) {
		for (size_t bit = 0; bit < 8 * NG_PAGE_BYTES; bit++) {
			uint8_t *at = image.data + page * NG_PAGE_BYTES + bit / 8;

			*at ^= (uint8_t)(1u << bit % 8);
			image_open(&image);
			if (page_ok(&image, page) || page_ok(&image, page) ||
			    ng_pages_bad(&image.pages) != page || !page_ok(&image, page - 1) ||
			    !page_ok(&image, page + 1))
				fail_msg("page %ju, bit %zu", (uintmax_t)page, bit);
			*at ^= (uint8_t)(1u << bit % 8);
		}
	}
	image_clear(&image);
}

/* The same of a page of sums: then no page is believed that it speaks for. */
static void test_every_bit_of_the_sums(void **state)
{
	struct image image;

	image_make(*state, &few, &image);
	for (size_t bit = 0; bit < 8 * NG_PAGE_BYTES; bit++) {
		uint8_t *at = image.data + image.sums * NG_PAGE_BYTES + bit / 8;

		*at ^= (uint8_t)(1u << bit % 8);
		image_open(&image);
		if (page_ok(&image, 3) || ng_pages_bad(&image.pages) != image.sums ||
		    page_ok(&image, image.sums))
			fail_msg("bit %zu", bit);
		*at ^= (uint8_t)(1u << bit % 8);
	}
	image_clear(&image);
}

static void swap_pages(struct image *image, uint64_t a, uint64_t b)
{
	uint8_t page[NG_PAGE_BYTES];

	memcpy(page, image->data + a * NG_PAGE_BYTES, NG_PAGE_BYTES);
	memcpy(image->data + a * NG_PAGE_BYTES, image->data + b * NG_PAGE_BYTES, NG_PAGE_BYTES);
	memcpy(image->data + b * NG_PAGE_BYTES, page, NG_PAGE_BYTES);
}

static void test_wrong_place(void **state)
{
	static const struct shape zeroes = {2, {0, 0}}, many = {1, {9 << 20}};
	struct fixture *f = *state;
	struct image image;

	image_make(f, &few, &image);
	swap_pages(&image, 3, 4);
	image_open(&image);
	assert_false(page_ok(&image, 3));
	assert_false(page_ok(&image, 4));
	assert_true(page_ok(&image, 2));
	assert_int_equal(ng_pages_bad(&image.pages), 3);
	image_clear(&image);
	unlink(f->path);

	/* Sums of pages that are equal differ. */
	image_make(f, &zeroes, &image);
	assert_memory_equal(image.data + NG_PAGE_BYTES, image.data + 2 * NG_PAGE_BYTES,
			    NG_PAGE_BYTES);
	assert_int_not_equal(ng_page_sum(image.data + NG_PAGE_BYTES, 1),
			     ng_page_sum(image.data + NG_PAGE_BYTES, 2));
	image_clear(&image);
	unlink(f->path);

	/* A page of sums in the place of another one. */
	image_make(f, &many, &image);
	swap_pages(&image, image.sums, image.sums + 1);
	image_open(&image);
	assert_false(page_ok(&image, 1));
	assert_int_equal(ng_pages_bad(&image.pages), image.sums);
	assert_false(page_ok(&image, 2000));
	assert_true(page_ok(&image, 2047));
	image_clear(&image);
}

/* All pages of a range count, and a page is compared once. */
static void test_ranges(void **state)
{
	struct image image;

	image_make(*state, &few, &image);
	image_open(&image);
	assert_true(page_ok(&image, 3));
	image.data[3 * NG_PAGE_BYTES + 17]++;
	image.data[4 * NG_PAGE_BYTES + 17]++;
	assert_true(ng_pages_ok(&image.pages, image.data + 3 * NG_PAGE_BYTES, NG_PAGE_BYTES));
	assert_true(ng_pages_ok(&image.pages, image.data + NG_PAGE_BYTES, 3 * NG_PAGE_BYTES));
	for (size_t back = 0; back < 8; back++)
		assert_true(
			ng_pages_ok(&image.pages, image.data + 4 * NG_PAGE_BYTES - 8 - back, 8));
	for (size_t back = 1; back < 8; back++)
		assert_false(ng_pages_ok(&image.pages, image.data + 4 * NG_PAGE_BYTES - back, 8));
	assert_false(ng_pages_ok(&image.pages, image.data + NG_PAGE_BYTES, 5 * NG_PAGE_BYTES));
	assert_int_equal(ng_pages_bad(&image.pages), 4);
	image_clear(&image);
}

/* Readers say so instead of an answer. */
static void test_readers(void **state)
{
	enum { N = 20000 };
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	ng_cleanup(ng_freep) uint64_t *values = calloc(N, sizeof(*values));
	struct fixture *f = *state;
	struct ng_packed_writer writer;
	uint64_t bytes, checksum, refused[2] = {0}, at;
	struct ng_error err;
	struct image image;

	assert_non_null(values);
	for (uint64_t i = 1; i < N; i++)
		values[i] = values[i - 1] + i % 100;
	assert_int_equal(ng_ef_encode(values, N, &buf), 0);
	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_DOC_STARTS, &err), 0);
	assert_int_equal(ng_shard_writer_write(w, buf.data, buf.len, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_SA_SAMPLES, &err), 0);
	assert_int_equal(ng_packed_writer_begin(&writer, w, N, values[N - 1], &err), 0);
	for (uint64_t i = 0; i < N; i++)
		assert_int_equal(ng_packed_writer_put(&writer, values[i], &err), 0);
	assert_int_equal(ng_packed_writer_end(&writer, &err), 0);
	assert_int_equal(ng_shard_writer_finish(w, &bytes, &checksum, &err), 0);
	image.data = scratch_read(f->path, &image.bytes);
	assert_non_null(image.data);
	image.pages = (struct ng_pages){0};
	at = ng_shard_align(NG_PAGE_BYTES + buf.len);
	image.sums = ng_shard_align(at + 16 + (N * 20 + 7) / 8) / NG_PAGE_BYTES;
	for (uint64_t page = 1; page < image.sums; page++) {
		struct ng_packed packed;
		struct ng_ef ef;

		image.data[page * NG_PAGE_BYTES + 1000] ^= 4;
		image_open(&image);
		/* Beginnings that can't be read. */
		if (ng_ef_open(&image.pages, image.data + NG_PAGE_BYTES, buf.len, &ef) < 0 ||
		    ng_packed_open(&image.pages, image.data + at, 16 + (N * 20 + 7) / 8, &packed) <
			    0) {
			assert_true(page == 1 || page == at / NG_PAGE_BYTES);
			image.data[page * NG_PAGE_BYTES + 1000] ^= 4;
			continue;
		}
		assert_int_equal(packed.width, 20);
		for (uint64_t i = 0; i < N; i++) {
			bool bad[3] = {false};
			uint64_t got = ng_packed_get(&packed, i, &bad[0]);

			assert_true(bad[0] ? got == 0 : got == values[i]);
			got = ng_ef_get(&ef, i, &bad[1]);
			assert_true(bad[1] || got == values[i]);
			got = ng_ef_rank(&ef, values[i], &bad[2]);
			assert_true(got <= N);
			assert_true(bad[2] || (got > i && values[got - 1] == values[i]));
			refused[0] += bad[0];
			refused[1] += bad[1];
		}
		image.data[page * NG_PAGE_BYTES + 1000] ^= 4;
	}
	assert_true(refused[0] && refused[1]);
	image_clear(&image);
}

/* What opening a shard sets for SIGBUS. cmocka puts handlers of its own in its place at the start
 * of each test. */
static struct sigaction on_fault;

static int take_fault_handler(void **state)
{
	uint8_t *page = mmap(NULL, NG_PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ng_sigbus *fault;

	if (page == MAP_FAILED || ng_sigbus_watch(page, NG_PAGE_BYTES, &fault))
		return -1;
	ng_sigbus_unwatch(fault);
	munmap(page, NG_PAGE_BYTES);
	return sigaction(SIGBUS, NULL, &on_fault);
}

/* Pages that can't be read are neither sound nor damaged: nothing is known of them. */
static void test_unreadable(void **state)
{
	static const struct shape zeroes = {1, {100 * NG_PAGE_BYTES}};
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	const struct ng_pages *pages;
	struct fixture *f = *state;
	uint64_t bytes, checksum, offset;
	uint32_t type;
	const uint8_t *data;
	size_t len;

	shard_make(f->path, &zeroes, 1 << 30, &bytes, &checksum);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_true(ng_shard_file_section(file, shard_type_of(0), &data, &len));
	pages = ng_shard_file_pages(file);
	assert_int_equal(sigaction(SIGBUS, &on_fault, NULL), 0);
	assert_true(ng_pages_ok(pages, data, 10 * NG_PAGE_BYTES));
	assert_int_equal(truncate(f->path, 50 * NG_PAGE_BYTES), 0);
	/* The sums of page 1 are known, so that this asks for page 61. */
	assert_false(ng_pages_ok(pages, data + 60 * NG_PAGE_BYTES, 1));
	assert_true(ng_shard_file_faulted(file));
	assert_false(ng_pages_ok(pages, data + 60 * NG_PAGE_BYTES, 1));
	assert_int_equal(ng_pages_bad(pages), 0);
	assert_false(ng_shard_file_take_damage(file, &type, &offset));
}

/* The same page asked for by many at once, and damage said by one of them. */
struct asker {
	pthread_t thread;
	struct image *image;
	uint64_t unsound;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	for (uint64_t page = 1; page < asker->image->sums; page++)
		asker->unsound += !page_ok(asker->image, page);
	return NULL;
}

static void test_threads(void **state)
{
	static const struct shape many = {1, {9 << 20}};
	struct asker askers[4];
	struct image image;

	image_make(*state, &many, &image);
	image.data[2000 * NG_PAGE_BYTES]++;
	image_open(&image);
	for (size_t i = 0; i < ng_array_size(askers); i++) {
		askers[i].image = &image;
		askers[i].unsound = 0;
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (size_t i = 0; i < ng_array_size(askers); i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].unsound, 1);
	}
	assert_int_equal(ng_pages_bad(&image.pages), 2000);
	image_clear(&image);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sound),
		TEST(test_every_bit_of_a_page),
		TEST(test_every_bit_of_the_sums),
		TEST(test_wrong_place),
		TEST(test_ranges),
		TEST(test_readers),
		TEST(test_unreadable),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, take_fault_handler, NULL);
}
