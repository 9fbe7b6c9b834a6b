/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/suffix_sort.h"

#include <divsufsort.h>
#include <sys/mman.h>

#include "format/params.h"

/* divsufsort sorts bytes, and the separator must be smaller than all of them. Where the text has no
 * NUL, the separator is one. Otherwise bytes 0 to 6 are written as pairs for the sort, so that NUL
 * is free, such that no byte occurs both as the second of a pair and elsewhere, and that the order
 * stays the same.
 *
 * Suffixes that are equal up to their separators must come in the order of their documents, not of
 * what follows there. So for the sort, behind each separator stands its document's number, as bytes
 * that are no NUL. Suffixes that begin inside a pair or a number are dropped afterwards. */
static const uint8_t pair[7][2] = {{1, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 3}, {2, 4}, {2, 5}};

#define KEY_BASE 255u /* the values of a byte of such a number: 1 to 255 */

#define HUGE_PAGE (2u << 20)
#define PREFETCH  24u /* entries ahead */

/* Anonymous memory on huge pages where there are any: sorting jumps all over it. */
static void *map_new(size_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	madvise(map, bytes, MADV_HUGEPAGE);
	return map;
}

/* Bits by byte of the sorted text, and how many there are before every 64 of them. */
struct bits {
	uint64_t *words;
	uint32_t *before;
};

/* The text as it is sorted. */
struct sortable {
	uint8_t *bytes;
	uint64_t n;
	unsigned key_bytes;
	uint8_t *owned;      /* NULL: bytes are the caller's, spread */
	struct bits sampled; /* a symbol of the text begins here, and its position is sampled */
	struct bits symbols; /* a symbol begins here; only where bytes aren't the caller's */
};

static void sortable_clear(struct sortable *s)
{
	free(s->owned);
	free(s->sampled.words);
	free(s->sampled.before);
	free(s->symbols.words);
	free(s->symbols.before);
}

/* All zero; the words on huge pages where there are any, since they are looked up in the order of
 * suffixes. */
static int bits_new(uint64_t n, struct bits *bits)
{
	size_t n_words = (n >> 6) + 1, bytes = n_words * sizeof(uint64_t);

	if (posix_memalign((void **)&bits->words, bytes < HUGE_PAGE ? 4096 : HUGE_PAGE, bytes))
		bits->words = NULL;
	bits->before = calloc(n_words, sizeof(*bits->before));
	if (!bits->words || !bits->before)
		return -ENOMEM;
	madvise(bits->words, bytes, MADV_HUGEPAGE);
	memset(bits->words, 0, bytes);
	return 0;
}

static void bits_sum(struct bits *bits, uint64_t n)
{
	uint32_t sum = 0;

	for (uint64_t i = 0; i <= n >> 6; i++) {
		bits->before[i] = sum;
		sum += (unsigned)__builtin_popcountll(bits->words[i]);
	}
}

static inline void bit_set(struct bits *bits, uint64_t at, bool bit)
{
	bits->words[at >> 6] |= (uint64_t)bit << (at & 63);
}

/* How many are set before one. */
static inline uint32_t bits_rank(const struct bits *bits, uint64_t at)
{
	uint64_t below = (1ull << (at & 63)) - 1;

	return bits->before[at >> 6] + (unsigned)__builtin_popcountll(bits->words[at >> 6] & below);
}

static unsigned key_bytes_for(uint64_t docs)
{
	unsigned bytes = 0;

	for (uint64_t n = 1; n < docs; n *= KEY_BASE)
		bytes++;
	return bytes;
}

static void key_put(uint8_t *to, unsigned key_bytes, uint64_t doc)
{
	for (unsigned i = key_bytes; i-- > 0; doc /= KEY_BASE)
		to[i] = (uint8_t)(1 + doc % KEY_BASE);
}

static uint64_t doc_end(const struct ng_sort_text *text, uint64_t doc)
{
	return text->doc_ends[doc] - text->base;
}

static uint64_t doc_begin(const struct ng_sort_text *text, uint64_t doc)
{
	return doc ? doc_end(text, doc - 1) + 1 : 0;
}

/* Each document moves towards the end, to make room for the keys before it. */
static void text_spread(const struct ng_sort_text *text, unsigned key_bytes)
{
	for (uint64_t doc = text->docs; key_bytes && doc-- > 0;) {
		uint64_t begin = doc_begin(text, doc), end = doc_end(text, doc) + 1;
		uint8_t *to = text->bytes + begin + doc * key_bytes;

		memmove(to, text->bytes + begin, end - begin);
		key_put(to + (end - begin), key_bytes, doc);
	}
}

static void text_unspread(const struct ng_sort_text *text, unsigned key_bytes)
{
	for (uint64_t doc = 1; key_bytes && doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), end = doc_end(text, doc) + 1;

		memmove(text->bytes + begin, text->bytes + begin + doc * key_bytes, end - begin);
	}
}

