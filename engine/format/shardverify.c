/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pages.h"
#include "format/shardlayout.h"

#include <sys/mman.h>
#include <xxhash.h>

/* From one look at the cancel flag to the next, and what is asked of the kernel at a time. */
#define PIECE_BYTES (1u << 20)

struct verification {
	const uint8_t *data; /* of the file, from its beginning */
	const struct ng_shard_entry *entries;
	uint32_t n_sections;
	uint64_t table_offset;
	uint64_t sums;       /* the first page of sums */
	uint64_t sums_known; /* the page of sums that was looked at last, */
	bool sums_sound;     /* and what it is */
	const ng_cancel *cancel;
	void (*report)(void *userdata, uint32_t type, uint64_t offset, const char *text);
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
	bool damaged;
	XXH3_state_t *sum; /* of the section that is being read */
};

static void verification_clear(struct verification *v)
{
	XXH3_freeState(v->sum);
}

__attribute__((__format__(printf, 4, 5))) static void damage(struct verification *v, uint32_t type,
							     uint64_t offset, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	v->damaged = true;
	if (!v->report)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->report(v->userdata, type, offset, text);
}

/* What no section holds is zero. Says so where it isn't, and returns whether it is. */
static bool verify_zeroes(struct verification *v, uint64_t lo, uint64_t hi)
{
	for (uint64_t i = lo; i < hi; i++) {
		if (!v->data[i])
			continue;
		damage(v, 0, i, "padding is not zero");
		return false;
	}
	return true;
}

/* Whether a page of sums is what it says itself. */
static bool sums_sound(struct verification *v, uint64_t page)
{
	const uint8_t *at = v->data + page * NG_PAGE_BYTES;

	if (v->sums_known != page)
		v->sums_sound = ng_page_sums_sum(at, page) == ng_load32(at + NG_PAGE_SUMS * 4);
	v->sums_known = page;
	return v->sums_sound;
}

/* Whether a page has the sum that it should, as far as there is one: where the page of sums is
 * damaged, which is said in its turn, the section's own sum decides. */
static bool page_sound(struct verification *v, uint64_t page)
{
	uint64_t of = page < v->sums ? ng_page_sums_page(page, v->sums) : page;

	if (page >= v->sums)
		return sums_sound(v, page);
	return !sums_sound(v, of) ||
	       ng_page_sum(v->data + page * NG_PAGE_BYTES, page) ==
		       ng_load32(v->data + of * NG_PAGE_BYTES + ng_page_sum_at(page));
}

/* The kernel's own readahead is off: fetch what comes next while this is summed. */
static int piece_begin(struct verification *v, uint64_t lo)
{
	uint64_t next = lo + PIECE_BYTES;

	if (ng_cancelled(v->cancel))
		return -EINTR;
	if (next < v->table_offset)
		madvise((void *)(v->data + next),
			ng_min(v->table_offset - next, (uint64_t)PIECE_BYTES), MADV_WILLNEED);
	if (v->progress)
		v->progress(v->userdata, lo, v->table_offset);
	return 0;
}

/* A section and the padding behind it, up to `next`. Whatever of its pages differs is the
 * section's damage, save where padding explains it. */
static int verify_section(struct verification *v, const struct ng_shard_entry *e, uint64_t next)
{
	uint64_t end = e->offset + e->bytes;
	bool said = false;

	XXH3_64bits_reset(v->sum);
	for (uint64_t lo = e->offset; lo < next; lo += NG_PAGE_BYTES) {
		uint64_t hi = lo + NG_PAGE_BYTES, stop = ng_min(hi, ng_max(end, lo));
		/* The page behind the page sums is in none of them. */
		bool has_sum = lo < v->sums * NG_PAGE_BYTES || lo < end, zeroes;

		if (lo % PIECE_BYTES == 0 || lo == e->offset) {
			int r = piece_begin(v, lo);

			if (r)
				return r;
		}
		XXH3_64bits_update(v->sum, v->data + lo, stop - lo);
		zeroes = verify_zeroes(v, stop, hi);
		if (!has_sum || !zeroes || page_sound(v, lo / NG_PAGE_BYTES))
			continue;
		damage(v, e->type, lo,
		       "the page that begins here doesn't have the checksum that it should");
		said = true;
	}
	if (!said && XXH3_64bits_digest(v->sum) != e->sum)
		damage(v, e->type, e->offset, "its %llu bytes don't have the checksum they should",
		       (unsigned long long)e->bytes);
	return 0;
}

int ng_shard_file_verify(const struct ng_shard_file *file, const ng_cancel *cancel,
			 void (*report)(void *userdata, uint32_t type, uint64_t offset,
					const char *text),
			 void (*progress)(void *userdata, uint64_t done, uint64_t total),
			 void *userdata)
{
	ng_cleanup(verification_clear) struct verification v = {
		.cancel = cancel, .report = report, .progress = progress, .userdata = userdata};
	const struct ng_pages *pages = ng_shard_file_pages(file);

	v.entries = ng_shard_file_entries(file, &v.n_sections);
	v.table_offset = ng_shard_file_bytes(file) - v.n_sections * sizeof(*v.entries);
	v.data = pages->base;
	v.sums = pages->sums;
	v.sum = XXH3_createState();
	if (!v.sum)
		return -ENOMEM;
	verify_zeroes(&v, sizeof(struct ng_shard_header), NG_PAGE_BYTES);
	for (uint32_t i = 0; i < v.n_sections; i++) {
		int r = verify_section(&v, &v.entries[i],
				       i + 1 < v.n_sections ? v.entries[i + 1].offset
							    : v.table_offset);

		if (r)
			return r;
	}
	if (progress)
		progress(userdata, v.table_offset, v.table_offset);
	if (ng_shard_file_faulted(file))
		damage(&v, 0, 0, "a part of the file could not be read");
	return v.damaged ? -EUCLEAN : 0;
}
