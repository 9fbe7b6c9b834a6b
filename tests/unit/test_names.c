/* SPDX-License-Identifier: Apache-2.0 */
/* Names sorted and kept, in memory and in files, beside an array that is sorted. */
#include "files/name_table.h"
#include "naive.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

struct names {
	uint8_t *bytes;
	struct ng_keyed *list;
	size_t n;
};

static int by_key(const void *a, const void *b)
{
	return ng_keyed_compare(a, b);
}

/* n keys, many of which begin alike, and some of which are equal; few of them are long. */
static void names_make(struct names *names, size_t n, uint64_t *rng)
{
	size_t at = 0;

	names->bytes = malloc(n * 64 + NG_NAME_BYTES_MAX + 1);
	names->list = calloc(n + 1, sizeof(*names->list));
	assert_true(names->bytes && names->list);
	names->n = n;
	for (size_t i = 0; i < n; i++) {
		size_t len = i == n / 2 ? NG_NAME_BYTES_MAX : 1 + scratch_random(rng) % 40;

		for (size_t k = 0; k < len; k++)
			names->bytes[at + k] = (uint8_t)(scratch_random(rng) % (k < 20 ? 2 : 200));
		names->list[i] = (struct ng_keyed){names->bytes + at, len, i};
		at += len;
	}
}

static void names_clear(struct names *names)
{
	free(names->bytes);
	free(names->list);
}

static void same(const struct ng_keyed *a, const struct ng_keyed *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->key, b->key, a->len);
	assert_true(a->number == b->number);
}

static struct ng_disk *disk_new(uint64_t most)
{
	struct ng_disk *disk = NULL;

	assert_int_equal(ng_disk_new(ng_disk_directory(), most, &disk), 0);
	return disk;
}

/* Whether all room has been given back. */
static void disk_end(struct ng_disk *disk, uint64_t most)
{
	assert_int_equal(ng_disk_reserve(disk, most), 0);
	ng_disk_give_back(disk, most);
	ng_disk_free(disk);
}

#define DISK_BYTES (64u << 20)

/* Sort the names as they come; they are sorted in `names` when this returns. */
static void check_sort(struct names *names, size_t memory_bytes, bool on_disk)
{
	struct ng_disk *disk = disk_new(DISK_BYTES);
	struct ng_name_sort *sort = NULL;
	struct ng_keyed name;

	assert_int_equal(ng_name_sort_new(disk, memory_bytes, &sort), 0);
	for (size_t i = 0; i < names->n; i++)
		assert_int_equal(ng_name_sort_add(sort, &names->list[i]), 0);
	assert_true(ng_name_sort_n(sort) == names->n);
	assert_int_equal(ng_name_sort_finish(sort), 0);
	/* The premise: whether it has taken room on disk. */
	assert_int_equal(ng_disk_reserve(disk, DISK_BYTES), on_disk ? -ENOSPC : 0);
	if (!on_disk)
		ng_disk_give_back(disk, DISK_BYTES);
	qsort(names->list, names->n, sizeof(*names->list), by_key);
	for (size_t i = 0; i < names->n; i++) {
		assert_int_equal(ng_name_sort_next(sort, &name), 1);
		same(&name, &names->list[i]);
	}
	assert_int_equal(ng_name_sort_next(sort, &name), 0);
	assert_int_equal(ng_name_sort_next(sort, &name), 0);
	ng_name_sort_free(sort);
	disk_end(disk, DISK_BYTES);
}

static void test_sort(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 500, 20000};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		struct names names;

		names_make(&names, sizes[i], &rng);
		check_sort(&names, SIZE_MAX, false);
		/* In order already: one run, however little memory there is. */
		check_sort(&names, 1, sizes[i] > 0);
		names_clear(&names);
		/* Some hundred runs, and one a key. */
		names_make(&names, sizes[i], &rng);
		check_sort(&names, 10000, sizes[i] >= 500);
		names_clear(&names);
		names_make(&names, ng_min(sizes[i], (size_t)500), &rng);
		check_sort(&names, 1, sizes[i] > 0);
		names_clear(&names);
	}
}

/* Sorted, each key once. */
static void make_unique(struct names *names)
{
	size_t n = 0;

	qsort(names->list, names->n, sizeof(*names->list), by_key);
	for (size_t i = 0; i < names->n; i++) {
		const struct ng_keyed *last = n ? &names->list[n - 1] : NULL;

		if (!last || last->len != names->list[i].len ||
		    memcmp(last->key, names->list[i].key, last->len) != 0)
			names->list[n++] = names->list[i];
	}
	names->n = n;
}

