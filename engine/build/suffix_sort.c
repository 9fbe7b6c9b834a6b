#include "build/suffix_sort.h"

#include <divsufsort.h>
#include <sys/mman.h>

#include "build/frequent.h"
#include "index/params.h"

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

/* What 64 bytes of the sorted text are. Few of them are looked at twice in a row, so that all of it
 * is in one place. */
struct stretch {
	uint64_t symbols;        /* bit i: a symbol of the text begins at byte i */
	uint64_t sampled;        /* bit i: and its position is sampled */
	uint32_t symbols_before; /* in all stretches before */
	uint32_t samples_before;
};

/* The text as it is sorted. */
struct sortable {
	uint8_t *bytes;
	uint64_t n;
	unsigned key_bytes;
	uint8_t *owned; /* NULL: bytes are the caller's, spread */
	struct stretch *stretches;
};

static void sortable_clear(struct sortable *s)
{
	free(s->owned);
	free(s->stretches);
}

/* All zero, on huge pages where there are any: they are looked up in the order of suffixes. */
static struct stretch *stretches_new(uint64_t n)
{
	size_t bytes = ng_align_up(n * sizeof(struct stretch), HUGE_PAGE);
	struct stretch *stretches = aligned_alloc(HUGE_PAGE, bytes);

	if (!stretches)
		return NULL;
	madvise(stretches, bytes, MADV_HUGEPAGE);
	return memset(stretches, 0, bytes);
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

static uint64_t doc_begin(const struct ng_sort_text *text, uint64_t doc)
{
	return doc ? text->doc_ends[doc - 1] + 1 : 0;
}

/* Symbol number `position` of the text begins at byte `at`. */
static inline void symbol_at(struct sortable *s, uint64_t at, bool sampled)
{
	struct stretch *stretch = &s->stretches[at >> 6];

	stretch->symbols |= 1ull << (at & 63);
	stretch->sampled |= (uint64_t)sampled << (at & 63);
}

/* One at each of the bytes [from, end). */
static void symbols_at(struct sortable *s, uint64_t from, uint64_t end)
{
	while (from < end) {
		uint64_t here = ng_min(end - from, 64 - (from & 63));

		s->stretches[from >> 6].symbols |= UINT64_MAX >> (64 - here) << (from & 63);
		from += here;
	}
}

static void stretches_sum(struct sortable *s)
{
	uint32_t symbols = 0, samples = 0;

	for (uint64_t i = 0; i <= s->n >> 6; i++) {
		s->stretches[i].symbols_before = symbols;
		s->stretches[i].samples_before = samples;
		symbols += (unsigned)__builtin_popcountll(s->stretches[i].symbols);
		samples += (unsigned)__builtin_popcountll(s->stretches[i].sampled);
	}
}

/* Each document moves towards the end, to make room for the keys before it. */
static void text_spread(const struct ng_sort_text *text, unsigned key_bytes)
{
	for (uint64_t doc = text->docs; key_bytes && doc-- > 0;) {
		uint64_t begin = doc_begin(text, doc), end = text->doc_ends[doc] + 1;
		uint8_t *to = text->bytes + begin + doc * key_bytes;

		memmove(to, text->bytes + begin, end - begin);
		key_put(to + (end - begin), key_bytes, doc);
	}
}

static void text_unspread(const struct ng_sort_text *text, unsigned key_bytes)
{
	for (uint64_t doc = 1; key_bytes && doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), end = text->doc_ends[doc] + 1;

		memmove(text->bytes + begin, text->bytes + begin + doc * key_bytes, end - begin);
	}
}

static int sortable_spread(const struct ng_sort_text *text, uint32_t sa_rate, struct sortable *s)
{
	s->n = text->n + text->docs * s->key_bytes;
	s->stretches = stretches_new((s->n >> 6) + 1);
	if (!s->stretches)
		return -ENOMEM;
	text_spread(text, s->key_bytes);
	s->bytes = text->bytes;
	for (uint64_t doc = 0; doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), bytes = text->doc_ends[doc] + 1 - begin;
		uint64_t at = begin + doc * s->key_bytes;

		symbols_at(s, at, at + bytes);
		for (uint64_t i = 0; i < bytes; i += sa_rate)
			symbol_at(s, at + i, true);
	}
	stretches_sum(s);
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
	s->owned = malloc(s->n);
	s->stretches = stretches_new((s->n >> 6) + 1);
	if (!s->owned || !s->stretches)
		return -ENOMEM;
	for (uint64_t doc = 0; doc < text->docs; doc++) {
		uint64_t begin = doc_begin(text, doc), end = text->doc_ends[doc];

		for (uint64_t i = begin; i < end; i++) {
			symbol_at(s, at, (i - begin) % sa_rate == 0);
			at += escape_put(s->owned + at, text->bytes[i]);
		}
		symbol_at(s, at, (end - begin) % sa_rate == 0);
		s->owned[at++] = 0;
		key_put(s->owned + at, s->key_bytes, doc);
		at += s->key_bytes;
	}
	s->bytes = s->owned;
	stretches_sum(s);
	return 0;
}

