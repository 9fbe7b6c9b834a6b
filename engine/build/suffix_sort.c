#include "build/suffix_sort.h"

#include <divsufsort.h>
#include <sys/mman.h>

#include "build/frequent.h"

/* divsufsort sorts bytes, and the separator must be smaller than all of them. Where the text has no
 * NUL, the separator is one. Otherwise bytes 0 to 6 are written as pairs for the sort, so that NUL
 * is free, such that no byte occurs both as the second of a pair and elsewhere, and that the order
 * stays the same. Suffixes that begin inside a pair are dropped afterwards. */
static const uint8_t pair[7][2] = {{1, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 3}, {2, 4}, {2, 5}};

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

/* The text as it is sorted. */
struct sortable {
	const uint8_t *bytes;
	uint64_t n;
	uint8_t *owned;   /* NULL: bytes are the caller's */
	uint64_t *starts; /* bit i: a symbol begins at byte i; NULL: at every one */
	uint64_t *before; /* symbols that begin before each 512th byte */
};

static void sortable_clear(struct sortable *s)
{
	free(s->owned);
	free(s->starts);
	free(s->before);
}

static int sortable_escape(const struct ng_sort_text *text, struct sortable *s)
{
	uint64_t n = text->n, doc = 0, at = 0, sum = 0;

	for (uint64_t i = 0; i < text->n; i++)
		n += text->bytes[i] < 7;
	s->owned = malloc(n);
	s->starts = calloc(n / 64 + 9, sizeof(*s->starts));
	s->before = calloc(n / 512 + 1, sizeof(*s->before));
	if (!s->owned || !s->starts || !s->before)
		return -ENOMEM;
	for (uint64_t i = 0; i < text->n; i++) {
		uint8_t byte = text->bytes[i];

		s->starts[at >> 6] |= 1ull << (at & 63);
		if (doc < text->docs && text->doc_ends[doc] == i) {
			s->owned[at++] = 0;
			doc++;
		} else if (byte < 7) {
			s->owned[at++] = pair[byte][0];
			s->owned[at++] = pair[byte][1];
		} else {
			s->owned[at++] = byte;
		}
	}
	for (uint64_t w = 0; w <= at / 64; w++) {
		if (w % 8 == 0)
			s->before[w / 8] = sum;
		sum += (unsigned)__builtin_popcountll(s->starts[w]);
	}
	s->bytes = s->owned;
	s->n = at;
	return 0;
}

/* Position in the text of a sorted suffix, or UINT64_MAX where it begins inside a pair. */
static inline uint64_t sortable_position(const struct sortable *s, uint64_t at)
{
	uint64_t position;

	if (!s->starts)
		return at;
	if (!ng_bit(s->starts, at))
		return UINT64_MAX;
	position = s->before[at / 512];
	for (uint64_t w = at / 512 * 8; w < at / 64; w++)
		position += (unsigned)__builtin_popcountll(s->starts[w]);
	return position +
	       (unsigned)__builtin_popcountll(s->starts[at / 64] & ((1ull << (at & 63)) - 1));
}

uint64_t ng_suffix_sort_memory(uint64_t n, bool has_nul)
{
	/* Suffix array, in whose place the BWT comes; bits for marks and separators; samples. */
	uint64_t bytes = 4 * n + n / 4 + n / 8 + (8u << 20);

	return has_nul ? 2 * bytes + 2 * n : bytes;
}

/* Whether a position is a multiple of the rate, and which: a multiplication and a rotation instead
 * of a division, for each row. With rate = odd 2^shift, the product with the inverse of odd modulo
 * 2^32, rotated by shift, is the quotient for multiples and more than any quotient for others.
 * (T. Granlund and P. L. Montgomery, Division by invariant integers using multiplication, PLDI
 * 1994, section 9.) */
struct sampler {
	struct ng_sorted *sorted;
	uint32_t inverse, largest; /* quotient of 32 bits */
	unsigned shift;
	uint64_t row;
};

static struct sampler sampler_make(struct ng_sorted *sorted, uint32_t rate)
{
	struct sampler s = {.sorted = sorted,
			    .largest = UINT32_MAX / rate,
			    .shift = (unsigned)__builtin_ctz(rate)};
	uint32_t odd = rate >> s.shift;

	/* Newton: odd is its own inverse modulo 8, and each step doubles the bits. */
	s.inverse = odd;
	for (unsigned bits = 3; bits < 32; bits *= 2)
		s.inverse *= 2 - odd * s.inverse;
	return s;
}

