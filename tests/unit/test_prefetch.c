/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an index whose files aren't in memory: the answers are those of the text, whichever
 * way the reads turn out to go. */
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "base/prefetch.h"
#include "indexmake.h"

#define ROUNDS  4u
#define MATCHES 100u

static const struct ng_build_options configs[] = {
	{.threads = 1},
	{.threads = 2, .sa_sampling = 4},
	{.threads = 2, .sa_sampling = 200, .shard_bytes = 20000},
};

/* Drop the files of an index, which nobody has open, from the page cache. A filesystem in memory
 * keeps them, and the test is one of a warm index then. */
static void drop(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		ng_cleanup(ng_closep) int fd = openat(dirfd(dir), entry->d_name, O_RDONLY);

		if (fd < 0 || entry->d_name[0] == '.')
			continue;
		fsync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	}
	closedir(dir);
}

static void check_matches(const struct naive *c, const struct ng_match *matches, size_t n,
			  const uint8_t *pat, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(matches[i].doc < c->docs);
		assert_true(matches[i].offset + len <= naive_bytes(c, matches[i].doc));
		assert_memory_equal(c->text + naive_begin(c, matches[i].doc) + matches[i].offset,
				    pat, len);
		for (size_t k = 0; k < i; k++)
			assert_true(matches[k].doc != matches[i].doc ||
				    matches[k].offset != matches[i].offset);
	}
}

/* A process of its own would do the same: everything is read anew. */
static void check_cold(const struct naive *c, struct made_index *made, unsigned threads,
		       uint64_t *rng)
{
	struct ng_match matches[MATCHES];
	struct ng_index_stats stats;
	ng_cleanup(ng_freep) struct ng_interval *by_shard = NULL;
	uint8_t buf[3000];
	size_t len, n, got;
	const uint8_t *pat = naive_substring(c, rng, 30, &len);
	uint64_t want = naive_find(c, pat, len, NULL), count, doc, offset;

	ng_index_close(made->index);
	made->index = NULL;
	drop(made->path);
	assert_int_equal(ng_index_open(made->path, threads, &made->index, NULL), 0);
	ng_index_stats(made->index, &stats);
	by_shard = calloc(stats.shards, sizeof(*by_shard));
	assert_non_null(by_shard);
	assert_int_equal(ng_count(made->index, pat, len, NULL, &count), 0);
	assert_int_equal(count, want);
	assert_int_equal(ng_find(made->index, pat, len, NULL, by_shard), 0);
	assert_int_equal(ng_locate(made->index, by_shard, 0, MATCHES, NULL, matches, &n), 0);
	assert_int_equal(n, ng_min(want, (uint64_t)MATCHES));
	check_matches(c, matches, n, pat, len);
	doc = scratch_random(rng) % c->docs;
	offset = scratch_random(rng) % (naive_bytes(c, doc) + 1);
	assert_int_equal(ng_doc_read(made->index, doc, offset, sizeof(buf), NULL, buf, &got), 0);
	assert_int_equal(got, ng_min((uint64_t)sizeof(buf), naive_bytes(c, doc) - offset));
	assert_memory_equal(buf, c->text + naive_begin(c, doc) + offset, got);
}

static void test_cold(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;

	/* Not all corpora: what differs is how they are read. */
	for (size_t i = 0; naive_make(NAIVE_LARGE, i, &c); i += 3) {
		for (size_t k = 0; c.n > c.docs && k < ng_array_size(configs); k++) {
			struct made_index made;

			made_index_new(&c, &configs[k], &made);
			for (unsigned round = 0; round < ROUNDS; round++)
				check_cold(&c, &made, configs[k].threads, &rng);
			made_index_free(&made);
		}
		naive_clear(&c);
	}
}

static uint8_t *hidden;
static size_t page_bytes;

/* Let the page be read, later than memory ever lets it. */
static void on_read(int number)
{
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < 100000);
	mprotect(hidden, page_bytes, PROT_READ);
}

/* A thread that had no processor during a read has not waited for the disk. */
static void test_preempted(void **state)
{
	struct sigaction act = {.sa_handler = on_read}, old;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	hidden = mmap(NULL, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(hidden != MAP_FAILED);
	assert_int_equal(sigaction(SIGSEGV, &act, &old), 0);
	/* The first time, what the thread has read before it may count. */
	for (unsigned i = 0; i < 5; i++) {
		uint64_t sleeps = ng_thread_sleeps();

		assert_int_equal(mprotect(hidden, page_bytes, PROT_NONE), 0);
		assert_true(!ng_touch_waits(hidden) || i == 0);
		assert_int_equal(mprotect(hidden, page_bytes, PROT_NONE), 0);
		assert_false(ng_touch_waited(hidden, sleeps));
	}
	sigaction(SIGSEGV, &old, NULL);
	munmap(hidden, page_bytes);
}

/* One that reads what isn't in memory has. */
static void test_waits(void **state)
{
	enum { PAGES = 64 };
	char path[] = "waits-XXXXXX";
	ng_cleanup(ng_closep) int fd = mkstemp(path);
	ng_cleanup(ng_freep) uint8_t *bytes = NULL;
	unsigned char in_memory[PAGES];
	unsigned waits = 0, waited = 0, slept = 0;
	uint8_t *map;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	bytes = calloc(PAGES, page_bytes);
	assert_true(fd >= 0 && bytes && unlink(path) == 0);
	assert_int_equal(write(fd, bytes, PAGES * page_bytes), PAGES * page_bytes);
	assert_int_equal(fsync(fd), 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	map = mmap(NULL, PAGES * page_bytes, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	madvise(map, PAGES * page_bytes, MADV_RANDOM);
	assert_int_equal(mincore(map, PAGES * page_bytes, in_memory), 0);
	for (unsigned i = 0; i < PAGES; i += 2) {
		uint64_t sleeps;

		waits += ng_touch_waits(map + i * page_bytes);
		sleeps = ng_thread_sleeps();
		waited += ng_touch_waited(map + (i + 1) * page_bytes, sleeps);
		slept += ng_thread_sleeps() != sleeps;
		in_memory[0] |= in_memory[i] | in_memory[i + 1];
	}
	munmap(map, PAGES * page_bytes);
	/* A filesystem in memory keeps them. */
	if (in_memory[0])
		skip();
	assert_true(waits);
	/* Some storage has answered before a thread can sleep, and nobody has waited for it. */
	assert_int_equal(waited, slept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cold),
		cmocka_unit_test(test_preempted),
		cmocka_unit_test(test_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
