/* SPDX-License-Identifier: Apache-2.0 */
#include "query/word_follow.h"

#include "query/word.h"

/* Rows that are read at once, and bytes of the text behind each: most often enough. */
#define TOGETHER   NG_BWT_CHAINS
#define READ_FIRST 20u

/* What a row's text turns out to be. */
enum verdict {
	MORE, /* not known yet */
	WORD, /* a word at [begin, end) */
	END,  /* the document ends before one begins */
	SKIP, /* there is none right here: what is at [begin, end) */
};

/* A row, read. */
struct reading {
	uint64_t lo, hi, row; /* it stands for rows [lo, hi), or some of them around it */
	uint64_t doc, offset; /* where the text begins that was read, */
	size_t left;          /* how much of the document there is from there */
	size_t n;             /* and how much of that was read */
	enum verdict verdict;
	size_t begin, end;
	uint8_t text[NG_WORD_LOOK_MAX];
};

struct follow {
	const struct ng_shard *shard;
	const uint8_t *pat;
	size_t at;
	bool now;
	const ng_cancel *cancel;
	struct ng_word_counts *counts;
	struct ng_interval *open; /* rows still to be counted */
	size_t n, cap;
	struct reading *readings; /* [TOGETHER] */
};

static int open_add(struct follow *follow, uint64_t lo, uint64_t hi)
{
	if (lo >= hi)
		return 0;
	if (follow->n == follow->cap) {
		size_t cap = ng_max(2 * follow->cap, (size_t)64);
		struct ng_interval *grown = reallocarray(follow->open, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		follow->open = grown;
		follow->cap = cap;
	}
	follow->open[follow->n++] = (struct ng_interval){lo, hi};
	return 0;
}

/* Whether what is at a place can't change when more is read. */
static bool is_certain(const struct reading *reading, size_t at)
{
	return reading->n == reading->left || reading->n - at >= 4;
}

static size_t character_at(const struct reading *reading, size_t at)
{
	return ng_max(ng_utf8_len(reading->text + at, reading->text + reading->n), 1u);
}

static enum verdict judge(const struct reading *reading, bool now, size_t *ret_begin,
			  size_t *ret_end)
{
	const uint8_t *text = reading->text, *behind = text + reading->n;
	size_t at = 0, begin;

	while (at < reading->n && is_certain(reading, at) && !ng_word_at(text + at, behind) && !now)
		at += character_at(reading, at);
	if (at == reading->n)
		return reading->n == reading->left ? END : MORE;
	if (!is_certain(reading, at))
		return MORE;
	*ret_begin = begin = at;
	while (at < reading->n && is_certain(reading, at) && ng_word_at(text + at, behind))
		at += character_at(reading, at);
	if (at == begin) {
		*ret_end = at + character_at(reading, at);
		return SKIP;
	}
	if (at < reading->n ? !is_certain(reading, at) : reading->n < reading->left)
		return MORE;
	*ret_end = at;
	return WORD;
}

static int texts_read(struct follow *follow, struct reading *readings, size_t n, size_t bytes)
{
	struct ng_stretch stretches[TOGETHER];
	int r;

	for (size_t i = 0; i < n; i++) {
		struct reading *reading = &readings[i];

		reading->n = ng_min(reading->left, bytes);
		stretches[i] = (struct ng_stretch){reading->doc, reading->offset, reading->n,
						   reading->text, NULL};
	}
	r = ng_shard_extract_each(follow->shard, n, stretches, follow->cancel);
	for (size_t i = 0; r == 0 && i < n; i++)
		readings[i].verdict =
			judge(&readings[i], follow->now, &readings[i].begin, &readings[i].end);
	return r;
}

/* Read what stands behind the rows in the middle of the last n open intervals. */
static int rows_read(struct follow *follow, size_t n)
{
	struct ng_match matches[TOGETHER];
	uint64_t rows[TOGETHER] = {0};
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct ng_interval *open = &follow->open[--follow->n];
		struct reading *reading = &follow->readings[i];

		reading->lo = open->lo;
		reading->hi = open->hi;
		reading->row = rows[i] = open->lo + (open->hi - open->lo) / 2;
	}
	r = ng_shard_locate_before(follow->shard, n, rows, NULL, 0, 0, follow->cancel, matches,
				   NULL);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct reading *reading = &follow->readings[i];
		uint64_t begin, bytes;

		r = ng_shard_doc_extent(follow->shard, matches[i].doc, &begin, &bytes);
		if (r == 0 && (matches[i].offset > bytes || follow->at > bytes - matches[i].offset))
			r = -EUCLEAN;
		if (r)
			break;
		reading->doc = matches[i].doc;
		reading->offset = matches[i].offset + follow->at;
		reading->left = bytes - reading->offset;
	}
	if (r == 0)
		r = texts_read(follow, follow->readings, n, READ_FIRST);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (follow->readings[i].verdict == MORE)
			r = texts_read(follow, &follow->readings[i], 1, NG_WORD_LOOK_MAX);
	return r;
}

/* Bytes that, whatever follows them, begin no character of words, and are neighbours. */
static bool is_end(uint8_t byte, uint8_t *ret_first, uint8_t *ret_last)
{
	static const uint8_t ends[][2] = {{0, '0' - 1},
					  {'9' + 1, 'A' - 1},
					  {'Z' + 1, 'a' - 1},
					  {'z' + 1, 0xc1},
					  {0xf5, 0xff}};

	for (size_t i = 0; i < ng_array_size(ends); i++) {
		if (byte < ends[i][0] || byte > ends[i][1])
			continue;
		*ret_first = ends[i][0];
		*ret_last = ends[i][1];
		return true;
	}
	return false;
}

