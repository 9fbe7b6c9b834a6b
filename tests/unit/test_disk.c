/* SPDX-License-Identifier: Apache-2.0 */
#include "files/disk.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

#define SETS 40u

/* Buffers of a test, and what they hold. */
struct set {
	struct ng_buf bufs[NG_PARKED_BUFS];
	struct ng_parked parked;
	uint8_t seed;
};

static void set_fill(struct set *set, uint8_t seed, uint64_t *rng)
{
	set->seed = seed;
	for (size_t i = 0; i < NG_PARKED_BUFS; i++) {
		size_t len = (size_t)scratch_random(rng) % 3 * 5000 + i;

		assert_int_equal(ng_buf_zero(&set->bufs[i], len), 0);
		for (size_t k = 0; k < len; k++)
			set->bufs[i].data[k] = (uint8_t)(seed + i + k * 7);
	}
}

static void set_check(const struct set *set)
{
	for (size_t i = 0; i < NG_PARKED_BUFS; i++)
		for (size_t k = 0; k < set->bufs[i].len; k++)
			assert_int_equal(set->bufs[i].data[k], (uint8_t)(set->seed + i + k * 7));
}

static int park(struct ng_disk *disk, struct set *set)
{
	struct ng_buf *const bufs[] = {&set->bufs[0], &set->bufs[1], &set->bufs[2]};

	return ng_disk_park(disk, NG_PARKED_BUFS, bufs, &set->parked);
}

static int unpark(struct ng_disk *disk, struct set *set)
{
	struct ng_buf *const bufs[] = {&set->bufs[0], &set->bufs[1], &set->bufs[2]};

	return ng_disk_unpark(disk, NG_PARKED_BUFS, bufs, &set->parked);
}

static void set_free(struct set *set)
{
	for (size_t i = 0; i < NG_PARKED_BUFS; i++)
		ng_buf_free(&set->bufs[i]);
}

/* Parked, got back and forgotten in any order, everything is what it was. */
static void test_order(void **state)
{
	struct set sets[SETS] = {0};
	struct ng_disk *disk;
	uint64_t rng = 9;

	assert_int_equal(ng_disk_new("/tmp", 1 << 30, &disk), 0);
	for (size_t i = 0; i < SETS; i++)
		set_fill(&sets[i], (uint8_t)(i * 11), &rng);
	for (unsigned round = 0; round < 2000; round++) {
		struct set *set = &sets[scratch_random(&rng) % SETS];

		if (!set->parked.bytes) {
			size_t len = set->bufs[2].len;

			assert_int_equal(park(disk, set), 0);
			assert_true(set->parked.bytes > 0);
			assert_int_equal(set->bufs[2].cap, 0);
			assert_int_equal(set->parked.len[2], len);
		} else if (scratch_random(&rng) % 5) {
			assert_int_equal(unpark(disk, set), 0);
			set_check(set);
		} else {
			ng_disk_drop(disk, &set->parked);
			set_fill(set, (uint8_t)round, &rng);
		}
	}
	for (size_t i = 0; i < SETS; i++) {
		ng_disk_drop(disk, &sets[i].parked);
		set_free(&sets[i]);
	}
	/* Freeing says that nothing counts any more. */
	ng_disk_free(disk);
}

static void test_bound(void **state)
{
	struct ng_disk *disk;
	struct set a = {0}, b = {0};
	uint64_t rng = 4;

	assert_int_equal(ng_disk_new("/tmp", 40960, &disk), 0);
	set_fill(&a, 1, &rng);
	set_fill(&b, 2, &rng);
	assert_int_equal(ng_disk_reserve(disk, 40960), 0);
	assert_int_equal(ng_disk_reserve(disk, 1), -ENOSPC);
	assert_int_equal(park(disk, &a), -ENOSPC);
	assert_int_equal(a.parked.bytes, 0);
	set_check(&a);
	ng_disk_give_back(disk, 40960);
	assert_int_equal(park(disk, &a), 0);
	ng_disk_reserve(disk, 40960 - a.parked.bytes);
	assert_int_equal(park(disk, &b), -ENOSPC);
	ng_disk_give_back(disk, 40960 - a.parked.bytes);
	assert_int_equal(unpark(disk, &a), 0);
	set_check(&a);
	set_free(&a);
	set_free(&b);
	ng_disk_free(disk);
}

static void test_no_place(void **state)
{
	struct ng_disk *disk;
	struct set a = {0};
	uint64_t rng = 4;

	assert_int_equal(ng_disk_new("/nonesuch", 1 << 20, &disk), 0);
	set_fill(&a, 1, &rng);
	assert_int_equal(ng_disk_open(disk), -ENOENT);
	assert_int_equal(park(disk, &a), -ENOENT);
	set_check(&a);
	/* Nor does it count. */
	assert_int_equal(ng_disk_reserve(disk, 1 << 20), 0);
	ng_disk_give_back(disk, 1 << 20);
	set_free(&a);
	ng_disk_free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
