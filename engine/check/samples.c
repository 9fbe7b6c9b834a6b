/* The suffix array's samples, and what inverts them. */
#include <inttypes.h>

#include "check/structure.h"
#include "index/permutation.h"

/* That the numbers are a permutation. */
static int numbers_check(const struct ng_checked *checked, struct ng_packed *ret_sa)
{
	ng_cleanup(ng_freep) uint8_t *seen = NULL;
	struct ng_checker *checker = checked->checker;
	struct ng_checked_section s;
	struct ng_packed sa;

	if (!ng_checked_section(checked, NG_SECTION_SA_SAMPLES, &s))
		return 0;
	if (ng_packed_open(s.data, s.bytes, &sa) < 0) {
		ng_checker_damage(checker, s.type, s.offset, "its numbers don't fit into it");
		return 0;
	}
	if (sa.n != checked->n_samples) {
		ng_checker_damage(checker, s.type, s.offset,
				  "%" PRIu64 " samples instead of %" PRIu64, sa.n,
				  checked->n_samples);
		return 0;
	}
	seen = calloc(sa.n / 8 + 1, 1);
	if (!seen)
		return -ENOMEM;
	for (uint64_t i = 0; i < sa.n; i++) {
		uint64_t value = ng_packed_get(&sa, i);
		uint64_t offset = (uint64_t)(sa.data - s.data) + i * sa.width / 8;

		if (i % (1u << 20) == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		if (value >= sa.n)
			ng_checker_damage(checker, s.type, s.offset + offset,
					  "sample %" PRIu64 " is beyond the text", i);
		else if (seen[value / 8] >> (value % 8) & 1)
			ng_checker_damage(
				checker, s.type, s.offset + offset,
				"sample %" PRIu64 " is a position that another sample has, too", i);
		else
			seen[value / 8] |= (uint8_t)(1u << (value % 8));
	}
	*ret_sa = sa;
	return 0;
}

/* That each number is found by the shortcuts. */
static int shortcuts_check(const struct ng_checked *checked, const struct ng_packed *sa)
{
	uint64_t values[NG_INVERT_MAX], indices[NG_INVERT_MAX];
	struct ng_checker *checker = checked->checker;
	struct ng_permutation permutation;
	struct ng_checked_section s;

	if (!ng_checked_section(checked, NG_SECTION_SHORTCUTS, &s))
		return 0;
	if (ng_permutation_open(sa, s.data, s.bytes, &permutation) < 0) {
		ng_checker_damage(checker, s.type, s.offset, "doesn't fit the samples");
		return 0;
	}
	for (uint64_t i = 0; i < sa->n; i += NG_INVERT_MAX) {
		unsigned n = (unsigned)ng_min(sa->n - i, (uint64_t)NG_INVERT_MAX);

		if (i % (1u << 20) == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		for (unsigned k = 0; k < n; k++)
			values[k] = i + k;
		if (ng_permutation_invert(&permutation, n, values, indices) == 0)
			continue;
		ng_checker_damage(checker, s.type, s.offset,
				  "a sample from %" PRIu64 " to %" PRIu64
				  " is not found by the shortcuts",
				  i, i + n - 1);
		return 0;
	}
	return 0;
}

/* That the hints lead to the marks that they are of, and to the last before the next. */
static int hints_check(const struct ng_checked *checked)
{
	struct ng_checked_section s;

	if (!ng_checked_section(checked, NG_SECTION_MARK_HINTS, &s))
		return 0;
	for (uint64_t mark = 0; mark < checked->n_samples; mark++) {
		uint64_t row, number;
		bool bad = false;

		if (mark % NG_MARK_HINT && (mark + 1) % NG_MARK_HINT)
			continue;
		ng_bwt_mark_rows(checked->bwt, 1, &mark, &row, &bad);
		if (!bad && ng_bwt_mark(checked->bwt, row, &number, &bad) && !bad && number == mark)
			continue;
		ng_checker_damage(checked->checker, s.type, s.offset,
				  "hint %" PRIu64 " doesn't lead to mark %" PRIu64,
				  mark / NG_MARK_HINT, mark);
		return 0;
	}
	return 0;
}

int ng_check_samples(const struct ng_checked *checked)
{
	struct ng_packed sa = {.n = 0};
	int r = numbers_check(checked, &sa);

	if (r == 0 && ng_checker_part_sound(checked->checker, NG_SECTION_SA_SAMPLES))
		r = shortcuts_check(checked, &sa);
	if (r == 0 && checked->bwt &&
	    ng_checker_part_sound(checked->checker, NG_SECTION_BWT_BLOCKS))
		r = hints_check(checked);
	return r;
}