/* The search for rows that go on as this one does: it begins with the rows of what ends that.
 * False: there is none, and the row stands for itself alone. */
static bool search_make(const struct follow *follow, const struct reading *reading,
			struct ng_bwt_search *ret_search)
{
	const struct ng_bwt *bwt = follow->shard->bwt;
	const uint8_t *text = reading->text;
	size_t end = reading->verdict == END ? reading->n : reading->end;
	uint64_t lo, hi, unused;
	uint8_t first = 0, last = '0' - 1;

	if (reading->verdict == END) {
		ng_bwt_symbol_rows(bwt, NG_SEPARATOR, &lo, &hi);
	} else if (reading->verdict == WORD &&
		   (end == reading->n || is_end(text[end], &first, &last))) {
		ng_bwt_symbol_rows(bwt, first, &lo, &unused);
		ng_bwt_symbol_rows(bwt, last, &unused, &hi);
		/* The document's end comes before all bytes. */
		lo = first ? lo : 0;
	} else {
		/* Up to the end of a character: of that behind the word, or of what is none. */
		size_t at = reading->verdict == WORD ? end : reading->begin;
		unsigned n = ng_utf8_len(text + at, text + reading->n);

		if (n == 0)
			return false;
		end = at + n - 1;
		ng_bwt_symbol_rows(bwt, text[end], &lo, &hi);
	}
	*ret_search = (struct ng_bwt_search){lo, hi, text + end, end};
	return true;
}

/* What the rows count as: what ends too far behind isn't given, though it has been seen. */
static enum verdict verdict_given(const struct reading *reading)
{
	size_t end = reading->verdict == END ? reading->n : reading->end;
	bool ends = reading->verdict == WORD || reading->verdict == END;

	return ends && end > NG_WORD_BYTES_MAX ? MORE : reading->verdict;
}

static int reading_count(struct follow *follow, const struct reading *reading, uint64_t rows)
{
	switch (verdict_given(reading)) {
	case WORD:
		return ng_word_counts_add(follow->counts, reading->text + reading->begin,
					  reading->end - reading->begin, rows);
	case SKIP:
		return 0;
	case END:
		return follow->now
			       ? 0
			       : ng_word_counts_add(follow->counts, (const uint8_t *)NG_WORD_END,
						    strlen(NG_WORD_END), rows);
	default:
		return follow->now
			       ? 0
			       : ng_word_counts_add(follow->counts, (const uint8_t *)NG_WORD_FAR,
						    strlen(NG_WORD_FAR), rows);
	}
}

/* The rows that go on as those that were read. */
static int rows_search(struct follow *follow, size_t n, struct ng_bwt_search *searches)
{
	const struct ng_bwt *bwt = follow->shard->bwt;
	bool bad = false;

	for (size_t i = 0; i < n; i++) {
		const struct reading *reading = &follow->readings[i];

		if (reading->hi - reading->lo == 1 || reading->verdict == MORE ||
		    !search_make(follow, reading, &searches[i]))
			searches[i] = (struct ng_bwt_search){0};
	}
	ng_bwt_walk_searches(bwt, n, searches, &bad);
	for (size_t i = 0; i < n; i++) {
		searches[i].at = follow->pat + follow->at;
		searches[i].left = searches[i].lo < searches[i].hi ? follow->at : 0;
	}
	ng_bwt_walk_searches(bwt, n, searches, &bad);
	return bad ? -EUCLEAN : 0;
}

static int rows_count(struct follow *follow, size_t n)
{
	struct ng_bwt_search searches[TOGETHER];
	int r = rows_read(follow, n);

	if (r == 0)
		r = rows_search(follow, n, searches);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct reading *reading = &follow->readings[i];
		uint64_t lo = reading->row, hi = reading->row + 1;

		if (searches[i].at && searches[i].lo < searches[i].hi) {
			bool bad = false;
			struct ng_interval rows = ng_shard_live(
				follow->shard, (struct ng_interval){searches[i].lo, searches[i].hi},
				&bad);

			if (bad)
				return -EUCLEAN;
			lo = ng_max(rows.lo, reading->lo);
			hi = ng_min(rows.hi, reading->hi);
			if (lo > reading->row || hi <= reading->row)
				return -EUCLEAN;
		}
		r = reading_count(follow, reading, hi - lo);
		if (r == 0)
			r = open_add(follow, reading->lo, lo);
		if (r == 0)
			r = open_add(follow, hi, reading->hi);
	}
	return r;
}

int ng_word_follow(const struct ng_shard *shard, uint64_t lo, uint64_t hi, const uint8_t *pat,
		   size_t at, bool now, const ng_cancel *cancel, struct ng_word_counts *counts)
{
	struct follow follow = {.shard = shard,
				.pat = pat,
				.at = at,
				.now = now,
				.cancel = cancel,
				.counts = counts};
	uint64_t rows = hi - lo;
	int r = 0;

	follow.readings = calloc(TOGETHER, sizeof(*follow.readings));
	if (!follow.readings)
		r = -ENOMEM;
	/* Some intervals side by side from the beginning. */
	for (unsigned i = TOGETHER; r == 0 && i > 0; i--)
		r = open_add(&follow, lo + rows / TOGETHER * (i - 1),
			     i == TOGETHER ? hi : lo + rows / TOGETHER * i);
	while (r == 0 && follow.n)
		r = ng_cancelled(cancel) ? -EINTR
					 : rows_count(&follow, ng_min(follow.n, (size_t)TOGETHER));
	free(follow.readings);
	free(follow.open);
	return ng_shard_result(shard, r);
}