static int sortable_spread(const struct ng_sort_text *text, uint32_t sa_rate, struct sortable *s)
{
	s->n = text->n + text->docs * s->key_bytes;
	if (bits_new(s->n, &s->sampled) < 0)
		return -ENOMEM;
	text_spread(text, s->key_bytes);
	s->bytes = text->bytes;
	for (uint64_t doc = 0; doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), bytes = doc_end(text, doc) + 1 - begin;

		for (uint64_t i = 0; i < bytes; i += sa_rate)
			bit_set(&s->sampled, begin + doc * s->key_bytes + i, true);
	}
	bits_sum(&s->sampled, s->n);
	return 0;
}

/* The bytes that a symbol is written as, where the text has NUL bytes. */
static inline unsigned escape_put(uint8_t *to, uint8_t byte)
{
	if (byte >= sizeof(pair) / sizeof(*pair)) {
		to[0] = byte;
		return 1;
	}
	memcpy(to, pair[byte], 2);
	return 2;
}

static int sortable_escape(const struct ng_sort_text *text, uint32_t sa_rate, struct sortable *s)
{
	uint64_t at = 0;

	s->n = text->n + text->docs * s->key_bytes;
	for (uint64_t i = 0; i < text->n; i++)
		s->n += text->bytes[i] < sizeof(pair) / sizeof(*pair);
	s->n -= text->docs; /* separators are zeroes, too, and stay one byte */
	s->owned = malloc(s->n + 1);
	if (!s->owned || bits_new(s->n, &s->sampled) < 0 || bits_new(s->n, &s->symbols) < 0)
		return -ENOMEM;
	for (uint64_t doc = 0; doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), end = doc_end(text, doc);

		for (uint64_t i = begin; i < end; i++) {
			bit_set(&s->symbols, at, true);
			bit_set(&s->sampled, at, (i - begin) % sa_rate == 0);
			at += escape_put(s->owned + at, text->bytes[i]);
		}
		bit_set(&s->symbols, at, true);
		bit_set(&s->sampled, at, (end - begin) % sa_rate == 0);
		s->owned[at++] = 0;
		key_put(s->owned + at, s->key_bytes, doc);
		at += s->key_bytes;
	}
	s->bytes = s->owned;
	bits_sum(&s->symbols, s->n);
	bits_sum(&s->sampled, s->n);
	return 0;
}

uint64_t ng_suffix_sort_memory(uint64_t n, bool has_nul)
{
	/* Suffix array, in whose place the BWT comes; bits of the sorted text, and their sums; bits
	 * for marks and separators; samples. */
	uint64_t bytes = 4 * n + n / 8 + n / 16 + n / 4 + n / 8 + (8u << 20);

	return has_nul ? 2 * bytes + 2 * n : bytes;
}

/* A bit a position: a separator. */
static uint64_t *ends_new(const struct ng_sort_text *text)
{
	uint64_t *ends = calloc(text->n / 64 + 1, sizeof(*ends));

	for (uint64_t d = 0; ends && d < text->docs; d++)
		ends[doc_end(text, d) >> 6] |= 1ull << (doc_end(text, d) & 63);
	return ends;
}

static inline void row_mark(const struct sortable *s, uint64_t at, uint64_t row,
			    struct ng_sorted *sorted)
{
	sorted->marks[row >> 6] |= 1ull << (row & 63);
	sorted->sa_samples[sorted->n_sa_samples++] = bits_rank(&s->sampled, at);
}

/* Whether a suffix of the spread text begins inside a key, or behind one, as a document does. */
enum place { IN_TEXT, IN_KEY, BEHIND_KEY };

static enum place place_near(const struct sortable *s, uint64_t at)
{
	if (at == 0)
		return BEHIND_KEY;
	/* There is a separator in front of every key, and no 0 elsewhere. */
	for (unsigned i = 1; i <= s->key_bytes && i <= at; i++)
		if (s->bytes[at - i] == 0)
			return IN_KEY;
	return at > s->key_bytes && s->bytes[at - s->key_bytes - 1] == 0 ? BEHIND_KEY : IN_TEXT;
}

static inline enum place place_of(const struct sortable *s, uint64_t at)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t before;

	if (at < sizeof(before))
		return place_near(s, at);
	/* Most suffixes have no 0 in the few bytes before. */
	before = ng_load64(s->bytes + at - sizeof(before)) | UINT64_MAX >> (8 * (s->key_bytes + 1));
	return (before - ones) & ~before & ones << 7 ? place_near(s, at) : IN_TEXT;
}

/* The BWT takes the suffix array's place: row r is written when entry r or a later one is read, and
 * an entry has four bytes. Suffixes that begin inside a key have no row. */
static void rows_make(const struct sortable *s, const int32_t *sa, struct ng_sorted *sorted)
{
	uint64_t row = 0;

	for (uint64_t i = 0; i < s->n; i++) {
		uint64_t at = (uint64_t)sa[i];
		enum place place = place_of(s, at);

		if (i + PREFETCH < s->n) {
			__builtin_prefetch(&s->sampled.words[sa[i + PREFETCH] >> 6]);
			__builtin_prefetch(s->bytes + sa[i + PREFETCH]);
		}
		if (place == IN_KEY)
			continue;
		if (ng_bit(s->sampled.words, at))
			row_mark(s, at, row, sorted);
		sorted->bwt[row++] = place == BEHIND_KEY ? 0 : s->bytes[at - 1];
	}
	sorted->rows = row;
}

