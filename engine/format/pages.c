/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pages.h"

#include <xxhash.h>

#include "base/prefetch.h"
#include "base/sigbus.h"

uint32_t ng_page_sum(const void *page, uint64_t number)
{
	return (uint32_t)XXH3_64bits_withSeed(page, NG_PAGE_BYTES, number);
}

uint32_t ng_page_sums_sum(const void *page, uint64_t number)
{
	return (uint32_t)XXH3_64bits_withSeed(page, NG_PAGE_SUMS * 4, number);
}

static void mark(const struct ng_pages *pages, uint64_t page)
{
	__atomic_fetch_or(&pages->checked[page / 64], 1ull << page % 64, __ATOMIC_RELAXED);
}

int ng_pages_open(const void *base, uint64_t file_bytes, uint64_t sums_offset,
		  const struct ng_sigbus *watch, struct ng_pages *ret_pages)
{
	struct ng_pages pages = {.base = base,
				 .n = ng_div_up(file_bytes, NG_PAGE_BYTES),
				 .sums = sums_offset / NG_PAGE_BYTES,
				 .watch = watch};
	uint64_t words = pages.n / 64 + 1;

	pages.checked = calloc(words + 2, sizeof(*pages.checked));
	if (!pages.checked)
		return -ENOMEM;
	pages.bad = pages.checked + words;
	pages.cold = pages.bad + 1;
	*pages.cold = true;
	mark(&pages, 0);
	for (uint64_t p = pages.sums + ng_page_sums_bytes(pages.sums) / NG_PAGE_BYTES; p < pages.n;
	     p++)
		mark(&pages, p);
	*ret_pages = pages;
	return 0;
}

void ng_pages_close(struct ng_pages *pages)
{
	free(pages->checked);
	*pages = (struct ng_pages){0};
}

/* What was computed from the page decides, unless it was no page of the file. */
static bool judge(const struct ng_pages *pages, uint64_t page, bool sound)
{
	uint64_t none = 0;

	if (pages->watch && ng_sigbus_seen(pages->watch))
		return false;
	if (sound)
		mark(pages, page);
	else
		__atomic_compare_exchange_n(pages->bad, &none, page, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	return sound;
}

static bool compare(const struct ng_pages *pages, uint64_t page)
{
	const uint8_t *at = pages->base + page * NG_PAGE_BYTES, *sums;
	uint64_t of = page;

	if (ng_pages_checked(pages, page))
		return true;
	if (page < pages->sums)
		of = ng_page_sums_page(page, pages->sums);
	sums = pages->base + of * NG_PAGE_BYTES;
	if (!ng_pages_checked(pages, of) &&
	    !judge(pages, of, ng_page_sums_sum(sums, of) == ng_load32(sums + NG_PAGE_SUMS * 4)))
		return false;
	return page == of ||
	       judge(pages, page, ng_page_sum(at, page) == ng_load32(sums + ng_page_sum_at(page)));
}

bool ng_pages_compare(const struct ng_pages *pages, uint64_t first, uint64_t last)
{
	for (uint64_t page = first; page <= last; page++)
		if (!compare(pages, page))
			return false;
	return true;
}

void ng_pages_prefetch(const struct ng_pages *pages, const void *at, size_t bytes)
{
	uint64_t page, of;

	ng_prefetch(at, bytes);
	if (!pages)
		return;
	page = (uint64_t)((const uint8_t *)at - pages->base) / NG_PAGE_BYTES;
	if (ng_pages_checked(pages, page) || page >= pages->sums)
		return;
	of = ng_page_sums_page(page, pages->sums);
	if (!ng_pages_checked(pages, of))
		ng_prefetch(pages->base + of * NG_PAGE_BYTES, NG_PAGE_BYTES);
}

uint64_t ng_pages_bad(const struct ng_pages *pages)
{
	return __atomic_load_n(pages->bad, __ATOMIC_RELAXED);
}