uint64_t ng_suffix_sort_memory(uint64_t n, bool has_nul)
{
	/* Suffix array, in whose place the BWT comes; what is known of each stretch of 64 bytes;
	 * bits for marks and separators; samples. */
	uint64_t bytes = 4 * n + n * sizeof(struct stretch) / 64 + n / 4 + n / 8 + (8u << 20);

	return has_nul ? 2 * bytes + 2 * n : bytes;
}

/* The suffix array of the text, and its samples, in the place of what was sorted: suffixes that
 * begin inside a pair or a key are dropped, and the others' positions are those in the text. */
static void entries_settle(const struct sortable *s, int32_t *sa, struct ng_sorted *sorted)
{
	uint64_t row = 0;

	for (uint64_t i = 0; i < s->n; i++) {
		uint64_t at = (uint64_t)sa[i], below = (1ull << (at & 63)) - 1;
		const struct stretch *stretch = &s->stretches[at >> 6];

		if (i + PREFETCH < s->n)
			__builtin_prefetch(&s->stretches[sa[i + PREFETCH] >> 6]);
		if (!(stretch->symbols >> (at & 63) & 1))
			continue;
		if (stretch->sampled >> (at & 63) & 1) {
			sorted->marks[row >> 6] |= 1ull << (row & 63);
			sorted->sa_samples[sorted->n_sa_samples++] =
				stretch->samples_before +
				(unsigned)__builtin_popcountll(stretch->sampled & below);
		}
		/* Most stretches have neither pairs nor keys in them. */
		sa[row++] = (int32_t)(stretch->symbols_before +
				      (stretch->symbols == UINT64_MAX
					       ? (unsigned)at & 63
					       : (unsigned)__builtin_popcountll(stretch->symbols &
										below)));
	}
	sorted->rows = row;
}

/* A bit a position: a separator. */
static uint64_t *ends_new(const struct ng_sort_text *text)
{
	uint64_t *ends = calloc(text->n / 64 + 1, sizeof(*ends));

	for (uint64_t d = 0; ends && d < text->docs; d++)
		ends[text->doc_ends[d] >> 6] |= 1ull << (text->doc_ends[d] & 63);
	return ends;
}

/* The BWT takes the suffix array's place: row r is written when entry r is read, and an entry has
 * four bytes. */
static int rows_make(const struct ng_sort_text *text, const int32_t *sa, struct ng_sorted *sorted)
{
	ng_cleanup(ng_freep) uint64_t *ends = text->has_nul ? ends_new(text) : NULL;

	if (text->has_nul && !ends)
		return -ENOMEM;
	for (uint64_t row = 0; row < sorted->rows; row++) {
		uint64_t position = (uint64_t)sa[row];

		if (row + PREFETCH < sorted->rows && sa[row + PREFETCH] > 0)
			__builtin_prefetch(text->bytes + sa[row + PREFETCH] - 1);
		sorted->bwt[row] = position ? text->bytes[position - 1] : 0;
		if (ends && (position == 0 || ng_bit(ends, position - 1)))
			sorted->separators[row >> 6] |= 1ull << (row & 63);
	}
	return 0;
}

static uint64_t samples_of(const struct ng_sort_text *text, uint32_t sa_rate)
{
	uint64_t n = 0;

	for (uint64_t doc = 0; doc < text->docs; doc++)
		n += ng_doc_samples(text->doc_ends[doc] - doc_begin(text, doc), sa_rate);
	return n;
}

static int sorted_new(const struct ng_sort_text *text, uint32_t sa_rate, uint64_t n_entries,
		      struct ng_sorted *sorted)
{
	sorted->bwt_map_bytes = ng_align_up(4 * n_entries + 4096, HUGE_PAGE);
	sorted->bwt = map_new(sorted->bwt_map_bytes);
	sorted->marks = calloc(text->n / 64 + 2, sizeof(*sorted->marks));
	sorted->sa_samples = calloc(samples_of(text, sa_rate) + 1, sizeof(*sorted->sa_samples));
	if (text->has_nul)
		sorted->separators = calloc(text->n / 64 + 2, sizeof(*sorted->separators));
	return sorted->bwt && sorted->marks && sorted->sa_samples &&
			       (!text->has_nul || sorted->separators)
		       ? 0
		       : -ENOMEM;
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
	r = s.n > NG_SORT_MAX ? -EFBIG : sorted_new(text, sa_rate, s.n, &sorted);
	sa = (int32_t *)(void *)sorted.bwt;
	if (r == 0 && s.n && divsufsort(s.bytes, sa, (int32_t)s.n) != 0)
		r = -ENOMEM;
	if (!text->has_nul)
		text_unspread(text, s.key_bytes);
	if (r < 0)
		return r;
	entries_settle(&s, sa, &sorted);
	sortable_clear(&s);
	s = (struct sortable){0};
	if (!text->has_nul)
		r = ng_frequent_find(text->bytes, sa, sorted.rows, NG_FREQUENT_COUNT, &sorted.kmers,
				     &sorted.n_kmers);
	if (r == 0)
		r = rows_make(text, sa, &sorted);
	if (r < 0)
		return r;
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
	free(sorted->kmers);
	*sorted = (struct ng_sorted){0};
}