/* The same where the text has NUL bytes: suffixes that begin inside a pair have no row either, and
 * symbols come from the text. */
static int rows_make_escaped(const struct ng_sort_text *text, const struct sortable *s,
			     const int32_t *sa, struct ng_sorted *sorted)
{
	ng_cleanup(ng_freep) uint64_t *ends = ends_new(text);
	uint64_t row = 0;

	if (!ends)
		return -ENOMEM;
	for (uint64_t i = 0; i < s->n; i++) {
		uint64_t at = (uint64_t)sa[i], position;

		if (i + PREFETCH < s->n)
			__builtin_prefetch(&s->symbols.words[sa[i + PREFETCH] >> 6]);
		if (!ng_bit(s->symbols.words, at))
			continue;
		if (ng_bit(s->sampled.words, at))
			row_mark(s, at, row, sorted);
		position = bits_rank(&s->symbols, at);
		sorted->bwt[row] = position ? text->bytes[position - 1] : 0;
		if (position == 0 || ng_bit(ends, position - 1))
			sorted->separators[row >> 6] |= 1ull << (row & 63);
		row++;
	}
	sorted->rows = row;
	return 0;
}

/* What the BWT leaves of the suffix array's memory. */
static void bwt_trim(struct ng_sorted *sorted)
{
	size_t keep = ng_align_up(sorted->rows + NG_SORTED_READABLE, HUGE_PAGE);

	if (keep >= sorted->bwt_map_bytes)
		return;
	munmap(sorted->bwt + keep, sorted->bwt_map_bytes - keep);
	sorted->bwt_map_bytes = keep;
}

static uint64_t samples_of(const struct ng_sort_text *text, uint32_t sa_rate)
{
	uint64_t n = 0;

	for (uint64_t doc = 0; doc < text->docs; doc++)
		n += ng_doc_samples(doc_end(text, doc) - doc_begin(text, doc), sa_rate);
	return n;
}

int ng_sorted_new(uint64_t bwt_bytes, uint64_t rows, uint64_t samples, struct ng_sorted *sorted)
{
	sorted->bwt_map_bytes = ng_align_up(bwt_bytes + NG_SORTED_READABLE, HUGE_PAGE);
	sorted->bwt = map_new(sorted->bwt_map_bytes);
	sorted->marks = calloc(rows / 64 + 2, sizeof(*sorted->marks));
	sorted->sa_samples = calloc(samples + 1, sizeof(*sorted->sa_samples));
	return sorted->bwt && sorted->marks && sorted->sa_samples ? 0 : -ENOMEM;
}

/* With the suffix array where the BWT will be. */
static int sorted_begin(const struct ng_sort_text *text, uint32_t sa_rate, uint64_t n_entries,
			struct ng_sorted *sorted)
{
	int r = ng_sorted_new(4 * n_entries, text->n, samples_of(text, sa_rate), sorted);

	if (r == 0 && text->has_nul) {
		sorted->separators = calloc(text->n / 64 + 2, sizeof(*sorted->separators));
		r = sorted->separators ? 0 : -ENOMEM;
	}
	return r;
}

int ng_suffix_sort(const struct ng_sort_text *text, uint32_t sa_rate, struct ng_sorted *ret_sorted)
{
	ng_cleanup(sortable_clear) struct sortable s = {.key_bytes = key_bytes_for(text->docs)};
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {0};
	int32_t *sa;
	int r;

	if (text->n + text->docs * s.key_bytes > NG_SORT_MAX)
		return -EFBIG;
	r = text->has_nul ? sortable_escape(text, sa_rate, &s) : sortable_spread(text, sa_rate, &s);
	if (r < 0)
		return r;
	r = s.n > NG_SORT_MAX ? -EFBIG : sorted_begin(text, sa_rate, s.n, &sorted);
	sa = (int32_t *)(void *)sorted.bwt;
	if (r == 0 && s.n && divsufsort(s.bytes, sa, (int32_t)s.n) != 0)
		r = -ENOMEM;
	if (r == 0 && text->has_nul)
		r = rows_make_escaped(text, &s, sa, &sorted);
	else if (r == 0)
		rows_make(&s, sa, &sorted);
	if (!text->has_nul)
		text_unspread(text, s.key_bytes);
	if (r < 0)
		return r;
	bwt_trim(&sorted);
	*ret_sorted = sorted;
	sorted = (struct ng_sorted){0};
	return 0;
}

void ng_sorted_clear(struct ng_sorted *sorted)
{
	if (sorted->bwt)
		munmap(sorted->bwt, sorted->bwt_map_bytes);
	free(sorted->separators);
	free(sorted->marks);
	free(sorted->sa_samples);
	*sorted = (struct ng_sorted){0};
}
