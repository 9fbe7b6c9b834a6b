/* SPDX-License-Identifier: Apache-2.0 */
/* What precedes a query: an FM-index extends to the left, so this is a walk over the tree of
 * backward searches, as deep as a character is long. */
#include "query/before.h"
#include "query/char_counts.h"

/* Rows that are followed one by one rather than asked for each byte: some hundred steps would find
 * as many rows at most. */
#define FEW_ROWS 64u

struct walk {
	const struct ng_shard *shard;
	const ng_cancel *cancel;
	struct ng_char_counts *counts;
};

/* Follow one live row back until what precedes is known: whether it is a character, which is added
 * to the counts then. */
static int row_count(const struct walk *walk, uint64_t row, struct ng_before *before,
		     bool *ret_character)
{
	bool damaged = false, start = false;

	row = ng_shard_bwt_row(walk->shard, row, &damaged);
	while (ng_before_is_open(before) && !start && !damaged) {
		unsigned symbol = ng_bwt_lf(walk->shard->bwt, row, &row, &damaged);

		start = symbol == NG_SEPARATOR;
		if (!start)
			*before = ng_before_more(before, (uint8_t)symbol);
	}
	if (damaged)
		return -EUCLEAN;
	*ret_character = ng_before_is_character(before);
	if (!*ret_character)
		return 0;
	return ng_char_counts_add(walk->counts, NG_NEXT_CHARACTER, ng_before_bytes(before),
				  before->n, 1);
}

/* Characters that end with `before` in front of rows: added to the counts, and to
 * *ret_characters. */
static int characters_count(const struct walk *walk, struct ng_interval rows,
			    struct ng_before before, uint64_t *ret_characters);

/* How many of the BWT's rows are live. */
static uint64_t live_count(const struct walk *walk, struct ng_interval rows, bool *damaged)
{
	rows = ng_shard_live(walk->shard, rows, damaged);
	return rows.hi - rows.lo;
}

/* The rows that have one byte more in front. */
static int byte_count(const struct walk *walk, struct ng_interval rows,
		      const struct ng_before *before, uint8_t byte, uint64_t *ret_rows,
		      uint64_t *ret_characters)
{
	struct ng_before more = ng_before_more(before, byte);
	bool damaged = false;

	ng_bwt_step(walk->shard->bwt, byte, &rows.lo, &rows.hi, &damaged);
	*ret_rows = live_count(walk, rows, &damaged);
	if (damaged)
		return -EUCLEAN;
	if (*ret_rows == 0)
		return 0;
	if (ng_before_is_character(&more)) {
		*ret_characters += *ret_rows;
		return ng_char_counts_add(walk->counts, NG_NEXT_CHARACTER, ng_before_bytes(&more),
					  more.n, *ret_rows);
	}
	return ng_before_is_open(&more) ? characters_count(walk, rows, more, ret_characters) : 0;
}

static bool shard_has(const struct ng_shard *shard, unsigned byte)
{
	uint64_t lo, hi;

	ng_bwt_symbol_rows(shard->bwt, byte, &lo, &hi);
	return lo < hi;
}

static int characters_count(const struct walk *walk, struct ng_interval rows,
			    struct ng_before before, uint64_t *ret_characters)
{
	bool damaged = false;
	struct ng_interval live = ng_shard_live(walk->shard, rows, &damaged);
	uint64_t left = live.hi - live.lo;
	int r = damaged ? -EUCLEAN : 0;

	if (ng_cancelled(walk->cancel))
		return -EINTR;
	if (left <= FEW_ROWS) {
		for (uint64_t row = live.lo; r == 0 && row < live.hi; row++) {
			struct ng_before mine = before;
			bool character = false;

			r = row_count(walk, row, &mine, &character);
			*ret_characters += character;
		}
		return r;
	}
	/* Only bytes of characters of several. */
	for (unsigned byte = 0x80; r == 0 && left && byte < 0xf5; byte++) {
		uint64_t n = 0;

		if (!shard_has(walk->shard, byte))
			continue;
		r = byte_count(walk, rows, &before, (uint8_t)byte, &n, ret_characters);
		if (r == 0 && n > left)
			return -EUCLEAN;
		left -= n;
	}
	return r;
}

/* All rows that have a byte in front: as characters, or else as that byte. */
static int first_byte_count(const struct walk *walk, struct ng_interval rows, uint8_t byte,
			    uint64_t *ret_rows)
{
	uint64_t characters = 0;
	int r = byte_count(walk, rows, &(struct ng_before){.n = 0}, byte, ret_rows, &characters);

	if (r < 0)
		return r;
	if (characters > *ret_rows)
		return -EUCLEAN;
	return ng_char_counts_add(walk->counts, NG_NEXT_BYTE, &byte, 1, *ret_rows - characters);
}

static int few_count(const struct walk *walk, struct ng_interval rows)
{
	int r = 0;

	for (uint64_t row = rows.lo; r == 0 && row < rows.hi; row++) {
		struct ng_before before = {.n = 0};
		bool character = false;

		r = row_count(walk, row, &before, &character);
		if (r == 0 && before.n == 0)
			r = ng_char_counts_add(walk->counts, NG_NEXT_START, NULL, 0, 1);
		else if (r == 0 && !character)
			r = ng_char_counts_add(walk->counts, NG_NEXT_BYTE,
					       before.bytes + sizeof(before.bytes) - 1, 1, 1);
	}
	return r == 0 && ng_cancelled(walk->cancel) ? -EINTR : r;
}

/* What stands before is the end of the lead, which is as long as it takes to know. */
static int lead_count(const struct ng_range *range, struct ng_char_counts *counts)
{
	const uint8_t *end = range->lead_bytes + range->lead;
	uint64_t rows = range->hi - range->lo;

	for (unsigned n = 1; n <= range->lead; n++)
		if (ng_utf8_len(end - n, end) == n)
			return ng_char_counts_add(counts, NG_NEXT_CHARACTER, end - n, n, rows);
	return ng_char_counts_add(counts, NG_NEXT_BYTE, end - 1, 1, rows);
}

static int before_count(const struct ng_index *index, const struct ng_range *range,
			const ng_cancel *cancel, struct ng_char_counts *counts)
{
	struct walk walk = {index->shards[range->shard], cancel, counts};
	struct ng_interval rows = {range->lo, range->hi};
	uint64_t left = rows.hi - rows.lo;
	bool damaged = false;
	int r = 0;

	if (range->lead)
		return lead_count(range, counts);
	if (left <= FEW_ROWS)
		return few_count(&walk, rows);
	/* From the first live row to the last one, as the BWT has them. */
	rows.lo = ng_shard_bwt_row(walk.shard, rows.lo, &damaged);
	rows.hi = ng_shard_bwt_row(walk.shard, rows.hi - 1, &damaged) + 1;
	if (damaged)
		return -EUCLEAN;
	for (unsigned byte = 0; r == 0 && left && byte < 256; byte++) {
		uint64_t n = 0;

		if (!shard_has(walk.shard, byte))
			continue;
		r = first_byte_count(&walk, rows, (uint8_t)byte, &n);
		if (r == 0 && n > left)
			return -EUCLEAN;
		left -= n;
	}
	/* What has no byte in front has a separator. */
	return r < 0 ? r : ng_char_counts_add(counts, NG_NEXT_START, NULL, 0, left);
}

int ng_prev(const struct ng_index *index, const struct ng_ranges *ranges, const ng_cancel *cancel,
	    struct ng_next **ret_list, size_t *ret_n)
{
	return ng_char_counts_all(index, ranges, cancel, before_count, ret_list, ret_n);
}
