/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes with wrong contents and right checksums: what only the text shows, and any bytes. */
#include "format/permutation.h"
#include "sample.h"

/* Two samples change places, and the shortcuts are those of the new permutation. */
static void swap_samples(const struct sample *s)
{
	ng_cleanup(ng_freep) uint32_t *numbers = NULL, *shortcuts = NULL;
	size_t bytes;
	uint8_t *data = sample_section(s, NG_SECTION_SA_SAMPLES, &bytes);
	uint8_t *inverse = sample_section(s, NG_SECTION_SHORTCUTS, &bytes);
	uint64_t n = ng_load64(data), a = sample_packed_get(s, 1000),
		 b = sample_packed_get(s, 2000);
	unsigned spacing = ng_load32(inverse);

	sample_packed_put(data, 1000, b);
	sample_packed_put(data, 2000, a);
	numbers = calloc(n, sizeof(*numbers));
	shortcuts = calloc(n, sizeof(*shortcuts));
	assert_non_null(numbers);
	assert_non_null(shortcuts);
	for (uint64_t i = 0; i < n; i++)
		numbers[i] = (uint32_t)sample_packed_get(s, i);
	assert_int_equal(
		ng_permutation_shortcuts(numbers, n, spacing, ng_load64(inverse + 8), shortcuts),
		0);
	for (uint64_t i = 0; i < ng_div_up(n, spacing); i++)
		sample_packed_put(inverse + 16, i, shortcuts[i]);
}

/* A document that begins a byte later: it and the one before keep their numbers of samples. */
static void move_start(const struct sample *s)
{
	sample_sequence_add(s, NG_SECTION_DOC_STARTS, 50, 1);
}

static void test_wrong_text(void **state)
{
	static const struct {
		void (*change)(const struct sample *s);
		uint32_t type;
	} cases[] = {
		{swap_samples, NG_SECTION_SA_SAMPLES},
		{move_start, NG_SECTION_SA_SAMPLES},
	};
	struct sample *s = *state;

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		struct findings all;
		uint64_t offset;
		char part[64];

		cases[i].change(s);
		forged_seal(&s->f);
		findings_check(s->made.path, false, &all);
		assert_int_equal(all.n, 0);
		findings_check(s->made.path, true, &all);
		snprintf(part, sizeof(part), "section %s", ng_section_name(cases[i].type));
		if (!findings_of(&all, part, "", &offset) ||
		    offset != forged_section(&s->f, cases[i].type)->offset) {
			findings_print(&all);
			fail_msg("case %zu: nothing about %s", i, part);
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
}

/* Text stores that decompress, but to another text. */
static void test_wrong_store(void **state)
{
	struct sample *s = *state;
	uint64_t rng = naive_seed(), offset;
	unsigned seen = 0;

	for (unsigned round = 0; round < 200 && seen < 3; round++) {
		struct findings all;
		size_t bytes;
		uint8_t *frames = sample_section(s, NG_SECTION_TEXT_FRAMES, &bytes);

		frames[scratch_random(&rng) % bytes] ^= 1;
		forged_seal(&s->f);
		findings_check(s->made.path, false, &all);
		if (all.n == 0) {
			findings_check(s->made.path, true, &all);
			assert_int_equal(
				findings_of(&all, "section text frames", "another one", &offset),
				all.n);
			assert_true(all.n > 0);
			seen++;
		}
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
	assert_int_equal(seen, 3);
}

/* Any bytes: the check ends, and never says that they are sound when answers would be wrong. */
static void test_any_contents(void **state)
{
	struct sample *s = *state;
	uint64_t rng = naive_seed();
	const unsigned rounds = getenv("NG_TEST_BRIEF") ? 75 : 300;
	unsigned found = 0;

	for (unsigned round = 0; round < rounds; round++) {
		uint32_t n = forged_header(&s->f)->n_sections - 1;
		const struct ng_shard_entry *e =
			forged_entry(&s->f, (uint32_t)(scratch_random(&rng) % n));
		struct findings all;

		/* Every second time the BWT's cells. */
		if (round % 2)
			e = forged_section(&s->f, NG_SECTION_BWT_CELLS);
		for (unsigned k = scratch_random(&rng) % 8 + 1; k > 0; k--) {
			uint64_t at = scratch_random(&rng) % e->bytes;

			s->f.data[e->offset + at] ^= (uint8_t)(1u << scratch_random(&rng) % 8);
		}
		forged_seal(&s->f);
		findings_check(s->made.path, round % 16 == 0, &all);
		found += all.n > 0;
		memcpy(s->f.data, s->sound, s->f.bytes);
	}
	print_message("%u of %u were found\n", found, rounds);
	assert_in_range(found, rounds * 3 / 4, rounds);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sample_new, sample_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_text),
		TEST(test_wrong_store),
		TEST(test_any_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
