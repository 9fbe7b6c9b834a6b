/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of the suffix array: a permutation, and the shortcuts to invert it. */
#include <inttypes.h>

#include "base/parallel.h"
#include "check/structure.h"
#include "format/permutation.h"

#define BATCH (1u << 15) /* values that a thread inverts at a time */

struct samples {
	const struct ng_checked *checked;
	struct ng_checked_section section, shortcuts_section;
	struct ng_permutation permutation;
};

/* All numbers from 0 on, each once. */
static int numbers_check(const struct samples *s, const struct ng_packed *numbers)
{
	ng_cleanup(ng_freep) uint8_t *seen = calloc(numbers->n / 8 + 1, 1);
	struct ng_checker *checker = s->checked->checker;

	if (!seen)
		return -ENOMEM;
	for (uint64_t i = 0; i < numbers->n; i++) {
		bool bad = false;
		uint64_t value = ng_packed_get(numbers, i, &bad);
		uint64_t offset = s->section.offset + (uint64_t)(numbers->data - s->section.data) +
				  i * numbers->width / 8;

		if (i % (1u << 20) == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		if (value >= numbers->n)
			ng_checker_damage(checker, s->section.type, offset,
					  "sample %" PRIu64 " is beyond the text", i);
		else if (seen[value / 8] >> (value % 8) & 1)
			ng_checker_damage(
				checker, s->section.type, offset,
				"sample %" PRIu64 " is a position that another sample has, too", i);
		else
			seen[value / 8] |= (uint8_t)(1u << (value % 8));
	}
	return 0;
}

/* A batch of values: each is found again, within the steps that the format grants. */
static int values_invert(void *userdata, uint64_t batch)
{
	const struct samples *s = userdata;
	uint64_t first = batch * BATCH, end = ng_min(first + BATCH, s->permutation.numbers.n);
	uint64_t values[NG_INVERT_MAX], indices[NG_INVERT_MAX];

	if (ng_checker_cancelled(s->checked->checker))
		return -EINTR;
	for (uint64_t value = first; value < end; value += NG_INVERT_MAX) {
		unsigned n = (unsigned)ng_min(end - value, (uint64_t)NG_INVERT_MAX);

		for (unsigned i = 0; i < n; i++)
			values[i] = value + i;
		if (ng_permutation_invert(&s->permutation, n, values, indices) == 0)
			continue;
		ng_checker_damage(
			s->checked->checker, s->shortcuts_section.type, s->shortcuts_section.offset,
			"one of the %u samples from %" PRIu64 " on is not found by the shortcuts",
			n, value);
	}
	return 0;
}

static int shortcuts_check(struct samples *s, const struct ng_packed *numbers)
{
	struct ng_checker *checker = s->checked->checker;

	if (!ng_checked_section(s->checked, NG_SECTION_SHORTCUTS, &s->shortcuts_section))
		return 0;
	if (ng_permutation_open(numbers, NULL, s->shortcuts_section.data,
				s->shortcuts_section.bytes, &s->permutation) < 0) {
		ng_checker_damage(checker, s->shortcuts_section.type, s->shortcuts_section.offset,
				  "doesn't fit the samples");
		return 0;
	}
	/* What isn't a permutation has no inverse. */
	if (!ng_checker_part_sound(checker, s->section.type))
		return 0;
	return ng_parallel(ng_div_up(numbers->n, BATCH), checker->threads, values_invert, s);
}

int ng_check_samples(const struct ng_checked *checked)
{
	struct samples s = {.checked = checked};
	struct ng_packed numbers;
	int r;

	if (!ng_checked_section(checked, NG_SECTION_SA_SAMPLES, &s.section))
		return 0;
	if (ng_packed_open(NULL, s.section.data, s.section.bytes, &numbers) < 0 ||
	    numbers.n != checked->n_samples) {
		ng_checker_damage(checked->checker, s.section.type, s.section.offset,
				  "doesn't hold the %" PRIu64 " samples that it should",
				  checked->n_samples);
		return 0;
	}
	ng_checker_phase(checked->checker, "checking samples", 0);
	r = numbers_check(&s, &numbers);
	return r < 0 ? r : shortcuts_check(&s, &numbers);
}