/* The first that doesn't come before a key. */
static size_t lower_bound(const struct names *names, const struct ng_keyed *key)
{
	size_t i = 0;

	while (i < names->n) {
		struct ng_keyed name = names->list[i];

		name.number = 0;
		if (ng_keyed_compare(&name, key) >= 0)
			break;
		i++;
	}
	return i;
}

static void check_at(const struct ng_name_cursor *cursor, int r, const struct names *names,
		     size_t i)
{
	assert_int_equal(r, i < names->n);
	assert_true(cursor->at == i);
	if (r)
		same(&cursor->name, &names->list[i]);
	else
		assert_null(cursor->name.key);
}

static void check_table(const struct names *names, size_t memory_bytes, bool on_disk, uint64_t *rng)
{
	struct ng_disk *disk = disk_new(DISK_BYTES);
	struct ng_name_table *table = NULL;
	struct ng_name_cursor cursor = {0};

	assert_int_equal(ng_name_table_new(disk, memory_bytes, &table), 0);
	for (size_t i = 0; i < names->n; i++)
		assert_int_equal(ng_name_table_add(table, &names->list[i]), 0);
	assert_int_equal(ng_name_table_finish(table), 0);
	assert_true(ng_name_table_n(table) == names->n);
	assert_int_equal(ng_disk_reserve(disk, DISK_BYTES), on_disk ? -ENOSPC : 0);
	if (!on_disk)
		ng_disk_give_back(disk, DISK_BYTES);
	cursor.table = table;
	check_at(&cursor, ng_name_cursor_seek(&cursor, 0), names, 0);
	for (size_t i = 1; i <= names->n; i++)
		check_at(&cursor, ng_name_cursor_next(&cursor), names, i);
	for (unsigned turn = 0; turn < 2000; turn++) {
		struct ng_keyed key = {(const uint8_t *)"\1\1\2", 3, 0};
		size_t i = (size_t)(scratch_random(rng) % (names->n + 1));

		check_at(&cursor, ng_name_cursor_seek(&cursor, i), names, i);
		i = (size_t)(scratch_random(rng) % (names->n + 1));
		if (i < names->n)
			key = names->list[i];
		/* The key, or what it begins with. */
		key.len -= scratch_random(rng) % 2 && key.len > 1;
		key.number = 0;
		check_at(&cursor, ng_name_cursor_find(&cursor, key.key, key.len), names,
			 lower_bound(names, &key));
	}
	ng_name_cursor_clear(&cursor);
	ng_name_table_free(table);
	disk_end(disk, DISK_BYTES);
}

static void test_table(void **state)
{
	/* Blocks have 64. */
	static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 9000};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		struct names names;

		names_make(&names, sizes[i], &rng);
		make_unique(&names);
		check_table(&names, SIZE_MAX, false, &rng);
		/* What comes after the first block finds that there is more than may be. */
		check_table(&names, 1, names.n > 64, &rng);
		check_table(&names, 8192, names.n > 500, &rng);
		names_clear(&names);
	}
}

/* Without room on disk there is an error, and nothing is kept of that. */
static void test_no_room(void **state)
{
	uint64_t rng = naive_seed();
	struct names names;

	names_make(&names, 2000, &rng);
	for (uint64_t room = 0; room < 40000; room += 3000) {
		struct ng_disk *disk = disk_new(room);
		struct ng_name_sort *sort = NULL;
		int r = 0;

		assert_int_equal(ng_name_sort_new(disk, 1000, &sort), 0);
		for (size_t i = 0; r == 0 && i < names.n; i++)
			r = ng_name_sort_add(sort, &names.list[i]);
		assert_int_equal(r, -ENOSPC);
		ng_name_sort_free(sort);
		disk_end(disk, room);
	}
	make_unique(&names);
	for (uint64_t room = 0; room < 10000; room += 3000) {
		struct ng_disk *disk = disk_new(room);
		struct ng_name_table *table = NULL;
		int r = 0;

		assert_int_equal(ng_name_table_new(disk, 1, &table), 0);
		for (size_t i = 0; r == 0 && i < names.n; i++)
			r = ng_name_table_add(table, &names.list[i]);
		if (r == 0)
			r = ng_name_table_finish(table);
		assert_int_equal(r, -ENOSPC);
		ng_name_table_free(table);
		disk_end(disk, room);
	}
	names_clear(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
