/* SPDX-License-Identifier: Apache-2.0 */
#include "query/grep.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "query/fold.h"
#include "query/required.h"

/* What one line may cost before it is given up: backtracking may be exponential in its length. */
#define MATCH_LIMIT 1000000u
#define HEAP_KIB    16384u

struct ng_grep {
	pcre2_code *code;
	pcre2_match_context *limits;
	struct ng_required required;
};

int ng_grep_new(const uint8_t *pattern, size_t len, bool fold, struct ng_grep **ret_grep,
		struct ng_error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
			   (fold ? PCRE2_CASELESS : 0);
	struct ng_grep *grep = calloc(1, sizeof(*grep));
	PCRE2_SIZE offset;
	int number, r;

	if (!grep)
		return -ENOMEM;
	grep->code = pcre2_compile(pattern, len, options, &number, &offset, NULL);
	if (!grep->code) {
		PCRE2_UCHAR why[256];

		ng_grep_free(grep);
		if (number == PCRE2_ERROR_NOMEMORY || number == 121) /* "failed to allocate" */
			return -ENOMEM;
		pcre2_get_error_message(number, why, sizeof(why));
		return ng_fail(err, -EINVAL, "regular expression, byte %zu: %s", (size_t)offset,
			       (const char *)why);
	}
	/* Where there is no compiler, or it is not allowed here, patterns are interpreted. */
	(void)pcre2_jit_compile(grep->code, PCRE2_JIT_COMPLETE);
	grep->limits = pcre2_match_context_create(NULL);
	if (!grep->limits) {
		ng_grep_free(grep);
		return -ENOMEM;
	}
	pcre2_set_match_limit(grep->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(grep->limits, HEAP_KIB);
	r = ng_required_find(pattern, len, fold, &grep->required);
	if (r < 0) {
		ng_grep_free(grep);
		return r;
	}
	*ret_grep = grep;
	return 0;
}

struct ng_grep *ng_grep_free(struct ng_grep *grep)
{
	if (!grep)
		return NULL;
	pcre2_code_free(grep->code);
	pcre2_match_context_free(grep->limits);
	ng_required_clear(&grep->required);
	free(grep);
	return NULL;
}

static int string_find(const struct ng_index *index, const struct ng_required_set *set, size_t i,
		       const ng_cancel *cancel, struct ng_ranges *ret_ranges)
{
	const struct ng_required_string *string = &set->strings[i];

	return (set->fold ? ng_fold_find : ng_ranges_find)(index, string->bytes, string->len,
							   cancel, ret_ranges);
}

/* The occurrences of a set's strings. -EOVERFLOW: of one there are too many spellings. */
static int set_count(const struct ng_index *index, const struct ng_required_set *set,
		     const ng_cancel *cancel, uint64_t *ret_count)
{
	uint64_t all = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct ng_ranges ranges = NG_RANGES_INIT;
		int r = string_find(index, set, i, cancel, &ranges);

		if (r < 0)
			return r == -E2BIG ? -EOVERFLOW : r;
		all += ranges.count;
		ng_ranges_clear(&ranges);
	}
	*ret_count = all;
	return 0;
}

static int set_places(const struct ng_index *index, const struct ng_required_set *set,
		      uint64_t most, const ng_cancel *cancel, struct ng_places *ret_places)
{
	struct ng_ranges ranges[NG_REQUIRED_STRINGS] = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = string_find(index, set, i, cancel, &ranges[i]);
	if (r == 0)
		r = ng_places_find(index, ranges, set->n, most, NULL, cancel, ret_places);
	for (size_t i = 0; i < set->n; i++)
		ng_ranges_clear(&ranges[i]);
	return r;
}

int ng_grep_places(const struct ng_grep *grep, const struct ng_index *index, uint64_t most,
		   const ng_cancel *cancel, struct ng_places *ret_places, struct ng_error *err)
{
	const struct ng_required_set *best = NULL;
	uint64_t fewest = 0;

	for (size_t i = 0; i < grep->required.n; i++) {
		uint64_t count = 0;
		int r = set_count(index, &grep->required.sets[i], cancel, &count);

		if (r < 0 && r != -EOVERFLOW)
			return r;
		if (r == 0 && (!best || count < fewest)) {
			best = &grep->required.sets[i];
			fewest = count;
		}
	}
	if (!best)
		return ng_fail(err, -EOVERFLOW,
			       "no string that the regular expression needs can be looked for");
	if (fewest > most)
		return ng_fail(err, -EOVERFLOW,
			       "%llu places would have to be read, of at most %llu",
			       (unsigned long long)fewest, (unsigned long long)most);
	return set_places(index, best, most, cancel, ret_places);
}

int ng_grep_line(const struct ng_grep *grep, const uint8_t *line, size_t len, size_t *ret_from,
		 size_t *ret_to)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	PCRE2_SIZE *found;
	int r;

	if (!data)
		return -ENOMEM;
	r = pcre2_match(grep->code, line, len, 0, 0, data, grep->limits);
	/* What was compiled has 32 KiB of stack. */
	if (r == PCRE2_ERROR_JIT_STACKLIMIT)
		r = pcre2_match(grep->code, line, len, 0, PCRE2_NO_JIT, data, grep->limits);
	if (r >= 0) {
		found = pcre2_get_ovector_pointer(data);
		/* \K in an assertion can put the beginning behind the end. */
		*ret_from = ng_min(found[0], found[1]);
		*ret_to = found[1];
		r = 1;
	} else if (r == PCRE2_ERROR_NOMATCH) {
		r = 0;
	} else {
		r = r == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EOVERFLOW;
	}
	pcre2_match_data_free(data);
	return r;
}
