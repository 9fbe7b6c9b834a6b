/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a mapped file that are compared with their sums before anything that lies in them is
 * believed: each when it is first needed, and never again while the file stays mapped.
 *
 * Page p of the file, from page 1 to the one before the section of page sums, has 32 bits of XXH3
 * there, which are seeded with p, so that a page in another one's place is found, too. The sums lie
 * in pages of NG_PAGE_SUMS, which are summed by their own last number. What is outside of all these
 * (the header, and what follows the page sums) is checked when the file is opened. */
#pragma once

#include "format/shardfile.h"

/* Sums in a page of them. */
#define NG_PAGE_SUMS (NG_PAGE_BYTES / 4 - 1)

struct ng_sigbus;

struct ng_pages {
	const uint8_t *base;           /* of the mapping */
	uint64_t n;                    /* pages of the file */
	uint64_t sums;                 /* the number of the first page of sums */
	uint64_t *checked;             /* [n / 64 + 1]: bit i: page i was compared and is sound */
	uint64_t *bad;                 /* the page that first was found not to be; 0: none */
	uint64_t *cold;                /* whether reading was seen to wait, below */
	const struct ng_sigbus *watch; /* of the mapping; NULL: none */
};

/* Of a file of file_bytes at base, whose section of page sums is at sums_offset and whole; it must
 * stay mapped as long. Takes a bit a page. -ENOMEM. */
int ng_pages_open(const void *base, uint64_t file_bytes, uint64_t sums_offset,
		  const struct ng_sigbus *watch, struct ng_pages *ret_pages);
void ng_pages_close(struct ng_pages *pages);

/* Compare those of pages [first, last] that have not been. */
bool ng_pages_compare(const struct ng_pages *pages, uint64_t first, uint64_t last)
	__attribute__((__noinline__, __cold__));

static inline bool ng_pages_checked(const struct ng_pages *pages, uint64_t page)
{
	return __atomic_load_n(&pages->checked[page / 64], __ATOMIC_RELAXED) >> page % 64 & 1;
}

/* Whether all pages that hold some of [at, at + bytes) are sound: bytes >= 1, in the mapping. pages
 * may be NULL, for memory that is no file: true. A page that can't be read at all (base/sigbus.h)
 * isn't sound, but it isn't remembered as a bad one. Thread-safe. */
static inline bool ng_pages_ok(const struct ng_pages *pages, const void *at, size_t bytes)
{
	uint64_t offset, first, last;

	if (!pages)
		return true;
	offset = (uint64_t)((const uint8_t *)at - pages->base);
	first = offset / NG_PAGE_BYTES;
	last = (offset + bytes - 1) / NG_PAGE_BYTES;
	if (__builtin_expect(bytes <= NG_PAGE_BYTES && ng_pages_checked(pages, first) &&
				     ng_pages_checked(pages, last),
			     1))
		return true;
	return ng_pages_compare(pages, first, last);
}

/* The same of bytes that lie in one page. */
static inline bool ng_pages_ok_within(const struct ng_pages *pages, const void *at)
{
	uint64_t page;

	if (!pages)
		return true;
	page = (uint64_t)((const uint8_t *)at - pages->base) / NG_PAGE_BYTES;
	return __builtin_expect(ng_pages_checked(pages, page), 1) ||
	       ng_pages_compare(pages, page, page);
}

/* The page that first was found not to be sound; 0: none. Thread-safe. */
uint64_t ng_pages_bad(const struct ng_pages *pages);

/* Whether pages have to be waited for (base/prefetch.h), as far as is known: those who read many
 * say so, and those who read next begin by that, so that they needn't wait to find it out. True at
 * first. False for memory that is no file. Thread-safe. */
static inline bool ng_pages_cold(const struct ng_pages *pages)
{
	return pages && __atomic_load_n(pages->cold, __ATOMIC_RELAXED);
}

static inline void ng_pages_set_cold(const struct ng_pages *pages, bool cold)
{
	if (pages && ng_pages_cold(pages) != cold)
		__atomic_store_n(pages->cold, cold, __ATOMIC_RELAXED);
}

/* Ask for the pages of [at, at + bytes) and for the sums that they are compared with, and don't
 * wait. Some system calls. */
void ng_pages_prefetch(const struct ng_pages *pages, const void *at, size_t bytes);

/* ---- how sums are made ---- */

/* Of a page by its number in the file. */
uint32_t ng_page_sum(const void *page, uint64_t number);

/* Of the numbers in a page of sums: what its last one must be. */
uint32_t ng_page_sums_sum(const void *page, uint64_t number);

/* The page of sums that page p's sum is in, where page `sums` is the first one of them, and the
 * offset in it. */
static inline uint64_t ng_page_sums_page(uint64_t p, uint64_t sums)
{
	return sums + (p - 1) / NG_PAGE_SUMS;
}

static inline unsigned ng_page_sum_at(uint64_t p)
{
	return (unsigned)((p - 1) % NG_PAGE_SUMS) * 4;
}

/* Bytes of the section that begins with page `sums`. */
static inline uint64_t ng_page_sums_bytes(uint64_t sums)
{
	return ng_div_up(sums - 1, NG_PAGE_SUMS) * NG_PAGE_BYTES;
}