/* Row s->row is the suffix at a position: sample it. */
static inline void sample(struct sampler *s, uint64_t position)
{
	struct ng_sorted *sorted = s->sorted;
	uint32_t product = (uint32_t)position * s->inverse;
	uint32_t quotient = product >> s->shift | product << (-s->shift & 31);

	if (quotient <= s->largest) {
		sorted->marks[s->row >> 6] |= 1ull << (s->row & 63);
		sorted->sa_samples[sorted->n_sa_samples++] = quotient;
	}
}

static inline void row_put(struct sampler *s, const struct ng_sort_text *text, uint64_t position,
			   uint64_t end)
{
	struct ng_sorted *sorted = s->sorted;

	sample(s, position);
	if (position == 0) {
		sorted->primary = s->row;
		sorted->bwt[s->row] = 0;
	} else {
		sorted->bwt[s->row] = text->bytes[position - 1];
	}
	if (sorted->separators && (position == 0 || end))
		sorted->separators[s->row >> 6] |= 1ull << (s->row & 63);
	s->row++;
}

/* A bit a position: a separator. */
static uint64_t *ends_new(const struct ng_sort_text *text)
{
	uint64_t *ends = calloc(text->n / 64 + 1, sizeof(*ends));

	for (uint64_t d = 0; ends && d < text->docs; d++)
		ends[text->doc_ends[d] >> 6] |= 1ull << (text->doc_ends[d] & 63);
	return ends;
}

/* The BWT takes the suffix array's place: row r is written when entries up to r - 1 are read, and
 * an entry has four bytes. */
static int rows_make(const struct ng_sort_text *text, const struct sortable *s, int32_t *sa,
		     uint32_t sa_rate, struct ng_sorted *sorted)
{
	ng_cleanup(ng_freep) uint64_t *ends = text->has_nul ? ends_new(text) : NULL;
	struct sampler sampler = sampler_make(sorted, sa_rate);

	if (text->has_nul && !ends)
		return -ENOMEM;
	/* The empty suffix. Its symbol, the last separator, is written when entry 0 is read. */
	for (uint64_t i = 0; i < s->n; i++) {
		uint64_t position;

		if (i + PREFETCH < s->n && sa[i + PREFETCH] > 0 && !s->starts)
			__builtin_prefetch(text->bytes + sa[i + PREFETCH] - 1);
		position = sortable_position(s, (uint64_t)sa[i]);
		if (i == 0)
			row_put(&sampler, text, text->n, 1);
		if (position == UINT64_MAX)
			continue;
		row_put(&sampler, text, position,
			position > 0 && ends && ng_bit(ends, position - 1));
	}
	if (text->n == 0)
		row_put(&sampler, text, 0, 0);
	return 0;
}

int ng_suffix_sort(const struct ng_sort_text *text, uint32_t sa_rate, struct ng_sorted *ret_sorted)
{
	ng_cleanup(sortable_clear) struct sortable s = {.bytes = text->bytes, .n = text->n};
	ng_cleanup(ng_sorted_clear) struct ng_sorted sorted = {.rows = text->n + 1};
	int32_t *sa;
	int r;

	if (text->n > NG_SORT_MAX)
		return -EFBIG;
	if (text->has_nul) {
		r = sortable_escape(text, &s);
		if (r < 0)
			return r;
		if (s.n > NG_SORT_MAX)
			return -EFBIG;
	}
	sorted.bwt_map_bytes = ng_align_up(4 * s.n + 4096, HUGE_PAGE);
	sorted.bwt = map_new(sorted.bwt_map_bytes);
	sorted.marks = calloc(sorted.rows / 64 + 2, sizeof(*sorted.marks));
	sorted.sa_samples = malloc((text->n / sa_rate + 1) * sizeof(*sorted.sa_samples));
	if (text->has_nul)
		sorted.separators = calloc(sorted.rows / 64 + 2, sizeof(*sorted.separators));
	if (!sorted.bwt || !sorted.marks || !sorted.sa_samples ||
	    (text->has_nul && !sorted.separators))
		return -ENOMEM;
	sa = (int32_t *)(void *)sorted.bwt;
	if (s.n && divsufsort(s.bytes, sa, (int32_t)s.n) != 0)
		return -ENOMEM;
	r = text->has_nul ? 0
			  : ng_frequent_find(s.bytes, sa, s.n, NG_FREQUENT_COUNT, &sorted.kmers,
					     &sorted.n_kmers);
	if (r == 0)
		r = rows_make(text, &s, sa, sa_rate, &sorted);
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
