/* Ranks, symbols and marks of blocks that are decoded (bwt/decoded.h). Part of bwt_kernel.h. */
#pragma once

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "bwt/bwt_internal.h"
#include "bwt/decoded.h"

/* Number of a block among those of all BWTs that use the room. */
static inline uint64_t decoded_number(const struct ng_bwt *bwt, const uint8_t *page)
{
	return bwt->decoded_at + (uint64_t)(page - bwt->blocks) / NG_PAGE_BYTES;
}

static inline struct ng_decoded_entry *decoded_entry(const struct ng_bwt *bwt, const uint8_t *page)
{
	return &bwt->decoded->entries[decoded_number(bwt, page) & bwt->decoded->mask];
}

/* Whether an entry has the block at page. Then all of it may be read. */
static inline bool entry_has(const struct ng_decoded_entry *entry, const uint8_t *page)
{
	return __atomic_load_n(&entry->head, __ATOMIC_ACQUIRE) && entry->page == page;
}

/* A visit of a block that isn't decoded; whether it is now. */
static __attribute__((__noinline__)) bool
entry_visit(const struct ng_bwt *bwt, struct ng_decoded_entry *entry, const uint8_t *page)
{
	uint32_t block = (uint32_t)decoded_number(bwt, page);
	unsigned visits;

	if (__atomic_load_n(&bwt->decoded->full, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&entry->head, __ATOMIC_ACQUIRE))
		return false;
	visits = __atomic_load_n(&entry->visits, __ATOMIC_RELAXED);
	/* Of blocks that share the entry, the one that is visited more than all others together
	 * gets its count there (Boyer and Moore's majority vote). */
	if (__atomic_load_n(&entry->counted, __ATOMIC_RELAXED) != block) {
		if (visits) {
			__atomic_store_n(&entry->visits, (uint8_t)(visits - 1), __ATOMIC_RELAXED);
			return false;
		}
		__atomic_store_n(&entry->counted, block, __ATOMIC_RELAXED);
	}
	/* Some get lost where threads visit it at once, which does no harm. */
	__atomic_store_n(&entry->visits, (uint8_t)ng_min(visits + 1, UINT8_MAX), __ATOMIC_RELAXED);
	return visits + 1 >= bwt->decoded->visits &&
	       ng_decoded_make(bwt->decoded, bwt, entry, page);
}

/* A row in a decoded block. */
struct decoded {
	const struct ng_decoded_head *head; /* NULL: its block isn't decoded */
	const uint64_t *before;
	const uint8_t *record;
	unsigned at; /* in the record */
};

/* A row in the block of an entry. Only a damaged map leads a row to a block that doesn't hold it:
 * it is read from the page then, where that is noticed. */
static inline struct decoded entry_row(const struct ng_decoded_entry *entry, uint64_t row)
{
	uint64_t first_row = entry->first_row | (uint64_t)entry->first_row_high << 32;
	uint64_t offset = row - first_row, record = offset >> NG_DECODED_CELL_LOG;
	uint64_t line = entry->head_lines + record * entry->record_lines;

	if (__builtin_expect(offset >> NG_GRAIN_LOG >= entry->n_grains, 0))
		return (struct decoded){0};
	return (struct decoded){
		entry->head,
		entry->head->before +
			(size_t)(offset >> NG_DECODED_STRETCH_LOG) * entry->stretch_words,
		(const uint8_t *)entry->head + line * NG_DECODED_LINE,
		(unsigned)(offset % NG_DECODED_CELL),
	};
}

/* The row in the block at page, if that is decoded. */
static inline struct decoded decoded_row(const struct ng_bwt *bwt, const uint8_t *page,
					 uint64_t row)
{
	const struct ng_decoded_entry *entry;

	if (!bwt->decoded)
		return (struct decoded){0};
	entry = decoded_entry(bwt, page);
	return entry_has(entry, page) ? entry_row(entry, row) : (struct decoded){0};
}

