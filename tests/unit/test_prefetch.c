/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an index whose files aren't in memory: the answers are those of the text, whichever
 * way the reads turn out to go. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
