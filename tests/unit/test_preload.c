/* SPDX-License-Identifier: Apache-2.0 */
/* The small sections of an index: how many bytes they take, how many are read, and when not. */
#include "indexmake.h"
#include "query/preload.h"

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	_Atomic uint64_t *most = userdata;
	uint64_t before = atomic_load(most);

	/* From several threads, where an assertion of cmocka's would go astray. */
	if (done > total)
		abort();
	while (before < done && !atomic_compare_exchange_weak(most, &before, done))
		continue;
}

static void test_bounds(void **state)
{
	const struct ng_build_options config = {.threads = 2, .shard_bytes = 20000};
	uint64_t rng = naive_seed(), all, bytes = 0;
	_Atomic uint64_t last = 0;
	ng_cancel cancel = true;
	struct naive c = {0};
	struct made_index made;

	for (unsigned i = 0; i < 50; i++) {
		uint8_t text[4000];

		naive_words(&rng, text, sizeof(text));
		naive_add(&c, text, sizeof(text));
	}
	made_index_new(&c, &config, &made);
	all = ng_preload_bytes(made.index);
	assert_in_range(all, 2000, 200000);
	assert_true(ng_preload_most() > all);
	assert_int_equal(
		ng_preload_read(made.index, UINT64_MAX, NULL, on_progress, (void *)&last, &bytes),
		0);
	assert_int_equal(bytes, all);
	assert_int_equal(atomic_load(&last), all);
	assert_int_equal(ng_preload_read(made.index, 1234, NULL, NULL, NULL, &bytes), 0);
	assert_int_equal(bytes, 1234);
	assert_int_equal(ng_preload_read(made.index, all, &cancel, NULL, NULL, &bytes), -EINTR);
	assert_int_equal(bytes, 1234);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