/* Ask for the lines of a row. False where its block isn't decoded. */
static inline bool decoded_fetch(const struct ng_bwt *bwt, const uint8_t *page, uint64_t row)
{
	struct decoded d = decoded_row(bwt, page, row);

	if (!d.head)
		return false;
	for (unsigned line = 0; line < NG_DECODED_CELL + 3 * 64; line += 64)
		__builtin_prefetch(d.record + line);
	return true;
}

/* The same as decoded_row, and a visit is counted, for which the block may get decoded. */
static inline struct decoded decoded_visit(const struct ng_bwt *bwt, const uint8_t *page,
					   uint64_t row)
{
	struct ng_decoded_entry *entry;

	if (!bwt->decoded)
		return (struct decoded){0};
	entry = decoded_entry(bwt, page);
	if (!entry_has(entry, page) && !entry_visit(bwt, entry, page))
		return (struct decoded){0};
	return entry_row(entry, row);
}

/* Number of symbol k among the first n < NG_DECODED_CELL of a record. */
static inline unsigned record_count(const uint8_t *symbols, unsigned n, unsigned k)
{
	unsigned count = 0;
#ifdef __AVX512BW__
	__m512i all = _mm512_set1_epi8((char)k);

	/* Always the whole record: no predictor knows where in it a row is. */
	for (unsigned i = 0; i < NG_DECODED_CELL; i += 64) {
		uint64_t equal = _mm512_cmpeq_epi8_mask(all, _mm512_load_si512(symbols + i));
		unsigned bits = n > i ? n - i : 0;

		count += (unsigned)__builtin_popcountll(_bzhi_u64(equal, ng_min(bits, 64)));
	}
#else
	for (unsigned i = 0; i < n; i++)
		count += symbols[i] == k;
#endif
	return count;
}

static inline unsigned record_before(const uint8_t *record, unsigned k)
{
	return ng_load16(record + NG_DECODED_CELL + NG_DECODED_CELL / 8 + 2 * k);
}

/* Occurrences of the alphabet's symbol k before the row. */
static inline uint64_t decoded_rank(const struct decoded *d, unsigned k)
{
	return d->before[k] + record_before(d->record, k) + record_count(d->record, d->at, k);
}

/* Index of a symbol in the alphabet, or NG_DECODED_ABSENT. */
static inline unsigned decoded_find(const struct decoded *d, unsigned symbol)
{
	return symbol == NG_SEPARATOR ? d->head->separator : d->head->index_of[symbol];
}

/* LF-mapping. */
static inline unsigned decoded_lf(const struct ng_bwt *bwt, const struct decoded *d,
				  uint64_t *ret_row, bool *damaged)
{
	unsigned k = d->record[d->at], symbol;

	if (k == d->head->separator) {
		*ret_row = 0;
		return NG_SEPARATOR;
	}
	symbol = d->head->byte_of[k];
	*ret_row = bwt->first_row[symbol] + decoded_rank(d, k);
	if (__builtin_expect(*ret_row >= bwt->rows, 0)) {
		*damaged = true;
		*ret_row = 0;
	}
	return symbol;
}

/* Whether the row is marked; then *ret_sample is its number among those that are. */
static inline bool decoded_mark(const struct decoded *d, uint64_t *ret_sample)
{
	const uint8_t *marks = d->record + NG_DECODED_CELL;
	uint64_t sample;

	if (!(marks[d->at / 8] >> (d->at % 8) & 1))
		return false;
	sample = d->before[d->head->n_symbols] + record_before(d->record, d->head->n_symbols);
	for (unsigned i = 0; i < NG_DECODED_CELL / 64; i++) {
		unsigned bits = d->at > 64 * i ? d->at - 64 * i : 0;
		uint64_t mask = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;

		sample += (unsigned)__builtin_popcountll(ng_load64(marks + 8 * i) & mask);
	}
	*ret_sample = sample;
	return true;
}
