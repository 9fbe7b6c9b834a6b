/* SPDX-License-Identifier: Apache-2.0 */
/* The table of /files, made by one call and by many that are cancelled. */
#include "corpus.h"
#include "files/file_making.h"

#define DOCS 3000u

/* Of ten documents one has a path of its own, three are of one file, two have the name of a
 * directory of others. */
static void corpus_of_paths(struct corpus *corpus)
{
	struct corpus_doc *docs = calloc(DOCS, sizeof(*docs));
	char(*metas)[80] = calloc(DOCS, sizeof(*metas));

	assert_true(docs && metas);
	for (unsigned i = 0; i < DOCS; i++) {
		static const char *const paths[] = {"own/%u", "same",     "same", "same",     "a",
						    "a/b",    "a/b/%u.c", "a/%u", "z%u/z/%u", ""};
		char path[40];

		snprintf(path, sizeof(path), paths[i % 10], i * 7919 % DOCS, i);
		snprintf(metas[i], sizeof(metas[i]), "{\"path\":\"%s\"}", path);
		docs[i] = (struct corpus_doc){(const uint8_t *)"x", 1, metas[i]};
	}
	corpus_make(corpus, docs, DOCS, 1000, false);
	free(docs);
	free(metas);
}

static struct ng_disk *disk_new(void)
{
	struct ng_disk *disk = NULL;

	assert_int_equal(ng_disk_new(ng_disk_directory(), 64u << 20, &disk), 0);
	return disk;
}

static void assert_same(const struct ng_name_table *a, const struct ng_name_table *b)
{
	struct ng_name_cursor mine ng_cleanup(ng_name_cursor_clear) = {.table = a};
	struct ng_name_cursor other ng_cleanup(ng_name_cursor_clear) = {.table = b};
	int r = ng_name_cursor_seek(&mine, 0);

	assert_int_equal(ng_name_table_n(a), DOCS);
	assert_int_equal(ng_name_cursor_seek(&other, 0), r);
	while (r > 0) {
		assert_int_equal(mine.name.len, other.name.len);
		assert_memory_equal(mine.name.key, other.name.key, mine.name.len);
		assert_int_equal(mine.name.number, other.name.number);
		r = ng_name_cursor_next(&mine);
		assert_int_equal(ng_name_cursor_next(&other), r);
	}
	assert_int_equal(r, 0);
}

/* Every call that is cancelled gets further, through all that is done with the documents: they are
 * read, taken, and merged, and half of them are named again. */
static void test_cancelled(void **state)
{
	ng_cleanup(ng_name_table_freep) struct ng_name_table *whole = NULL, *table = NULL;
	struct ng_file_making *making = NULL;
	struct ng_disk *disk = disk_new();
	struct corpus corpus;
	ng_cancel cancel = true;
	unsigned calls = 1;
	int r;

	corpus_of_paths(&corpus);
	assert_int_equal(ng_file_making_new(corpus.index, disk, &making), 0);
	assert_int_equal(ng_file_making_run(making, NULL, &whole), 0);
	ng_file_making_free(making);
	assert_int_equal(ng_file_making_new(corpus.index, disk, &making), 0);
	while ((r = ng_file_making_run(making, &cancel, &table)) == -EINTR)
		calls++;
	assert_int_equal(r, 0);
	ng_file_making_free(making);
	assert_in_range(calls, (3 * DOCS + DOCS / 3) / 256, 4 * DOCS / 256 + 1);
	assert_same(whole, table);
	/* Given up anywhere, it leaves nothing. */
	for (unsigned most = 0; most < calls; most += 5) {
		assert_int_equal(ng_file_making_new(corpus.index, disk, &making), 0);
		for (unsigned i = 0; i < most; i++)
			ng_file_making_run(making, &cancel, &table);
		ng_file_making_free(making);
	}
	corpus_drop(&corpus);
	whole = ng_name_table_free(whole);
	table = ng_name_table_free(table);
	ng_disk_free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
